//! One configured connection with its pool, and the calls of the driver contract on it.

use quillback_plugin_api::DriverError;
use quillback_plugin_api::batch::{Batch, BatchOutcome, RenderedStep};
use quillback_plugin_api::driver::ServerInfo;
use quillback_plugin_api::lately::Lately;
use quillback_plugin_api::pieces::Pieces;
use quillback_plugin_api::pool::Pool;
use quillback_plugin_api::run::Limits;
use quillback_plugin_api::sql::{Ddl, Select};
use tiberius::Query;

use crate::bulk::ReadsJson;
use crate::connect::{Connector, Greeting};
use crate::flavor::Flavor;
use crate::settings::Settings;
use crate::stream;
use crate::tables::{Columns, FRESH};
use crate::{bulk, define, execute, statement};

/// What all calls of an instance share.
pub struct Server {
    pub(crate) flavor: &'static Flavor,
    pub(crate) pool: Pool<Connector>,
    pub(crate) tables: Lately<Columns>,
    pub(crate) reads_json: ReadsJson,
    greeting: Greeting,
}

impl Server {
    /// Connects once, to find out whether the settings are right.
    ///
    /// # Errors
    /// What connecting answers.
    pub async fn open(flavor: &'static Flavor, settings: Settings) -> Result<Self, DriverError> {
        let size = settings.pool_size;
        let pool = Pool::new(Connector::new(flavor, settings), size);
        let mut first = pool.lease().await?;
        let session = first.session()?;
        let greeting = session.greeting.clone();
        let reads_json = match statement::number(session, Query::new(bulk::PROBE)).await {
            Ok(Some(1)) => ReadsJson::Fully,
            Ok(_) => ReadsJson::WithoutEscapes,
            Err(error) if error.connection_lost => return Err(error),
            Err(_) => ReadsJson::No,
        };
        first.give_back();
        Ok(Self {
            flavor,
            pool,
            tables: Lately::new(FRESH),
            reads_json,
            greeting,
        })
    }

    /// The limits of statements, and from how many rows on an insert is sent as JSON.
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            bulk_from: bulk::bulk_from(self.reads_json),
            ..Limits::of(&(self.flavor.capabilities)())
        }
    }

    /// What the server said about itself when it was connected to first.
    pub fn greeting(&self) -> &Greeting {
        &self.greeting
    }

    /// Finds out whether the server answers.
    ///
    /// # Errors
    /// What connecting answers.
    pub async fn ping(&self) -> Result<ServerInfo, DriverError> {
        let lease = self.pool.sure_lease().await?;
        lease.give_back();
        Ok(ServerInfo {
            product: self.greeting.product.clone(),
            version: self.greeting.version.clone(),
            capabilities: (self.flavor.capabilities)(),
        })
    }

    /// Runs a batch.
    ///
    /// # Errors
    /// What the driver contract says.
    pub async fn apply(&self, batch: Batch) -> Result<BatchOutcome, DriverError> {
        execute::apply(self, batch).await
    }

    /// Starts a select whose rows come in pieces.
    ///
    /// # Errors
    /// What the server answers before the first row.
    pub async fn stream(&self, select: Select) -> Result<Pieces, DriverError> {
        stream::start(self, select).await
    }

    /// Makes changes of tables, all in one transaction where the database can.
    ///
    /// # Errors
    /// What the server answers, at the position of the change.
    pub async fn define(&self, changes: &[Ddl]) -> Result<(), DriverError> {
        define::define(self, changes).await
    }

    /// Runs statements that change tables, which the driver has printed itself, each with the position of its change;
    /// all in one transaction where the database can.
    ///
    /// # Errors
    /// What the server answers, at the position of the change.
    pub async fn run_changes(&self, printed: &[(usize, String)]) -> Result<(), DriverError> {
        define::run(self, printed).await
    }

    /// The statements of a batch.
    ///
    /// # Errors
    /// What cannot be expressed.
    pub fn render(&self, batch: &Batch) -> Result<Vec<RenderedStep>, DriverError> {
        execute::render(self.flavor, batch)
    }

    /// The statements of changes of tables.
    ///
    /// # Errors
    /// What the database cannot do, at the position of the change.
    pub fn render_ddl(&self, changes: &[Ddl]) -> Result<Vec<String>, DriverError> {
        let printed = define::print(self.flavor, changes)?;
        Ok(printed.into_iter().map(|(_, sql)| sql).collect())
    }

    /// Waits for the calls under way and closes all connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}
