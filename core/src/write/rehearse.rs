//! What a change would do: it is carried out to its last step in the target, which then refuses it.
//!
//! So a preview knows what only the database knows (constraints, triggers, rows that others hold), and nothing of it
//! takes effect. It writes no marker, and the journal does not hear of it.

use quillback_plugin_api::batch::{BatchOutcome, StepOutcome};
use serde_json::Value as Json;

use super::command::WriteCommand;
use super::outcome::{RowOutcome, RowStatus, WriteState};
use super::sent::Sent;
use super::{Prepared, Sending, is_uncertain, prepare};
use crate::app::App;
use crate::cx::Cx;
use crate::error::{Error, Result};
use crate::plan::{Meaning, RowAction};

/// What a change would do.
#[derive(Clone, Debug, PartialEq)]
pub struct Preview {
    /// Whether all of it would take effect, or nothing.
    pub state: WriteState,
    /// Row by row.
    pub rows: Vec<PreviewRow>,
}

/// What a change would do to a row.
#[derive(Clone, Debug, PartialEq)]
pub struct PreviewRow {
    /// What it would do.
    pub action: RowAction,
    /// The row as it is, as far as the user sees it.
    pub before: Option<Json>,
    /// What would come of it; its row is the row as it would be.
    pub outcome: RowOutcome,
}

impl Preview {
    /// There is nothing to do.
    pub(super) fn of_nothing() -> Self {
        Self {
            state: WriteState::Applied,
            rows: Vec::new(),
        }
    }

    /// Number of rows that the change is about.
    pub fn count(&self) -> u64 {
        self.rows.len() as u64
    }

    /// At most so many rows; those that stand in the way come first.
    pub fn sample(mut self, most: usize) -> Vec<PreviewRow> {
        let in_the_way = |row: &PreviewRow| {
            let status = row.outcome.status;
            status != RowStatus::Applied && status != RowStatus::NotApplied
        };
        self.rows.sort_by_key(|row| !in_the_way(row));
        self.rows.truncate(most);
        self.rows
    }
}

/// What [`super::submit`] would do with the command.
pub(super) async fn rehearse(cx: &Cx, app: &App, command: &WriteCommand) -> Result<Preview> {
    let prepared = match prepare(cx, app, command, Sending::Rehearsal).await? {
        Ok(prepared) => prepared,
        Err(conflicts) => {
            let rows = command.changes.iter().zip(conflicts.rows);
            let rows = rows.map(|(change, outcome)| PreviewRow {
                action: change.action(),
                before: outcome.row.clone(),
                outcome,
            });
            return Ok(Preview {
                state: conflicts.state,
                rows: rows.collect(),
            });
        }
    };
    let sent = prepared.sent(&command.change);
    let (settled, done) = match prepared.target.apply(&prepared.scoped).await {
        Ok(BatchOutcome::Refused { step, done, .. }) => {
            let is_the_end = sent.scoped.meanings().get(step as usize) == Some(&Meaning::Rehearsal);
            let settled = if is_the_end {
                sent.committed(&done)
            } else {
                sent.refused(step, &done)
            };
            (settled, done)
        }
        Ok(BatchOutcome::Committed(_)) => {
            return Err(Error::Internal("a rehearsal was not refused".into()));
        }
        Err(error) if is_uncertain(&error) => return Err(Error::Target(error)),
        Err(error) => {
            let settled = sent.failed(&error);
            (settled.ok_or(Error::Target(error))?, Vec::new())
        }
    };
    Ok(Preview {
        state: settled.outcome.state,
        rows: rows(&prepared, &sent, settled.outcome.rows, &done),
    })
}

fn rows(
    prepared: &Prepared,
    sent: &Sent<'_>,
    outcomes: Vec<RowOutcome>,
    done: &[StepOutcome],
) -> Vec<PreviewRow> {
    let images = sent.images(done, |meaning| *meaning == Meaning::Before);
    let rows = prepared.changes.iter().zip(outcomes);
    rows.map(|(change, outcome)| {
        let key = outcome.key.as_ref().map(Json::to_string);
        let image = key.and_then(|key| images.get(&key));
        PreviewRow {
            action: change.action,
            before: image.map(|image| image.visible(sent.definition, sent.grant)),
            outcome,
        }
    })
    .collect()
}
