//! Keeps the deadline of a batch, on the server too.

use std::pin::pin;
use std::time::Duration;

use quillback_plugin_api::batch::{Batch, BatchOutcome};
use quillback_plugin_api::{Category, DriverError};
use tokio::time::{Instant, timeout, timeout_at};

use crate::connection::Connection;
use crate::errors::Failed;
use crate::flight::{Failure, fly};
use crate::plan::Plan;
use crate::types::lookup::Types;

/// How long the server may take to answer that it stopped.
const GRACE: Duration = Duration::from_secs(1);

/// The moment at which a batch is given up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    at: Option<Instant>,
    ms: u32,
}

impl Deadline {
    /// The deadline of a batch, from now on.
    pub(crate) fn of(batch: &Batch) -> Self {
        let ms = batch.deadline_ms;
        let at = (ms > 0).then(|| Instant::now() + Duration::from_millis(ms.into()));
        Self { at, ms }
    }

    fn passed(self, what: &str) -> DriverError {
        let message = format!("the deadline of {} ms passed {what}", self.ms);
        DriverError::new(Category::Timeout, message)
    }

    /// Waits for `work`, which changes nothing, no longer than this.
    ///
    /// # Errors
    /// `Timeout`, or what the work answers.
    pub(crate) async fn limit<T>(
        self,
        work: impl Future<Output = Result<T, DriverError>>,
    ) -> Result<T, DriverError> {
        match self.at {
            None => work.await,
            Some(at) => match timeout_at(at, work).await {
                Ok(done) => done,
                Err(_) => Err(self.passed("while waiting for a connection; nothing was sent")),
            },
        }
    }

    /// Runs a plan; when the time is over, asks the server to stop and hears what became of it.
    ///
    /// # Errors
    /// As [`fly`], and `Timeout`.
    pub(crate) async fn run(
        self,
        on: &mut Connection,
        plan: &Plan<'_>,
        batch: &Batch,
        types: &Types,
    ) -> Result<BatchOutcome, Failure> {
        let Some(at) = self.at else {
            return fly(on, plan, batch, types).await;
        };
        let key = on.cancel.clone();
        let outcome = {
            let mut work = pin!(fly(on, plan, batch, types));
            if let Ok(outcome) = timeout_at(at, &mut work).await {
                return outcome;
            }
            key.cancel_soon();
            timeout(GRACE, work).await
        };
        on.retire();
        match outcome {
            // It was done before the server heard of the end.
            Ok(Ok(done)) => Ok(done),
            Ok(Err(failure)) => Err(self.explained(failure)),
            Err(_) => {
                let mut error = self.passed("and the server does not answer");
                error.outcome_unknown = on.is_committing();
                error.connection_lost = true;
                Err(error.into())
            }
        }
    }

    /// The cancellation that the deadline asked for, as what it is.
    fn explained(self, failure: Failure) -> Failure {
        match &failure.failed {
            Failed::Server(error) if error.code() == "57014" => Failure {
                step: failure.step,
                failed: self.passed("and everything was rolled back").into(),
            },
            _ => failure,
        }
    }
}
