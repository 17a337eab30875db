//! The Quillback driver for Microsoft SQL Server and Azure SQL, on the client library `tiberius`.
//!
//! A call borrows a connection of the pool (`pool.rs`), which speaks for one batch, read or change of tables, and goes
//! back clean or not at all. `README.md` says what users must know.
#![forbid(unsafe_code)]

mod capabilities;
mod connect;
mod define;
mod dialect;
mod errors;
mod execute;
mod introspect;
mod options;
mod pool;
mod statement;
mod stream;
mod tables;
mod types;

use std::sync::Arc;

use quillback_plugin_api::batch::{Batch, BatchOutcome, RenderedStep};
use quillback_plugin_api::catalog::{Catalog, Introspect};
use quillback_plugin_api::driver::{Context, Driver, DriverInfo, Instance, ServerInfo};
use quillback_plugin_api::sql::{Ddl, Select};
use quillback_plugin_api::{DriverError, export_driver};

use connect::{Connector, Greeting};
use pool::Pool;
pub use stream::Stream;
use tables::Tables;

/// The driver.
pub struct Mssql;

/// One configured server, with its pool.
pub struct MssqlInstance {
    server: Arc<Server>,
}

/// What the calls to one server share.
pub(crate) struct Server {
    pool: Pool,
    tables: Tables,
    greeting: Greeting,
}

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
            url_schemes: vec!["mssql".into(), "sqlserver".into()],
        }
    }

    fn new(_context: Context) -> Result<Self, DriverError> {
        // The client library takes the process's choice of cryptography; a plugin file is a process of its own in
        // this respect. If somebody has chosen already, that choice stands.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Self)
    }

    async fn open(&self, options: serde_json::Value) -> Result<MssqlInstance, DriverError> {
        let settings = options::read(options)?;
        let size = settings.pool_size;
        let pool = Pool::new(Connector::new(settings), size);
        let mut first = pool.lease().await?;
        let greeting = first.session()?.greeting.clone();
        first.give_back();
        let server = Server {
            pool,
            tables: Tables::default(),
            greeting,
        };
        Ok(MssqlInstance {
            server: Arc::new(server),
        })
    }
}

impl Instance for MssqlInstance {
    type Stream = Stream;

    async fn ping(&self) -> Result<ServerInfo, DriverError> {
        let lease = self.server.pool.sure_lease().await?;
        lease.give_back();
        let greeting = &self.server.greeting;
        Ok(ServerInfo {
            product: greeting.product.clone(),
            version: greeting.version.clone(),
            capabilities: capabilities::all(),
        })
    }

    async fn introspect(&self, what: Introspect) -> Result<Catalog, DriverError> {
        let mut lease = self.server.pool.sure_lease().await?;
        let answer = introspect::introspect(lease.session()?, what).await;
        lease.settle(answer)
    }

    async fn apply(&self, batch: Batch) -> Result<BatchOutcome, DriverError> {
        execute::apply(&self.server, batch).await
    }

    async fn stream(&self, select: Select) -> Result<Stream, DriverError> {
        stream::start(Arc::clone(&self.server), select).await
    }

    async fn define(&self, changes: Vec<Ddl>) -> Result<(), DriverError> {
        define::define(&self.server, changes).await
    }

    fn render(&self, batch: &Batch) -> Result<Vec<RenderedStep>, DriverError> {
        execute::render(batch)
    }

    fn render_ddl(&self, changes: &[Ddl]) -> Result<Vec<String>, DriverError> {
        let printed = define::print(changes)?;
        Ok(printed.into_iter().map(|(_, sql)| sql).collect())
    }

    async fn close(&self) {
        self.server.pool.close().await;
    }
}

export_driver!(Mssql);
