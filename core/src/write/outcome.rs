//! What came of a change: one status for each row, and what the audit trail needs.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::command::WriteCommand;
use super::image::{Image, key_json};
use super::versions;
use crate::error::Problem;
use crate::ids::ChangeId;
use crate::plan::{RowAction, RowChange};
use crate::policy::{Demand, Grant};
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
    /// The row is there and may not be changed or removed by the user, or not in its state.
    Locked,
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
    /// Where the server worked the change out and somebody else's values are in its way: what it would write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted: Option<Json>,
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
    pub(crate) fn new(status: RowStatus, key: Option<Json>) -> Self {
        Self {
            status,
            key,
            row: None,
            version: None,
            code: None,
            message: None,
            wanted: None,
        }
    }

    pub(super) fn because(mut self, problem: &Problem) -> Self {
        self.code = Some(problem.code.to_owned());
        self.message = Some(problem.message.clone());
        self
    }

    pub(super) fn showing(mut self, image: &Image, definition: &Definition, grant: &Grant) -> Self {
        self.row = Some(image.visible(definition, grant));
        self.version = Some(image.version(definition, grant));
        self
    }
}

pub(super) fn rejected(change: &ChangeId, rows: Vec<RowOutcome>) -> Settled {
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

pub(super) fn conflict(key: Option<Json>) -> RowOutcome {
    RowOutcome::new(RowStatus::Conflict, key).because(&Problem::new(
        "",
        "CONFLICT",
        "Someone else changed this row meanwhile. Look at their values and decide.",
    ))
}

pub(super) fn not_found(key: Option<Json>) -> RowOutcome {
    let message = "There is no such row, or you may not see it.";
    RowOutcome::new(RowStatus::NotFound, key).because(&Problem::new("", "NOT_FOUND", message))
}

/// A row that does not satisfy a demand beforehand.
pub(super) fn locked(key: Option<Json>, demand: Demand) -> RowOutcome {
    RowOutcome::new(RowStatus::Locked, key).because(&demand.problem())
}

/// A row that would not satisfy a demand afterwards.
pub(super) fn check_failed(key: Option<Json>, demand: Demand) -> RowOutcome {
    let status = if demand == Demand::SingleKey {
        RowStatus::Duplicate
    } else {
        RowStatus::CheckFailed
    };
    RowOutcome::new(status, key).because(&demand.problem())
}

/// Several rows have the key, so that none of them can be told from the others.
pub(super) fn ambiguous(key: Option<Json>) -> RowOutcome {
    let message = "Several rows have this key. Make it unique in the database first.";
    RowOutcome::new(RowStatus::Duplicate, key).because(&Problem::new("", "KEY_NOT_UNIQUE", message))
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
