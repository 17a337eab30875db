//! The Quillback driver for Microsoft SQL Server and Azure SQL, on the client library `tiberius`.
//!
//! What it shares with its relatives (sessions, batches, values) is in `drivers/families/tds`. `README.md` says what
//! users must know.
#![forbid(unsafe_code)]

mod capabilities;
mod connect;
mod dialect;
#[cfg(test)]
mod golden;
mod introspect;
mod options;
mod types;

pub use dialect::changes;

use std::sync::Arc;

use quillback_family_tds::{Counts, Flavor, Server, catalog, choose_cryptography};
use quillback_plugin_api::batch::{Batch, BatchOutcome, RenderedStep};
use quillback_plugin_api::catalog::{Catalog, Introspect};
use quillback_plugin_api::driver::{Context, Driver, DriverInfo, Instance, ServerInfo};
use quillback_plugin_api::pieces::Pieces;
use quillback_plugin_api::sql::{Ddl, Select};
use quillback_plugin_api::{DriverError, export_driver};

/// The driver.
pub struct Mssql;

/// One configured server, with its pool.
pub struct MssqlInstance(Arc<Server>);

/// What the shared code must know of this database.
const FLAVOR: Flavor = Flavor {
    capabilities: capabilities::all,
    dialect: &dialect::DIALECT,
    changes: dialect::changes,
    changes_in_transaction: true,
    session: connect::SESSION,
    greeting: connect::GREETING,
    level: connect::level,
    usual_level: connect::USUAL_LEVEL,
    counts: Counts::Asked(connect::COUNT),
    made_key: Some(connect::KEY),
    listing: introspect::LISTING,
    columns: introspect::COLUMNS,
    keys: introspect::KEYS,
};

impl Driver for Mssql {
    type Instance = MssqlInstance;

    fn info() -> DriverInfo {
        DriverInfo {
            id: "mssql".into(),
            name: "Microsoft SQL Server".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            api_version: String::new(),
            build: String::new(),
            capabilities: capabilities::all(),
            options_schema: schemars::schema_for!(options::Options).to_value(),
            address_options: vec!["host".into(), "instance".into()],
            url_schemes: options::SCHEMES.map(str::to_owned).to_vec(),
        }
    }

    fn new(_context: Context) -> Result<Self, DriverError> {
        choose_cryptography();
        Ok(Self)
    }

    async fn open(&self, options: serde_json::Value) -> Result<MssqlInstance, DriverError> {
        let settings = options::read(options)?;
        let server = Server::open(&FLAVOR, settings).await?;
        Ok(MssqlInstance(Arc::new(server)))
    }
}

impl Instance for MssqlInstance {
    type Stream = Pieces;

    async fn ping(&self) -> Result<ServerInfo, DriverError> {
        let mut server = self.0.ping().await?;
        // Pages of the journal must not wait for writers, nor writers for pages.
        server.capabilities.repository &= self.0.greeting().committed_reads;
        Ok(server)
    }

    async fn introspect(&self, what: Introspect) -> Result<Catalog, DriverError> {
        catalog::introspect(&self.0, what).await
    }

    async fn apply(&self, batch: Batch) -> Result<BatchOutcome, DriverError> {
        self.0.apply(batch).await
    }

    async fn stream(&self, select: Select) -> Result<Pieces, DriverError> {
        self.0.stream(select).await
    }

    async fn define(&self, changes: Vec<Ddl>) -> Result<(), DriverError> {
        self.0.define(&changes).await
    }

    fn render(&self, batch: &Batch) -> Result<Vec<RenderedStep>, DriverError> {
        self.0.render(batch)
    }

    fn render_ddl(&self, changes: &[Ddl]) -> Result<Vec<String>, DriverError> {
        self.0.render_ddl(changes)
    }

    async fn close(&self) {
        self.0.close().await;
    }
}

export_driver!(Mssql);
