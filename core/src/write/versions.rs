//! A change that names the version it saw: the rows are read, and what they hold becomes what the change saw.

use std::collections::HashMap;
use std::sync::Arc;

use quillback_plugin_api::{Value, ValueRef};

use super::command::{Seen, WriteChange, WriteCommand};
use super::image::{Image, key_json};
use super::outcome::{self, WriteOutcome};
use crate::app::App;
use crate::catalog::Loaded;
use crate::error::Result;
use crate::plan::{RowChange, rows_by_key};
use crate::policy::Grant;
use crate::schema::Definition;
use crate::targets::Opened;

/// Fills `seen` in, or answers the conflicts.
pub(super) async fn resolve(
    app: &App,
    target: &Opened,
    loaded: &Arc<Loaded>,
    grant: &Grant,
    command: &WriteCommand,
    changes: &mut [RowChange],
) -> Result<Option<WriteOutcome>> {
    let versions: Vec<(usize, &str)> = command
        .changes
        .iter()
        .enumerate()
        .filter_map(|(at, change)| Some((at, version(change)?)))
        .collect();
    if versions.is_empty() {
        return Ok(None);
    }
    let definition = &loaded.whole.schema.definition;
    let rows = read(app, target, definition, grant, changes, &versions).await?;
    let current: HashMap<String, &Image> = rows
        .iter()
        .map(|image| (key_json(definition, &image.key).to_string(), image))
        .collect();
    let mut is_stale = false;
    for (position, version) in versions {
        let Some(change) = changes.get_mut(position) else {
            continue;
        };
        match current.get(&key_json(definition, &change.key).to_string()) {
            Some(image) if image.version(definition, grant) == version => {
                let seen = image
                    .fields
                    .iter()
                    .cloned()
                    .enumerate()
                    .filter(|(field, _)| grant.sees(*field));
                change.seen = seen.collect();
            }
            _ => is_stale = true,
        }
    }
    Ok(is_stale
        .then(|| outcome::stale(&command.change, definition, grant, command, changes, &rows)))
}

/// The version that a change saw, if it names one.
pub(super) fn version(change: &WriteChange) -> Option<&str> {
    match change {
        WriteChange::Edit {
            seen: Seen::Version(version),
            ..
        }
        | WriteChange::Delete {
            seen: Seen::Version(version),
            ..
        } => Some(version),
        _ => None,
    }
}

async fn read(
    app: &App,
    target: &Opened,
    definition: &Definition,
    grant: &Grant,
    changes: &[RowChange],
    versions: &[(usize, &str)],
) -> Result<Vec<Image>> {
    let keys: Vec<&[Value]> = versions
        .iter()
        .filter_map(|(at, _)| changes.get(*at))
        .map(|change| change.key.as_slice())
        .collect();
    let page = rows_by_key(definition, grant, &keys, app.options.batch_deadline_ms);
    let results = target.page(&page).await?;
    let rows = results.iter().flat_map(|result| result.rows.iter());
    Ok(rows
        .map(|cells| {
            shown(
                definition,
                grant,
                cells.map(|cell| cell.map_or(Value::Null, ValueRef::to_owned)),
            )
        })
        .collect())
}

/// A row of the columns that a grant shows; fields that it hides are NULL.
pub(crate) fn shown(
    definition: &Definition,
    grant: &Grant,
    mut cells: impl Iterator<Item = Value>,
) -> Image {
    let key = cells.by_ref().take(definition.key.len()).collect();
    let fields = (0..definition.fields.len())
        .map(|position| {
            if grant.sees(position) {
                cells.next().unwrap_or_default()
            } else {
                Value::Null
            }
        })
        .collect();
    Image { key, fields }
}
