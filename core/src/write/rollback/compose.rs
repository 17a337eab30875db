//! Turns what a change did into the changes that undo it.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use super::trail::{Entry, Trail};
use crate::app::App;
use crate::error::{Error, Problem, Result};
use crate::field::{Field, FieldKind};
use crate::plan::RowAction;
use crate::policy::{Action, Grant};
use crate::row_json;
use crate::schema::Definition;
use crate::write::command::{Seen, Values, WriteChange};

/// The changes that go back, and what cannot come back.
pub(super) struct Composed {
    pub(super) changes: Vec<WriteChange>,
    /// Names of fields that the schema no longer has.
    pub(super) dropped: Vec<String>,
}

/// What undoes the entries of a trail.
pub(super) fn undo(app: &App, trail: &Trail, overwrite: bool) -> Result<Composed> {
    let mut composer = Composer::new(trail.reach.definition(), &trail.reach.grant);
    let mut changes = Vec::with_capacity(trail.entries.len());
    for (position, entry) in trail.entries.iter().enumerate() {
        composer.path = format!("rows.{position}");
        changes.extend(composer.undo(entry, overwrite));
    }
    composer.finish(app, changes)
}

/// Makes the changes, and collects what stands in their way.
pub(super) struct Composer<'a> {
    definition: &'a Definition,
    grant: &'a Grant,
    pub(super) path: String,
    /// Whether the values are for a row that is there.
    is_edit: bool,
    dropped: BTreeSet<String>,
    problems: Vec<Problem>,
}

impl<'a> Composer<'a> {
    pub(super) fn new(definition: &'a Definition, grant: &'a Grant) -> Self {
        Self {
            definition,
            grant,
            path: "rows.0".into(),
            is_edit: true,
            dropped: BTreeSet::new(),
            problems: Vec::new(),
        }
    }

    /// The changes, if nothing stands in their way.
    pub(super) fn finish(self, app: &App, changes: Vec<WriteChange>) -> Result<Composed> {
        if !self.problems.is_empty() {
            return Err(Error::Invalid(self.problems));
        }
        let dropped = self.dropped.into_iter().collect();
        let most = app.options.max_changes;
        if changes.is_empty() {
            let message =
                "There is nothing to bring back: the rows are so already, or the fields are gone.";
            Err(Error::invalid("reverts", "NOTHING_TO_DO", message))
        } else if changes.len() > most {
            let message =
                format!("A change of more than {most} rows cannot be taken back at once.");
            Err(Error::invalid("reverts", "COUNT", message))
        } else {
            Ok(Composed { changes, dropped })
        }
    }

    fn fault(&mut self, code: &'static str, message: impl Into<String>) {
        self.problems
            .push(Problem::new(self.path.clone(), code, message));
    }

    fn undo(&mut self, entry: &Entry, overwrite: bool) -> Option<WriteChange> {
        let key = &entry.key;
        match (entry.action, &entry.before, &entry.after) {
            (RowAction::Add, _, _) if overwrite && entry.now.is_none() => None,
            (RowAction::Add, _, Some(after)) => Some(self.remove(key, after, overwrite)),
            (RowAction::Edit, Some(before), Some(after)) => {
                self.edit(key, before, after, overwrite)
            }
            (RowAction::Delete, Some(before), _) if overwrite && entry.now.is_some() => {
                let values = self.values(before.iter());
                let seen = Seen::Anything;
                (!values.is_empty()).then(|| WriteChange::Edit {
                    key: key.clone(),
                    values,
                    seen,
                })
            }
            (RowAction::Delete, Some(before), _) => Some(self.add(key, before)),
            _ => {
                self.fault(
                    "NO_BEFORE_IMAGE",
                    "The database's answer to this change was lost, and with it what was there before: it cannot be \
                     taken back. Restore an earlier version of the row instead.",
                );
                None
            }
        }
    }

    /// Removes a row that is still as the change left it.
    fn remove(&mut self, key: &Json, left: &Values, overwrite: bool) -> WriteChange {
        let known = left
            .iter()
            .filter(|(name, _)| self.definition.field(name).is_some());
        let seen: Values = known
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        self.note_dropped(left);
        // A row of nothing but its key cannot have been changed since.
        let seen = if overwrite || seen.is_empty() {
            Seen::Anything
        } else {
            Seen::Values(seen)
        };
        WriteChange::Delete {
            key: key.clone(),
            seen,
        }
    }

    /// Gives the fields that the change touched the values that they had.
    fn edit(
        &mut self,
        key: &Json,
        before: &Values,
        after: &Values,
        overwrite: bool,
    ) -> Option<WriteChange> {
        let touched = before
            .iter()
            .filter(|(name, value)| after.get(*name) != Some(value));
        let values = self.values(touched);
        if values.is_empty() {
            return None;
        }
        let left = |name: &String| Some((name.clone(), after.get(name)?.clone()));
        let seen: Values = values.keys().filter_map(left).collect();
        let seen = if overwrite || seen.is_empty() {
            Seen::Anything
        } else {
            Seen::Values(seen)
        };
        Some(WriteChange::Edit {
            key: key.clone(),
            values,
            seen,
        })
    }

    /// Adds a removed row again, with its own key.
    pub(super) fn add(&mut self, key: &Json, before: &Values) -> WriteChange {
        self.is_edit = false;
        let values = self.values(before.iter());
        self.is_edit = true;
        WriteChange::Add {
            key: Some(key.clone()),
            values,
        }
    }

    /// The values that can be written, of fields that the schema still has.
    pub(super) fn values<'v>(
        &mut self,
        values: impl Iterator<Item = (&'v String, &'v Json)>,
    ) -> Values {
        let mut written = Map::new();
        for (name, value) in values {
            let Some((position, field)) = self.definition.field(name) else {
                self.dropped.insert(name.clone());
                continue;
            };
            // The database makes these itself, and nothing is lost by leaving out what was empty.
            let is_left_out = field.computed || (field.kind == FieldKind::Other && value.is_null());
            if is_left_out || !self.may_write(position, field, value) {
                continue;
            }
            written.insert(name.clone(), value.clone());
        }
        written
    }

    fn may_write(&mut self, position: usize, field: &Field, value: &Json) -> bool {
        // A new row has NULL there anyway.
        let differs = self.is_edit || !value.is_null();
        if !self.grant.sees(position) {
            if differs {
                let message = "A field that you may not see would have to be written: \
                               ask someone who may see the whole row.";
                self.fault("FIELD_RIGHTS", message);
            }
            return false;
        }
        if !self.grant.writes_by(Action::RollBack, position) {
            if differs {
                let message = format!(
                    "You may not write {}, which would have to change.",
                    field.label
                );
                self.fault("FIELD_RIGHTS", message);
            }
            return false;
        }
        if row_json::read(value, &field.kind).is_err() {
            let message = format!(
                "{} has another type now and does not take the value that it had.",
                field.label
            );
            self.fault("TYPE_CHANGED", message);
            return false;
        }
        true
    }

    fn note_dropped(&mut self, values: &Values) {
        let definition = self.definition;
        let gone = values
            .keys()
            .filter(|name| definition.field(name).is_none());
        self.dropped.extend(gone.cloned());
    }
}
