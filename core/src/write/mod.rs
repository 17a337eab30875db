//! Writing rows: many adds, edits and deletes as one change that takes effect whole or not at all.

mod bulk;
mod command;
mod context;
mod image;
mod interpolate;
mod outcome;
mod reach;
mod rehearse;
mod rollback;
mod sent;
mod validate;
mod versions;

pub use bulk::{BulkEditCommand, BulkValue, bulk_edit, preview_bulk_edit};
pub use command::{Seen, Values, WriteChange, WriteCommand};
pub use context::WriteContext;
pub use image::{Image, key_hash, key_json, version_of};
pub use interpolate::{
    Gap, GapReason, InterpolateCommand, Interpolated, InterpolationPreview, interpolate,
    preview_interpolation,
};
pub use outcome::{RowOutcome, RowStatus, WriteOutcome, WriteState};
pub(crate) use outcome::{Settled, Trace};
pub use rehearse::{Preview, PreviewRow};
pub use rollback::{
    GoingBack, RestoreCommand, RollBackCommand, WentBack, preview_restore_row, preview_roll_back,
    restore_row, roll_back,
};
pub use validate::key as read_key;

pub use crate::plan::Purpose;
pub(crate) use versions::shown;

use std::sync::Arc;

use quillback_plugin_api::batch::{BatchOutcome, RenderedStep};
use quillback_plugin_api::{Category, DriverError};

use crate::app::App;
use crate::catalog::{self, Loaded};
use crate::cx::Cx;
use crate::error::{Error, Result};
use crate::ids::ChangeId;
use crate::journal::{self, Entry, Opening};
use crate::options;
use crate::permit;
use crate::plan::{self, Mark, RowChange, ScopedBatch, Terms};
use crate::policy::{self, Grant};
use crate::targets::Opened;
use sent::Sent;

/// How a change is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sending {
    /// So that it takes effect.
    Real,
    /// So that it is refused at its end: nothing takes effect, and no marker is written.
    Rehearsal,
}

/// A change that is ready to be sent.
struct Prepared {
    loaded: Arc<Loaded>,
    grant: Grant,
    purpose: Purpose,
    changes: Vec<RowChange>,
    target: Opened,
    scoped: ScopedBatch,
}

impl Prepared {
    fn sent<'a>(&'a self, change: &'a ChangeId) -> Sent<'a> {
        Sent {
            change,
            purpose: &self.purpose,
            definition: &self.loaded.whole.schema.definition,
            grant: &self.grant,
            changes: &self.changes,
            scoped: &self.scoped,
        }
    }
}

/// Writes rows. The same change id sent again answers with the first outcome.
///
/// # Errors
/// `Invalid` with the path of every fault in the input, `NotFound` and `Denied` by the user's rights, `Target` when the
/// database could not do it, `OutcomeUnknown` when it never answered. What concerns single rows is in the outcome.
pub async fn submit(cx: &Cx, app: &App, command: WriteCommand) -> Result<WriteOutcome> {
    let prepared = match prepare(cx, app, &command, Sending::Real).await {
        Ok(Ok(prepared)) => prepared,
        // It may be in its own way: the rows are as it left them when it was sent before.
        Ok(Err(conflicts)) => return first_outcome(cx, app, &command, Ok(conflicts)).await,
        Err(error @ Error::Invalid(_)) => {
            return first_outcome(cx, app, &command, Err(error)).await;
        }
        Err(error) => return Err(error),
    };
    let entry = match journal::open(
        cx,
        app,
        &prepared.loaded,
        prepared.target.marked,
        &prepared.changes,
        &command,
    )
    .await?
    {
        Opening::New(entry) => entry,
        Opening::Known(outcome) => return Ok(outcome),
    };
    let answer = prepared.target.apply(&prepared.scoped).await;
    settle(cx, app, &prepared, entry, answer).await
}

/// What came of the command when it was sent before, or else the refusal.
async fn first_outcome(
    cx: &Cx,
    app: &App,
    command: &WriteCommand,
    refusal: Result<WriteOutcome>,
) -> Result<WriteOutcome> {
    match journal::answered(cx, app, command).await? {
        Some(outcome) => Ok(outcome),
        None => refusal,
    }
}

/// The SQL and the parameters that [`submit`] would send, for people who may change the schema.
///
/// # Errors
/// As [`submit`].
pub async fn explain(cx: &Cx, app: &App, command: &WriteCommand) -> Result<Vec<RenderedStep>> {
    permit::manage_schemas(cx)?
        .schema(app, &command.schema)
        .await?;
    match prepare(cx, app, command, Sending::Real).await? {
        Ok(prepared) => prepared.target.render(&prepared.scoped).await,
        Err(_) => Err(Error::Stale("row")),
    }
}

async fn prepare(
    cx: &Cx,
    app: &App,
    command: &WriteCommand,
    how: Sending,
) -> Result<std::result::Result<Prepared, WriteOutcome>> {
    let principal = permit::writer(cx)?;
    let found = catalog::find(app, &command.schema, &principal).await?;
    let grant = policy::grant(&principal, &found)?;
    let loaded = found.loaded;
    let mut changes = validate::changes(cx, app, &loaded.whole.schema.definition, &grant, command)?;
    let target = app.targets.get(&app.keyring, &loaded.connection).await?;
    if let Some(conflicts) =
        versions::resolve(app, &target, &loaded, &grant, command, &mut changes).await?
    {
        return Ok(Err(conflicts));
    }
    // What was in a row once may come back, whether or not it is still offered.
    if !matches!(
        command.purpose,
        Purpose::RollBack { .. } | Purpose::Restore { .. }
    ) {
        options::check_chosen(app, &principal, &loaded, &grant, &target, &mut changes).await?;
    }
    let mark = Mark {
        change: &command.change,
        now: cx.now(),
    };
    let is_marked = target.marked && how == Sending::Real;
    let mark = is_marked.then_some(&mark);
    let scoped = plan::scope(
        &loaded,
        &grant,
        &command.purpose,
        &changes,
        &Terms {
            mark,
            deadline_ms: app.options.batch_deadline_ms,
            last_key: target.server.capabilities.last_key,
        },
    )?;
    let scoped = match how {
        Sending::Real => scoped,
        Sending::Rehearsal => scoped.rehearsed(&loaded),
    };
    Ok(Ok(Prepared {
        loaded,
        grant,
        purpose: command.purpose.clone(),
        changes,
        target,
        scoped,
    }))
}

async fn settle(
    cx: &Cx,
    app: &App,
    prepared: &Prepared,
    entry: Entry,
    answer: std::result::Result<BatchOutcome, DriverError>,
) -> Result<WriteOutcome> {
    let id = entry.change.id.clone();
    let sent = prepared.sent(&id);
    let settled = match answer {
        Ok(BatchOutcome::Committed(done)) => sent.committed(&done),
        Ok(BatchOutcome::Refused { step, done, .. }) => sent.refused(step, &done),
        Err(error) if is_uncertain(&error) => return Err(journal::leave_open(&entry, &error)),
        Err(error) => {
            let Some(settled) = sent.failed(&error) else {
                journal::reject(cx, app, entry, &error).await;
                return Err(Error::Target(error));
            };
            settled
        }
    };
    journal::close(cx, app, entry, &settled).await;
    Ok(settled.outcome)
}

/// Whether the change may have taken effect in spite of the error.
fn is_uncertain(error: &DriverError) -> bool {
    error.outcome_unknown || matches!(error.category, Category::Internal | Category::Protocol)
}
