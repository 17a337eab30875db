//! An opened source of options: with the caller's own rights where it is a schema.

use std::sync::Arc;

use quillback_plugin_api::Value;

use super::owned;
use crate::app::App;
use crate::catalog::{self, Loaded};
use crate::cx::Principal;
use crate::error::{Error, Result};
use crate::field::{OptionSource, OptionsFrom};
use crate::plan::{OptionColumns, OptionPlan, ScopedPage};
use crate::policy::{self, Grant};
use crate::repo::connections;
use crate::targets::Opened;

/// A source that can be read.
pub(super) struct Reader {
    target: Opened,
    pub(super) columns: OptionColumns,
}

impl Reader {
    /// Opens the source of a field of `loaded`; `None` when the caller sees nothing of it.
    pub(super) async fn open(
        app: &App,
        principal: &Arc<Principal>,
        loaded: &Arc<Loaded>,
        grant: &Grant,
        field: (usize, &OptionSource),
    ) -> Result<Option<Self>> {
        let (position, source) = field;
        let (columns, connection) = match &source.from {
            OptionsFrom::Schema(id) => {
                let found = match catalog::find(app, id, principal).await {
                    Err(Error::NotFound(_)) => return Ok(None),
                    other => other?,
                };
                let grant = match policy::grant(principal, &found) {
                    Err(Error::NotFound(_) | Error::Denied(_)) => return Ok(None),
                    other => other?,
                };
                let definition = &found.loaded.whole.schema.definition;
                let columns = OptionColumns::of_schema(definition, &grant, source);
                (columns, found.loaded.connection.clone())
            }
            OptionsFrom::Table { connection, table } => {
                let connection = match connection {
                    None => loaded.connection.clone(),
                    Some(id) => Arc::new(connections::get_connection(&app.repo, id).await?),
                };
                let columns = OptionColumns::of_table(table, grant, position, source);
                (columns, connection)
            }
        };
        let Some(columns) = columns else {
            return Ok(None);
        };
        let target = app.targets.get(&app.keyring, &connection).await?;
        Ok(Some(Self { target, columns }))
    }

    /// A page of options, in the columns of [`OptionColumns::shape`].
    pub(super) async fn page(&self, plan: &OptionPlan<'_>) -> Result<Vec<Vec<Value>>> {
        read(&self.target, &self.columns.page(plan)).await
    }

    /// Those of `wanted` that the source has, and maybe some that the database takes for equal to them.
    pub(super) async fn lookup(
        &self,
        wanted: &[Vec<Value>],
        deadline_ms: u32,
    ) -> Result<Vec<Vec<Value>>> {
        let mut found = Vec::new();
        for page in self.columns.lookup(wanted, deadline_ms) {
            found.extend(read(&self.target, &page).await?);
        }
        Ok(found)
    }
}

/// The rows of a page.
pub(super) async fn read(target: &Opened, page: &ScopedPage) -> Result<Vec<Vec<Value>>> {
    let results = target.page(page).await?;
    let rows = results.iter().flat_map(|result| result.rows.iter());
    Ok(rows.map(owned).collect())
}
