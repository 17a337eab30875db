//! The Quillback driver for MySQL and MariaDB, on the client library `mysql_async`.
//!
//! A call borrows a connection of the pool (`plugin_api::pool`), which speaks for one batch, read or change of tables,
//! and goes back clean or not at all. `README.md` says what users must know.
#![forbid(unsafe_code)]

mod capabilities;
mod connect;
mod define;
mod dialect;
mod errors;
mod execute;
#[cfg(test)]
mod golden;
mod introspect;
mod names;
mod options;
mod statement;
mod stream;
mod tables;
mod types;

use std::sync::Arc;

use mysql_async::prelude::Queryable as _;
use quillback_plugin_api::batch::{Batch, BatchOutcome, RenderedStep};
use quillback_plugin_api::catalog::{Catalog, Introspect};
use quillback_plugin_api::driver::{Context, Driver, DriverInfo, Instance, ServerInfo};
use quillback_plugin_api::pieces::Pieces;
use quillback_plugin_api::pool::Pool;
use quillback_plugin_api::sql::{Ddl, Select};
use quillback_plugin_api::{DriverError, export_driver};

use capabilities::Flavor;
use connect::{Connector, Greeting};
use dialect::MySqlDialect;
use tables::Tables;

/// The driver.
pub struct MySql;

/// One configured server, with its pool.
pub struct MySqlInstance {
    server: Arc<Server>,
}

/// What the calls to one server share.
pub(crate) struct Server {
    pool: Pool<Connector>,
    dialect: MySqlDialect,
    tables: Tables,
    greeting: Greeting,
}

impl Driver for MySql {
    type Instance = MySqlInstance;

    fn info() -> DriverInfo {
        DriverInfo {
            id: "mysql".into(),
            name: "MySQL and MariaDB".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            api_version: String::new(),
            build: String::new(),
            capabilities: capabilities::best(),
            options_schema: schemars::schema_for!(options::Options).to_value(),
            address_options: vec!["host".into(), "socket".into()],
            url_schemes: vec!["mysql".into(), "mariadb".into()],
        }
    }

    fn new(_context: Context) -> Result<Self, DriverError> {
        // The client library takes the process's choice of cryptography; a plugin file is a process of its own in
        // this respect. If somebody has chosen already, that choice stands.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Self)
    }

    async fn open(&self, options: serde_json::Value) -> Result<MySqlInstance, DriverError> {
        let settings = options::read(options)?;
        let pool = Pool::new(Connector::new(&settings), settings.pool_size);
        let mut first = pool.lease().await?;
        let greeting = first.session()?.greeting.clone();
        first.give_back();
        let dialect = MySqlDialect {
            flavor: greeting.flavor,
        };
        let server = Server {
            pool,
            dialect,
            tables: Tables::default(),
            greeting,
        };
        Ok(MySqlInstance {
            server: Arc::new(server),
        })
    }
}

impl Instance for MySqlInstance {
    type Stream = Pieces;

    async fn ping(&self) -> Result<ServerInfo, DriverError> {
        let mut lease = self.server.pool.sure_lease().await?;
        let asked = lease
            .session()?
            .conn
            .query_first::<(String, String), _>("SELECT VERSION(), @@version_comment");
        let answer = asked.await.map_err(errors::from_client);
        let greeting = &self.server.greeting;
        let (version, product) = lease
            .settle(answer)?
            .unwrap_or_else(|| (greeting.version.clone(), greeting.product.clone()));
        let capabilities = Flavor::parse(&version).capabilities();
        Ok(ServerInfo {
            product,
            version,
            capabilities,
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

    async fn stream(&self, select: Select) -> Result<Pieces, DriverError> {
        stream::start(&self.server, select).await
    }

    async fn define(&self, changes: Vec<Ddl>) -> Result<(), DriverError> {
        define::define(&self.server, changes).await
    }

    fn render(&self, batch: &Batch) -> Result<Vec<RenderedStep>, DriverError> {
        execute::render(&self.server, batch)
    }

    fn render_ddl(&self, changes: &[Ddl]) -> Result<Vec<String>, DriverError> {
        let printed = define::print(&self.server, changes)?;
        Ok(printed.into_iter().map(|(_, sql)| sql).collect())
    }

    async fn close(&self) {
        self.server.pool.close().await;
    }
}

export_driver!(MySql);
