//! What came of a change: one status for each row, and what the audit trail needs.

use std::collections::HashMap;
use std::sync::Arc;

use quillback_plugin_api::batch::StepOutcome;
use quillback_plugin_api::{Category, DriverError, Value, ValueRef};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::command::WriteCommand;
use super::image::{Image, key_json};
use super::versions;
use crate::catalog::Loaded;
use crate::error::Problem;
use crate::ids::ChangeId;
use crate::plan::{Meaning, RowAction, RowChange, ScopedBatch};
use crate::policy::Grant;
use crate::schema::Definition;

/// What came of a change as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WriteState {
    /// All of it took effect.
    Applied,
    /// None of it took effect.
    Rejected,
}

/// What came of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowStatus {
    /// Written.
    Applied,
    /// The row is not as the change saw it.
    Conflict,
    /// There is no such row, or the user may not see it.
    NotFound,
    /// The row would leave what the user may write.
    CheckFailed,
    /// The key exists already.
    Duplicate,
    /// The database refused the values.
    Invalid,
    /// Nothing wrong with it, but another row stopped the change.
    NotApplied,
}

/// What came of one row, in the order of the command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RowOutcome {
    /// Status.
    pub status: RowStatus,
    /// Key, as JSON object; of an added row too.
    pub key: Option<Json>,
    /// The row as it is now: what was written, or in a conflict what is there.
    pub row: Option<Json>,
    /// Version of that row.
    pub version: Option<String>,
    /// Code of what was wrong.
    pub code: Option<String>,
    /// What was wrong, for people.
    pub message: Option<String>,
}

/// What came of a change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WriteOutcome {
    /// Identifier of the change.
    pub change: ChangeId,
    /// As a whole.
    pub state: WriteState,
    /// Row by row.
    pub rows: Vec<RowOutcome>,
    /// Whether this is the answer to an earlier sending of the same change.
    #[serde(skip)]
    pub repeated: bool,
}

/// One row for the audit trail: key, before, after.
pub(crate) struct Trace {
    pub(crate) action: RowAction,
    pub(crate) key: Json,
    pub(crate) before: Option<Json>,
    pub(crate) after: Option<Json>,
}

/// An outcome with its audit rows.
pub(crate) struct Settled {
    pub(crate) outcome: WriteOutcome,
    pub(crate) traces: Vec<Trace>,
}

impl RowOutcome {
    fn new(status: RowStatus, key: Option<Json>) -> Self {
        Self {
            status,
            key,
            row: None,
            version: None,
            code: None,
            message: None,
        }
    }

    fn because(mut self, problem: &Problem) -> Self {
        self.code = Some(problem.code.to_owned());
        self.message = Some(problem.message.clone());
        self
    }

    fn showing(mut self, image: &Image, definition: &Definition, grant: &Grant) -> Self {
        self.row = Some(image.visible(definition, grant));
        self.version = Some(image.version(definition, grant));
        self
    }
}

type Images = HashMap<String, Image>;

fn images(
    definition: &Definition,
    scoped: &ScopedBatch,
    done: &[StepOutcome],
    wanted: &Meaning,
) -> Images {
    let steps = scoped
        .meanings()
        .iter()
        .zip(done)
        .filter(|(meaning, _)| *meaning == wanted);
    let rows = steps.flat_map(|(_, outcome)| Image::all(definition, outcome));
    rows.map(|image| (key_json(definition, &image.key).to_string(), image))
        .collect()
}

/// The batch took effect.
pub(super) fn committed(
    change: &ChangeId,
    loaded: &Arc<Loaded>,
    grant: &Grant,
    changes: &[RowChange],
    scoped: &ScopedBatch,
    done: &[StepOutcome],
) -> Settled {
    let definition = &loaded.whole.schema.definition;
    let before = images(definition, scoped, done, &Meaning::Before);
    let after = images(definition, scoped, done, &Meaning::After);
    let generated = generated_keys(scoped, done);
    let mut rows = Vec::with_capacity(changes.len());
    let mut traces = Vec::with_capacity(changes.len());
    for (position, row) in changes.iter().enumerate() {
        let key = generated.get(&position).unwrap_or(&row.key);
        let json = key_json(definition, key);
        let text = json.to_string();
        let written = (row.action != RowAction::Delete).then(|| {
            after
                .get(&text)
                .cloned()
                .unwrap_or_else(|| assumed(definition, key, row, before.get(&text)))
        });
        let mut outcome = RowOutcome::new(RowStatus::Applied, Some(json.clone()));
        if let Some(image) = &written {
            outcome = outcome.showing(image, definition, grant);
        }
        rows.push(outcome);
        traces.push(Trace {
            action: row.action,
            key: json,
            before: before.get(&text).map(|image| image.to_json(definition)),
            after: written.map(|image| image.to_json(definition)),
        });
    }
    Settled {
        outcome: WriteOutcome {
            change: change.clone(),
            state: WriteState::Applied,
            rows,
            repeated: false,
        },
        traces,
    }
}

/// Keys that the database made, by the position of their change.
fn generated_keys(scoped: &ScopedBatch, done: &[StepOutcome]) -> HashMap<usize, Vec<Value>> {
    let mut keys = HashMap::new();
    for (meaning, outcome) in scoped.meanings().iter().zip(done) {
        let (Meaning::Write(positions), Some(rows)) = (meaning, &outcome.rows) else {
            continue;
        };
        for (position, cells) in positions.iter().zip(&rows.rows) {
            keys.insert(
                *position,
                cells
                    .map(|cell| cell.map_or(Value::Null, ValueRef::to_owned))
                    .collect(),
            );
        }
    }
    keys
}

/// The row as it must be when it was not read again: what was there with what was set.
fn assumed(
    definition: &Definition,
    key: &[Value],
    change: &RowChange,
    before: Option<&Image>,
) -> Image {
    let mut fields = before.map_or_else(
        || vec![Value::Null; definition.fields.len()],
        |image| image.fields.clone(),
    );
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
pub(super) fn refused(
    change: &ChangeId,
    loaded: &Arc<Loaded>,
    grant: &Grant,
    changes: &[RowChange],
    scoped: &ScopedBatch,
    step: u32,
    done: &[StepOutcome],
) -> Settled {
    let definition = &loaded.whole.schema.definition;
    let before = images(definition, scoped, done, &Meaning::Before);
    let failing: &[usize] = match scoped.meanings().get(step as usize) {
        Some(Meaning::Check(positions)) => positions,
        _ => &[],
    };
    let rows = changes.iter().enumerate().map(|(position, row)| {
        let json = (!row.key.is_empty()).then(|| key_json(definition, &row.key));
        if row.action != RowAction::Add {
            let text = json.as_ref().map(ToString::to_string).unwrap_or_default();
            return match before.get(&text) {
                None => not_found(json),
                Some(image) if !is_as_seen(definition, row, image) => {
                    conflict(json).showing(image, definition, grant)
                }
                Some(_) if failing.contains(&position) => check_failed(json),
                Some(_) => RowOutcome::new(RowStatus::NotApplied, json),
            };
        }
        if failing.contains(&position) {
            check_failed(json)
        } else {
            RowOutcome::new(RowStatus::NotApplied, json)
        }
    });
    rejected(change, rows.collect())
}

fn rejected(change: &ChangeId, rows: Vec<RowOutcome>) -> Settled {
    let outcome = WriteOutcome {
        change: change.clone(),
        state: WriteState::Rejected,
        rows,
        repeated: false,
    };
    Settled {
        outcome,
        traces: Vec::new(),
    }
}

fn is_as_seen(definition: &Definition, change: &RowChange, image: &Image) -> bool {
    change.seen.iter().all(|(position, value)| {
        let comparable = definition
            .fields
            .get(*position)
            .is_some_and(|field| field.kind.is_comparable());
        !comparable
            || image
                .fields
                .get(*position)
                .is_some_and(|now| same(now, value))
    })
}

/// Whether two values are the same in the database's eyes: decimals by their number, not by their trailing zeros.
fn same(left: &Value, right: &Value) -> bool {
    let plain = |text: &str| match text.split_once('.') {
        Some((whole, fraction)) => format!("{whole}.{}", fraction.trim_end_matches('0'))
            .trim_end_matches('.')
            .to_owned(),
        None => text.to_owned(),
    };
    match (left, right) {
        (Value::Decimal(left), Value::Decimal(right)) => {
            plain(left.as_str()) == plain(right.as_str())
        }
        (Value::I64(left), Value::Decimal(right)) | (Value::Decimal(right), Value::I64(left)) => {
            plain(right.as_str()) == left.to_string()
        }
        _ => left == right,
    }
}

fn conflict(key: Option<Json>) -> RowOutcome {
    RowOutcome::new(RowStatus::Conflict, key).because(&Problem::new(
        "",
        "CONFLICT",
        "Someone else changed this row meanwhile. Look at their values and decide.",
    ))
}

fn not_found(key: Option<Json>) -> RowOutcome {
    let message = "There is no such row, or you may not see it.";
    RowOutcome::new(RowStatus::NotFound, key).because(&Problem::new("", "NOT_FOUND", message))
}

fn check_failed(key: Option<Json>) -> RowOutcome {
    let message = "The row would be outside of what you may write.";
    RowOutcome::new(RowStatus::CheckFailed, key).because(&Problem::new("", "CHECK_FAILED", message))
}

/// The database refused the values of a row; `None` when the failure is not about rows.
pub(super) fn failed(
    change: &ChangeId,
    loaded: &Arc<Loaded>,
    changes: &[RowChange],
    scoped: &ScopedBatch,
    error: &DriverError,
) -> Option<Settled> {
    let definition = &loaded.whole.schema.definition;
    let meaning = scoped.meanings().get(error.step? as usize)?;
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
    let problem = problem(definition, error);
    let rows = changes.iter().enumerate().map(|(position, row)| {
        let json = (!row.key.is_empty()).then(|| key_json(definition, &row.key));
        if positions.contains(&position) {
            RowOutcome::new(status, json).because(&problem)
        } else {
            RowOutcome::new(RowStatus::NotApplied, json)
        }
    });
    Some(rejected(change, rows.collect()))
}

fn problem(definition: &Definition, error: &DriverError) -> Problem {
    let field = error.origin.column.as_ref().and_then(|column| {
        definition
            .fields
            .iter()
            .find(|field| field.column.as_str() == column)
    });
    let about = field.map_or_else(String::new, |field| format!("{}: ", field.label));
    let (code, message) = match error.category {
        Category::Unique => (
            "DUPLICATE_KEY",
            "a row with this key exists already".to_owned(),
        ),
        Category::NotNull => ("REQUIRED_VALUE", "a value is required".to_owned()),
        Category::ForeignKey => (
            "FOREIGN_KEY",
            "the row refers to one that does not exist".to_owned(),
        ),
        Category::InvalidData => ("INVALID_VALUE", error.message.clone()),
        _ => ("CONSTRAINT", error.message.clone()),
    };
    Problem::new("", code, format!("{about}{message}."))
}

/// The versions that the change saw are not those that are there.
pub(super) fn stale(
    change: &ChangeId,
    definition: &Definition,
    grant: &Grant,
    command: &WriteCommand,
    changes: &[RowChange],
    rows: &[Image],
) -> WriteOutcome {
    let current: HashMap<String, &Image> = rows
        .iter()
        .map(|image| (key_json(definition, &image.key).to_string(), image))
        .collect();
    let rows = changes.iter().zip(&command.changes).map(|(row, asked)| {
        let json = (!row.key.is_empty()).then(|| key_json(definition, &row.key));
        let Some(version) = versions::version(asked) else {
            return RowOutcome::new(RowStatus::NotApplied, json);
        };
        let text = json.as_ref().map(ToString::to_string).unwrap_or_default();
        match current.get(&text) {
            None => not_found(json),
            Some(image) if image.version(definition, grant) != version => {
                conflict(json).showing(image, definition, grant)
            }
            Some(_) => RowOutcome::new(RowStatus::NotApplied, json),
        }
    });
    rejected(change, rows.collect()).outcome
}
