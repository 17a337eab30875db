//! The part of the audit trail that a roll-back works from: the rows of a change that the user may know of.

use std::collections::{BTreeSet, HashMap};

use quillback_plugin_api::Value;
use serde_json::{Map, Value as Json};

use super::{RollBackCommand, must_be_applied};
use crate::app::App;
use crate::audit::certain::{Was, certainly};
use crate::cx::Cx;
use crate::error::{Error, Problem, Result};
use crate::ids::{ChangeId, SchemaId};
use crate::plan::RowAction;
use crate::policy::Action;
use crate::repo::changes::{self, AuditFilter, AuditRow, Change};
use crate::write::image::{Image, key_hash, key_json};
use crate::write::reach::Reach;
use crate::write::validate;

/// Values of a row by the names of the fields.
pub(super) type Values = Map<String, Json>;

/// What a change did to one row.
pub(super) struct Entry {
    pub(super) action: RowAction,
    pub(super) key: Json,
    pub(super) before: Option<Values>,
    pub(super) after: Option<Values>,
    /// The row as it is now; `None` when it is not there, or was not looked for.
    pub(super) now: Option<Image>,
}

/// What a change did, as far as the user may know.
pub(super) struct Trail {
    pub(super) reach: Reach,
    pub(super) entries: Vec<Entry>,
}

impl Trail {
    /// What a change did.
    pub(super) async fn of_change(
        cx: &Cx,
        app: &App,
        change: &Change,
        command: &RollBackCommand,
    ) -> Result<Self> {
        let reach = Reach::of(cx, app, &change.schema, Action::RollBack).await?;
        let hash = hash(&reach, command.key.as_ref())?;
        let most = app.options.max_changes as u64;
        let rows = read(
            app,
            &change.schema,
            hash.as_deref(),
            Some(&change.id),
            most + 1,
        )
        .await?;
        if rows.len() as u64 > most {
            let message =
                format!("A change of more than {most} rows cannot be taken back at once.");
            return Err(Error::invalid("reverts", "COUNT", message));
        }
        if rows.is_empty() && (!reach.grant.is_limited() || change.user == cx.principal()?.user) {
            must_be_applied(change)?;
        }
        let must_look = reach.grant.is_limited() || command.overwrite;
        let mut trail = Self::of_rows(app, reach, rows, must_look).await?;
        trail.keep_known();
        if trail.entries.is_empty() {
            return Err(Error::NotFound("change"));
        }
        Ok(trail)
    }

    /// What a change did to one row, and then what was the last thing done to that row.
    pub(super) async fn of_row(
        app: &App,
        reach: Reach,
        schema: &SchemaId,
        key: &Json,
        change: &ChangeId,
    ) -> Result<(Self, Option<AuditRow>)> {
        let hash = hash(&reach, Some(key))?;
        let rows = read(app, schema, hash.as_deref(), Some(change), 1).await?;
        let last = read(app, schema, hash.as_deref(), None, 1).await?.pop();
        let trail = Self::of_rows(app, reach, rows, true).await?;
        Ok((trail, last))
    }

    async fn of_rows(
        app: &App,
        reach: Reach,
        rows: Vec<AuditRow>,
        must_look: bool,
    ) -> Result<Self> {
        let now = if must_look {
            current(app, &reach, &rows).await?
        } else {
            HashMap::new()
        };
        let entries = rows
            .into_iter()
            .map(|row| entry(row, &now))
            .collect::<Result<_>>()?;
        Ok(Self { reach, entries })
    }

    /// Rows that row rules keep from the user are not part of the change for that user. Rows that are gone are known by
    /// what the change left or removed, and only where that is certainly within the rules.
    pub(super) fn keep_known(&mut self) {
        let Self { reach, entries } = self;
        if !reach.grant.is_limited() {
            return;
        }
        entries.retain(|entry| {
            let last = entry.after.as_ref().or(entry.before.as_ref());
            entry.now.is_some() || last.is_some_and(|values| is_surely_seen(reach, entry, values))
        });
    }

    /// Names of fields that the rows had and the schema no longer has.
    pub(super) fn dropped(&self) -> Vec<String> {
        let definition = self.reach.definition();
        let images = self
            .entries
            .iter()
            .flat_map(|entry| [&entry.before, &entry.after]);
        let names = images.flatten().flat_map(Map::keys);
        let dropped: BTreeSet<&String> = names
            .filter(|name| definition.field(name).is_none())
            .collect();
        dropped.into_iter().cloned().collect()
    }
}

fn hash(reach: &Reach, key: Option<&Json>) -> Result<Option<String>> {
    let definition = reach.definition();
    let key = key.map(|key| validate::key(definition, key)).transpose();
    let key = key.map_err(|problem: Problem| Error::Invalid(vec![problem]))?;
    Ok(key.map(|key| key_hash(&key_json(definition, &key))))
}

async fn read(
    app: &App,
    schema: &SchemaId,
    key_hash: Option<&str>,
    change: Option<&ChangeId>,
    limit: u64,
) -> Result<Vec<AuditRow>> {
    let filter = AuditFilter {
        schema,
        key_hash,
        change,
        offset: 0,
        limit,
    };
    changes::list_audit_rows(&app.repo, &filter).await
}

/// The rows as they are now, by their keys.
async fn current(app: &App, reach: &Reach, rows: &[AuditRow]) -> Result<HashMap<String, Image>> {
    let definition = reach.definition();
    let keys: Vec<Vec<Value>> = rows
        .iter()
        .filter_map(|row| validate::key(definition, &row.key).ok())
        .collect();
    let keys: Vec<&[Value]> = keys.iter().map(Vec::as_slice).collect();
    let images = reach.rows_by_key(app, &keys).await?.into_iter();
    let by_key = |image: Image| (key_json(definition, &image.key).to_string(), image);
    Ok(images.map(by_key).collect())
}

fn entry(row: AuditRow, now: &HashMap<String, Image>) -> Result<Entry> {
    let action = match row.action.as_str() {
        "add" => RowAction::Add,
        "edit" => RowAction::Edit,
        "delete" => RowAction::Delete,
        _ => return Err(Error::Internal("a stored action is unknown".into())),
    };
    let values = |json: Option<Json>| match json {
        Some(Json::Object(values)) => Some(values),
        _ => None,
    };
    Ok(Entry {
        action,
        now: now.get(&row.key.to_string()).cloned(),
        key: row.key,
        before: values(row.before),
        after: values(row.after),
    })
}

/// Whether a row with these values is certainly one that the user may see.
fn is_surely_seen(reach: &Reach, entry: &Entry, values: &Values) -> bool {
    let was = Was {
        definition: reach.definition(),
        key: &entry.key,
        values: &Json::Object(values.clone()),
    };
    certainly(reach.grant.using(), &was)
}
