//! A Quillback driver for __NAME__.
//!
//! Fill the files in this order: `options`, `connect`, `capabilities`, `dialect`, `types`, `errors`, `execute`,
//! `introspect`. Whatever is not written yet answers with an error that names its file.

mod capabilities;
mod connect;
mod dialect;
mod errors;
mod execute;
mod introspect;
mod options;
mod types;

use quillback_plugin_api::batch::{Batch, BatchOutcome, RenderedStep};
use quillback_plugin_api::catalog::{Catalog, Introspect};
use quillback_plugin_api::driver::{Context, Driver, DriverInfo, Instance, ServerInfo};
use quillback_plugin_api::run::{self, Limits};
use quillback_plugin_api::sql::{Ddl, Select};
use quillback_plugin_api::{DriverError, export_driver};

use crate::connect::Server;
use crate::dialect::__TYPE__Dialect;
use crate::execute::Pieces;

/// The driver.
pub(crate) struct __TYPE__Driver;

/// One configured connection.
pub(crate) struct __TYPE__Instance {
    server: Server,
}

impl Driver for __TYPE__Driver {
    type Instance = __TYPE__Instance;

    fn info() -> DriverInfo {
        DriverInfo {
            id: "__ID__".into(),
            name: "__NAME__".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            api_version: String::new(),
            build: String::new(),
            capabilities: capabilities::best(),
            options_schema: options::schema(),
            address_options: vec!["host".into(), "database".into()],
            url_schemes: Vec::new(),
        }
    }

    fn new(_: Context) -> Result<Self, DriverError> {
        Ok(Self)
    }

    async fn open(&self, options: serde_json::Value) -> Result<__TYPE__Instance, DriverError> {
        let options = options::read(options)?;
        let server = Server::open(options).await?;
        Ok(__TYPE__Instance { server })
    }
}

impl Instance for __TYPE__Instance {
    type Stream = Pieces;

    async fn ping(&self) -> Result<ServerInfo, DriverError> {
        self.server.ping().await
    }

    async fn introspect(&self, what: Introspect) -> Result<Catalog, DriverError> {
        introspect::introspect(&self.server, what).await
    }

    async fn apply(&self, batch: Batch) -> Result<BatchOutcome, DriverError> {
        execute::apply(&self.server, &batch).await
    }

    async fn stream(&self, select: Select) -> Result<Pieces, DriverError> {
        execute::stream(&self.server, &select).await
    }

    async fn define(&self, changes: Vec<Ddl>) -> Result<(), DriverError> {
        execute::define(&self.server, &changes).await
    }

    fn render(&self, batch: &Batch) -> Result<Vec<RenderedStep>, DriverError> {
        run::render(batch, &__TYPE__Dialect, Limits::of(&capabilities::best()))
    }

    fn render_ddl(&self, changes: &[Ddl]) -> Result<Vec<String>, DriverError> {
        execute::render_ddl(changes)
    }

    async fn close(&self) {
        self.server.close().await;
    }
}

export_driver!(__TYPE__Driver);
