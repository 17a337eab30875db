//! The Quillback driver for Google BigQuery, on its REST API.
//!
//! A batch is one script that the service runs as a job (`script.rs`, `jobs.rs`). `README.md` says what users must know,
//! and what was never run against the service itself.
#![forbid(unsafe_code)]

mod capabilities;
mod connect;
mod define;
mod dialect;
mod errors;
mod execute;
mod introspect;
mod jobs;
mod names;
mod options;
mod script;
mod stream;
mod tables;
mod types;

use std::sync::Arc;

use quillback_plugin_api::batch::{Batch, BatchOutcome, RenderedStep};
use quillback_plugin_api::catalog::{Catalog, Introspect};
use quillback_plugin_api::driver::{Context, Driver, DriverInfo, Instance, ServerInfo};
use quillback_plugin_api::options::config;
use quillback_plugin_api::sql::{Ddl, Select};
use quillback_plugin_api::{Category, DriverError, Ident, export_driver};
use serde::Deserialize;

use connect::{Call, Service};
pub use stream::Stream;
use tables::Tables;

/// The driver.
pub struct BigQuery;

/// One data set of one project.
pub struct BigQueryInstance {
    server: Server,
}

/// What the calls to one data set share.
pub(crate) struct Server {
    service: Arc<Service>,
    tables: Tables,
    dataset: Ident,
}

#[derive(Deserialize)]
struct Dataset {
    location: Option<String>,
}

impl Driver for BigQuery {
    type Instance = BigQueryInstance;

    fn info() -> DriverInfo {
        DriverInfo {
            id: "bigquery".into(),
            name: "Google BigQuery".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            api_version: String::new(),
            build: String::new(),
            capabilities: capabilities::capabilities(),
            options_schema: schemars::schema_for!(options::Options).to_value(),
            address_options: vec!["project".into(), "dataset".into()],
            url_schemes: Vec::new(),
        }
    }

    fn new(_context: Context) -> Result<Self, DriverError> {
        Ok(Self)
    }

    async fn open(&self, options: serde_json::Value) -> Result<BigQueryInstance, DriverError> {
        let settings = options::read(options)?;
        let dataset = Ident::new(&settings.dataset)
            .map_err(|error| config(format!("option `dataset`: {error}")))?;
        let mut service = Service::new(settings)?;
        let found = look(&service).await?;
        service.location = service.location.or(found.location);
        Ok(BigQueryInstance {
            server: Server {
                service: Arc::new(service),
                tables: Tables::default(),
                dataset,
            },
        })
    }
}

/// Looks at the data set, which proves that it is there, that the credentials are good, and costs nothing.
async fn look(service: &Service) -> Result<Dataset, DriverError> {
    let path = format!("/datasets/{}", tables::encoded(&service.dataset));
    let found = service.call(&Call::get(path)).await;
    found.map_err(|failure| {
        let error = DriverError::from(failure);
        match error.category {
            Category::NotFound => DriverError {
                message: "the data set does not exist: check the options `project` and `dataset`"
                    .into(),
                ..error
            },
            _ => error,
        }
    })
}

impl Instance for BigQueryInstance {
    type Stream = Stream;

    async fn ping(&self) -> Result<ServerInfo, DriverError> {
        look(&self.server.service).await?;
        Ok(ServerInfo {
            product: "Google BigQuery".into(),
            version: "REST API v2".into(),
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
        let printed = define::print(changes, &self.server.dataset)?;
        Ok(printed.into_iter().map(|(_, sql)| sql).collect())
    }

    async fn close(&self) {
        self.server.service.close();
    }
}

export_driver!(BigQuery);
