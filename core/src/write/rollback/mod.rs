//! Going back: takes a change back, or brings a row back to what it was after a change, out of the audit trail.
//!
//! It is a change like any other: it takes the same road under the same rules, it is in the journal and in the history,
//! and it can be taken back in turn. What it undoes is guarded by what the earlier change left, so that nobody's later
//! work is overwritten unawares.

mod compose;
mod restore;
mod trail;

pub use restore::{RestoreCommand, preview_restore_row, restore_row};

use serde_json::{Value as Json, json};

use super::command::{WriteChange, WriteCommand};
use super::outcome::{RowStatus, WriteOutcome};
use super::rehearse::{Preview, rehearse};
use super::submit;
use crate::app::App;
use crate::cx::Cx;
use crate::error::{Error, Result};
use crate::ids::{ChangeId, SchemaId};
use crate::journal;
use crate::plan::Purpose;
use crate::policy::Grant;
use crate::repo::changes::{self, Change, State};
use compose::Composed;
use trail::Trail;

/// Which change to take back.
#[derive(Clone, Debug)]
pub struct RollBackCommand {
    /// Identifier of the roll-back itself, chosen by the client.
    pub change: ChangeId,
    /// The change to take back.
    pub reverts: ChangeId,
    /// Only what it did to this row.
    pub key: Option<Json>,
    /// Whether later changes of the same rows may be overwritten.
    pub overwrite: bool,
}

/// What came of going back.
#[derive(Clone, Debug, PartialEq)]
pub struct WentBack {
    /// What came of it.
    pub outcome: WriteOutcome,
    /// Fields that the rows had and the schema no longer has: what was in them does not come back.
    pub dropped: Vec<String>,
}

/// What going back would do.
#[derive(Clone, Debug, PartialEq)]
pub struct GoingBack {
    /// What it would do.
    pub preview: Preview,
    /// Fields that the rows had and the schema no longer has.
    pub dropped: Vec<String>,
}

/// Takes a change back: edited rows get the values that the change replaced, removed rows come back with their keys, and
/// added rows go. Of rows that the user may not see nothing is touched, and nothing told.
///
/// # Errors
/// `NotFound` for a change of which the user may see no row, `Denied` without the right, `Invalid` with the reason for
/// what cannot be taken back, and everything of [`submit`].
pub async fn roll_back(cx: &Cx, app: &App, command: RollBackCommand) -> Result<WentBack> {
    let earlier = earlier(app, &command.reverts).await?;
    let write = command.write(&earlier.schema);
    let trail = hidden_as_missing(Trail::of_change(cx, app, &earlier, &command).await)?;
    if let Some(outcome) = journal::answered(cx, app, &write).await? {
        let dropped = trail.dropped();
        return Ok(WentBack { outcome, dropped });
    }
    let composed = compose::undo(app, &trail, command.overwrite)?;
    go(cx, app, write, composed, &trail.reach.grant).await
}

/// What [`roll_back`] would do; nothing takes effect.
///
/// # Errors
/// As [`roll_back`].
pub async fn preview_roll_back(cx: &Cx, app: &App, command: RollBackCommand) -> Result<GoingBack> {
    let earlier = earlier(app, &command.reverts).await?;
    let write = command.write(&earlier.schema);
    let trail = hidden_as_missing(Trail::of_change(cx, app, &earlier, &command).await)?;
    let composed = compose::undo(app, &trail, command.overwrite)?;
    preview(cx, app, write, composed, &trail.reach.grant).await
}

impl RollBackCommand {
    fn write(&self, schema: &SchemaId) -> WriteCommand {
        let request = json!({ "key": self.key, "overwrite": self.overwrite });
        let reverts = self.reverts.clone();
        returning(
            &self.change,
            schema,
            Purpose::RollBack { reverts },
            &request,
        )
    }
}

fn returning(
    change: &ChangeId,
    schema: &SchemaId,
    purpose: Purpose,
    request: &Json,
) -> WriteCommand {
    let earlier = purpose.earlier().map(ToString::to_string);
    WriteCommand {
        request: Some(json!({ "earlier": earlier, "with": request })),
        purpose,
        ..WriteCommand::plain(change.clone(), schema.clone(), Vec::new())
    }
}

async fn go(
    cx: &Cx,
    app: &App,
    mut write: WriteCommand,
    composed: Composed,
    grant: &Grant,
) -> Result<WentBack> {
    let dropped = composed.dropped;
    write.changes = composed.changes;
    let wanted: Vec<Option<Json>> = write.changes.iter().map(WriteChange::values).collect();
    let mut outcome = submit(cx, app, write).await?;
    for (row, wanted) in outcome.rows.iter_mut().zip(wanted) {
        if row.status == RowStatus::Conflict && !grant.is_limited() {
            row.wanted = wanted;
        }
    }
    Ok(WentBack { outcome, dropped })
}

async fn preview(
    cx: &Cx,
    app: &App,
    mut write: WriteCommand,
    composed: Composed,
    grant: &Grant,
) -> Result<GoingBack> {
    write.changes = composed.changes;
    let mut preview = rehearse(cx, app, &write).await?;
    let rows = preview.rows.iter_mut().zip(&write.changes);
    // Values that come back may be of a state that row rules keep from the user.
    for (row, change) in rows.filter(|_| !grant.is_limited()) {
        if row.outcome.status == RowStatus::Conflict {
            row.outcome.wanted = change.values();
        }
    }
    Ok(GoingBack {
        preview,
        dropped: composed.dropped,
    })
}

async fn earlier(app: &App, id: &ChangeId) -> Result<Change> {
    let change = changes::find_change(&app.repo, id).await?;
    change.ok_or(Error::NotFound("change"))
}

/// A schema that the user may not see has no changes for that user either.
fn hidden_as_missing<T>(result: Result<T>) -> Result<T> {
    result.map_err(|error| match error {
        Error::NotFound(_) => Error::NotFound("change"),
        other => other,
    })
}

fn must_be_applied(change: &Change) -> Result<()> {
    match change.state {
        State::Applied => Ok(()),
        State::Rejected | State::Abandoned => Err(Error::invalid(
            "reverts",
            "NO_EFFECT",
            "This change took no effect: there is nothing to take back.",
        )),
        State::Open | State::Unknown => Err(Error::invalid(
            "reverts",
            "NOT_SETTLED",
            "It is not known yet whether this change took effect. Wait until it is settled.",
        )),
    }
}
