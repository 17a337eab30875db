//! Brings one row back to what it was after an earlier change, past whatever happened to it since.

use serde_json::{Value as Json, json};

use super::compose::{Composed, Composer};
use super::trail::{Trail, Values};
use super::{GoingBack, WentBack, go, preview, returning};
use crate::app::App;
use crate::cx::Cx;
use crate::error::{Error, Result};
use crate::ids::{ChangeId, SchemaId};
use crate::journal;
use crate::plan::{Purpose, RowAction};
use crate::policy::Action;
use crate::repo::changes::AuditRow;
use crate::write::command::{Seen, WriteChange, WriteCommand};
use crate::write::image::Image;
use crate::write::reach::Reach;

/// Which version of which row to bring back.
#[derive(Clone, Debug)]
pub struct RestoreCommand {
    /// Identifier of the restoration itself, chosen by the client.
    pub change: ChangeId,
    /// Schema.
    pub schema: SchemaId,
    /// Key of the row.
    pub key: Json,
    /// The change after which the row was as it shall be.
    pub to: ChangeId,
    /// What the client saw: a version, or `Anything`. `None` says that it saw no row.
    pub seen: Option<Seen>,
}

/// Brings a row back to what it was after an earlier change. A row that is gone comes back with its key, and one that
/// the earlier change removed is removed.
///
/// # Errors
/// `NotFound` when the earlier change did nothing to the row, `Denied` without the right, `Invalid` with the reason for
/// what cannot come back, and everything of [`crate::write::submit`].
pub async fn restore_row(cx: &Cx, app: &App, command: RestoreCommand) -> Result<WentBack> {
    let reach = Reach::of(cx, app, &command.schema, Action::RollBack).await?;
    let write = command.write()?;
    let (trail, last) = version(app, reach, &command).await?;
    if let Some(outcome) = journal::answered(cx, app, &write).await? {
        let dropped = trail.dropped();
        return Ok(WentBack { outcome, dropped });
    }
    let composed = compose(app, &trail, last.as_ref(), &command)?;
    go(cx, app, write, composed, &trail.reach.grant).await
}

/// What [`restore_row`] would do; nothing takes effect.
///
/// # Errors
/// As [`restore_row`].
pub async fn preview_restore_row(cx: &Cx, app: &App, command: RestoreCommand) -> Result<GoingBack> {
    let reach = Reach::of(cx, app, &command.schema, Action::RollBack).await?;
    let write = command.write()?;
    let (trail, last) = version(app, reach, &command).await?;
    let composed = compose(app, &trail, last.as_ref(), &command)?;
    preview(cx, app, write, composed, &trail.reach.grant).await
}

impl RestoreCommand {
    fn write(&self) -> Result<WriteCommand> {
        let seen = match &self.seen {
            None => Json::Null,
            Some(Seen::Version(version)) => json!(version),
            Some(Seen::Anything) => json!(true),
            Some(Seen::Values(_)) => {
                let message = "Name the version that you saw, or set overwrite.";
                return Err(Error::invalid("version", "SEEN", message));
            }
        };
        let request = json!({ "key": self.key, "seen": seen });
        let to = self.to.clone();
        Ok(returning(
            &self.change,
            &self.schema,
            Purpose::Restore { to },
            &request,
        ))
    }
}

async fn version(
    app: &App,
    reach: Reach,
    command: &RestoreCommand,
) -> Result<(Trail, Option<AuditRow>)> {
    let (mut trail, last) =
        Trail::of_row(app, reach, &command.schema, &command.key, &command.to).await?;
    trail.keep_known();
    if trail.entries.is_empty() {
        return Err(Error::NotFound("version of the row"));
    }
    Ok((trail, last))
}

fn compose(
    app: &App,
    trail: &Trail,
    last: Option<&AuditRow>,
    command: &RestoreCommand,
) -> Result<Composed> {
    let Some(entry) = trail.entries.first() else {
        return Err(Error::NotFound("version of the row"));
    };
    let definition = trail.reach.definition();
    let mut composer = Composer::new(definition, &trail.reach.grant);
    let wanted = entry.after.as_ref();
    let key = &entry.key;
    if entry.action == RowAction::Edit && entry.before.is_none() {
        let message =
            "The database's answer to that change was lost: what else was in the row is not known.";
        return Err(Error::invalid("to", "NO_BEFORE_IMAGE", message));
    }
    if entry.now.is_none() && matches!(command.seen, Some(Seen::Version(_))) {
        return Err(Error::Stale("row"));
    }
    let change = match (&entry.now, wanted) {
        (Some(now), Some(wanted)) => {
            let shown = shown(&trail.reach, now);
            let recorded = last
                .and_then(|last| last.after.as_ref())
                .and_then(Json::as_object);
            let differs = |name: &String, value: &Json| {
                let now = shown.get(name).or_else(|| recorded?.get(name));
                now != Some(value)
            };
            let values =
                composer.values(wanted.iter().filter(|(name, value)| differs(name, value)));
            (!values.is_empty()).then(|| WriteChange::Edit {
                key: key.clone(),
                values,
                seen: seen(command),
            })
        }
        (Some(_), None) => Some(WriteChange::Delete {
            key: key.clone(),
            seen: seen(command),
        }),
        (None, Some(wanted)) => Some(composer.add(key, wanted)),
        (None, None) => None,
    };
    composer.finish(app, change.into_iter().collect())
}

fn shown(reach: &Reach, now: &Image) -> Values {
    match now.visible(reach.definition(), &reach.grant) {
        Json::Object(values) => values,
        _ => Values::new(),
    }
}

/// A client that saw no row saw no version either: the version that no row has makes it a conflict.
fn seen(command: &RestoreCommand) -> Seen {
    let nothing = || Seen::Version(String::new());
    command.seen.clone().unwrap_or_else(nothing)
}
