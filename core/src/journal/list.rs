//! What became of changes: the own ones for everyone, those of a schema for who manages it, all of them for admins.

use quillback_plugin_api::civil::Timestamp;

use crate::app::App;
use crate::cx::Cx;
use crate::error::{Error, Result};
use crate::ids::ChangeId;
use crate::permit;
use crate::repo::change_list::{self, ChangeFilter, ChangeSummary, Sight};
use crate::repo::schemas;

/// Milliseconds beyond the time that a change may take, after which somebody should look at one that is still open.
const PATIENCE_MS: u32 = 60_000;

/// A page of changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangePage {
    /// Changes, those written down last first.
    pub changes: Vec<ChangeSummary>,
    /// Whether there are more behind them.
    pub more: bool,
}

/// Lists changes: the own ones, and everybody's of the schemas that the caller manages.
///
/// # Errors
/// `Invalid` for a page size out of bounds, `NotFound` for a change `after` that the caller may not see.
pub async fn list(
    cx: &Cx,
    app: &App,
    filter: ChangeFilter,
    after: Option<&ChangeId>,
    first: u32,
) -> Result<ChangePage> {
    let sight = sight(cx, app).await?;
    if !(1..=app.options.max_page).contains(&first) {
        let message = format!("Ask for 1 to {} changes at once.", app.options.max_page);
        return Err(Error::invalid("first", "COUNT", message));
    }
    let after = match after {
        Some(id) => {
            let change = find(cx, app, id).await?;
            Some((change.opened_at, change.id))
        }
        None => None,
    };
    let limit = u64::from(first) + 1;
    let mut changes =
        change_list::list_changes(&app.repo, &sight, &filter, after.as_ref(), limit).await?;
    let more = changes.len() > first as usize;
    changes.truncate(first as usize);
    Ok(ChangePage { changes, more })
}

/// The moment before which a change was written down that should be settled by now.
pub fn stuck_before(cx: &Cx, app: &App) -> Timestamp {
    let now = cx.now();
    let allowed_ms = app.options.batch_deadline_ms.saturating_add(PATIENCE_MS);
    Timestamp {
        seconds: now.seconds - i64::from(allowed_ms / 1_000),
        ..now
    }
}

/// What is known of a change, to whoever sent it and to those who manage its schema.
///
/// # Errors
/// `NotFound` for a change of someone else.
pub async fn find(cx: &Cx, app: &App, id: &ChangeId) -> Result<ChangeSummary> {
    let sight = sight(cx, app).await?;
    let change = change_list::find_summary(&app.repo, id).await?;
    change
        .filter(|change| sight.covers(change))
        .ok_or(Error::NotFound("change"))
}

async fn sight(cx: &Cx, app: &App) -> Result<Sight> {
    let principal = permit::signed_in(cx)?;
    let managing = permit::see_schemas(cx).ok();
    let managed = match &managing {
        Some(permit) if !permit.principal().is_admin() => {
            schemas::list_schemas_of(&app.repo, &[], &principal.own_groups()).await?
        }
        _ => Vec::new(),
    };
    let sees_all = managing.is_some() && principal.is_admin();
    Ok(Sight {
        user: (!sees_all).then(|| principal.user.clone()),
        managed: managed.into_iter().map(|schema| schema.id).collect(),
        only: principal.only_schemas.clone(),
    })
}
