//! Driver plugin for `PostgreSQL`, from version 12 on.
//!
//! A batch goes to the server in one flight of messages wherever the server itself can check what the batch expects;
//! the modules below follow a call downwards: plan, execute, connection, wire.
#![forbid(unsafe_code)]

mod bulk;
mod capabilities;
mod connect;
mod connection;
mod deadline;
mod define;
mod dialect;
mod errors;
mod execute;
mod flight;
mod guard;
mod introspect;
mod messages;
mod options;
mod plan;
mod pool;
mod statements;
mod stream;
mod types;
mod wire;

use std::sync::Arc;

use quillback_plugin_api::DriverError;
use quillback_plugin_api::batch::{Batch, BatchOutcome, RenderedStep};
use quillback_plugin_api::catalog::{Catalog, Introspect};
use quillback_plugin_api::driver::{Context, Driver, DriverInfo, Instance, ServerInfo};
use quillback_plugin_api::run::{self, Limits};
use quillback_plugin_api::sql::{Ddl, Select};

use capabilities::capabilities;
use options::Settings;
use pool::Pool;
use types::lookup::Types;

pub use stream::PostgresStream;

quillback_plugin_api::export_driver!(Postgres);

/// The driver.
#[derive(Debug)]
pub struct Postgres;

/// One configured connection with its pool.
#[derive(Clone, Debug)]
pub struct PostgresInstance(Arc<Server>);

/// What all calls of an instance share.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) pool: Pool,
    pub(crate) types: Types,
    pub(crate) database: String,
}

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
        let settings = Settings::read(options)?;
        let server = Server {
            database: settings.database.clone(),
            pool: Pool::new(settings),
            types: Types::default(),
        };
        let first = server.pool.get().await?;
        server.pool.put_back(first);
        Ok(PostgresInstance(Arc::new(server)))
    }
}

impl Instance for PostgresInstance {
    type Stream = PostgresStream;

    async fn ping(&self) -> Result<ServerInfo, DriverError> {
        introspect::server_info(&self.0).await
    }

    async fn introspect(&self, what: Introspect) -> Result<Catalog, DriverError> {
        introspect::answer(&self.0, &what).await
    }

    async fn apply(&self, batch: Batch) -> Result<BatchOutcome, DriverError> {
        execute::apply(&self.0, &batch).await
    }

    async fn stream(&self, select: Select) -> Result<PostgresStream, DriverError> {
        stream::open(&self.0, &select).await
    }

    async fn define(&self, changes: Vec<Ddl>) -> Result<(), DriverError> {
        define::run(&self.0, &changes).await
    }

    fn render(&self, batch: &Batch) -> Result<Vec<RenderedStep>, DriverError> {
        let dialect = dialect::Postgres::default();
        let limits = Limits::of(&capabilities());
        dialect.checked(run::render(batch, &dialect, limits)?)
    }

    fn render_ddl(&self, changes: &[Ddl]) -> Result<Vec<String>, DriverError> {
        define::render(changes).map(|rendered| rendered.into_iter().map(|(_, sql)| sql).collect())
    }

    async fn close(&self) {
        self.0.pool.close().await;
    }
}
