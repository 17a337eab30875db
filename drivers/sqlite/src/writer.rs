//! The only thread that writes, and how it commits waiting batches together.
//!
//! Making a commit durable costs the same for one batch and for many. While one group is being committed others wait in
//! the queue, and then form the next group: one transaction. Nobody is answered before the commit is durable, refusals
//! included: they may be due to rows that another batch of the group added.
//!
//! A batch that is refused or fails takes back only its own work. A savepoint for each would do that, and makes the
//! engine copy every page before it is changed again. Most batches succeed, so there is none: after a failure the whole
//! group is taken back and run again with savepoints, as the next groups are.
//!
//! Some failures end the whole transaction (<https://www.sqlite.org/lang_transaction.html>, section 3). The batch that
//! caused it is answered, and the others, of which nothing is left, are run again.

use std::collections::VecDeque;

use quillback_plugin_api::batch::BatchOutcome;
use quillback_plugin_api::{Category, DriverError};
use rusqlite::{Connection, ffi};
use tokio::sync::{mpsc, oneshot};

use crate::connect;
use crate::errors::translate;
use crate::execute;
use crate::options::Options;
use crate::plan::Plan;
use crate::watch::Watch;

/// Calls that may wait; more make their callers wait before they are queued.
const QUEUE: usize = 1_024;
/// Batches of one commit: enough to make its cost small, few enough that nobody waits long.
const GROUP: usize = 256;

/// Groups with savepoints after a failure: who makes batches fail often must not make others run twice as often.
const CAREFUL: usize = 64;

/// The way to the thread that writes.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    jobs: mpsc::Sender<Job>,
}

type Work = Box<dyn FnOnce(&mut Connection) + Send>;
type Outcome = Result<BatchOutcome, DriverError>;

enum Job {
    Apply(Waiting),
    /// Something that runs outside of any group.
    Alone(Work),
    /// The end; the sender is dropped when the file is closed.
    Close(oneshot::Sender<()>),
}

/// A batch that waits for its answer.
struct Waiting {
    plan: Plan,
    watch: Watch,
    answer: oneshot::Sender<Outcome>,
    /// It ran before, in a transaction that was lost.
    begun: bool,
    /// It ended a whole group before; it runs in a transaction of its own now.
    solo: bool,
}

impl Writer {
    /// Opens the database on a new thread.
    ///
    /// # Errors
    /// What opening answers.
    pub(crate) async fn open(options: Options) -> Result<Self, DriverError> {
        Self::start(move || connect::open_writer(&options)).await
    }

    async fn start(
        open: impl FnOnce() -> Result<Connection, DriverError> + Send + 'static,
    ) -> Result<Self, DriverError> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let (opened, wait) = oneshot::channel();
        std::thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn(move || match open() {
                Ok(connection) => {
                    if opened.send(Ok(())).is_ok() {
                        Thread::new(connection, queue).serve();
                    }
                }
                Err(error) => drop(opened.send(Err(error))),
            })
            .map_err(|_| DriverError::new(Category::Resource, "no thread could be started"))?;
        wait.await.map_err(|_| ended())??;
        Ok(Self { jobs })
    }

    /// Runs a batch and waits until it is durable.
    ///
    /// # Errors
    /// What became of it, if not an outcome.
    pub(crate) async fn apply(&self, plan: Plan, watch: Watch) -> Outcome {
        let (answer, wait) = oneshot::channel();
        let patience = watch.clone();
        let waiting = Waiting {
            plan,
            watch,
            answer,
            begun: false,
            solo: false,
        };
        patience.wait(self.ask(Job::Apply(waiting), wait)).await
    }

    async fn ask<T>(
        &self,
        job: Job,
        wait: oneshot::Receiver<Result<T, DriverError>>,
    ) -> Result<T, DriverError> {
        self.jobs.send(job).await.map_err(|_| closed())?;
        wait.await.map_err(|_| ended())?
    }

    /// Runs something alone on the connection that writes.
    ///
    /// # Errors
    /// What it answers.
    pub(crate) async fn alone<T: Send + 'static>(
        &self,
        watch: Watch,
        work: impl FnOnce(&mut Connection) -> Result<T, DriverError> + Send + 'static,
    ) -> Result<T, DriverError> {
        let (answer, wait) = oneshot::channel();
        let patience = watch.clone();
        let job: Work = Box::new(move |connection| {
            let done = match watch.stop() {
                Some(stopped) => Err(stopped),
                None if watch.claim() => watch.over(|| work(connection)),
                None => return,
            };
            let _ = answer.send(done);
        });
        patience.wait(self.ask(Job::Alone(job), wait)).await
    }

    /// Ends the thread after all that waits is done, and closes the file.
    pub(crate) async fn close(&self) {
        let (done, wait) = oneshot::channel();
        if self.jobs.send(Job::Close(done)).await.is_ok() {
            // It never answers: it hears that the sender is gone.
            let _ = wait.await;
        }
    }
}

/// The failure of a call on a connection that was closed.
pub(crate) fn closed() -> DriverError {
    DriverError::new(Category::Unavailable, "the connection was closed")
}

fn ended() -> DriverError {
    let mut error = DriverError::new(Category::Internal, "the thread of the database ended");
    error.connection_lost = true;
    error
}

struct Thread {
    connection: Connection,
    queue: mpsc::Receiver<Job>,
    /// Batches of a transaction that was lost or taken back, which run again before the queue does.
    again: VecDeque<Job>,
    /// Groups to come in which every batch has a savepoint.
    careful: usize,
}

/// Where a batch runs in the transaction of its group.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It begins the transaction.
    First,
    /// In the open transaction, so that it cannot be taken back without the others.
    Open,
    /// In the open transaction, with a savepoint.
    Saved,
}

/// Batches that ran in the open transaction, with what they will be answered.
type Group = Vec<(Waiting, Outcome)>;

impl Thread {
    fn new(connection: Connection, queue: mpsc::Receiver<Job>) -> Self {
        Self {
            connection,
            queue,
            again: VecDeque::new(),
            careful: 0,
        }
    }

    fn serve(mut self) {
        let mut closing = Vec::new();
        while let Some(job) = self
            .again
            .pop_front()
            .or_else(|| self.queue.blocking_recv())
        {
            match job {
                Job::Apply(first) => self.group(first),
                Job::Alone(work) => {
                    work(&mut self.connection);
                    self.leave_transaction();
                }
                Job::Close(done) => {
                    self.queue.close();
                    closing.push(done);
                }
            }
        }
        drop(self);
        drop(closing);
    }

    fn group(&mut self, first: Waiting) {
        let mut group = Group::new();
        let mut next = Some(first);
        while let Some(waiting) = next.take() {
            let solo = waiting.solo;
            self.run(waiting, &mut group);
            if solo || group.len() >= GROUP {
                break;
            }
            let job = self
                .again
                .pop_front()
                .or_else(|| self.queue.try_recv().ok());
            match job {
                Some(Job::Apply(waiting)) if !waiting.solo => next = Some(waiting),
                Some(other) => self.again.push_front(other),
                None => {}
            }
        }
        self.commit(group);
        self.careful = self.careful.saturating_sub(1);
    }

    /// Runs one batch in the open transaction, or in a new one when the group is empty.
    fn run(&mut self, mut waiting: Waiting, group: &mut Group) {
        if let Some(stopped) = waiting.watch.stop() {
            return answer(waiting, Err(stopped));
        }
        if !waiting.begun && !waiting.watch.claim() {
            return;
        }
        waiting.begun = true;
        let place = self.place();
        let done = waiting.watch.over(|| {
            self.begin(place)?;
            let outcome = execute::run(&self.connection, &waiting.plan)?;
            // A caller that went away, or a deadline that passed, still takes everything back here.
            waiting.watch.stop().map_or(Ok(outcome), Err)
        });
        let keep = matches!(done, Ok(BatchOutcome::Committed(_)));
        let settled = self.settle(place, keep);
        let nested = place != Place::First;
        // The transaction is gone when the engine ended it, or when it cannot be put right.
        if nested && (settled.is_err() || self.connection.is_autocommit()) {
            self.leave_transaction();
            self.run_again(group);
            let failed = settled.err().unwrap_or_else(ended);
            return answer(waiting, done.and(Err(failed)));
        }
        if place == Place::Open && !keep {
            self.leave_transaction();
            self.careful = CAREFUL;
            self.again.push_front(Job::Apply(waiting));
            return self.run_again(group);
        }
        if nested || keep {
            group.push((waiting, done));
        } else {
            self.leave_transaction();
            answer(waiting, done);
        }
    }

    fn place(&self) -> Place {
        match (self.connection.is_autocommit(), self.careful) {
            (true, _) => Place::First,
            (false, 0) => Place::Open,
            (false, _) => Place::Saved,
        }
    }

    fn begin(&self, place: Place) -> Result<(), DriverError> {
        match place {
            Place::First => self.send("BEGIN IMMEDIATE"),
            Place::Saved => self.send("SAVEPOINT batch"),
            Place::Open => Ok(()),
        }
    }

    /// Keeps what a batch did until the commit, or takes it back if that is possible for it alone.
    fn settle(&self, place: Place, keep: bool) -> Result<(), DriverError> {
        match (place, keep) {
            (Place::Open, _) | (Place::First, true) => Ok(()),
            (Place::First, false) => self.send("ROLLBACK"),
            (Place::Saved, true) => self.send("RELEASE batch"),
            (Place::Saved, false) => self
                .send("ROLLBACK TO batch")
                .and_then(|()| self.send("RELEASE batch")),
        }
    }

    fn run_again(&mut self, group: &mut Group) {
        for (waiting, _) in group.drain(..).rev() {
            self.again.push_front(Job::Apply(waiting));
        }
    }

    fn commit(&mut self, group: Group) {
        if group.is_empty() {
            return self.leave_transaction();
        }
        match self
            .connection
            .prepare_cached("COMMIT")
            .and_then(|mut commit| commit.raw_execute())
        {
            Ok(_) => group
                .into_iter()
                .for_each(|(waiting, done)| answer(waiting, done)),
            Err(error) => {
                self.leave_transaction();
                self.not_committed(group, &error);
            }
        }
    }

    /// A deferred constraint is checked by the commit: who violated it is found by running each batch alone. Anything
    /// else is the same for all.
    fn not_committed(&mut self, mut group: Group, error: &rusqlite::Error) {
        let code = error.sqlite_error().map_or(0, |error| error.extended_code);
        if code & 0xff == ffi::SQLITE_CONSTRAINT && group.len() > 1 {
            for (waiting, _) in &mut group {
                waiting.solo = true;
            }
            return self.run_again(&mut group);
        }
        let mut failed = translate(error, None);
        // The last page of the commit may be on the disk although telling so failed: only opening the file again tells.
        failed.outcome_unknown = code & 0xff == ffi::SQLITE_IOERR;
        for (waiting, done) in group {
            let done = match done {
                Ok(BatchOutcome::Committed(_)) => Err(failed.clone()),
                _ => Err(DriverError {
                    outcome_unknown: false,
                    ..failed.clone()
                }),
            };
            answer(waiting, done);
        }
    }

    fn send(&self, sql: &'static str) -> Result<(), DriverError> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.raw_execute())
            .map(drop)
            .map_err(|error| translate(&error, None))
    }

    fn leave_transaction(&self) {
        if !self.connection.is_autocommit() {
            let _ = self.send("ROLLBACK");
        }
    }
}

/// A caller that has gone does not hear it.
fn answer(waiting: Waiting, done: Outcome) {
    let _ = waiting.answer.send(done);
}

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;
