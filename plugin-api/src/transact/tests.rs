//! Batches on a database that writes down what it is told.

use std::future::pending;
use std::sync::{Arc, Mutex};

use super::*;
use crate::Ident;
use crate::TableRef;
use crate::batch::Expect;
use crate::pool::tests::{Fake, Seen, count, fake, lost};
use crate::sql::{Expr, Rendered};

/// A database with a fault.
#[derive(Default)]
struct Database {
    said: Mutex<Vec<&'static str>>,
    /// The call that goes wrong the first time, and how; `None` is never to answer.
    fault: Mutex<Option<(&'static str, Option<DriverError>)>>,
}

impl Database {
    fn with(what: &'static str, fault: Option<DriverError>) -> Self {
        Self {
            fault: Mutex::new(Some((what, fault))),
            ..Self::default()
        }
    }

    async fn said(&self, what: &'static str) -> Result<(), DriverError> {
        self.said.lock().unwrap().push(what);
        let fault = self.fault.lock().unwrap().take_if(|fault| fault.0 == what);
        match fault {
            Some((_, Some(error))) => Err(error),
            Some((_, None)) => pending().await,
            None => Ok(()),
        }
    }

    fn log(&self) -> Vec<&'static str> {
        self.said.lock().unwrap().clone()
    }
}

impl Transact<u32> for Database {
    async fn begin(&self, _session: &mut u32, _batch: &Batch) -> Result<(), DriverError> {
        self.said("begin").await
    }

    async fn send(
        &self,
        _session: &mut u32,
        _step: &Step,
        _action: &Action<'_>,
    ) -> Result<Answer, DriverError> {
        self.said("send").await.map(|()| Answer::Affected(1))
    }

    async fn commit(&self, _session: &mut u32, _batch: &Batch) -> Result<(), DriverError> {
        self.said("commit").await
    }

    async fn roll_back(&self, _session: &mut u32, _batch: &Batch) -> Result<(), DriverError> {
        self.said("roll back").await
    }
}

/// A batch of checks that each want so many rows, with its statements.
fn batch(wanted: &[u64], deadline_ms: u32) -> (Batch, Vec<Planned<'static>>) {
    let mut batch = Batch {
        deadline_ms,
        ..Batch::default()
    };
    for rows in wanted {
        let table = TableRef::new(Ident::literal("t"));
        batch.check(table, Expr::True, Expect::Rows(*rows));
    }
    let statement = || Rendered {
        sql: String::new(),
        params: Vec::new(),
    };
    let planned = (0..wanted.len()).map(|step| Planned {
        step,
        action: Action::Execute(statement()),
    });
    (batch, planned.collect())
}

/// Runs a batch on a pool with a connection that was used before.
async fn run(
    database: &Database,
    wanted: &[u64],
    deadline_ms: u32,
) -> (Result<BatchOutcome, DriverError>, Pool<Fake>, Arc<Seen>) {
    let (pool, seen) = fake(1);
    pool.lease().await.unwrap().give_back();
    let (batch, planned) = batch(wanted, deadline_ms);
    let done = apply(&pool, database, &batch, &planned).await;
    (done, pool, seen)
}

#[tokio::test]
async fn steps_run_in_order_in_one_transaction() {
    let database = Database::default();
    let (done, pool, _) = run(&database, &[1, 1], 0).await;
    assert!(matches!(done, Ok(BatchOutcome::Committed(done)) if done.len() == 2));
    assert_eq!(database.log(), ["begin", "send", "send", "commit"]);
    assert!(pool.lease().await.unwrap().is_reused());
}

#[tokio::test]
async fn one_read_needs_no_transaction() {
    let database = Database::default();
    let (done, pool, _) = run(&database, &[1], 0).await;
    assert!(matches!(done, Ok(BatchOutcome::Committed(_))));
    assert_eq!(database.log(), ["send"]);
    assert!(pool.lease().await.unwrap().is_reused());
}

#[tokio::test]
async fn what_is_not_as_expected_is_taken_back() {
    let database = Database::default();
    let (done, pool, _) = run(&database, &[7, 1], 0).await;
    assert!(matches!(
        done,
        Ok(BatchOutcome::Refused {
            step: 0,
            found: 1,
            ..
        })
    ));
    assert_eq!(database.log(), ["begin", "send", "roll back"]);
    assert!(pool.lease().await.unwrap().is_reused());
}

#[tokio::test]
async fn a_step_that_fails_is_named_and_all_is_taken_back() {
    let error = DriverError::new(Category::Unique, "twice");
    let database = Database::with("send", Some(error));
    let (done, pool, seen) = run(&database, &[1, 1], 0).await;
    let error = done.unwrap_err();
    assert_eq!((error.category, error.step), (Category::Unique, Some(0)));
    assert!(!error.outcome_unknown);
    assert_eq!(database.log(), ["begin", "send", "roll back"]);
    assert!(pool.lease().await.unwrap().is_reused());
    assert_eq!(count(&seen.stopped), 0);
}

#[tokio::test]
async fn who_cannot_roll_back_is_not_used_again() {
    let database = Database::with("roll back", Some(lost()));
    let (done, pool, _) = run(&database, &[7, 1], 0).await;
    assert!(matches!(done, Ok(BatchOutcome::Refused { .. })));
    assert!(!pool.lease().await.unwrap().is_reused());
}

#[tokio::test]
async fn a_connection_that_was_closed_while_it_waited_is_replaced() {
    for (wanted, first, log) in [
        (
            &[1, 1][..],
            "begin",
            &["begin", "begin", "send", "send", "commit"][..],
        ),
        (&[1], "send", &["send", "send"]),
    ] {
        let database = Database::with(first, Some(lost()));
        let (done, _, seen) = run(&database, wanted, 0).await;
        assert!(matches!(done, Ok(BatchOutcome::Committed(_))));
        assert_eq!(database.log(), log);
        assert_eq!(count(&seen.opened), 2);
    }
}

#[tokio::test]
async fn nothing_is_sent_twice_once_the_transaction_has_begun_or_the_connection_is_new() {
    let database = Database::with("send", Some(lost()));
    let (done, _, _) = run(&database, &[1, 1], 0).await;
    let error = done.unwrap_err();
    assert!(error.connection_lost && !error.outcome_unknown);
    assert_eq!(database.log(), ["begin", "send", "roll back"]);
    let database = Database::with("begin", Some(lost()));
    let ((pool, _), (batch, planned)) = (fake(1), batch(&[1, 1], 0));
    assert!(apply(&pool, &database, &batch, &planned).await.is_err());
    assert_eq!(database.log(), ["begin", "roll back"]);
}

#[tokio::test]
async fn a_commit_without_an_answer_is_unknown_and_one_that_was_refused_is_not() {
    let database = Database::with("commit", Some(lost()));
    let (done, pool, _) = run(&database, &[1, 1], 0).await;
    assert!(done.unwrap_err().outcome_unknown);
    assert_eq!(database.log(), ["begin", "send", "send", "commit"]);
    assert!(!pool.lease().await.unwrap().is_reused());
    let conflict = DriverError::new(Category::Conflict, "later");
    let database = Database::with("commit", Some(conflict));
    let (done, pool, _) = run(&database, &[1, 1], 0).await;
    let error = done.unwrap_err();
    assert!(!error.outcome_unknown && error.category == Category::Conflict);
    let log = ["begin", "send", "send", "commit", "roll back"];
    assert_eq!(database.log(), log);
    assert!(pool.lease().await.unwrap().is_reused());
}

#[tokio::test(start_paused = true)]
async fn a_deadline_stops_the_server_and_says_what_is_known() {
    for (wanted, late, is_unknown) in [
        (&[1][..], "send", false),
        (&[1, 1], "begin", false),
        (&[1, 1], "send", false),
        (&[1, 1], "commit", true),
    ] {
        let database = Database::with(late, None);
        let (done, pool, seen) = run(&database, wanted, 20).await;
        let error = done.unwrap_err();
        assert_eq!(error.category, Category::Timeout, "{late}");
        assert_eq!(error.outcome_unknown, is_unknown, "{late}");
        assert_eq!(count(&seen.stopped), 1, "{late}");
        assert!(!pool.lease().await.unwrap().is_reused(), "{late}");
    }
}

#[tokio::test(start_paused = true)]
async fn waiting_for_a_connection_counts() {
    let ((pool, _), (batch, planned)) = (fake(1), batch(&[1, 1], 1));
    let _taken = pool.lease().await.unwrap();
    let database = Database::default();
    let error = apply(&pool, &database, &batch, &planned).await.unwrap_err();
    assert_eq!(error.category, Category::Timeout);
    assert!(database.log().is_empty());
}

#[tokio::test]
async fn a_call_that_is_dropped_stops_the_server() {
    let (pool, seen) = fake(1);
    let database = Database::with("send", None);
    let (batch, planned) = batch(&[1, 1], 0);
    let call = apply(&pool, &database, &batch, &planned);
    assert!(tokio::time::timeout(Duration::ZERO, call).await.is_err());
    assert_eq!(database.log(), ["begin", "send"]);
    assert!(!pool.lease().await.unwrap().is_reused());
    assert_eq!(count(&seen.stopped), 1);
}
