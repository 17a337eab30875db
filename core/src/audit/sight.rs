//! Which entries of the history somebody may see whom row rules limit.
//!
//! A row must be in sight: there and visible now, or gone while its last values were certainly visible. Of an entry
//! about it only those values are shown that would be visible themselves: what a row was while it was out of sight
//! stays hidden.

use std::collections::{HashMap, HashSet};

use quillback_plugin_api::Value;

use super::certain::{Was, certainly};
use crate::app::App;
use crate::error::Result;
use crate::ids::SchemaId;
use crate::plan::rows_by_key;
use crate::policy::Grant;
use crate::repo::changes::AuditRow;
use crate::repo::history;
use crate::schema::Definition;
use crate::targets::Opened;
use crate::write::{key_hash, key_json, read_key};

/// What a limited user sees of a schema's history.
pub(super) struct Sight<'a> {
    pub(super) app: &'a App,
    pub(super) target: Opened,
    pub(super) schema: &'a SchemaId,
    pub(super) definition: &'a Definition,
    pub(super) grant: &'a Grant,
    /// Whether a row is in sight, by the hash of its key.
    known: HashMap<String, bool>,
}

impl<'a> Sight<'a> {
    pub(super) fn new(
        app: &'a App,
        target: Opened,
        schema: &'a SchemaId,
        definition: &'a Definition,
        grant: &'a Grant,
    ) -> Self {
        Self {
            app,
            target,
            schema,
            definition,
            grant,
            known: HashMap::new(),
        }
    }

    /// Keeps the entries that may be seen, and of them the values that may.
    pub(super) async fn keep(&mut self, rows: Vec<AuditRow>) -> Result<Vec<(AuditRow, bool)>> {
        self.look(&rows).await?;
        let in_sight = |row: &AuditRow| self.known.get(&row.key_hash).copied().unwrap_or(false);
        let rows = rows.into_iter().filter(in_sight);
        Ok(rows.filter_map(|row| self.narrowed(row)).collect())
    }

    /// The entry with what may be seen of it, and whether something was taken out; `None` when nothing is left.
    fn narrowed(&self, mut row: AuditRow) -> Option<(AuditRow, bool)> {
        let had = usize::from(row.before.is_some()) + usize::from(row.after.is_some());
        row.before = row.before.take().filter(|values| self.holds(&row, values));
        row.after = row.after.take().filter(|values| self.holds(&row, values));
        let has = usize::from(row.before.is_some()) + usize::from(row.after.is_some());
        (has > 0).then_some((row, has < had))
    }

    fn holds(&self, row: &AuditRow, values: &serde_json::Value) -> bool {
        let was = Was {
            definition: self.definition,
            key: &row.key,
            values,
        };
        certainly(self.grant.using(), &was)
    }

    /// Finds out which of the rows are in sight.
    async fn look(&mut self, rows: &[AuditRow]) -> Result<()> {
        let new: HashSet<&String> = rows
            .iter()
            .map(|row| &row.key_hash)
            .filter(|hash| !self.known.contains_key(*hash))
            .collect();
        let new: Vec<&AuditRow> = {
            let mut once = HashSet::new();
            rows.iter()
                .filter(|row| new.contains(&row.key_hash) && once.insert(&row.key_hash))
                .collect()
        };
        let visible = self.visible(&new).await?;
        let others: Vec<String> = new
            .iter()
            .map(|row| row.key_hash.clone())
            .filter(|hash| !visible.contains(hash))
            .collect();
        let last = history::list_last(&self.app.repo, self.schema, &others).await?;
        let gone = others
            .iter()
            .zip(last)
            .map(|(hash, last)| (hash.clone(), self.was_visible(&last)));
        let gone: Vec<(String, bool)> = gone.collect();
        self.known
            .extend(visible.into_iter().map(|hash| (hash, true)));
        self.known.extend(gone);
        Ok(())
    }

    /// Whether the row is gone and was certainly visible until then.
    fn was_visible(&self, last: &[AuditRow]) -> bool {
        let Some(newest) = last.first() else {
            return false;
        };
        // Of two entries of the same moment nobody can say which one was the last.
        let is_last = last.get(1).is_none_or(|other| other.at < newest.at);
        let before = newest.before.as_ref();
        is_last
            && newest.action == "delete"
            && before.is_some_and(|values| self.holds(newest, values))
    }

    /// The rows that are there and that the row rules let through now.
    async fn visible(&self, rows: &[&AuditRow]) -> Result<HashSet<String>> {
        let definition = self.definition;
        let keys: Vec<Vec<Value>> = rows
            .iter()
            .filter_map(|row| read_key(definition, &row.key).ok())
            .collect();
        let keys: Vec<&[Value]> = keys.iter().map(Vec::as_slice).collect();
        if keys.is_empty() {
            return Ok(HashSet::new());
        }
        let page = rows_by_key(
            definition,
            self.grant,
            &keys,
            self.app.options.batch_deadline_ms,
        );
        let results = self.target.page(&page).await?;
        let rows = results.iter().flat_map(|result| result.rows.to_rows());
        let key = |row: &Vec<Value>| {
            let key = row.get(..definition.key.len()).unwrap_or_default();
            key_json(definition, key)
        };
        Ok(rows.map(|row| key_hash(&key(&row))).collect())
    }
}
