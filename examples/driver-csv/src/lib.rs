//! A Quillback driver for folders of CSV files: a folder is a database, a file in it is a table.
//!
//! It is the sample of `docs/write-a-driver.md`, whose steps take these files one after the other.
#![forbid(unsafe_code)]

mod capabilities;
mod condition;
mod csv;
mod decimal;
mod define;
mod dialect;
mod errors;
mod execute;
mod folder;
mod introspect;
mod journal;
mod options;
mod select;
mod sidecar;
mod table;
mod types;
mod work;

use std::sync::atomic::{AtomicBool, Ordering};

use quillback_plugin_api::batch::{Batch, BatchOutcome, RenderedStep};
use quillback_plugin_api::blocking::{Cancel, Worker};
use quillback_plugin_api::catalog::{Catalog, Introspect};
use quillback_plugin_api::driver::{Context, Driver, DriverInfo, Instance, ServerInfo};
use quillback_plugin_api::run::{self, Limits};
use quillback_plugin_api::sql::{Ddl, Select};
use quillback_plugin_api::{DriverError, dialect as printer, export_driver};

use crate::dialect::Words;
use crate::folder::Folder;
use crate::select::Pieces;
use crate::work::Until;

/// The driver.
pub struct CsvDriver;

/// One configured connection: a folder, and the thread that works in it. Files are read and written by calls that
/// block, so they must not run where the server's own work runs.
pub struct CsvInstance {
    worker: Worker<Folder>,
    closed: AtomicBool,
}

impl Driver for CsvDriver {
    type Instance = CsvInstance;

    fn info() -> DriverInfo {
        DriverInfo {
            id: "csv".into(),
            name: "CSV files".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            api_version: String::new(),
            build: String::new(),
            capabilities: capabilities::capabilities(),
            options_schema: options::schema(),
            url_schemes: Vec::new(),
            address_options: vec!["folder".into()],
        }
    }

    fn new(_: Context) -> Result<Self, DriverError> {
        Ok(Self)
    }

    async fn open(&self, options: serde_json::Value) -> Result<CsvInstance, DriverError> {
        let options = options::read(&options)?;
        let worker = Worker::start("csv", move || Folder::open(options.folder)).await?;
        Ok(CsvInstance {
            worker,
            closed: AtomicBool::new(false),
        })
    }
}

impl CsvInstance {
    async fn run<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Folder, &Cancel) -> Result<R, DriverError> + Send + 'static,
    ) -> Result<R, DriverError> {
        if self.closed.load(Ordering::Relaxed) {
            return Err(errors::closed());
        }
        self.worker.run(work).await
    }
}

impl Instance for CsvInstance {
    type Stream = Pieces;

    async fn ping(&self) -> Result<ServerInfo, DriverError> {
        self.run(|folder, _| {
            folder.check()?;
            Ok(ServerInfo {
                product: "CSV files".into(),
                version: env!("CARGO_PKG_VERSION").into(),
                capabilities: capabilities::capabilities(),
            })
        })
        .await
    }

    async fn introspect(&self, what: Introspect) -> Result<Catalog, DriverError> {
        self.run(move |folder, cancel| introspect::introspect(folder, &what, Until::never(cancel)))
            .await
    }

    async fn apply(&self, batch: Batch) -> Result<BatchOutcome, DriverError> {
        // The time starts here: waiting for the thread counts.
        let deadline = work::deadline(batch.deadline_ms);
        self.run(move |folder, cancel| execute::apply(folder, &batch, Until::new(cancel, deadline)))
            .await
    }

    async fn stream(&self, select: Select) -> Result<Pieces, DriverError> {
        self.run(move |folder, cancel| execute::stream(folder, &select, Until::never(cancel)))
            .await
    }

    async fn define(&self, changes: Vec<Ddl>) -> Result<(), DriverError> {
        self.run(move |folder, cancel| define::define(folder, &changes, Until::never(cancel)))
            .await
    }

    fn render(&self, batch: &Batch) -> Result<Vec<RenderedStep>, DriverError> {
        run::render(batch, &Words, Limits::of(&capabilities::capabilities()))
    }

    fn render_ddl(&self, changes: &[Ddl]) -> Result<Vec<String>, DriverError> {
        let mut all = Vec::new();
        for (step, change) in changes.iter().enumerate() {
            let printed = printer::ddl(&Words, change)
                .map_err(|error| DriverError::from(error).at_step(step))?;
            all.extend(printed.into_iter().map(|statement| statement.sql));
        }
        Ok(all)
    }

    async fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        // Calls before this one end first: the thread takes one after the other.
        let _ = self.worker.run(|_, _| Ok(())).await;
    }
}

export_driver!(CsvDriver);
