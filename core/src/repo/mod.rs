//! The repository's tables, one file each: reading functions answer records, writing functions append to a batch.
//!
//! `find_` answers an option, `get_` an error when there is none, `list_` many; `insert_`, `update_` and `delete_`
//! append steps, so that a use-case decides what takes effect together and calls [`commit`] once.

pub(crate) mod books;
pub mod change_list;
pub mod changes;
pub mod connections;
pub mod entitlements;
pub mod groups;
pub mod history;
mod memory;
pub mod migrate;
pub mod outbox;
pub mod people;
mod record;
pub mod schemas;
pub(crate) mod seals;
pub mod sessions;
pub mod settings;
pub mod throttle;
pub mod tokens;

pub use memory::{Neighbours, Remembered, Repository, Stamp};
pub(crate) use record::{Record, Table, is, one_number, one_text, parse_json, to_json};

use quillback_plugin_api::batch::{Batch, BatchOutcome, StepOutcome};
use quillback_plugin_api::remote::RemoteInstance;
use quillback_plugin_api::sql::Select;
use quillback_plugin_api::{Category, DriverError};

use crate::error::{Error, Result};

/// Runs a batch in which every expectation must hold.
///
/// # Errors
/// `Repository` when the database fails, `Stale` when a step found another number of rows than expected.
pub async fn commit(
    repo: &Repository,
    batch: &Batch,
    what: &'static str,
) -> Result<Vec<StepOutcome>> {
    let writing = repo.writing(batch);
    let outcome = repo.apply(batch).await;
    let is_unknown = matches!(&outcome, Err(error) if error.outcome_unknown);
    if let Some(writing) = writing
        && !is_unknown
    {
        writing.answered();
    }
    all_held(outcome, what)
}

/// As [`commit`], for tables of which nothing is remembered.
pub(crate) async fn commit_apart(
    repo: &RemoteInstance,
    batch: &Batch,
    what: &'static str,
) -> Result<Vec<StepOutcome>> {
    all_held(repo.apply(batch).await, what)
}

fn all_held(
    outcome: std::result::Result<BatchOutcome, DriverError>,
    what: &'static str,
) -> Result<Vec<StepOutcome>> {
    match outcome.map_err(failure)? {
        BatchOutcome::Committed(outcomes) => Ok(outcomes),
        BatchOutcome::Refused { .. } => Err(Error::Stale(what)),
    }
}

/// Reads several tables in one exchange.
///
/// # Errors
/// `Repository` when the database fails.
pub(crate) async fn read(repo: &RemoteInstance, selects: Vec<Select>) -> Result<Vec<StepOutcome>> {
    let mut batch = Batch::default();
    for select in selects {
        batch.read(select);
    }
    match repo.apply(&batch).await.map_err(failure)? {
        BatchOutcome::Committed(outcomes) | BatchOutcome::Refused { done: outcomes, .. } => {
            Ok(outcomes)
        }
    }
}

/// Reads one table.
///
/// # Errors
/// `Repository` when the database fails, `Internal` when a record is not as expected.
pub(crate) async fn select<T>(
    repo: &RemoteInstance,
    select: Select,
    read_record: impl Fn(&mut Record<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let outcomes = read(repo, vec![select]).await?;
    outcomes
        .first()
        .map_or_else(|| Ok(Vec::new()), |outcome| records(outcome, read_record))
}

/// The records that a step read.
///
/// # Errors
/// `Internal` when a record is not as expected.
pub(crate) fn records<T>(
    outcome: &StepOutcome,
    read_record: impl Fn(&mut Record<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let Some(rows) = &outcome.rows else {
        return Ok(Vec::new());
    };
    rows.rows
        .iter()
        .map(|cells| read_record(&mut Record::new(cells)))
        .collect()
}

fn failure(error: DriverError) -> Error {
    Error::Repository(error)
}

/// Whether the error is the repository's answer that a unique key is taken.
pub(crate) fn is_duplicate(error: &Error) -> bool {
    matches!(error, Error::Repository(error) if error.category == Category::Unique)
}
