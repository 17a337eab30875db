//! Two databases, one truth: a change is written down before the target is touched and settled after it answered.
//!
//! What a crash leaves open is settled by [`recover`], which asks the target through the marker.

mod list;
mod recover;
mod settle;

pub use list::{ChangePage, find, list, stuck_before};
pub use recover::{Recovered, recover};
pub use settle::{Verdict, settle};

use quillback_plugin_api::DriverError;
use quillback_plugin_api::batch::Batch;
use quillback_plugin_api::civil::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::catalog::Loaded;
use crate::cx::Cx;
use crate::error::{Error, Result};
use crate::hex;
use crate::ids::UserId;
use crate::outbox;
use crate::plan::{RowAction, RowChange};
use crate::repo::changes::{self, AuditRow, Change, Closing, State};
use crate::repo::{commit, is_duplicate, to_json};
use crate::row_json;
use crate::schema::Definition;
use crate::write::{RowOutcome, WriteCommand, WriteOutcome, key_hash, key_json};
use crate::write::{Settled, Trace};

/// Rows of an outcome are kept with the change up to this many, for a client that sends it again.
const KEPT_ROWS: usize = 200;

/// A change that is written down and not settled yet.
pub(crate) struct Entry {
    pub(crate) change: Box<Change>,
}

/// What writing a change down came to.
pub(crate) enum Opening {
    /// It is new.
    New(Entry),
    /// It was settled before; this is what came of it.
    Known(WriteOutcome),
}

/// A row change as the journal keeps it: enough to write the audit trail without the target's answer.
#[derive(Serialize, Deserialize)]
struct Planned {
    action: String,
    key: Json,
    set: Json,
}

/// Writes the change down.
///
/// # Errors
/// `Invalid` when the id was used for something else; `OutcomeUnknown` when the same change is still under way.
pub(crate) async fn open(
    cx: &Cx,
    app: &App,
    loaded: &Loaded,
    marked: bool,
    rows: &[RowChange],
    command: &WriteCommand,
) -> Result<Opening> {
    let principal = cx.principal()?;
    let definition = &loaded.whole.schema.definition;
    let plan: Vec<Planned> = rows.iter().map(|row| planned(definition, row)).collect();
    let change = Change {
        id: command.change.clone(),
        schema: command.schema.clone(),
        connection: loaded.connection.id.clone(),
        user: principal.user.clone(),
        state: State::Open,
        digest: digest(command)?,
        marked,
        verified: principal.verified,
        row_count: i64::try_from(rows.len()).unwrap_or(i64::MAX),
        plan: to_json(&plan)?,
        outcome: None,
        purpose: command.purpose.clone(),
        opened_at: cx.now(),
        closed_at: None,
    };
    let mut batch = traced();
    changes::insert_change(&mut batch, &change)?;
    match commit(&app.repo, &batch, "change").await {
        Ok(_) => Ok(Opening::New(Entry {
            change: Box::new(Change {
                plan: String::new(),
                ..change
            }),
        })),
        Err(error) if is_duplicate(&error) => known(app, &change).await.map(Opening::Known),
        Err(error) => Err(error),
    }
}

fn planned(definition: &Definition, row: &RowChange) -> Planned {
    let set = row.set.iter().filter_map(|(position, value)| {
        let field = definition.fields.get(*position)?;
        Some((field.name.clone(), row_json::write(value)))
    });
    Planned {
        action: row.action.as_str().to_owned(),
        key: key_json(definition, &row.key),
        set: Json::Object(set.collect()),
    }
}

fn digest(command: &WriteCommand) -> Result<String> {
    let schema = command.schema.as_str();
    let body = match &command.request {
        Some(request) => to_json(&(schema, command.purpose.as_str(), request))?,
        None if command.context.is_empty() => to_json(&(schema, &command.changes))?,
        None => to_json(&(schema, &command.changes, &command.context))?,
    };
    Ok(hex::encode(&Sha256::digest(body.as_bytes())))
}

/// What came of the command, if it was sent before: for commands whose changes are worked out from rows that may be other
/// ones by now.
///
/// # Errors
/// As [`open`].
pub(crate) async fn answered(
    cx: &Cx,
    app: &App,
    command: &WriteCommand,
) -> Result<Option<WriteOutcome>> {
    let user = &cx.principal()?.user;
    let before = changes::find_change(&app.repo, &command.change).await?;
    let digest = digest(command)?;
    before
        .map(|before| first_outcome(before, &digest, user))
        .transpose()
}

async fn known(app: &App, asked: &Change) -> Result<WriteOutcome> {
    let before = changes::find_change(&app.repo, &asked.id).await?;
    let before = before.ok_or(Error::Stale("change"))?;
    first_outcome(before, &asked.digest, &asked.user)
}

fn first_outcome(before: Change, digest: &str, user: &UserId) -> Result<WriteOutcome> {
    if before.digest != digest || before.user != *user {
        return Err(Error::invalid(
            "changeId",
            "CHANGE_ID_REUSED",
            "This change id was used for something else. Make a new one for each change.",
        ));
    }
    match (before.state, before.outcome) {
        (State::Applied | State::Rejected, Some(outcome)) => {
            let outcome: WriteOutcome = serde_json::from_value(outcome)
                .map_err(|error| Error::Internal(error.to_string()))?;
            Ok(WriteOutcome {
                repeated: true,
                ..outcome
            })
        }
        (State::Abandoned, _) => Err(Error::invalid(
            "changeId",
            "CHANGE_ABANDONED",
            "This change was lost on its way and took no effect. Send it again with a new id.",
        )),
        _ => Err(Error::OutcomeUnknown(before.id.to_string())),
    }
}

/// A batch of the books. Whether it took effect is known by the state of its change, and settled by [`recover`] when its
/// answer is lost: a driver may send the commit with it.
fn traced() -> Batch {
    Batch {
        traceable: true,
        ..Batch::default()
    }
}

/// Settles a change with the target's answer. When the repository fails now, the change stays open and [`recover`]
/// settles it the same way: what the caller is told stays true.
pub(crate) async fn close(cx: &Cx, app: &App, entry: Entry, settled: &Settled) {
    if let Err(error) = try_close(cx, app, &entry, settled).await {
        tracing::error!(change.id = %entry.change.id, error = %error, "a change is settled and could not be booked; it will be");
    }
}

async fn try_close(cx: &Cx, app: &App, entry: &Entry, settled: &Settled) -> Result<()> {
    let now = cx.now();
    let state = if settled.traces.is_empty() {
        State::Rejected
    } else {
        State::Applied
    };
    let mut batch = traced();
    let closing = Closing {
        state,
        outcome: &kept(&settled.outcome)?,
        at: now,
        audited: settled.traces.len(),
    };
    let books = &app.surroundings.books;
    changes::close_change(&mut batch, books, &entry.change, &closing)?;
    let rows: Vec<AuditRow> = settled
        .traces
        .iter()
        .enumerate()
        .map(|(position, trace)| audit_row(&entry.change, position, trace, now))
        .collect();
    changes::insert_audit_rows(&mut batch, books, &rows)?;
    if state == State::Applied {
        let change = &entry.change;
        outbox::announce(&mut batch, &app.surroundings, change, &settled.traces, now)?;
    }
    commit(&app.repo, &batch, "change").await?;
    app.feed.wake();
    Ok(())
}

fn kept(outcome: &WriteOutcome) -> Result<String> {
    if outcome.rows.len() <= KEPT_ROWS {
        return to_json(outcome);
    }
    let without_values = |row: &RowOutcome| RowOutcome {
        key: row.key.clone(),
        version: row.version.clone(),
        code: row.code.clone(),
        message: row.message.clone(),
        wanted: row.wanted.clone(),
        ..RowOutcome::new(row.status, None)
    };
    to_json(&WriteOutcome {
        change: outcome.change.clone(),
        state: outcome.state,
        rows: outcome.rows.iter().map(without_values).collect(),
        repeated: outcome.repeated,
    })
}

fn audit_row(change: &Change, position: usize, trace: &Trace, at: Timestamp) -> AuditRow {
    AuditRow {
        change: change.id.clone(),
        position: i64::try_from(position).unwrap_or(i64::MAX),
        schema: change.schema.clone(),
        key_hash: key_hash(&trace.key),
        key: trace.key.clone(),
        action: trace.action.as_str().to_owned(),
        before: trace.before.clone(),
        after: trace.after.clone(),
        user: change.user.clone(),
        at,
    }
}

/// Books a change that the target refused as a whole.
pub(crate) async fn reject(cx: &Cx, app: &App, entry: Entry, error: &DriverError) {
    let outcome = serde_json::json!({ "error": error.category }).to_string();
    let (state, now) = (State::Abandoned, cx.now());
    let mut batch = traced();
    let closing = Closing {
        state,
        outcome: &outcome,
        at: now,
        audited: 0,
    };
    let books = &app.surroundings.books;
    let booked = changes::close_change(&mut batch, books, &entry.change, &closing);
    let booked = match booked {
        Ok(()) => commit(&app.repo, &batch, "change").await.map(|_| ()),
        Err(error) => Err(error),
    };
    if let Err(error) = booked {
        tracing::error!(change.id = %entry.change.id, error = %error, "a refused change could not be booked; it will be");
    }
}

/// Leaves a change open whose answer was lost, and says so.
pub(crate) fn leave_open(entry: &Entry, error: &DriverError) -> Error {
    tracing::error!(change.id = %entry.change.id, category = ?error.category, "the outcome of a change is unknown");
    Error::OutcomeUnknown(entry.change.id.to_string())
}

/// The position of an action's name, for stored plans.
fn action(name: &str) -> RowAction {
    match name {
        "add" => RowAction::Add,
        "delete" => RowAction::Delete,
        _ => RowAction::Edit,
    }
}
