//! Settles changes that a crash or a lost connection left open.
//!
//! The reconciler does not look for the marker of a change, it tries to write it: if the lost transaction still runs,
//! the insert waits for it; a duplicate means that it took effect; success means that it never can any more.

use quillback_plugin_api::Category;
use quillback_plugin_api::batch::{Batch, BatchOutcome};
use quillback_plugin_api::civil::Timestamp;

use super::{Planned, action, audit_row};
use crate::app::App;
use crate::cx::Cx;
use crate::error::{Error, Result};
use crate::outbox;
use crate::plan::Fence;
use crate::repo::changes::{self, AuditRow, Change, Closing, State};
use crate::repo::{commit, connections, to_json};
use crate::write::{RowOutcome, RowStatus, Trace, WriteOutcome, WriteState};

/// Changes settled in one run at most.
const MOST: u64 = 1_000;

/// What one run of the reconciler did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Changes that had taken effect and are in the audit trail now.
    pub applied: u32,
    /// Changes that had not and never will.
    pub abandoned: u32,
    /// Changes whose target has no marker to ask.
    pub unknown: u32,
    /// Changes whose target could not be asked now.
    pub left: u32,
}

/// Settles the changes that were written down more than `older_than_ms` milliseconds ago and are still open. Choose it
/// longer than a batch may take, so that changes under way are left alone.
///
/// # Errors
/// When the repository cannot be used. A target that cannot be reached only leaves its changes open.
pub async fn recover(cx: &Cx, app: &App, older_than_ms: u32) -> Result<Recovered> {
    let now = cx.now();
    let before = Timestamp {
        seconds: now.seconds - i64::from(older_than_ms / 1_000),
        nanos: now.nanos,
    };
    let mut recovered = Recovered::default();
    for change in changes::list_open_changes(&app.repo, before, MOST).await? {
        match settle(cx, app, &change).await {
            Ok(State::Applied) => recovered.applied += 1,
            Ok(State::Unknown) => recovered.unknown += 1,
            Ok(_) => recovered.abandoned += 1,
            // Another server settled it at the same time.
            Err(Error::Stale(_)) => {}
            Err(error) => {
                tracing::warn!(change.id = %change.id, error = %error, "an open change cannot be settled yet");
                recovered.left += 1;
            }
        }
    }
    Ok(recovered)
}

async fn settle(cx: &Cx, app: &App, change: &Change) -> Result<State> {
    let state = if change.marked {
        ask(cx, app, change).await?
    } else {
        State::Unknown
    };
    let traces = match state {
        State::Applied => traces(change)?,
        _ => Vec::new(),
    };
    book(cx, app, Booking::of(change, state, traces)).await?;
    Ok(state)
}

/// What the target says became of the change.
async fn ask(cx: &Cx, app: &App, change: &Change) -> Result<State> {
    let connection = connections::get_connection(&app.repo, &change.connection).await?;
    let target = app.targets.get(&app.keyring, &connection).await?;
    let fence = Fence::new(&change.id, cx.now(), app.options.batch_deadline_ms);
    match target.fence(&fence).await {
        Ok(BatchOutcome::Committed(_)) => Ok(State::Abandoned),
        Err(error) if error.category == Category::Unique => Ok(State::Applied),
        Ok(BatchOutcome::Refused { .. }) => Err(Error::Internal("a fence was refused".into())),
        Err(error) => Err(Error::Target(error)),
    }
}

/// The audit rows of a change whose answer was lost: what was asked for, without what was there before.
pub(super) fn traces(change: &Change) -> Result<Vec<Trace>> {
    let planned: Vec<Planned> =
        serde_json::from_str(&change.plan).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(planned
        .into_iter()
        .map(|row| {
            let after = (row.action != "delete").then_some(row.set);
            Trace {
                action: action(&row.action),
                key: row.key,
                before: None,
                after,
            }
        })
        .collect())
}

/// The last entry of a change in the books, and what goes with it.
pub(super) struct Booking<'a> {
    change: &'a Change,
    state: State,
    traces: Vec<Trace>,
    pub(super) batch: Batch,
}

impl<'a> Booking<'a> {
    pub(super) fn of(change: &'a Change, state: State, traces: Vec<Trace>) -> Self {
        Self {
            change,
            state,
            traces,
            batch: Batch::default(),
        }
    }

    /// What a client is told that sends the change again.
    fn outcome(&self) -> WriteOutcome {
        let rows = self.traces.iter().map(|trace| RowOutcome {
            status: RowStatus::Applied,
            key: Some(trace.key.clone()),
            row: None,
            version: None,
            code: None,
            message: None,
            wanted: None,
        });
        WriteOutcome {
            change: self.change.id.clone(),
            state: if self.state == State::Applied {
                WriteState::Applied
            } else {
                WriteState::Rejected
            },
            rows: rows.collect(),
            repeated: false,
        }
    }
}

pub(super) async fn book(cx: &Cx, app: &App, mut booking: Booking<'_>) -> Result<()> {
    let outcome = to_json(&booking.outcome())?;
    let Booking {
        change,
        state,
        ref traces,
        ref mut batch,
    } = booking;
    let audit: Vec<AuditRow> = traces
        .iter()
        .enumerate()
        .map(|(position, trace)| audit_row(change, position, trace, change.opened_at))
        .collect();
    let closing = Closing {
        state,
        outcome: &outcome,
        at: cx.now(),
        audited: audit.len(),
    };
    let books = &app.surroundings.books;
    changes::close_change(batch, books, change, &closing)?;
    changes::insert_audit_rows(batch, books, &audit)?;
    if state == State::Applied {
        outbox::announce(batch, &app.surroundings, change, traces, closing.at)?;
    }
    commit(&app.repo, batch, "change").await?;
    app.feed.wake();
    Ok(())
}
