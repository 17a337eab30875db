//! What one watcher may know of changes: keys of rows that they see now, and of rows that they surely saw before.

use std::collections::{HashMap, HashSet};

use quillback_plugin_api::Value;
use serde_json::Value as Json;

use super::{News, Watcher};
use crate::app::App;
use crate::audit::certain::{Was, certainly};
use crate::catalog;
use crate::cx::Cx;
use crate::error::Result;
use crate::ids::{ChangeId, SchemaId};
use crate::permit;
use crate::plan::rows_by_key;
use crate::policy::{self, Action, Grant};
use crate::repo::changes::{self, AuditFilter, AuditRow};
use crate::schema::Definition;
use crate::targets::Opened;
use crate::write::{key_hash, key_json, read_key};

/// Keys of one event at most.
const MOST_KEYS: usize = 500;

/// Entries of the audit trail that are read at once.
const READ_AT_ONCE: u64 = 500;

/// What a watcher is told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RowsEvent {
    /// Whether too much changed to be told row by row; then nothing else is in the event.
    pub reload: bool,
    /// The changes, in the order in which they were booked.
    pub changes: Vec<ChangeId>,
    /// Keys of rows that were added or edited.
    pub written: Vec<Json>,
    /// Keys of rows that were removed, or that the watcher does not see any more.
    pub removed: Vec<Json>,
}

/// Starts watching a schema.
///
/// # Errors
/// `NotFound` and `Denied` by the user's rights.
pub async fn watch(cx: &Cx, app: &App, schema: &SchemaId) -> Result<Watcher> {
    let principal = permit::signed_in(cx)?;
    let now = cx.now();
    let found = catalog::find(app, schema, &principal).await?;
    policy::grant(&principal, &found)?.require(Action::View)?;
    Ok(app.feed.watch(schema, now))
}

/// What the watcher may know of the news, by the rights that `cx` has now; nothing when none of it concerns them. How
/// much of it does not is not told.
///
/// # Errors
/// As [`watch`]: then they may watch no longer. `Target` when the database could not be asked what is visible.
pub async fn told(cx: &Cx, app: &App, schema: &SchemaId, news: News) -> Result<Option<RowsEvent>> {
    let principal = permit::signed_in(cx)?;
    let found = catalog::find(app, schema, &principal).await?;
    let grant = policy::grant(&principal, &found)?;
    grant.require(Action::View)?;
    let changes = match news {
        News::Look => return Ok(None),
        News::TooMuch => return Ok(Some(reload())),
        News::Changes(changes) => changes,
    };
    let definition = &found.loaded.whole.schema.definition;
    let mut event = RowsEvent::default();
    let mut fates: HashMap<String, Fate> = HashMap::new();
    for change in changes {
        let rows = audit_rows(app, schema, &change).await?;
        let visible = if grant.is_limited() {
            let connection = &found.loaded.connection;
            let target = app.targets.get(&app.keyring, connection).await?;
            Some(visible_keys(app, &target, definition, &grant, &rows).await?)
        } else {
            None
        };
        let seen = Seen {
            definition,
            grant: &grant,
            visible,
        };
        let mut concerns = false;
        for row in rows {
            let Some(is_there) = seen.is_there(&row) else {
                continue;
            };
            concerns = true;
            fates.insert(row.key_hash, (row.key, is_there));
        }
        if concerns {
            event.changes.push(change);
        }
    }
    if fates.len() > MOST_KEYS {
        return Ok(Some(reload()));
    }
    for (key, is_there) in fates.into_values() {
        if is_there {
            event.written.push(key);
        } else {
            event.removed.push(key);
        }
    }
    let is_empty = event.changes.is_empty();
    Ok((!is_empty).then_some(event))
}

/// A key, and whether the watcher sees its row now.
type Fate = (Json, bool);

fn reload() -> RowsEvent {
    RowsEvent {
        reload: true,
        ..RowsEvent::default()
    }
}

async fn audit_rows(app: &App, schema: &SchemaId, change: &ChangeId) -> Result<Vec<AuditRow>> {
    let mut all = Vec::new();
    loop {
        let filter = AuditFilter {
            schema,
            key_hash: None,
            change: Some(change),
            offset: all.len() as u64,
            limit: READ_AT_ONCE,
        };
        let page = changes::list_audit_rows(&app.repo, &filter).await?;
        let is_last = (page.len() as u64) < READ_AT_ONCE;
        all.extend(page);
        if is_last {
            return Ok(all);
        }
    }
}

/// Hashes of those keys whose rows the grant lets through now.
async fn visible_keys(
    app: &App,
    target: &Opened,
    definition: &Definition,
    grant: &Grant,
    rows: &[AuditRow],
) -> Result<HashSet<String>> {
    let keys = rows.iter().map(|row| read_key(definition, &row.key));
    let keys: Vec<Vec<Value>> = keys.filter_map(std::result::Result::ok).collect();
    let keys: Vec<&[Value]> = keys.iter().map(Vec::as_slice).collect();
    if keys.is_empty() {
        return Ok(HashSet::new());
    }
    let page = rows_by_key(definition, grant, &keys, app.options.batch_deadline_ms);
    let results = target.page(&page).await?;
    let found = results.iter().flat_map(|result| result.rows.to_rows());
    let width = definition.key.len();
    let hash = |row: Vec<Value>| {
        let key = row.get(..width).unwrap_or_default();
        key_hash(&key_json(definition, key))
    };
    Ok(found.map(hash).collect())
}

struct Seen<'a> {
    definition: &'a Definition,
    grant: &'a Grant,
    /// Hashes of the keys that the watcher sees now; none where they see every row.
    visible: Option<HashSet<String>>,
}

impl Seen<'_> {
    /// Whether the watcher sees the row now; none when they never surely did, and are told nothing.
    fn is_there(&self, row: &AuditRow) -> Option<bool> {
        let Some(visible) = &self.visible else {
            return Some(row.action != "delete");
        };
        if visible.contains(&row.key_hash) {
            return Some(true);
        }
        self.surely_saw(row).then_some(false)
    }

    /// Whether the row rules of today surely let the row through as it was before. What only the database can say, such
    /// as whether two texts are the same in its eyes, counts as no.
    fn surely_saw(&self, row: &AuditRow) -> bool {
        row.before.as_ref().is_some_and(|values| {
            let was = Was {
                definition: self.definition,
                key: &row.key,
                values,
            };
            certainly(self.grant.using(), &was)
        })
    }
}
