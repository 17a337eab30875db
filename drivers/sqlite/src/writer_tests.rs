//! Groups whose batches all wait before the thread begins, so that what is committed together is known.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use quillback_plugin_api::batch::{Batch, Expect};
use quillback_plugin_api::sql::{Assignment, Expr, Insert, Statement, Update};
use quillback_plugin_api::{Ident, RowBuffer, TableRef, Value};
use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::watch::Caller;

struct Lab {
    _folder: TempDir,
    connection: Connection,
    waiting: Vec<Waiting>,
    wait: Arc<Mutex<Vec<oneshot::Receiver<Outcome>>>>,
    callers: Vec<Caller>,
    commits: Arc<AtomicU32>,
}

/// A table of numbered texts, and one whose rows refer to it; that is checked at the commit.
fn lab() -> Lab {
    let folder = TempDir::new().unwrap();
    let options = json!({ "path": folder.path().join("x.sqlite"), "synchronous": "normal" });
    let mut connection = connect::open_writer(&Options::parse(options).unwrap()).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT);
             CREATE TABLE child (t INTEGER REFERENCES t (id) DEFERRABLE INITIALLY DEFERRED);",
        )
        .unwrap();
    let commits = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&commits);
    let count = move || {
        counter.fetch_add(1, Ordering::Relaxed);
        false
    };
    connection.commit_hook(Some(count)).unwrap();
    Lab {
        _folder: folder,
        connection,
        waiting: Vec::new(),
        wait: Arc::default(),
        callers: Vec::new(),
        commits,
    }
}

fn name(text: &str) -> Ident {
    Ident::new(text).unwrap()
}

fn insert(table: &str, row: &[(&str, Value)]) -> Batch {
    let (columns, values): (Vec<_>, Vec<_>) = row.iter().cloned().unzip();
    let insert = Insert {
        table: TableRef::new(name(table)),
        columns: columns.into_iter().map(name).collect(),
        rows: RowBuffer::from_rows(values.len(), &[values]).unwrap(),
        returning: Vec::new(),
    };
    let mut batch = Batch::default();
    batch.write(Statement::Insert(insert), Expect::Rows(1));
    batch
}

fn row(id: i64) -> Batch {
    insert("t", &[("id", id.into()), ("v", "x".into())])
}

fn child(of: i64) -> Batch {
    insert("child", &[("t", of.into())])
}

/// Adds a row and then demands to find one that does not exist.
fn refused(id: i64) -> Batch {
    let mut batch = row(id);
    let update = Update {
        table: TableRef::new(name("t")),
        set: vec![Assignment::set(&name("v"), "y")],
        filter: Expr::eq(&name("id"), -1),
    };
    batch.write(Statement::Update(update), Expect::Rows(1));
    batch
}

impl Lab {
    fn queue(&mut self, batch: Batch) {
        let (answer, wait) = oneshot::channel();
        let (watch, caller) = Watch::start(batch.deadline_ms);
        let plan = Plan::new(batch).unwrap();
        self.waiting.push(Waiting {
            plan,
            watch,
            answer,
            begun: false,
            solo: false,
        });
        self.wait.lock().unwrap().push(wait);
        self.callers.push(caller);
    }

    /// Runs all that waits, to the end. Answers the outcomes, the rows of the table and the number of commits.
    fn run(self) -> (Vec<Option<Outcome>>, Vec<i64>, u32) {
        let path = self.connection.path().unwrap().to_owned();
        let (jobs, queue) = mpsc::channel(QUEUE);
        for waiting in self.waiting {
            assert!(jobs.try_send(Job::Apply(waiting)).is_ok());
        }
        drop(jobs);
        Thread::new(self.connection, queue).serve();
        let mut wait = self.wait.lock().unwrap();
        let outcomes = wait.iter_mut().map(|wait| wait.try_recv().ok());
        let connection = Connection::open(path).unwrap();
        let rows = connection
            .prepare("SELECT id FROM t ORDER BY id")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<rusqlite::Result<_>>()
            .unwrap();
        (
            outcomes.collect(),
            rows,
            self.commits.load(Ordering::Relaxed),
        )
    }
}

fn words(outcomes: &[Option<Outcome>]) -> Vec<String> {
    outcomes
        .iter()
        .map(|outcome| match outcome {
            Some(Ok(BatchOutcome::Committed(_))) => "committed".into(),
            Some(Ok(BatchOutcome::Refused { .. })) => "refused".into(),
            Some(Err(error)) => format!("{:?}", error.category),
            None => "no answer".into(),
        })
        .collect()
}

#[test]
fn batches_that_wait_share_one_commit_and_fail_alone() {
    let mut lab = lab();
    for batch in [
        row(1),
        row(1),
        refused(2),
        row(3),
        refused(4),
        child(3),
        row(5),
    ] {
        lab.queue(batch);
    }
    let (outcomes, rows, commits) = lab.run();
    assert_eq!(
        words(&outcomes),
        [
            "committed",
            "Unique",
            "refused",
            "committed",
            "refused",
            "committed",
            "committed"
        ]
    );
    assert_eq!(rows, [1, 3, 5]);
    assert_eq!(commits, 1);
}

#[test]
fn a_first_batch_that_fails_leaves_the_others_their_commit() {
    let mut lab = lab();
    for batch in [refused(1), refused(1), row(2), row(3)] {
        lab.queue(batch);
    }
    let (outcomes, rows, commits) = lab.run();
    assert_eq!(
        words(&outcomes),
        ["refused", "refused", "committed", "committed"]
    );
    assert_eq!(rows, [2, 3]);
    assert_eq!(commits, 1);
}

#[test]
fn failures_make_the_batches_before_the_first_of_them_run_twice_and_no_others() {
    let mut lab = lab();
    let inserts = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&inserts);
    let count = move |_, _: &str, _: &str, _| {
        counter.fetch_add(1, Ordering::Relaxed);
    };
    lab.connection.update_hook(Some(count)).unwrap();
    for batch in [row(1), row(2), refused(3), row(4), refused(5), row(6)] {
        lab.queue(batch);
    }
    let (outcomes, rows, commits) = lab.run();
    assert_eq!(
        words(&outcomes),
        [
            "committed",
            "committed",
            "refused",
            "committed",
            "refused",
            "committed"
        ]
    );
    assert_eq!((rows, commits), (vec![1, 2, 4, 6], 1));
    assert_eq!(inserts.load(Ordering::Relaxed), 3 + 6);
}

#[test]
fn nobody_is_answered_before_the_commit() {
    let mut lab = lab();
    // The second is refused because of a row that is not committed yet: it must wait for that too.
    for batch in [row(1), row(1), refused(2)] {
        lab.queue(batch);
    }
    let wait = Arc::clone(&lab.wait);
    let early = Arc::new(AtomicU32::new(0));
    let seen = Arc::clone(&early);
    let look = move || {
        let mut wait = wait.lock().unwrap();
        let answered = wait.iter_mut().filter(|wait| !wait.is_empty()).count();
        seen.fetch_add(u32::try_from(answered).unwrap(), Ordering::Relaxed);
        false
    };
    lab.connection.commit_hook(Some(look)).unwrap();
    let (outcomes, _, _) = lab.run();
    assert_eq!(words(&outcomes), ["committed", "Unique", "refused"]);
    assert_eq!(early.load(Ordering::Relaxed), 0);
}

#[test]
fn many_batches_take_several_commits() {
    let mut lab = lab();
    for id in 0..600 {
        lab.queue(row(id));
    }
    let (outcomes, rows, commits) = lab.run();
    assert!(words(&outcomes).iter().all(|word| word == "committed"));
    assert_eq!(rows.len(), 600);
    assert_eq!(commits, 3);
}

#[test]
fn a_batch_whose_caller_has_gone_is_left_out() {
    let mut lab = lab();
    for id in 1..=3 {
        lab.queue(row(id));
    }
    drop(lab.callers.remove(1));
    let (outcomes, rows, _) = lab.run();
    assert_eq!(words(&outcomes), ["committed", "Cancelled", "committed"]);
    assert_eq!(rows, [1, 3]);
}

#[test]
fn a_batch_that_its_caller_gave_up_is_left_out() {
    let mut lab = lab();
    lab.queue(row(1));
    lab.queue(row(2));
    assert!(lab.waiting[0].watch.claim());
    let (outcomes, rows, _) = lab.run();
    assert_eq!(words(&outcomes), ["no answer", "committed"]);
    assert_eq!(rows, [2]);
}

#[test]
fn a_batch_that_runs_too_long_takes_nobody_with_it() {
    let mut lab = lab();
    lab.connection
        .execute_batch(
            "CREATE VIEW endless AS WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c)
                 SELECT count(*) AS n FROM c;
             CREATE TRIGGER endless AFTER INSERT ON t WHEN new.id = 666
                 BEGIN UPDATE t SET v = (SELECT n FROM endless) WHERE id = 666; END;",
        )
        .unwrap();
    lab.queue(row(1));
    lab.queue(row(1));
    lab.commits.store(0, Ordering::Relaxed);
    // The engine ends the whole transaction when it interrupts a write, so the first two run again.
    lab.queue(Batch {
        deadline_ms: 50,
        ..row(666)
    });
    lab.queue(row(2));
    let (outcomes, rows, commits) = lab.run();
    assert_eq!(
        words(&outcomes),
        ["committed", "Unique", "Timeout", "committed"]
    );
    assert_eq!(rows, [1, 2]);
    assert_eq!(commits, 1);
}

#[test]
fn a_batch_that_fills_the_database_fails_alone() {
    let mut lab = lab();
    lab.connection
        .pragma_update(None, "max_page_count", 20)
        .unwrap();
    let large = |id: i64| insert("t", &[("id", id.into()), ("v", "x".repeat(200_000).into())]);
    for batch in [row(1), large(2), row(3), large(4), row(5)] {
        lab.queue(batch);
    }
    let (outcomes, rows, _) = lab.run();
    assert_eq!(
        words(&outcomes),
        [
            "committed",
            "Resource",
            "committed",
            "Resource",
            "committed"
        ]
    );
    assert_eq!(rows, [1, 3, 5]);
}

#[test]
fn a_reference_that_is_checked_by_the_commit_is_blamed_on_its_batch() {
    let mut lab = lab();
    for batch in [row(1), child(1), child(99), row(2), child(2)] {
        lab.queue(batch);
    }
    let (outcomes, rows, _) = lab.run();
    assert_eq!(
        words(&outcomes),
        [
            "committed",
            "committed",
            "ForeignKey",
            "committed",
            "committed"
        ]
    );
    assert_eq!(rows, [1, 2]);
}

#[test]
fn a_commit_that_fails_is_a_failure_for_all() {
    let mut lab = lab();
    lab.connection.commit_hook(Some(|| true)).unwrap();
    for batch in [row(1), refused(2), row(3)] {
        lab.queue(batch);
    }
    let (outcomes, rows, _) = lab.run();
    assert_eq!(words(&outcomes), ["Constraint", "refused", "Constraint"]);
    assert_eq!(rows, [0_i64; 0]);
}
