//! Removes old records of the books, seal by seal, so that what is left still verifies.

use quillback_plugin_api::batch::Batch;
use quillback_plugin_api::civil::Timestamp;
use serde_json::json;

use super::block::{Contents, Retired, contents_digest};
use super::events::{Subject, event_by};
use super::verify;
use crate::app::App;
use crate::error::{Error, Result};
use crate::repo::commit;
use crate::repo::seals::{self, Numbers, Seal};

/// Seals whose records are removed in one transaction.
const SEALS: u64 = 10;
/// Transactions of one run.
const RUNS: u32 = 100;

/// What a run removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Seals whose records are gone.
    pub seals: u64,
    /// Changes.
    pub changes: u64,
    /// Rows of the audit trail.
    pub rows: u64,
    /// Entries of the administrative trail.
    pub events: u64,
}

/// Removes the records of seals that are older than `keep_days`, the oldest first. Of each seal its hash and its numbers
/// stay, so that the chain holds; a seal whose records do not verify is left alone with everything after it, because they
/// are evidence.
///
/// # Errors
/// `Repository`; what was removed before stays so.
pub async fn remove_old(app: &App, keep_days: u32) -> Result<Removed> {
    let now = app.surroundings.clock.now();
    let before = Timestamp {
        seconds: now.seconds - i64::from(keep_days) * 86_400,
        ..now
    };
    let mut removed = Removed::default();
    for _ in 0..RUNS {
        let old = seals::list_seals_before(&app.repo, before, SEALS).await?;
        let (sound, is_whole) = sound(app, old).await?;
        if sound.is_empty() {
            break;
        }
        remove(app, &sound, now, &mut removed).await?;
        if !is_whole {
            break;
        }
    }
    Ok(removed)
}

/// The seals up to the first that does not verify, and whether that is all of them.
async fn sound(app: &App, old: Vec<Seal>) -> Result<(Vec<(Seal, Numbers)>, bool)> {
    let mut sound = Vec::with_capacity(old.len());
    for seal in old {
        let Some(numbers) = verify::sound(app, &seal).await? else {
            tracing::error!(
                seal = seal.seq,
                "records of the books are old enough to be removed and do not verify; they are kept: \
                 run `quillback audit verify`"
            );
            return Ok((sound, false));
        };
        sound.push((seal, numbers));
    }
    Ok((sound, true))
}

async fn remove(
    app: &App,
    sound: &[(Seal, Numbers)],
    now: Timestamp,
    removed: &mut Removed,
) -> Result<()> {
    let mut batch = Batch::default();
    let mut total = Removed::default();
    for (seal, numbers) in sound {
        seals::retire_seal(
            &mut batch,
            seal.seq,
            *numbers,
            &what_is_left(app, seal, *numbers)?,
            now,
        );
        total.seals += 1;
        total.changes += numbers.changes;
        total.rows += numbers.rows;
        total.events += numbers.events;
    }
    let first = sound.first().map(|(seal, _)| seal.seq);
    let last = sound.last().map(|(seal, _)| seal.seq);
    let details = json!({
        "firstSeal": first, "lastSeal": last,
        "changes": total.changes, "rows": total.rows, "events": total.events,
    });
    let subject = Subject {
        kind: "audit",
        id: None,
    };
    event_by(
        &mut batch,
        &app.surroundings,
        None,
        "audit.retire",
        subject,
        details,
    )?;
    match commit(&app.repo, &batch, "seal").await {
        Ok(_) => {
            removed.seals += total.seals;
            removed.changes += total.changes;
            removed.rows += total.rows;
            removed.events += total.events;
            Ok(())
        }
        // Another server removes them at the same time.
        Err(Error::Stale(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

fn what_is_left(app: &App, seal: &Seal, numbers: Numbers) -> Result<String> {
    let before = Contents::parse(&seal.contents).is_some_and(|contents| contents.before);
    let mut retired = Retired {
        contents: contents_digest(&seal.contents),
        changes: numbers.changes,
        rows: numbers.rows,
        events: numbers.events,
        mac: String::new(),
    };
    let mac = app.surroundings.books.sign(&retired.form(seal));
    retired.mac = mac.unwrap_or_default();
    Contents {
        before,
        retired: Some(retired),
        ..Contents::default()
    }
    .write()
}
