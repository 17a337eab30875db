//! Seals what was booked since the last seal, block by block: `_audit_seals` is a chain of keyed hashes.
//!
//! A record has its own keyed hash from the batch that wrote it; the seal adds that none can be removed or put in
//! afterwards. It is made a moment later and not with the record, so that no two writes wait for one another.

use quillback_plugin_api::batch::Batch;

use super::block::{Contents, Growing, seal_hash, walk_rows};
use crate::app::App;
use crate::error::{Error, Result};
use crate::repo::books::{self, BookedChange, BookedEvent};
use crate::repo::seals::{self, Seal};
use crate::repo::{commit, is_duplicate};

/// Records of a kind in one block at most.
const RECORDS: u64 = 500;
/// Rows of the changes of one block, unless one change alone has more.
const ROWS: i64 = 20_000;

/// A seal that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Its number; there are no gaps.
    pub seq: i64,
    /// Its hash: whoever keeps it notices when the end of the books is cut off.
    pub hash: String,
    /// Changes that it covers.
    pub changes: u64,
    /// Entries of the administrative trail that it covers.
    pub events: u64,
}

/// Seals everything that is settled, and answers the seals that were made. Several servers may do so at once: of two
/// that make the same seal one succeeds.
///
/// # Errors
/// `Repository`; what was sealed before stays so.
pub async fn seal(app: &App) -> Result<Vec<Sealed>> {
    let mut made = Vec::new();
    while let Some(sealed) = seal_block(app).await? {
        tracing::info!(
            seal = sealed.seq,
            hash = %sealed.hash,
            changes = sealed.changes,
            events = sealed.events,
            "the books are sealed"
        );
        made.push(sealed);
    }
    Ok(made)
}

/// Seals one block; `None` when there is nothing to seal, or another server is at it.
async fn seal_block(app: &App) -> Result<Option<Sealed>> {
    let newest = seals::find_newest_seal(&app.repo).await?;
    let Some((before, changes, events)) = next_block(app, newest.as_ref()).await? else {
        return Ok(None);
    };
    let mut grown = walk_rows(&app.repo, &changes, |_| {}).await?;
    let mut digest = |change: &BookedChange| {
        let growing = grown.remove(&change.id).unwrap_or_default();
        (change.id.clone(), growing.rows, growing.finish())
    };
    let contents = Contents {
        before,
        changes: changes
            .iter()
            .map(&mut digest)
            .map(|(id, rows, digest)| (id, digest, rows))
            .collect(),
        events: events
            .iter()
            .map(|event| (event.id.clone(), Growing::of_event(event)))
            .collect(),
        retired: None,
    };
    let text = contents.write()?;
    let (seq, previous) = newest.map_or((1, String::new()), |seal| (seal.seq + 1, seal.hash));
    let sealed_at = app.surroundings.clock.now();
    let seal = Seal {
        seq,
        sealed_at,
        hash: seal_hash(&app.surroundings.books, seq, sealed_at, &previous, &text),
        previous,
        contents: text,
        retired_at: None,
    };
    let change_ids: Vec<&str> = changes.iter().map(|change| change.id.as_str()).collect();
    let event_ids: Vec<&str> = events.iter().map(|event| event.id.as_str()).collect();
    let mut batch = Batch::default();
    seals::insert_seal(&mut batch, &seal, &change_ids, &event_ids);
    match commit(&app.repo, &batch, "seal").await {
        Ok(_) => Ok(Some(Sealed {
            seq,
            hash: seal.hash,
            changes: changes.len() as u64,
            events: events.len() as u64,
        })),
        Err(Error::Stale(_)) => Ok(None),
        Err(error) if is_duplicate(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

type Block = (bool, Vec<BookedChange>, Vec<BookedEvent>);

/// What the next seal covers. Records without keyed hashes are sealed only at the very beginning, when they are from
/// before there were any; one that comes later was not written by this program, and no seal makes it look so.
async fn next_block(app: &App, newest: Option<&Seal>) -> Result<Option<Block>> {
    let is_beginning = newest
        .is_none_or(|seal| Contents::parse(&seal.contents).is_some_and(|contents| contents.before));
    if is_beginning {
        let (changes, events) = books::list_unsealed(&app.repo, false, RECORDS).await?;
        if !(changes.is_empty() && events.is_empty()) {
            return Ok(Some((true, bounded(changes), events)));
        }
    }
    let (changes, events) = books::list_unsealed(&app.repo, true, RECORDS).await?;
    if changes.is_empty() && events.is_empty() {
        return Ok(None);
    }
    Ok(Some((false, bounded(changes), events)))
}

fn bounded(changes: Vec<BookedChange>) -> Vec<BookedChange> {
    let mut rows = 0_i64;
    let mut fits = |change: &BookedChange| {
        let is_first = rows == 0;
        rows = rows.saturating_add(change.row_count.max(1));
        is_first || rows <= ROWS
    };
    changes
        .into_iter()
        .take_while(|change| fits(change))
        .collect()
}
