//! What became of changes: the own ones for everyone, all of them for those who look after schemas.

use quillback_plugin_api::civil::Timestamp;

use crate::app::App;
use crate::cx::{Cx, Principal, Role};
use crate::error::{Error, Result};
use crate::ids::ChangeId;
use crate::permit;
use crate::repo::change_list::{self, ChangeFilter, ChangeSummary};

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

/// Lists changes. Who manages no schemas gets the own ones, whatever the filter says.
///
/// # Errors
/// `Invalid` for a page size out of bounds, `NotFound` for a change `after` that the caller may not see.
pub async fn list(
    cx: &Cx,
    app: &App,
    mut filter: ChangeFilter,
    after: Option<&ChangeId>,
    first: u32,
) -> Result<ChangePage> {
    let principal = permit::signed_in(cx)?;
    if !(1..=app.options.max_page).contains(&first) {
        let message = format!("Ask for 1 to {} changes at once.", app.options.max_page);
        return Err(Error::invalid("first", "COUNT", message));
    }
    if !sees_all(&principal) {
        if filter
            .user
            .as_ref()
            .is_some_and(|user| *user != principal.user)
        {
            return Ok(ChangePage {
                changes: Vec::new(),
                more: false,
            });
        }
        filter.user = Some(principal.user.clone());
    }
    let after = match after {
        Some(id) => {
            let change = find(cx, app, id).await?;
            Some((change.opened_at, change.id))
        }
        None => None,
    };
    let limit = u64::from(first) + 1;
    let mut changes = change_list::list_changes(&app.repo, &filter, after.as_ref(), limit).await?;
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

/// What is known of a change, to whoever sent it and to those who see all.
///
/// # Errors
/// `NotFound` for a change of someone else.
pub async fn find(cx: &Cx, app: &App, id: &ChangeId) -> Result<ChangeSummary> {
    let principal = permit::signed_in(cx)?;
    let change = change_list::find_summary(&app.repo, id).await?;
    change
        .filter(|change| change.user == principal.user || sees_all(&principal))
        .ok_or(Error::NotFound("change"))
}

fn sees_all(principal: &Principal) -> bool {
    principal.verified && principal.has(Role::SchemaManager)
}
