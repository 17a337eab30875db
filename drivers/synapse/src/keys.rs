//! The keys that tables declare, for a short while.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use quillback_family_tds::Server;
use quillback_plugin_api::batch::{Batch, Step};
use quillback_plugin_api::sql::Statement;
use quillback_plugin_api::{DriverError, Ident, TableRef};
use tokio::time::Instant;

/// How long a look-up serves: changes of tables by others are seen after this.
const FRESH: Duration = Duration::from_mins(1);
/// Tables remembered at the same time.
const MOST: usize = 4_096;

/// The keys of one table, the primary one first; each has at least one column.
pub(crate) type TableKeys = Arc<Vec<Vec<Ident>>>;

/// The keys of the tables that a batch writes to.
pub(crate) type Known = HashMap<TableRef, TableKeys>;

/// Keys that were looked up lately.
#[derive(Default)]
pub(crate) struct Keys {
    lately: Mutex<HashMap<TableRef, (Instant, TableKeys)>>,
}

impl Keys {
    /// The keys of all tables in which the batch adds or changes rows.
    ///
    /// # Errors
    /// What the server says.
    pub(crate) async fn of(&self, server: &Server, batch: &Batch) -> Result<Known, DriverError> {
        let mut known = Known::new();
        for table in batch.steps.iter().filter_map(written) {
            if !known.contains_key(table) {
                known.insert(table.clone(), self.look_up(server, table).await?);
            }
        }
        Ok(known)
    }

    async fn look_up(&self, server: &Server, table: &TableRef) -> Result<TableKeys, DriverError> {
        if let Some(keys) = self.remembered(table) {
            return Ok(keys);
        }
        // A table that is not there is the business of the statement that wants to write to it.
        let Some(found) = server.describe(table).await? else {
            return Ok(TableKeys::default());
        };
        let all = std::iter::once(found.primary_key).chain(found.unique_keys);
        let keys = TableKeys::new(all.filter(|key| !key.is_empty()).collect());
        let mut lately = self.lately.lock().unwrap_or_else(PoisonError::into_inner);
        if lately.len() >= MOST {
            lately.clear();
        }
        lately.insert(table.clone(), (Instant::now(), Arc::clone(&keys)));
        Ok(keys)
    }

    fn remembered(&self, table: &TableRef) -> Option<TableKeys> {
        let lately = self.lately.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, keys) = lately.get(table)?;
        (since.elapsed() < FRESH).then(|| Arc::clone(keys))
    }

    /// Forgets everything: tables have changed.
    pub(crate) fn forget(&self) {
        self.lately
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

/// The table whose rows get new values.
fn written(step: &Step) -> Option<&TableRef> {
    match step {
        Step::Write {
            statement: Statement::Insert(insert),
            ..
        } => Some(&insert.table),
        Step::Write {
            statement: Statement::Update(update),
            ..
        } => Some(&update.table),
        _ => None,
    }
}
