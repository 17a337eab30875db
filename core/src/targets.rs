//! The target databases: opened when first needed, and reached only with what `plan` or a permit allows.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use quillback_plugin_api::batch::{Batch, BatchOutcome, RenderedStep, StepOutcome};
use quillback_plugin_api::catalog::{Catalog, Introspect};
use quillback_plugin_api::driver::ServerInfo;
use quillback_plugin_api::remote::RemoteInstance;
use quillback_plugin_api::sql::{Ddl, Expr, Select};
use quillback_plugin_api::{Category, DriverError, RowSet, TableRef, ValueRef};
use tokio::sync::OnceCell;

use crate::admin::probe::ensure_marker;
use crate::app::Drivers;
use crate::error::{Error, Problem, Result};
use crate::ids::ConnectionId;
use crate::keyring::Keyring;
use crate::permit::{ManageConnections, ManageSchemas, Permit, Within};
use crate::plan::{Fence, ScopedBatch, ScopedPage};
use crate::repo::connections::Connection;
use crate::repo::schemas::Whole;

/// One opened connection and what its server said.
#[derive(Clone)]
pub struct Opened {
    instance: RemoteInstance,
    /// Whether changes can write a marker row here.
    pub(crate) marked: bool,
    /// What the server said when the connection was opened.
    pub server: ServerInfo,
}

type Slot = Arc<OnceCell<Opened>>;

/// Opened connections by id and version.
pub struct Targets {
    drivers: Drivers,
    open_deadline: Duration,
    open: Mutex<HashMap<ConnectionId, (i64, Slot)>>,
}

/// All options of a connection, secrets included. Never stored or shown.
pub(crate) type FullOptions = serde_json::Map<String, serde_json::Value>;

/// The purpose for which a connection's secrets are sealed: they open nowhere else.
pub(crate) fn secrets_context(id: &ConnectionId) -> String {
    format!("connections/{id}/secrets")
}

/// The options of a connection with its secrets opened.
pub(crate) fn full_options(keyring: &Keyring, connection: &Connection) -> Result<FullOptions> {
    let mut options = connection.options.clone();
    if let Some(sealed) = &connection.secrets {
        let plain = keyring.open(&secrets_context(&connection.id), sealed)?;
        let secrets: FullOptions = serde_json::from_slice(&plain).map_err(|_| {
            Error::Internal("the secrets of a connection are no JSON object".into())
        })?;
        options.extend(secrets);
    }
    Ok(options)
}

impl Targets {
    /// No connection opened yet; opening one may take `open_deadline_ms` milliseconds.
    pub fn new(drivers: Drivers, open_deadline_ms: u32) -> Self {
        let open_deadline = Duration::from_millis(open_deadline_ms.into());
        Self {
            drivers,
            open_deadline,
            open: Mutex::default(),
        }
    }

    /// Opens a connection that is not stored, for a test of its options.
    pub(crate) async fn open(&self, driver: &str, options: FullOptions) -> Result<Opened> {
        let driver = self
            .drivers
            .get(driver)
            .ok_or_else(|| missing_driver(driver))?;
        let opening = async {
            let instance = driver.open(serde_json::Value::Object(options)).await?;
            let server = instance.ping().await?;
            Ok(Opened {
                instance,
                marked: false,
                server,
            })
        };
        match tokio::time::timeout(self.open_deadline, opening).await {
            Ok(opened) => opened.map_err(Error::Target),
            Err(_) => Err(Error::Target(DriverError::new(
                Category::Timeout,
                format!(
                    "the server did not answer within {} ms",
                    self.open_deadline.as_millis()
                ),
            ))),
        }
    }

    /// The opened connection; the first caller opens it, others wait for that. A newer version closes the older.
    pub(crate) async fn get(&self, keyring: &Keyring, connection: &Connection) -> Result<Opened> {
        let slot = self.slot(connection);
        let opened = slot
            .get_or_try_init(|| async {
                let mut opened = self
                    .open(&connection.driver, full_options(keyring, connection)?)
                    .await?;
                opened.marked = connection.marker && has_marker(connection, &opened.instance).await;
                Ok::<_, Error>(opened)
            })
            .await?;
        Ok(opened.clone())
    }

    fn slot(&self, connection: &Connection) -> Slot {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = open
            .entry(connection.id.clone())
            .or_insert_with(|| (connection.version, Slot::default()));
        if entry.0 < connection.version {
            *entry = (connection.version, Slot::default());
        }
        entry.1.clone()
    }

    /// Closes every connection, because the server stops: a database then sees its clients leave, and an embedded one
    /// keeps no file open.
    pub async fn close(&self) {
        let all = std::mem::take(&mut *self.open.lock().unwrap_or_else(PoisonError::into_inner));
        for (_, slot) in all.into_values() {
            if let Some(opened) = slot.get() {
                opened.instance.close().await;
            }
        }
    }

    /// Forgets a connection that was removed.
    pub(crate) fn forget(&self, id: &ConnectionId) {
        self.open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(id);
    }
}

/// Without the right to make the marker table changes work all the same, but a lost answer cannot be settled.
async fn has_marker(connection: &Connection, instance: &RemoteInstance) -> bool {
    let made = ensure_marker(instance).await;
    if let Err(error) = &made {
        tracing::warn!(connection.id = %connection.id, category = ?error.category, "no marker table in the target");
    }
    made.is_ok()
}

fn missing_driver(id: &str) -> Error {
    Error::Invalid(vec![Problem::new(
        "driver",
        "UNKNOWN_DRIVER",
        format!(
            "There is no driver called {id}. Put libquillback_driver_{id} into the plugin folder and restart, \
             or choose one of the drivers listed by `quillback plugins`."
        ),
    )])
}

impl Opened {
    /// Runs a batch that a grant allowed.
    pub(crate) async fn apply(
        &self,
        scoped: &ScopedBatch,
    ) -> std::result::Result<BatchOutcome, DriverError> {
        self.instance.apply(scoped.batch()).await
    }

    /// Shows what [`Opened::apply`] would send.
    pub(crate) async fn render(&self, scoped: &ScopedBatch) -> Result<Vec<RenderedStep>> {
        self.instance
            .render(scoped.batch())
            .await
            .map_err(Error::Target)
    }

    /// Reads a page that a grant allowed.
    pub(crate) async fn page(&self, page: &ScopedPage) -> Result<Vec<RowSet>> {
        match self
            .instance
            .apply(page.batch())
            .await
            .map_err(Error::Target)?
        {
            BatchOutcome::Committed(outcomes) | BatchOutcome::Refused { done: outcomes, .. } => {
                Ok(outcomes
                    .into_iter()
                    .map(|outcome| outcome.rows.unwrap_or_default())
                    .collect())
            }
        }
    }

    /// Tries to write the marker of a lost change.
    pub(crate) async fn fence(
        &self,
        fence: &Fence,
    ) -> std::result::Result<BatchOutcome, DriverError> {
        self.instance.apply(fence.batch()).await
    }

    /// Looks up what is in the database.
    pub(crate) async fn introspect(
        &self,
        _permit: &Permit<ManageSchemas>,
        what: &Introspect,
    ) -> Result<Catalog> {
        self.instance.introspect(what).await.map_err(Error::Target)
    }

    /// Changes tables.
    pub(crate) async fn define(
        &self,
        _permit: &Permit<ManageSchemas>,
        changes: &[Ddl],
    ) -> Result<()> {
        self.instance.define(changes).await.map_err(Error::Target)
    }

    /// Shows what [`Opened::define`] would send.
    pub(crate) async fn render_ddl(
        &self,
        _permit: &Permit<ManageSchemas>,
        changes: &[Ddl],
    ) -> Result<Vec<String>> {
        self.instance
            .render_ddl(changes)
            .await
            .map_err(Error::Target)
    }

    /// Counts rows of a table that a schema is about to change.
    pub(crate) async fn count(
        &self,
        _permit: &Permit<ManageSchemas>,
        table: TableRef,
        filter: Expr,
    ) -> Result<u64> {
        let mut batch = Batch::default();
        batch.read(Select::count(table, filter));
        let outcome = self.instance.apply(&batch).await.map_err(Error::Target)?;
        let (BatchOutcome::Committed(done) | BatchOutcome::Refused { done, .. }) = outcome;
        Ok(done.first().map_or(0, counted))
    }

    /// Counts rows of a schema's table by several conditions, in one exchange.
    pub(crate) async fn counts(
        &self,
        whole: &Within<ManageSchemas, Whole>,
        filters: Vec<Expr>,
        deadline_ms: u32,
    ) -> Result<Vec<u64>> {
        let mut batch = Batch {
            deadline_ms,
            ..Batch::default()
        };
        let table = &whole.schema.definition.table;
        for filter in filters {
            batch.read(Select::count(table.clone(), filter));
        }
        let outcome = self.instance.apply(&batch).await.map_err(Error::Target)?;
        let (BatchOutcome::Committed(done) | BatchOutcome::Refused { done, .. }) = outcome;
        Ok(done.iter().map(counted).collect())
    }

    /// The connection itself, for its test and for the marker table.
    pub(crate) fn raw(&self, _permit: &Permit<ManageConnections>) -> &RemoteInstance {
        &self.instance
    }
}

/// The number that a step counted.
fn counted(step: &StepOutcome) -> u64 {
    let first = step.rows.as_ref().and_then(|set| set.rows.first());
    let count = first.map(ValueRef::to_owned);
    count
        .and_then(|count| u64::try_from(count.as_i64()?).ok())
        .unwrap_or(0)
}
