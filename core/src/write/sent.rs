//! Reads the target's answer to a change that was sent: row by row, for the client and for the audit trail.

use std::collections::{HashMap, HashSet};

use quillback_plugin_api::batch::StepOutcome;
use quillback_plugin_api::{Category, DriverError, Value, ValueRef};
use serde_json::Value as Json;

use super::image::{Image, key_json};
use super::outcome::{
    RowOutcome, RowStatus, Settled, Trace, WriteOutcome, WriteState, ambiguous, check_failed,
    conflict, locked, not_found, rejected,
};
use crate::error::Problem;
use crate::ids::ChangeId;
use crate::plan::{Meaning, Purpose, RowAction, RowChange, ScopedBatch};
use crate::policy::{Demand, Grant};
use crate::schema::Definition;

/// A change as it was sent.
pub(super) struct Sent<'a> {
    pub(super) change: &'a ChangeId,
    pub(super) definition: &'a Definition,
    pub(super) grant: &'a Grant,
    pub(super) purpose: &'a Purpose,
    pub(super) changes: &'a [RowChange],
    pub(super) scoped: &'a ScopedBatch,
}

pub(super) type Images = HashMap<String, Image>;

impl Sent<'_> {
    /// The batch took effect.
    pub(super) fn committed(&self, done: &[StepOutcome]) -> Settled {
        let before = self.images(done, |meaning| *meaning == Meaning::Before);
        let after = self.images(done, |meaning| matches!(meaning, Meaning::After(_)));
        let generated = self.generated_keys(done);
        let (rows, traces) = self
            .changes
            .iter()
            .enumerate()
            .map(|(position, row)| {
                let key = generated.get(&position).unwrap_or(&row.key);
                self.written(row, key, &before, &after)
            })
            .unzip();
        let outcome = WriteOutcome {
            change: self.change.clone(),
            state: WriteState::Applied,
            rows,
            repeated: false,
        };
        Settled { outcome, traces }
    }

    fn written(
        &self,
        row: &RowChange,
        key: &[Value],
        before: &Images,
        after: &Images,
    ) -> (RowOutcome, Trace) {
        let definition = self.definition;
        let json = key_json(definition, key);
        let text = json.to_string();
        let before = before.get(&text);
        let written = (row.action != RowAction::Delete).then(|| {
            after
                .get(&text)
                .cloned()
                .unwrap_or_else(|| self.assumed(key, row, before))
        });
        let mut outcome = RowOutcome::new(RowStatus::Applied, Some(json.clone()));
        if let Some(image) = &written {
            outcome = outcome.showing(image, definition, self.grant);
        }
        let trace = Trace {
            action: row.action,
            key: json,
            before: before.map(|image| image.to_json(definition)),
            after: written.map(|image| image.to_json(definition)),
        };
        (outcome, trace)
    }

    pub(super) fn images(
        &self,
        done: &[StepOutcome],
        is_wanted: impl Fn(&Meaning) -> bool,
    ) -> Images {
        let steps = self.scoped.meanings().iter().zip(done);
        let steps = steps.filter(|(meaning, _)| is_wanted(meaning));
        let rows = steps.flat_map(|(_, outcome)| Image::all(self.definition, outcome));
        rows.map(|image| (key_json(self.definition, &image.key).to_string(), image))
            .collect()
    }

    /// Keys that the database made, by the position of their change.
    fn generated_keys(&self, done: &[StepOutcome]) -> HashMap<usize, Vec<Value>> {
        let mut keys = HashMap::new();
        for (meaning, outcome) in self.scoped.meanings().iter().zip(done) {
            let (Meaning::Write(positions), Some(rows)) = (meaning, &outcome.rows) else {
                continue;
            };
            for (position, cells) in positions.iter().zip(&rows.rows) {
                let key = cells.map(|cell| cell.map_or(Value::Null, ValueRef::to_owned));
                keys.insert(*position, key.collect());
            }
        }
        keys
    }

    /// The row as it must be when it was not read again: what was there with what was set.
    fn assumed(&self, key: &[Value], change: &RowChange, before: Option<&Image>) -> Image {
        let nothing = || vec![Value::Null; self.definition.fields.len()];
        let mut fields = before.map_or_else(nothing, |image| image.fields.clone());
        for (position, value) in &change.set {
            if let Some(field) = fields.get_mut(*position) {
                *field = value.clone();
            }
        }
        Image {
            key: key.to_vec(),
            fields,
        }
    }

    /// A step found another number of rows than it must: nothing took effect.
    pub(super) fn refused(&self, step: u32, done: &[StepOutcome]) -> Settled {
        let before = self.images(done, |meaning| *meaning == Meaning::Before);
        let failing = self.failing(step as usize, done);
        let unlocked = self.unlocked(done);
        let copies = self.copies(done);
        let rows = self.changes.iter().enumerate().map(|(position, row)| {
            let key = self.key(row);
            if row.action == RowAction::Add {
                return match failing {
                    Some((demand, ref failing)) if failing.contains(&position) => {
                        check_failed(key, demand)
                    }
                    _ => RowOutcome::new(RowStatus::NotApplied, key),
                };
            }
            let text = key.as_ref().map(Json::to_string).unwrap_or_default();
            let Some(image) = before.get(&text) else {
                return not_found(key);
            };
            let locks = self.grant.locks(self.purpose.right(row.action));
            let lock = locks
                .iter()
                .find(|(demand, _)| !unlocked.contains(&(*demand, text.clone())));
            match (&failing, lock) {
                _ if !self.is_as_seen(row, image) => {
                    conflict(key).showing(image, self.definition, self.grant)
                }
                (_, Some((demand, _))) => {
                    locked(key, *demand).showing(image, self.definition, self.grant)
                }
                (Some((demand, failing)), None) if failing.contains(&position) => {
                    check_failed(key, *demand)
                }
                _ if copies.get(&text).is_some_and(|rows| *rows > 1) => ambiguous(key),
                _ => RowOutcome::new(RowStatus::NotApplied, key),
            }
        });
        rejected(self.change, rows.collect())
    }

    /// The changes whose rows do not satisfy what the step demanded; all that it was about when it cannot be told.
    fn failing(&self, step: usize, done: &[StepOutcome]) -> Option<(Demand, Vec<usize>)> {
        let (demand, positions) = match self.scoped.meanings().get(step)? {
            Meaning::Check(demand, positions) => (*demand, positions),
            Meaning::After(positions) => (Demand::RowRules, positions),
            _ => return None,
        };
        let found = counted(done.get(step).into_iter().flat_map(|step| self.keys(step)));
        let fails = |position: &&usize| {
            let key = self.changes.get(**position).and_then(|row| self.key(row));
            key.is_none_or(|key| found.get(&key.to_string()) != Some(&1))
        };
        let failing: Vec<usize> = positions.iter().filter(fails).copied().collect();
        let failing = if failing.is_empty() {
            positions.clone()
        } else {
            failing
        };
        Some((demand, failing))
    }

    fn unlocked(&self, done: &[StepOutcome]) -> HashSet<(Demand, String)> {
        let steps = self.scoped.meanings().iter().zip(done);
        let of = |(meaning, outcome)| match meaning {
            &Meaning::Unlocked(demand) => Some((demand, self.keys(outcome))),
            _ => None,
        };
        steps
            .filter_map(of)
            .flat_map(|(demand, keys)| keys.into_iter().map(move |key| (demand, key)))
            .collect()
    }

    /// How many rows of those read before have which key.
    fn copies(&self, done: &[StepOutcome]) -> HashMap<String, usize> {
        let steps = self.scoped.meanings().iter().zip(done);
        let before = steps.filter(|(meaning, _)| **meaning == Meaning::Before);
        counted(before.flat_map(|(_, outcome)| self.keys(outcome)))
    }

    /// The keys at the begin of the rows of a step, as texts.
    fn keys(&self, outcome: &StepOutcome) -> Vec<String> {
        let images = Image::all(self.definition, outcome);
        images
            .iter()
            .map(|image| key_json(self.definition, &image.key).to_string())
            .collect()
    }

    fn key(&self, row: &RowChange) -> Option<Json> {
        (!row.key.is_empty()).then(|| key_json(self.definition, &row.key))
    }

    fn is_as_seen(&self, change: &RowChange, image: &Image) -> bool {
        change.seen.iter().all(|(position, value)| {
            let field = self.definition.fields.get(*position);
            let is_comparable = field.is_some_and(|field| field.kind.is_comparable());
            !is_comparable
                || image
                    .fields
                    .get(*position)
                    .is_some_and(|now| same(now, value))
        })
    }

    /// The database refused the values of a row; `None` when the failure is not about rows.
    pub(super) fn failed(&self, error: &DriverError) -> Option<Settled> {
        let meaning = self.scoped.meanings().get(error.step? as usize)?;
        let Meaning::Write(positions) = meaning else {
            return None;
        };
        let status = match error.category {
            Category::Unique => RowStatus::Duplicate,
            Category::NotNull
            | Category::Check
            | Category::Constraint
            | Category::ForeignKey
            | Category::InvalidData => RowStatus::Invalid,
            _ => return None,
        };
        let problem = problem(self.definition, error);
        let rows = self.changes.iter().enumerate().map(|(position, row)| {
            let key = self.key(row);
            if positions.contains(&position) {
                RowOutcome::new(status, key).because(&problem)
            } else {
                RowOutcome::new(RowStatus::NotApplied, key)
            }
        });
        Some(rejected(self.change, rows.collect()))
    }
}

fn counted(keys: impl Iterator<Item = String>) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for key in keys {
        *counts.entry(key).or_default() += 1;
    }
    counts
}

/// Whether two values are the same in the database's eyes: decimals by their number, not by their trailing zeros, and
/// moments wherever they were written down.
pub(super) fn same(left: &Value, right: &Value) -> bool {
    let plain = |text: &str| match text.split_once('.') {
        Some((whole, fraction)) => {
            let plain = format!("{whole}.{}", fraction.trim_end_matches('0'));
            plain.trim_end_matches('.').to_owned()
        }
        None => text.to_owned(),
    };
    match (left, right) {
        (Value::Decimal(left), Value::Decimal(right)) => {
            plain(left.as_str()) == plain(right.as_str())
        }
        (Value::I64(left), Value::Decimal(right)) | (Value::Decimal(right), Value::I64(left)) => {
            plain(right.as_str()) == left.to_string()
        }
        // Some databases keep the numbers of a decimal column as floats.
        (Value::F64(left), Value::Decimal(right)) | (Value::Decimal(right), Value::F64(left)) => {
            plain(right.as_str()) == plain(&left.to_string())
        }
        // A column may keep the offset in which a moment was written beside it.
        (Value::Instant(moment), Value::OffsetInstant { instant, .. })
        | (Value::OffsetInstant { instant, .. }, Value::Instant(moment)) => moment == instant,
        _ => left == right,
    }
}

fn problem(definition: &Definition, error: &DriverError) -> Problem {
    let of = |column: &String| {
        definition
            .fields
            .iter()
            .find(|field| field.column.as_str() == column)
    };
    let field = error.origin.column.as_ref().and_then(of);
    let about = field.map_or_else(String::new, |field| format!("{}: ", field.label));
    let (code, message) = match error.category {
        Category::Unique => ("DUPLICATE_KEY", "a row with this key exists already"),
        Category::NotNull => ("REQUIRED_VALUE", "a value is required"),
        Category::ForeignKey => ("FOREIGN_KEY", "the row refers to one that does not exist"),
        Category::InvalidData => ("INVALID_VALUE", error.message.as_str()),
        _ => ("CONSTRAINT", error.message.as_str()),
    };
    Problem::new(
        "",
        code,
        format!("{about}{}.", message.trim_end_matches('.')),
    )
}

#[cfg(test)]
mod tests {
    use quillback_plugin_api::civil::Timestamp;

    use super::*;

    #[test]
    fn a_moment_is_the_same_in_every_offset() {
        let at = |micros| Value::Instant(Timestamp::from_micros(micros));
        let there = Value::OffsetInstant {
            instant: Timestamp::from_micros(1),
            offset: 3_600,
        };
        assert!(same(&at(1), &there) && same(&there, &at(1)));
        assert!(!same(&at(2), &there));
    }
}
