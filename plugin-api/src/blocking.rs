//! For clients that block: a thread for each connection, and calls that wait for it without blocking.
//!
//! [`Worker`] keeps a connection on a thread of its own for as long as it lives, so the connection need not be allowed
//! on other threads. Calls queue up; one that is dropped while it waits never runs, and one that runs is told so.
//! [`Pool`] lends a bounded number of them.

mod pool;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::sync::{mpsc, oneshot};

use crate::error::{Category, DriverError};

pub use pool::{Connector, Lent, Pool};

/// Calls that may wait for one connection; more wait to be queued.
const QUEUE: usize = 64;

/// Stops what the connection does at the moment, from another thread. It is called only while the call runs that is
/// to be stopped, so it cannot hit the next one.
pub type Interrupt = Box<dyn Fn() + Send + Sync>;

/// Whether the caller has gone. Work that takes long looks at it now and then and ends with an error.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Whether the caller has gone.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Ends the work when the caller has gone: `cancel.check()?`.
    ///
    /// # Errors
    /// `Cancelled`.
    pub fn check(&self) -> Result<(), DriverError> {
        if self.is_cancelled() {
            return Err(cancelled());
        }
        Ok(())
    }
}

type Job<T> = Box<dyn FnOnce(&mut T) -> Fate + Send>;

/// What becomes of a connection after a call.
#[derive(PartialEq)]
enum Fate {
    Keep,
    /// The call panicked half-way: nobody knows in what state the connection is.
    Drop,
}

/// Which call runs, and how to stop it.
#[derive(Default)]
struct Running {
    call: Mutex<Option<u64>>,
    latest: AtomicU64,
    interrupt: OnceLock<Interrupt>,
}

/// A connection of a blocking client on a thread of its own, which ends when this is dropped and the queue is empty.
pub struct Worker<T> {
    jobs: mpsc::Sender<Job<T>>,
    running: Arc<Running>,
}

impl<T: 'static> Worker<T> {
    /// Starts a thread called `name` and makes the connection there.
    ///
    /// # Errors
    /// What `make` answers; `Resource` when there is no thread to be had; `Internal` when `make` panics.
    pub async fn start(
        name: &str,
        make: impl FnOnce() -> Result<T, DriverError> + Send + 'static,
    ) -> Result<Self, DriverError> {
        Self::launch(name, move || make().map(|made| (made, None))).await
    }

    /// As [`Worker::start`], for clients that offer a way to stop what they do.
    ///
    /// # Errors
    /// As [`Worker::start`].
    pub async fn start_interruptible(
        name: &str,
        make: impl FnOnce() -> Result<(T, Interrupt), DriverError> + Send + 'static,
    ) -> Result<Self, DriverError> {
        let make = move || make().map(|(made, interrupt)| (made, Some(interrupt)));
        Self::launch(name, make).await
    }

    async fn launch(
        name: &str,
        make: impl FnOnce() -> Result<(T, Option<Interrupt>), DriverError> + Send + 'static,
    ) -> Result<Self, DriverError> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let (ready, started) = oneshot::channel();
        let running = Arc::new(Running::default());
        let shared = Arc::clone(&running);
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                let done = catch_unwind(AssertUnwindSafe(make)).unwrap_or_else(|_| Err(panicked()));
                match done {
                    Ok((connection, interrupt)) => {
                        if let Some(interrupt) = interrupt {
                            let _ = shared.interrupt.set(interrupt);
                        }
                        let _ = ready.send(Ok(()));
                        work_off(connection, queue);
                    }
                    Err(error) => {
                        let _ = ready.send(Err(error));
                    }
                }
            })
            .map_err(|error| {
                let message = format!("no thread for a connection: {error}");
                DriverError::new(Category::Resource, message)
            })?;
        started.await.unwrap_or_else(|_| Err(panicked()))?;
        Ok(Self { jobs, running })
    }

    /// Runs `work` on the connection's thread, after the calls before it. Dropping the future cancels it.
    ///
    /// # Errors
    /// What `work` answers. `Internal` when it panics; the connection is dropped then, and every later call answers
    /// `Unavailable` with `connection_lost`.
    pub async fn run<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut T, &Cancel) -> Result<R, DriverError> + Send + 'static,
    ) -> Result<R, DriverError> {
        let (answer, answered) = oneshot::channel();
        let running = Arc::clone(&self.running);
        let call = running.latest.fetch_add(1, Ordering::Relaxed);
        let cancel = Cancel::default();
        let caller = Caller {
            cancel: cancel.clone(),
            call,
            running: Arc::clone(&running),
        };
        let job = move |connection: &mut T| {
            running.set(Some(call));
            let done = if cancel.is_cancelled() {
                Ok(Err(cancelled()))
            } else {
                catch_unwind(AssertUnwindSafe(|| work(connection, &cancel)))
            };
            running.set(None);
            let (fate, done) = match done {
                Ok(done) => (Fate::Keep, done),
                Err(_) => (Fate::Drop, Err(panicked())),
            };
            // The caller may have gone.
            let _ = answer.send(done);
            fate
        };
        let done = match self.jobs.send(Box::new(job)).await {
            Ok(()) => answered.await.unwrap_or_else(|_| Err(gone())),
            Err(_) => Err(gone()),
        };
        drop(caller);
        done
    }

    /// Whether the connection was dropped after a panic.
    pub fn is_broken(&self) -> bool {
        self.jobs.is_closed()
    }
}

impl<T> std::fmt::Debug for Worker<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worker").finish_non_exhaustive()
    }
}

fn work_off<T>(mut connection: T, mut queue: mpsc::Receiver<Job<T>>) {
    while let Some(job) = queue.blocking_recv() {
        if job(&mut connection) == Fate::Drop {
            break;
        }
    }
    // Callers that wait learn at once that nobody answers any more.
    drop(queue);
    let _ = catch_unwind(AssertUnwindSafe(|| drop(connection)));
}

impl Running {
    fn set(&self, call: Option<u64>) {
        *self.call.lock().unwrap_or_else(PoisonError::into_inner) = call;
    }
}

/// Cancels its call when it is dropped.
struct Caller {
    cancel: Cancel,
    call: u64,
    running: Arc<Running>,
}

impl Drop for Caller {
    fn drop(&mut self) {
        self.cancel.0.store(true, Ordering::Relaxed);
        let running = self
            .running
            .call
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // The lock is held meanwhile, so that the next call cannot start and be hit.
        if *running == Some(self.call)
            && let Some(interrupt) = self.running.interrupt.get()
        {
            interrupt();
        }
    }
}

fn panicked() -> DriverError {
    let message = "the driver panicked, which is a fault in the driver";
    DriverError::new(Category::Internal, message)
}

fn cancelled() -> DriverError {
    DriverError::new(Category::Cancelled, "the call was cancelled")
}

fn gone() -> DriverError {
    DriverError {
        connection_lost: true,
        ..DriverError::new(Category::Unavailable, "the connection is gone")
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    #[tokio::test]
    async fn calls_run_in_order_on_one_thread_of_their_own() {
        // A connection that is not allowed on other threads.
        let worker = Worker::start("test", || Ok(Rc::new(std::cell::Cell::new(0))))
            .await
            .unwrap();
        for wanted in 0..100 {
            let number = worker.run(|cell, _| Ok(cell.replace(cell.get() + 1)));
            assert_eq!(number.await.unwrap(), wanted);
        }
        let name = worker
            .run(|_, _| Ok(std::thread::current().name().map(str::to_owned)))
            .await
            .unwrap();
        assert_eq!(name.as_deref(), Some("test"));
    }

    #[tokio::test]
    async fn making_a_connection_may_fail_or_panic() {
        let failed = Worker::<u8>::start("test", || Err(DriverError::new(Category::Auth, "no")));
        assert_eq!(failed.await.unwrap_err().category, Category::Auth);
        let panicking = Worker::<u8>::start("test", || panic!("now"));
        assert_eq!(panicking.await.unwrap_err().category, Category::Internal);
    }

    #[tokio::test]
    async fn a_call_that_is_dropped_is_interrupted_and_no_other() {
        let (started, starts) = std::sync::mpsc::channel();
        let interrupts = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&interrupts);
        let worker = Worker::start_interruptible("test", move || {
            let interrupt = move || {
                count.fetch_add(1, Ordering::SeqCst);
            };
            Ok(((), Box::new(interrupt) as Interrupt))
        })
        .await
        .unwrap();
        let worker = Arc::new(worker);
        let spin = {
            let worker = Arc::clone(&worker);
            tokio::spawn(async move {
                let spinning = worker.run(move |(), cancel| {
                    started.send(()).unwrap();
                    while !cancel.is_cancelled() {
                        std::thread::yield_now();
                    }
                    Ok(())
                });
                spinning.await
            })
        };
        tokio::task::spawn_blocking(move || starts.recv().unwrap())
            .await
            .unwrap();
        let mut waiting = Box::pin(worker.run(|(), _| Ok(())));
        let waker = std::task::Waker::noop();
        let mut context = std::task::Context::from_waker(waker);
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        drop(waiting);
        assert_eq!(interrupts.load(Ordering::SeqCst), 0, "it did not run yet");
        spin.abort();
        assert!(spin.await.unwrap_err().is_cancelled());
        worker.run(|(), _| Ok(())).await.unwrap();
        assert_eq!(interrupts.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_panic_breaks_the_connection_and_is_told() {
        let worker = Worker::start("test", || Ok(1_u8)).await.unwrap();
        let error = worker.run::<()>(|_, _| panic!("inside")).await.unwrap_err();
        assert_eq!(error.category, Category::Internal);
        let error = worker.run(|_, _| Ok(())).await.unwrap_err();
        assert!(error.connection_lost);
        assert!(worker.is_broken());
    }
}
