//! What is known about the columns of tables, for a short while: results and parameters are read and checked by it.
//!
//! A column of the wrong kind here can only cost precision of the kind (a moment read as a civil time stamp), never
//! content, because the result itself says how its cells are encoded.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use quillback_plugin_api::catalog::ColumnInfo;
use quillback_plugin_api::lately::Lately;
use quillback_plugin_api::{DriverError, Ident, TableRef};

use crate::connect::Session;
use crate::introspect;

/// How long a look-up serves: changes of tables by others are seen after this.
const FRESH: Duration = Duration::from_mins(1);

/// Columns of tables that were used lately.
pub(crate) struct Tables(Lately<Columns>);

impl Default for Tables {
    fn default() -> Self {
        Self(Lately::new(FRESH))
    }
}

/// The columns of one table by their names, upper and lower case being the same as they are to the server.
#[derive(Debug, Default)]
pub(crate) struct Columns(HashMap<String, ColumnInfo>);

impl Columns {
    /// The column called `name`.
    pub(crate) fn get(&self, name: &Ident) -> Option<&ColumnInfo> {
        self.0.get(&name.as_str().to_lowercase())
    }
}

impl Tables {
    /// The columns of `table`; none when the server shows no such table.
    ///
    /// # Errors
    /// What the server says.
    pub(crate) async fn columns(
        &self,
        session: &mut Session,
        table: &TableRef,
    ) -> Result<Arc<Columns>, DriverError> {
        match self.0.get(table) {
            Some(columns) => Ok(columns),
            None => self.columns_now(session, table).await,
        }
    }

    /// The columns of `table` as they are now.
    ///
    /// # Errors
    /// What the server says.
    pub(crate) async fn columns_now(
        &self,
        session: &mut Session,
        table: &TableRef,
    ) -> Result<Arc<Columns>, DriverError> {
        let found = introspect::columns(session, table).await?;
        let named = found
            .into_iter()
            .map(|column| (column.name.as_str().to_lowercase(), column));
        let columns = Arc::new(Columns(named.collect()));
        if !columns.0.is_empty() {
            self.0.put(table, &columns);
        }
        Ok(columns)
    }

    /// Forgets everything: tables have changed.
    pub(crate) fn forget(&self) {
        self.0.forget();
    }
}
