//! The keys that tables declare, for a short while.

use std::sync::Arc;
use std::time::Duration;

use quillback_family_tds::Server;
use quillback_plugin_api::batch::Batch;
use quillback_plugin_api::keys::{KeysOfBatch, written};
use quillback_plugin_api::lately::Lately;
use quillback_plugin_api::{DriverError, Ident, TableRef};

/// How long a look-up serves: changes of tables by others are seen after this.
const FRESH: Duration = Duration::from_mins(1);

/// Keys that were looked up lately: of each table the primary one first; each has at least one column.
pub(crate) struct Keys(Lately<Vec<Vec<Ident>>>);

impl Default for Keys {
    fn default() -> Self {
        Self(Lately::new(FRESH))
    }
}

impl Keys {
    /// The keys of all tables in which the batch adds or changes rows.
    ///
    /// # Errors
    /// What the server says.
    pub(crate) async fn of(
        &self,
        server: &Server,
        batch: &Batch,
    ) -> Result<KeysOfBatch, DriverError> {
        let mut known = KeysOfBatch::default();
        for table in written(batch) {
            if let Some(keys) = self.look_up(server, table).await? {
                known.insert(table.clone(), keys);
            }
        }
        Ok(known)
    }

    async fn look_up(
        &self,
        server: &Server,
        table: &TableRef,
    ) -> Result<Option<Arc<Vec<Vec<Ident>>>>, DriverError> {
        if let Some(keys) = self.0.get(table) {
            return Ok(Some(keys));
        }
        // A table that is not there is the business of the statement that wants to write to it.
        let Some(found) = server.describe(table).await? else {
            return Ok(None);
        };
        let all = std::iter::once(found.primary_key).chain(found.unique_keys);
        let keys = Arc::new(all.filter(|key| !key.is_empty()).collect());
        self.0.put(table, &keys);
        Ok(Some(keys))
    }

    /// Forgets everything: tables have changed.
    pub(crate) fn forget(&self) {
        self.0.forget();
    }
}
