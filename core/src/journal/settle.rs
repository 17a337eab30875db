//! Settles a change by hand whose outcome nobody could tell: an admin has looked into the database.

use serde_json::json;

use super::recover::{Booking, book, traces};
use crate::app::App;
use crate::audit::events;
use crate::cx::Cx;
use crate::error::{Error, Result};
use crate::ids::ChangeId;
use crate::permit;
use crate::repo::changes::{self, State};

/// What the admin found in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The change took effect.
    Applied,
    /// It did not.
    Abandoned,
}

/// Books an unknown change as applied, with its rows in the audit trail as they were asked for, or as abandoned.
///
/// # Errors
/// `Denied` for those who are no admins, `NotFound`, `Invalid` for a change whose outcome is known or still open, `Stale`
/// when another admin settled it at the same time.
pub async fn settle(cx: &Cx, app: &App, id: &ChangeId, verdict: Verdict) -> Result<()> {
    permit::admin(cx)?;
    let change = changes::find_change(&app.repo, id)
        .await?
        .ok_or(Error::NotFound("change"))?;
    if change.state != State::Unknown {
        let message = format!(
            "The state of this change is {}. Only one whose outcome is unknown is settled by hand.",
            change.state.as_str()
        );
        return Err(Error::invalid("id", "NOT_UNKNOWN", message));
    }
    let (state, rows) = match verdict {
        Verdict::Applied => (State::Applied, traces(&change)?),
        Verdict::Abandoned => (State::Abandoned, Vec::new()),
    };
    let mut booking = Booking::of(&change, state, rows);
    let details = json!({ "state": state.as_str(), "schema": change.schema });
    events::event(
        &mut booking.batch,
        cx,
        "change.settle",
        "change",
        Some(change.id.as_str()),
        details,
    )?;
    book(cx, app, booking).await
}
