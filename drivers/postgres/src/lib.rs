//! Driver plugin for `PostgreSQL`, from version 12 on.
//!
//! What it shares with its relatives (the wire, sessions, batches, values) is in `drivers/families/postgres`.
#![forbid(unsafe_code)]

mod capabilities;
mod connect;
mod dialect;
#[cfg(test)]
mod golden;
mod introspect;
mod options;
mod types;

use std::sync::Arc;

use quillback_family_postgres::plan::Means;
use quillback_family_postgres::{
    Changes, Flavor, Keys, Length, Params, Server, Stream, TypeNames, Values,
};
use quillback_plugin_api::DriverError;
use quillback_plugin_api::batch::{Batch, BatchOutcome, RenderedStep};
use quillback_plugin_api::catalog::{Catalog, Introspect};
use quillback_plugin_api::driver::{Context, Driver, DriverInfo, Instance, ServerInfo};
use quillback_plugin_api::sql::{Ddl, Select};

use capabilities::capabilities;

quillback_plugin_api::export_driver!(Postgres);

/// The driver.
#[derive(Debug)]
pub struct Postgres;

/// One configured connection with its pool.
#[derive(Clone, Debug)]
pub struct PostgresInstance(Arc<Server>);

/// What the shared code must know of this database.
const FLAVOR: Flavor = Flavor {
    product: "PostgreSQL",
    capabilities,
    printer: || Box::new(dialect::Postgres::default()),
    session: connect::SESSION,
    means: Means {
        use_guards: true,
        use_copy: true,
    },
    keys: Keys::Enforced,
    ddl: Changes::Together,
    values: Values {
        params: Params::Binary,
        spelled: &[],
        names: TypeNames::Asked,
        length: Length::Characters,
        limits: introspect::LIMITS,
    },
    explain: |_| None,
};

impl Driver for Postgres {
    type Instance = PostgresInstance;

    fn info() -> DriverInfo {
        DriverInfo {
            id: "postgres".to_owned(),
            name: "PostgreSQL".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            api_version: String::new(),
            build: String::new(),
            capabilities: capabilities(),
            options_schema: options::schema(),
            address_options: vec!["host".to_owned(), "database".to_owned()],
            url_schemes: vec!["postgres".to_owned(), "postgresql".to_owned()],
        }
    }

    fn new(_context: Context) -> Result<Self, DriverError> {
        Ok(Self)
    }

    async fn open(&self, options: serde_json::Value) -> Result<PostgresInstance, DriverError> {
        let settings = options::read(options)?;
        let server = Server::open(&FLAVOR, settings).await?;
        Ok(PostgresInstance(Arc::new(server)))
    }
}

impl Instance for PostgresInstance {
    type Stream = Stream;

    async fn ping(&self) -> Result<ServerInfo, DriverError> {
        introspect::server_info(&self.0).await
    }

    async fn introspect(&self, what: Introspect) -> Result<Catalog, DriverError> {
        introspect::answer(&self.0, &what).await
    }

    async fn apply(&self, batch: Batch) -> Result<BatchOutcome, DriverError> {
        self.0.apply(&batch).await
    }

    async fn stream(&self, select: Select) -> Result<Stream, DriverError> {
        self.0.stream(&select).await
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
