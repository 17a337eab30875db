//! `_throttle`: counters of failed attempts to sign in, so that a restart does not forget them.

use quillback_plugin_api::batch::{Batch, BatchOutcome, Expect};
use quillback_plugin_api::civil::Timestamp;
use quillback_plugin_api::remote::RemoteInstance;
use quillback_plugin_api::sql::{Assignment, Compare, Expr, SetTo, Statement, Update};
use quillback_plugin_api::{Category, Ident, Value};

use super::{Record, Table, is, select};
use crate::error::{Error, Result};

const THROTTLE: Table = Table {
    name: "_throttle",
    columns: &["subject", "failures", "last_failure_at", "blocked_until"],
};

/// The counter of one subject, such as an account or an address.
#[derive(Clone, Debug, PartialEq)]
pub struct Counter {
    /// What is counted, at most 128 characters.
    pub subject: String,
    /// Failures since the last success or rest.
    pub failures: i64,
    /// When the last of them was.
    pub last_failure_at: Timestamp,
    /// Until when further attempts are refused.
    pub blocked_until: Timestamp,
}

fn counter(record: &mut Record<'_>) -> Result<Counter> {
    Ok(Counter {
        subject: record.text()?,
        failures: record.number()?,
        last_failure_at: record.moment()?,
        blocked_until: record.moment()?,
    })
}

/// The counters of these subjects, in no order; those never counted are left out.
pub async fn list_counters(repo: &RemoteInstance, subjects: &[String]) -> Result<Vec<Counter>> {
    let values = subjects.iter().cloned().map(Value::Text).collect();
    select(
        repo,
        THROTTLE.select(Expr::In {
            column: Ident::literal("subject"),
            values,
        }),
        counter,
    )
    .await
}

/// A counter as it was read, and as it is to be.
#[derive(Clone, Debug)]
pub struct Count {
    /// What was read; `None` when there was no counter.
    pub before: Option<Counter>,
    /// What it becomes.
    pub after: Counter,
}

/// Writes counters if nobody else changed any of them since they were read; `false` when somebody did.
///
/// # Errors
/// `Repository` when the database fails.
pub async fn swap_counters(repo: &RemoteInstance, counts: &[Count]) -> Result<bool> {
    let mut batch = Batch::default();
    for Count { before, after } in counts {
        let moments = [
            Value::Instant(after.last_failure_at),
            Value::Instant(after.blocked_until),
        ];
        let [last_failure_at, blocked_until] = moments;
        if let Some(before) = before {
            let set = vec![
                ("failures", after.failures.into()),
                ("last_failure_at", last_failure_at),
                ("blocked_until", blocked_until),
            ];
            let unchanged =
                is("subject", before.subject.as_str()).and(is("failures", before.failures));
            batch.write(THROTTLE.update(set, unchanged), Expect::Rows(1));
        } else {
            let values = vec![
                after.subject.as_str().into(),
                after.failures.into(),
                last_failure_at,
                blocked_until,
            ];
            batch.write(THROTTLE.insert(&[values]), Expect::Rows(1));
        }
    }
    match repo.apply(&batch).await {
        Ok(BatchOutcome::Committed(_)) => Ok(true),
        Ok(BatchOutcome::Refused { .. }) => Ok(false),
        Err(error) if matches!(error.category, Category::Unique | Category::Conflict) => Ok(false),
        Err(error) => Err(Error::Repository(error)),
    }
}

/// Takes back one failure that was counted: if it was the last, what it made the subject wait as well.
pub fn take_back(batch: &mut Batch, count: &Count) {
    let Counter {
        subject, failures, ..
    } = &count.after;
    let last_failure = is("subject", subject.as_str()).and(is("failures", *failures));
    let waited = count
        .before
        .as_ref()
        .map_or(count.after.last_failure_at, |before| before.blocked_until);
    let set = vec![("blocked_until", Value::Instant(waited))];
    batch.write(THROTTLE.update(set, last_failure), Expect::AtMost(1));

    let column = Ident::literal("failures");
    let some = Expr::compare(&column, Compare::Gt, 0);
    let less = Assignment {
        column,
        to: SetTo::Plus(Value::I64(-1)),
    };
    let filter = is("subject", subject.as_str()).and(some);
    let update = Update {
        table: THROTTLE.table(),
        set: vec![less],
        filter,
    };
    batch.write(Statement::Update(update), Expect::AtMost(1));
}

/// Forgets a subject.
pub fn delete_counter(batch: &mut Batch, subject: &str) {
    batch.write(THROTTLE.delete(is("subject", subject)), Expect::Any);
}

/// Forgets every subject whose last failure was before `since`.
pub fn delete_rested(batch: &mut Batch, since: Timestamp) {
    let rested = Expr::compare(
        &Ident::literal("last_failure_at"),
        Compare::Lt,
        Value::Instant(since),
    );
    batch.write(THROTTLE.delete(rested), Expect::Any);
}
