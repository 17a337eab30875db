//! History of rows, under the same row rules as the rows themselves.

use std::collections::HashMap;

use quillback_plugin_api::civil::Timestamp;
use serde_json::{Map, Value as Json};

use super::sight::Sight;
use crate::app::App;
use crate::catalog::{self, Found};
use crate::cx::{Cx, Principal};
use crate::error::{Error, Problem, Result};
use crate::ids::{ChangeId, SchemaId, UserId};
use crate::permit;
use crate::plan::Purpose;
use crate::policy::{self, Action, Grant};
use crate::repo::change_list::{self, ChangeSummary};
use crate::repo::changes::AuditRow;
pub use crate::repo::history::HistoryFilter;
use crate::repo::history::{Place, list_history};
use crate::repo::{parse_json, to_json};
use crate::schema::Definition;
use crate::write::{key_hash, key_json, read_key};

/// Entries that are read at once at least, where row rules hide some of them.
const READ: u32 = 50;
/// Entries that are looked at for one page at most, where row rules hide most of them.
const LOOKED_AT: usize = 2_000;

/// Which entries to read.
#[derive(Clone, Debug)]
pub struct HistoryCommand {
    /// Schema.
    pub schema: SchemaId,
    /// Only this row.
    pub key: Option<Json>,
    /// Only these entries.
    pub filter: HistoryFilter,
    /// Cursor of the entry after which the page starts.
    pub after: Option<String>,
    /// Most entries.
    pub first: u32,
}

impl HistoryCommand {
    /// The newest entries of a schema.
    pub fn newest(schema: SchemaId, first: u32) -> Self {
        Self {
            schema,
            key: None,
            filter: HistoryFilter::default(),
            after: None,
            first,
        }
    }
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
    /// Whether row rules hide what was before, or what was after.
    pub is_partial: bool,
    /// Whether what was before is not known, because the answer of the database was lost.
    pub is_recovered: bool,
    /// Who.
    pub user: UserId,
    /// Whether the identity was proved and not only claimed.
    pub verified: bool,
    /// What the change was for.
    pub purpose: Purpose,
    /// When.
    pub at: Timestamp,
}

/// A page of the history.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// Entries, newest first.
    pub entries: Vec<HistoryEntry>,
    /// Whether there may be more behind them.
    pub more: bool,
    /// Cursor after which the next page starts. There may be one without entries, where a long stretch is hidden.
    pub end: Option<String>,
}

/// Reads the history of a schema or of one row. Where row rules limit what the user sees, only entries of rows that are
/// in sight are shown, and of them only what the rules let through.
///
/// # Errors
/// `Invalid` for a key or cursor that is none, `NotFound` and `Denied` by the user's rights, `Target` when the database
/// could not be asked which rows are visible.
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
    let reader = Reader {
        cx,
        app,
        principal: &principal,
        command: &command,
        definition,
        grant: &grant,
        key_hash: wanted_key(definition, command.key.as_ref())?,
    };
    let place = reader.place()?;
    let (rows, more, end) = if grant.is_limited() {
        reader.limited(&found, place).await?
    } else {
        reader.whole(place).await?
    };
    let changes = reader.changes(&rows).await?;
    Ok(History {
        entries: rows
            .into_iter()
            .map(|row| reader.entry(row, &changes))
            .collect(),
        more,
        end: end.map(|place| reader.cursor(&place)).transpose()?,
    })
}

fn wanted_key(definition: &Definition, key: Option<&Json>) -> Result<Option<String>> {
    let key = key.map(|key| read_key(definition, key)).transpose();
    let key = key.map_err(|problem: Problem| Error::Invalid(vec![problem]))?;
    Ok(key.map(|key| key_hash(&key_json(definition, &key))))
}

/// Entries with whether something of each is hidden, whether there are more, and where the page ends.
type Rows = (Vec<(AuditRow, bool)>, bool, Option<Place>);

struct Reader<'a> {
    cx: &'a Cx,
    app: &'a App,
    principal: &'a Principal,
    command: &'a HistoryCommand,
    definition: &'a Definition,
    grant: &'a Grant,
    key_hash: Option<String>,
}

impl Reader<'_> {
    async fn list(&self, after: Option<&Place>, limit: u64) -> Result<Vec<AuditRow>> {
        let (schema, filter) = (&self.command.schema, &self.command.filter);
        list_history(
            &self.app.repo,
            schema,
            self.key_hash.as_deref(),
            filter,
            after,
            limit,
        )
        .await
    }

    async fn whole(&self, after: Option<Place>) -> Result<Rows> {
        let first = self.command.first as usize;
        let mut rows = self
            .list(after.as_ref(), u64::from(self.command.first) + 1)
            .await?;
        let more = rows.len() > first;
        rows.truncate(first);
        let end = rows.last().map(Place::of);
        Ok((
            rows.into_iter().map(|row| (row, false)).collect(),
            more,
            end,
        ))
    }

    /// Reads on until the page is full, so that its size does not tell how many entries are hidden.
    async fn limited(&self, found: &Found, mut after: Option<Place>) -> Result<Rows> {
        let loaded = &found.loaded;
        let target = self
            .app
            .targets
            .get(&self.app.keyring, &loaded.connection)
            .await?;
        let (schema, definition) = (&self.command.schema, self.definition);
        let mut sight = Sight::new(self.app, target, schema, definition, self.grant);
        let first = self.command.first as usize;
        let limit = u64::from(self.command.first.max(READ)) + 1;
        let mut kept: Vec<(AuditRow, bool)> = Vec::new();
        let mut looked_at = 0;
        while looked_at < LOOKED_AT {
            let rows = self.list(after.as_ref(), limit).await?;
            let is_end = (rows.len() as u64) < limit;
            looked_at += rows.len();
            after = rows.last().map(Place::of).or(after);
            kept.extend(sight.keep(rows).await?);
            if kept.len() > first {
                kept.truncate(first);
                let end = kept.last().map(|(row, _)| Place::of(row));
                return Ok((kept, true, end));
            }
            if is_end {
                let end = kept.last().map(|(row, _)| Place::of(row));
                return Ok((kept, false, end));
            }
        }
        Ok((kept, true, after))
    }

    /// Where the page starts. Cursors are sealed: the last entry that was looked at may be one that is hidden.
    fn place(&self) -> Result<Option<Place>> {
        let Some(cursor) = &self.command.after else {
            return Ok(None);
        };
        let opened = self.app.keyring.open(&self.context(), cursor).ok();
        let text = opened.and_then(|bytes| String::from_utf8(bytes.to_vec()).ok());
        let place = text.and_then(|text| parse_json(&text).ok());
        let message = "This is not a cursor of your pages of this history.";
        place
            .map(Some)
            .ok_or_else(|| Error::invalid("after", "CURSOR", message))
    }

    fn cursor(&self, place: &Place) -> Result<String> {
        let random = &*self.cx.surroundings.random;
        let text = to_json(place)?;
        let sealed = self
            .app
            .keyring
            .seal(random, &self.context(), text.as_bytes())?;
        Ok(sealed)
    }

    fn context(&self) -> String {
        format!("history/{}/{}", self.command.schema, self.principal.user)
    }

    async fn changes(&self, rows: &[(AuditRow, bool)]) -> Result<HashMap<ChangeId, ChangeSummary>> {
        let mut ids: Vec<ChangeId> = rows.iter().map(|(row, _)| row.change.clone()).collect();
        ids.sort_unstable();
        ids.dedup();
        let changes = change_list::list_by_id(&self.app.repo, &ids).await?;
        Ok(changes
            .into_iter()
            .map(|change| (change.id.clone(), change))
            .collect())
    }

    fn entry(
        &self,
        (row, is_partial): (AuditRow, bool),
        changes: &HashMap<ChangeId, ChangeSummary>,
    ) -> HistoryEntry {
        let change = changes.get(&row.change);
        HistoryEntry {
            is_partial,
            is_recovered: !is_partial && row.before.is_none() && row.action != "add",
            verified: change.is_some_and(|change| change.verified),
            purpose: change.map_or(Purpose::Write, |change| change.purpose.clone()),
            change: row.change,
            key: row.key,
            action: row.action,
            before: row.before.map(|values| self.shown(values)),
            after: row.after.map(|values| self.shown(values)),
            user: row.user,
            at: row.at,
        }
    }

    /// Fields that the schema no longer has are shown to nobody: there is no right to see them by.
    fn shown(&self, values: Json) -> Json {
        let Json::Object(values) = values else {
            return Json::Null;
        };
        let is_shown = |name: &str| {
            self.definition
                .field(name)
                .is_some_and(|(position, _)| self.grant.sees(position))
        };
        Json::Object(
            values
                .into_iter()
                .filter(|(name, _)| is_shown(name))
                .collect::<Map<_, _>>(),
        )
    }
}
