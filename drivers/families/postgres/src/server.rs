//! One configured connection with its pool, and the calls of the driver contract on it.

use std::sync::Arc;

use quillback_plugin_api::DriverError;
use quillback_plugin_api::batch::{Batch, BatchOutcome, RenderedStep};
use quillback_plugin_api::run::{self, Limits};
use quillback_plugin_api::sql::{Ddl, Select};

use crate::flavor::Flavor;
use crate::pool::Pool;
use crate::settings::Settings;
use crate::stream::{self, Stream};
use crate::types::lookup::Types;
use crate::{define, execute};

/// What all calls of an instance share.
#[derive(Debug)]
pub struct Server {
    pub(crate) flavor: &'static Flavor,
    pub(crate) pool: Pool,
    pub(crate) types: Types,
    pub(crate) database: String,
}

impl Server {
    /// Connects once, to find out whether the settings are right.
    ///
    /// # Errors
    /// What connecting answers.
    pub async fn open(flavor: &'static Flavor, settings: Settings) -> Result<Self, DriverError> {
        let server = Self {
            flavor,
            database: settings.database.clone(),
            pool: Pool::new(settings, flavor),
            types: Types::new(flavor),
        };
        let first = server.pool.get().await?;
        server.pool.put_back(first);
        Ok(server)
    }

    /// The database that the connections reach.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// Runs a batch.
    ///
    /// # Errors
    /// What the driver contract says.
    pub async fn apply(&self, batch: &Batch) -> Result<BatchOutcome, DriverError> {
        execute::apply(self, batch).await
    }

    /// Starts a select whose rows come in pieces.
    ///
    /// # Errors
    /// What the server answers before the first row.
    pub async fn stream(self: &Arc<Self>, select: &Select) -> Result<Stream, DriverError> {
        stream::open(self, select).await
    }

    /// Makes changes of tables, in one transaction where the database allows it.
    ///
    /// # Errors
    /// What the server answers, at the position of the change; see [`crate::Changes`] for what became of the others.
    pub async fn define(&self, changes: &[Ddl]) -> Result<(), DriverError> {
        define::run(self, changes).await
    }

    /// The statements of a batch.
    ///
    /// # Errors
    /// What cannot be expressed, and names that are too long.
    pub fn render(&self, batch: &Batch) -> Result<Vec<RenderedStep>, DriverError> {
        let printer = (self.flavor.printer)();
        let limits = Limits::of(&(self.flavor.capabilities)());
        printer
            .names()
            .checked(run::render(batch, &*printer, limits)?)
    }

    /// The statements of changes of tables.
    ///
    /// # Errors
    /// What the database cannot do, and names that are too long; at the position of the change.
    pub fn render_ddl(&self, changes: &[Ddl]) -> Result<Vec<String>, DriverError> {
        define::render(self.flavor, changes)
            .map(|rendered| rendered.into_iter().map(|(_, sql)| sql).collect())
    }

    /// Waits for the calls under way and closes all connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}
