//! The Quillback driver for Oracle Database, on Oracle's own client `oracledb`.
//!
//! The client blocks: each connection has a thread (`connect.rs`), on which a batch runs to its commit or roll-back.
//! `README.md` says what users must know, and what was never run against Oracle's server.
#![forbid(unsafe_code)]

mod capabilities;
mod connect;
mod define;
mod dialect;
mod errors;
mod execute;
mod introspect;
mod options;
mod stream;
mod types;

use std::sync::Arc;

use quillback_plugin_api::batch::{Batch, BatchOutcome, RenderedStep};
use quillback_plugin_api::catalog::{Catalog, Introspect};
use quillback_plugin_api::driver::{Context, Driver, DriverInfo, Instance, ServerInfo};
use quillback_plugin_api::pieces::Pieces;
use quillback_plugin_api::sql::{Ddl, Select};
use quillback_plugin_api::{DriverError, export_driver};

use connect::Pool;
use errors::translate;
use execute::Deadline;

/// The driver.
pub struct Oracle;

/// One configured server, with its pool.
pub struct OracleInstance {
    pool: Arc<Pool>,
}

impl Driver for Oracle {
    type Instance = OracleInstance;

    fn info() -> DriverInfo {
        DriverInfo {
            id: "oracle".into(),
            name: "Oracle Database".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            api_version: String::new(),
            build: String::new(),
            capabilities: capabilities::capabilities(),
            options_schema: schemars::schema_for!(options::Options).to_value(),
            address_options: vec!["host".into(), "service".into()],
            url_schemes: Vec::new(),
        }
    }

    fn new(_context: Context) -> Result<Self, DriverError> {
        // The client takes the process's choice of cryptography; a plugin file is a process of its own in this respect.
        // If somebody has chosen already, that choice stands.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Self)
    }

    async fn open(&self, options: serde_json::Value) -> Result<OracleInstance, DriverError> {
        let settings = options::read(options)?;
        let size = settings.pool_size;
        let pool = Pool::new(settings, size);
        pool.run(|_, _| Ok(())).await?;
        Ok(OracleInstance {
            pool: Arc::new(pool),
        })
    }
}

impl Instance for OracleInstance {
    type Stream = Pieces;

    async fn ping(&self) -> Result<ServerInfo, DriverError> {
        let asked = self.pool.run(|connection, _| {
            let version = connection.ping().and_then(|()| connection.version());
            version
                .map(|version| version.to_string())
                .map_err(|error| translate(&error))
        });
        Ok(ServerInfo {
            product: "Oracle Database".into(),
            version: asked.await?,
            capabilities: capabilities::capabilities(),
        })
    }

    async fn introspect(&self, what: Introspect) -> Result<Catalog, DriverError> {
        let asked = self
            .pool
            .run(move |connection, _| introspect::introspect(connection, &what));
        asked.await
    }

    async fn apply(&self, batch: Batch) -> Result<BatchOutcome, DriverError> {
        let deadline = Deadline::of(&batch);
        let lent = deadline.wait(self.pool.lend()).await?;
        let running = lent
            .run(move |connection, cancel| execute::apply(connection, cancel, &batch, deadline));
        deadline.hold(running).await
    }

    async fn stream(&self, select: Select) -> Result<Pieces, DriverError> {
        stream::start(Arc::clone(&self.pool), select).await
    }

    async fn define(&self, changes: Vec<Ddl>) -> Result<(), DriverError> {
        let running = self
            .pool
            .run(move |connection, _| define::define(connection, &changes));
        running.await
    }

    fn render(&self, batch: &Batch) -> Result<Vec<RenderedStep>, DriverError> {
        execute::render(batch)
    }

    fn render_ddl(&self, changes: &[Ddl]) -> Result<Vec<String>, DriverError> {
        let printed = define::print(changes)?;
        Ok(printed.into_iter().map(|change| change.sql).collect())
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}

export_driver!(Oracle);
