//! History of rows, under the same row rules as the rows themselves.

use std::collections::HashSet;

use quillback_plugin_api::Value;
use quillback_plugin_api::civil::Timestamp;
use serde_json::{Map, Value as Json};

use crate::app::App;
use crate::catalog;
use crate::cx::Cx;
use crate::error::{Error, Problem, Result};
use crate::ids::{ChangeId, SchemaId, UserId};
use crate::permit;
use crate::plan::rows_by_key;
use crate::policy::{self, Action, Grant};
use crate::repo::changes::{self, AuditFilter, AuditRow};
use crate::schema::Definition;
use crate::targets::Opened;
use crate::write::{key_hash, key_json, read_key};

/// Which entries to read.
#[derive(Clone, Debug)]
pub struct HistoryCommand {
    /// Schema.
    pub schema: SchemaId,
    /// Only this row.
    pub key: Option<Json>,
    /// Entries to pass over.
    pub offset: u32,
    /// Most entries.
    pub first: u32,
}

/// One entry of the history.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryEntry {
    /// Change that it is part of.
    pub change: ChangeId,
    /// Key, as JSON object.
    pub key: Json,
    /// `add`, `edit` or `delete`.
    pub action: String,
    /// Fields that the user sees, as they were before.
    pub before: Option<Json>,
    /// Fields that the user sees, as they were after.
    pub after: Option<Json>,
    /// Who.
    pub user: UserId,
    /// When.
    pub at: Timestamp,
}

/// A page of the history.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// Entries, newest first.
    pub entries: Vec<HistoryEntry>,
    /// Whether there are more behind them. Entries of rows that the user may not see are passed over.
    pub more: bool,
}

/// Reads the history of a schema or of one row. Where row rules limit what the user sees, only entries of rows that are
/// there and visible now are shown.
///
/// # Errors
/// `Invalid` for a key that is none, `NotFound` and `Denied` by the user's rights, `Target` when the database could not
/// be asked which rows are visible.
pub async fn history(cx: &Cx, app: &App, command: HistoryCommand) -> Result<History> {
    let principal = permit::signed_in(cx)?;
    let found = catalog::find(app, &command.schema, &principal).await?;
    let grant = policy::grant(&principal, &found)?;
    grant.require(Action::History)?;
    if !(1..=app.options.max_page).contains(&command.first) {
        let message = format!("Ask for 1 to {} entries at once.", app.options.max_page);
        return Err(Error::invalid("first", "COUNT", message));
    }
    let definition = &found.loaded.whole.schema.definition;
    let key = command
        .key
        .as_ref()
        .map(|key| read_key(definition, key))
        .transpose();
    let key = key.map_err(|problem: Problem| Error::Invalid(vec![problem]))?;
    let hash = key.map(|key| key_hash(&key_json(definition, &key)));
    let filter = AuditFilter {
        schema: &command.schema,
        key_hash: hash.as_deref(),
        change: None,
        offset: command.offset.into(),
        limit: u64::from(command.first) + 1,
    };
    let mut rows = changes::list_audit_rows(&app.repo, &filter).await?;
    let more = rows.len() > command.first as usize;
    rows.truncate(command.first as usize);
    if grant.is_limited() {
        let target = app
            .targets
            .get(&app.keyring, &found.loaded.connection)
            .await?;
        let visible = visible_keys(app, &target, definition, &grant, &rows).await?;
        rows.retain(|row| visible.contains(&row.key_hash));
    }
    Ok(History {
        entries: rows
            .into_iter()
            .map(|row| entry(definition, &grant, row))
            .collect(),
        more,
    })
}

async fn visible_keys(
    app: &App,
    target: &Opened,
    definition: &Definition,
    grant: &Grant,
    rows: &[AuditRow],
) -> Result<HashSet<String>> {
    let keys: Vec<Vec<Value>> = rows
        .iter()
        .filter_map(|row| read_key(definition, &row.key).ok())
        .collect();
    let keys: Vec<&[Value]> = keys.iter().map(Vec::as_slice).collect();
    if keys.is_empty() {
        return Ok(HashSet::new());
    }
    let page = rows_by_key(definition, grant, &keys, app.options.batch_deadline_ms);
    let results = target.page(&page).await?;
    let rows = results.iter().flat_map(|result| result.rows.to_rows());
    let key = |row: &Vec<Value>| {
        key_json(
            definition,
            row.get(..definition.key.len()).unwrap_or_default(),
        )
    };
    Ok(rows.map(|row| key_hash(&key(&row))).collect())
}

fn entry(definition: &Definition, grant: &Grant, row: AuditRow) -> HistoryEntry {
    HistoryEntry {
        change: row.change,
        key: row.key,
        action: row.action,
        before: row.before.map(|values| shown(definition, grant, values)),
        after: row.after.map(|values| shown(definition, grant, values)),
        user: row.user,
        at: row.at,
    }
}

/// Fields that the schema no longer has are shown to nobody: there is no right to see them by.
fn shown(definition: &Definition, grant: &Grant, values: Json) -> Json {
    let Json::Object(values) = values else {
        return Json::Null;
    };
    let is_shown = |name: &str| {
        definition
            .field(name)
            .is_some_and(|(position, _)| grant.sees(position))
    };
    Json::Object(
        values
            .into_iter()
            .filter(|(name, _)| is_shown(name))
            .collect::<Map<_, _>>(),
    )
}
