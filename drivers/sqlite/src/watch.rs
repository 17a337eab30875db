//! Stops what runs on a thread when its caller has gone or its deadline has passed.
//!
//! The engine asks [`should_stop`] every few microseconds while it works, and while it waits for a lock of another
//! process. What it asks about is set for one call only, so that a stop hits the batch it is meant for and no other.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use quillback_plugin_api::{Category, DriverError};

/// What ends a call early.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    gone: Arc<AtomicBool>,
    claimed: Arc<AtomicBool>,
    deadline: Option<Instant>,
}

/// Tells the thread that works for a caller when the caller has gone.
#[derive(Debug)]
pub(crate) struct Caller(Arc<AtomicBool>);

impl Drop for Caller {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Watch {
    /// Starts the clock; 0 milliseconds is no deadline. The caller keeps the second half for as long as it waits.
    pub(crate) fn start(deadline_ms: u32) -> (Self, Caller) {
        let gone = Arc::new(AtomicBool::new(false));
        let deadline = (deadline_ms > 0)
            .then(|| Instant::now().checked_add(Duration::from_millis(deadline_ms.into())))
            .flatten();
        let watch = Self {
            gone: Arc::clone(&gone),
            claimed: Arc::default(),
            deadline,
        };
        (watch, Caller(gone))
    }

    /// Why the call must end now, if it must.
    pub(crate) fn stop(&self) -> Option<DriverError> {
        if self.gone.load(Ordering::Relaxed) {
            let message = "the call was cancelled; nothing took effect";
            Some(DriverError::new(Category::Cancelled, message))
        } else if self.is_late() {
            Some(late())
        } else {
            None
        }
    }

    /// Takes the call, for the thread that is about to begin it or for the caller that gives it up: only the first of
    /// the two gets it.
    pub(crate) fn claim(&self) -> bool {
        !self.claimed.swap(true, Ordering::AcqRel)
    }

    /// Waits for a call. When the deadline passes before a thread began it, it never begins and the wait is over at
    /// once; after that the thread ends it in its own time, and its answer is the truth.
    pub(crate) async fn wait<T>(
        &self,
        call: impl Future<Output = Result<T, DriverError>>,
    ) -> Result<T, DriverError> {
        let Some(deadline) = self.deadline else {
            return call.await;
        };
        let mut call = std::pin::pin!(call);
        match tokio::time::timeout_at(deadline.into(), &mut call).await {
            Ok(done) => done,
            Err(_) if self.claim() => Err(late()),
            Err(_) => call.await,
        }
    }

    fn is_late(&self) -> bool {
        self.deadline
            .is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Runs `work` on this thread under this watch. A failure that the watch caused is reported as what it was.
    pub(crate) fn over<T>(
        &self,
        work: impl FnOnce() -> Result<T, DriverError>,
    ) -> Result<T, DriverError> {
        let (done, _) = self.run(None, work);
        done
    }

    /// As [`Watch::over`], for no longer than `time`; `None` when that was not enough.
    pub(crate) fn briefly<T>(
        &self,
        time: Duration,
        work: impl FnOnce() -> Result<T, DriverError>,
    ) -> Option<Result<T, DriverError>> {
        match self.run(Instant::now().checked_add(time), work) {
            (Err(error), true) if self.stop().is_none() && is_stop(&error) => None,
            (done, _) => Some(done),
        }
    }

    fn run<T>(
        &self,
        until: Option<Instant>,
        work: impl FnOnce() -> Result<T, DriverError>,
    ) -> (Result<T, DriverError>, bool) {
        let current = Current {
            watch: self.clone(),
            until,
            overran: false,
        };
        let outer = CURRENT.replace(Some(current));
        let done = work();
        let overran = CURRENT.replace(outer).is_some_and(|ended| ended.overran);
        let done = done.map_err(|error| match self.stop() {
            Some(stopped) if is_stop(&error) => DriverError {
                step: error.step,
                ..stopped
            },
            _ => error,
        });
        (done, overran)
    }
}

/// Whether a stop may be what the error is due to.
fn is_stop(error: &DriverError) -> bool {
    matches!(error.category, Category::Cancelled | Category::Unavailable)
}

fn late() -> DriverError {
    let message = "the deadline passed; nothing took effect";
    DriverError::new(Category::Timeout, message)
}

/// What runs on a thread.
struct Current {
    watch: Watch,
    /// When it must end to be short enough for this thread.
    until: Option<Instant>,
    overran: bool,
}

thread_local! {
    static CURRENT: RefCell<Option<Current>> = const { RefCell::new(None) };
}

/// Whether what runs on this thread must stop.
pub(crate) fn should_stop() -> bool {
    CURRENT.with_borrow_mut(|current| {
        let Some(current) = current else {
            return false;
        };
        current.overran |= current.until.is_some_and(|until| Instant::now() >= until);
        current.overran || current.watch.stop().is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_that_goes_stops_only_its_own_call() {
        let (first, caller) = Watch::start(0);
        let (second, _other) = Watch::start(0);
        drop(caller);
        let category = |watch: &Watch| watch.stop().map(|error| error.category);
        assert_eq!(category(&first), Some(Category::Cancelled));
        assert_eq!(category(&second), None);
        first
            .over(|| {
                assert!(should_stop());
                Ok(())
            })
            .unwrap();
        assert!(!should_stop());
    }

    #[tokio::test]
    async fn a_call_that_nobody_began_ends_at_its_deadline() {
        let (watch, _caller) = Watch::start(1);
        let never = std::future::pending::<Result<(), DriverError>>();
        let late = watch.wait(never).await.unwrap_err();
        assert_eq!(late.category, Category::Timeout);
        assert!(!watch.claim(), "a thread would begin it after all");
    }

    #[tokio::test]
    async fn a_call_that_was_begun_is_waited_for() {
        let (watch, _caller) = Watch::start(1);
        assert!(watch.claim());
        let slow = async {
            while watch.stop().is_none() {
                tokio::task::yield_now().await;
            }
            Ok(5)
        };
        assert_eq!(watch.wait(slow).await.unwrap(), 5);
    }

    #[test]
    fn a_failure_of_the_data_is_not_mistaken_for_a_stop() {
        let (watch, caller) = Watch::start(0);
        drop(caller);
        let failed = watch.over(|| Err::<(), _>(DriverError::new(Category::Unique, "x")));
        assert_eq!(failed.unwrap_err().category, Category::Unique);
        let stopped = watch.over(|| Err::<(), _>(DriverError::new(Category::Cancelled, "x")));
        assert_eq!(stopped.unwrap_err().category, Category::Cancelled);
    }
}
