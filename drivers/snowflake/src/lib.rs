//! The Quillback driver for Snowflake, on the protocol that Snowflake's own clients speak over HTTP.
//!
//! A batch is a transaction of one session (`execute.rs`, `session.rs`). `README.md` says what users must know, and what
//! was never run against the service itself.
#![forbid(unsafe_code)]

mod capabilities;
mod connect;
mod define;
mod dialect;
mod errors;
mod execute;
#[cfg(test)]
mod golden;
mod insert;
mod introspect;
mod names;
mod options;
mod plan;
mod pool;
mod result;
mod session;
mod stream;
mod tables;
mod types;

use std::sync::Arc;

use quillback_plugin_api::batch::{Batch, BatchOutcome, RenderedStep};
use quillback_plugin_api::catalog::{Catalog, Introspect};
use quillback_plugin_api::driver::{Context, Driver, DriverInfo, Instance, ServerInfo};
use quillback_plugin_api::options::config;
use quillback_plugin_api::sql::{Ddl, Select};
use quillback_plugin_api::{DriverError, Ident, export_driver};

use connect::Service;
use pool::Pool;
pub use stream::Stream;
use tables::Tables;

/// The driver.
pub struct Snowflake;

/// One database of one account.
pub struct SnowflakeInstance {
    server: Server,
}

/// What the calls to one database share.
pub(crate) struct Server {
    service: Arc<Service>,
    pool: Arc<Pool>,
    tables: Tables,
    schema: Ident,
}

impl Driver for Snowflake {
    type Instance = SnowflakeInstance;

    fn info() -> DriverInfo {
        DriverInfo {
            id: "snowflake".into(),
            name: "Snowflake".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            api_version: String::new(),
            build: String::new(),
            capabilities: capabilities::capabilities(),
            options_schema: schemars::schema_for!(options::Options).to_value(),
            address_options: vec!["account".into(), "database".into()],
            url_schemes: Vec::new(),
        }
    }

    fn new(_context: Context) -> Result<Self, DriverError> {
        Ok(Self)
    }

    async fn open(&self, options: serde_json::Value) -> Result<SnowflakeInstance, DriverError> {
        let settings = options::read(options)?;
        let schema = Ident::new(&settings.schema)
            .map_err(|error| config(format!("option `schema`: {error}")))?;
        let most = settings.max_connections;
        let service = Arc::new(Service::new(settings)?);
        let pool = Arc::new(Pool::new(Arc::clone(&service), most));
        // Signing in proves that the service is there, takes the credentials and has the database.
        pool.get().await?.give_back();
        Ok(SnowflakeInstance {
            server: Server {
                service,
                pool,
                tables: Tables::default(),
                schema,
            },
        })
    }
}

impl Instance for SnowflakeInstance {
    type Stream = Stream;

    async fn ping(&self) -> Result<ServerInfo, DriverError> {
        let version = introspect::version(&self.server).await?;
        Ok(ServerInfo {
            product: "Snowflake".into(),
            version,
            capabilities: capabilities::capabilities(),
        })
    }

    async fn introspect(&self, what: Introspect) -> Result<Catalog, DriverError> {
        introspect::introspect(&self.server, what).await
    }

    async fn apply(&self, batch: Batch) -> Result<BatchOutcome, DriverError> {
        execute::apply(&self.server, batch).await
    }

    async fn stream(&self, select: Select) -> Result<Stream, DriverError> {
        stream::start(&self.server, select).await
    }

    async fn define(&self, changes: Vec<Ddl>) -> Result<(), DriverError> {
        define::define(&self.server, changes).await
    }

    fn render(&self, batch: &Batch) -> Result<Vec<RenderedStep>, DriverError> {
        execute::render(&self.server, batch)
    }

    fn render_ddl(&self, changes: &[Ddl]) -> Result<Vec<String>, DriverError> {
        let printed = define::print(changes, &self.server.schema)?;
        Ok(printed.into_iter().map(|(_, sql)| sql).collect())
    }

    async fn close(&self) {
        self.server.pool.close().await;
        self.server.service.close();
    }
}

export_driver!(Snowflake);
