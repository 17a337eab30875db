//! Who may still say what becomes of a batch: its caller, whose time may run out, or the thread that commits it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use quillback_plugin_api::batch::Batch;
use quillback_plugin_api::{Category, DriverError};

/// How long is waited for the answer of a commit that was sent in time.
const MOMENT: Duration = Duration::from_secs(5);

/// Nothing has taken effect, and nothing will unless the thread says otherwise.
const OPEN: u8 = 0;
/// Something may take effect now.
const SENT: u8 = 1;
/// The caller was told that nothing took effect.
const LEFT: u8 = 2;

/// When a batch must be done.
#[derive(Clone)]
pub(crate) struct Deadline {
    at: Option<Instant>,
    phase: Arc<AtomicU8>,
}

impl Deadline {
    /// The deadline of a batch that starts now: waiting for a connection counts.
    pub(crate) fn of(batch: &Batch) -> Self {
        let limit = Duration::from_millis(batch.deadline_ms.into());
        Self {
            at: (batch.deadline_ms > 0).then(|| Instant::now() + limit),
            phase: Arc::new(AtomicU8::new(OPEN)),
        }
    }

    /// The time that is left; `None` is all the time in the world.
    ///
    /// # Errors
    /// `Timeout` when none is left.
    pub(crate) fn left(&self) -> Result<Option<Duration>, DriverError> {
        let left = self
            .at
            .map(|at| at.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) || self.phase.load(Ordering::Acquire) == LEFT {
            return Err(too_late());
        }
        Ok(left)
    }

    /// Must be called before anything is sent that takes effect.
    ///
    /// # Errors
    /// `Timeout` when the caller was told that nothing takes effect.
    pub(crate) fn commits(&self) -> Result<(), DriverError> {
        let known = self
            .phase
            .compare_exchange(OPEN, SENT, Ordering::AcqRel, Ordering::Acquire);
        match known {
            Ok(_) | Err(SENT) => Ok(()),
            Err(_) => Err(too_late()),
        }
    }

    /// The answer of `work`, or an error when it takes too long. The work goes on to its own end, which is a roll-back
    /// unless something had been sent that takes effect.
    ///
    /// # Errors
    /// `Timeout`, and what `work` answers.
    pub(crate) async fn hold<T>(
        self,
        work: impl Future<Output = Result<T, DriverError>>,
    ) -> Result<T, DriverError> {
        let Some(at) = self.at else {
            return work.await;
        };
        tokio::pin!(work);
        if let Ok(done) = tokio::time::timeout_at(at.into(), &mut work).await {
            return done;
        }
        let given_up = self
            .phase
            .compare_exchange(OPEN, LEFT, Ordering::AcqRel, Ordering::Acquire);
        if given_up.is_ok() {
            return Err(too_late());
        }
        let late = tokio::time::timeout(MOMENT, work).await;
        late.unwrap_or_else(|_| {
            let message = "the deadline of the batch passed while it was committed";
            Err(DriverError {
                connection_lost: true,
                outcome_unknown: true,
                ..DriverError::new(Category::Timeout, message)
            })
        })
    }
}

fn too_late() -> DriverError {
    let message = "the deadline of the batch passed; nothing took effect";
    DriverError::new(Category::Timeout, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn soon() -> Deadline {
        Deadline::of(&Batch {
            deadline_ms: 20,
            ..Batch::default()
        })
    }

    #[tokio::test]
    async fn what_was_not_sent_is_known_to_have_no_effect() {
        let deadline = soon();
        let mut worker = deadline.clone();
        let error = deadline
            .hold(std::future::pending::<Result<(), _>>())
            .await
            .unwrap_err();
        assert_eq!(error.category, Category::Timeout);
        assert!(!error.outcome_unknown);
        // The thread cannot commit any more.
        worker.at = None;
        assert_eq!(worker.commits().unwrap_err().category, Category::Timeout);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_sent_is_waited_for_and_then_unknown() {
        let deadline = soon();
        deadline.commits().unwrap();
        let slow = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Ok(7)
        };
        assert_eq!(deadline.clone().hold(slow).await.unwrap(), 7);
        let error = deadline
            .hold(std::future::pending::<Result<(), _>>())
            .await
            .unwrap_err();
        assert!(error.outcome_unknown && error.connection_lost);
    }
}
