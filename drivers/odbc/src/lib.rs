//! The Quillback driver for any database that an ODBC driver exists for, on `odbc-api`.
//!
//! ODBC blocks: each connection has a thread (`connect.rs`), on which a batch runs to its commit or roll-back. What the
//! databases do differently is data (`spelling`), chosen by the option `dialect`. `README.md` says what users must know.
#![forbid(unsafe_code)]

mod capabilities;
mod connect;
mod deadline;
mod define;
mod dialect;
mod errors;
mod execute;
#[cfg(test)]
mod golden;
mod introspect;
mod options;
mod spelling;
mod stream;
mod tables;
mod types;

use std::sync::Arc;

use quillback_plugin_api::batch::{Batch, BatchOutcome, RenderedStep};
use quillback_plugin_api::catalog::{Catalog, Introspect};
use quillback_plugin_api::driver::{Context, Driver, DriverInfo, Instance, ServerInfo};
use quillback_plugin_api::pieces::Pieces;
use quillback_plugin_api::sql::{Ddl, Select};
use quillback_plugin_api::{DriverError, export_driver};

use connect::Pool;
use deadline::Deadline;
use tables::Tables;

/// The driver.
pub struct Odbc;

/// One configured database, with its pool.
pub struct OdbcInstance {
    pool: Arc<Pool>,
    tables: Arc<Tables>,
}

impl Driver for Odbc {
    type Instance = OdbcInstance;

    fn info() -> DriverInfo {
        DriverInfo {
            id: "odbc".into(),
            name: "Any database with an ODBC driver".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            api_version: String::new(),
            build: String::new(),
            capabilities: capabilities::capabilities(),
            options_schema: schemars::schema_for!(options::Options).to_value(),
            address_options: vec!["dsn".into(), "host".into(), "database".into()],
            url_schemes: Vec::new(),
        }
    }

    fn new(_context: Context) -> Result<Self, DriverError> {
        Ok(Self)
    }

    async fn open(&self, options: serde_json::Value) -> Result<OdbcInstance, DriverError> {
        let settings = options::read(options)?;
        let size = settings.pool_size;
        let pool = Pool::new(settings, size);
        pool.run(|_, _| Ok(())).await?;
        Ok(OdbcInstance {
            pool: Arc::new(pool),
            tables: Arc::default(),
        })
    }
}

impl Instance for OdbcInstance {
    type Stream = Pieces;

    async fn ping(&self) -> Result<ServerInfo, DriverError> {
        let asked = self.pool.run(|session, _| {
            let product = session.connection.database_management_system_name();
            let product = product.map_err(|error| session.errors.translate(&error))?;
            let version = session.texts(session.spelling.version, &[])?;
            let version = version.into_iter().flatten().next().flatten();
            Ok((product, version.unwrap_or_default()))
        });
        let (product, version) = asked.await?;
        Ok(ServerInfo {
            product,
            version,
            capabilities: self.pool.connector().spelling().capabilities.clone(),
        })
    }

    async fn introspect(&self, what: Introspect) -> Result<Catalog, DriverError> {
        let asked = self
            .pool
            .run(move |session, _| introspect::introspect(session, &what));
        asked.await
    }

    async fn apply(&self, batch: Batch) -> Result<BatchOutcome, DriverError> {
        let deadline = Deadline::of(&batch);
        let (tables, thread) = (Arc::clone(&self.tables), deadline.clone());
        let running = self
            .pool
            .run(move |session, cancel| execute::apply(session, &tables, cancel, &batch, &thread));
        deadline.hold(running).await
    }

    async fn stream(&self, select: Select) -> Result<Pieces, DriverError> {
        stream::start(Arc::clone(&self.pool), Arc::clone(&self.tables), select).await
    }

    async fn define(&self, changes: Vec<Ddl>) -> Result<(), DriverError> {
        let tables = Arc::clone(&self.tables);
        let running = self.pool.run(move |session, _| {
            let done = define::define(session, &changes);
            tables.forget();
            done
        });
        running.await
    }

    fn render(&self, batch: &Batch) -> Result<Vec<RenderedStep>, DriverError> {
        execute::render(self.pool.connector().spelling(), batch)
    }

    fn render_ddl(&self, changes: &[Ddl]) -> Result<Vec<String>, DriverError> {
        let printed = define::print(self.pool.connector().spelling(), changes)?;
        Ok(printed.into_iter().map(|change| change.sql).collect())
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}

export_driver!(Odbc);
