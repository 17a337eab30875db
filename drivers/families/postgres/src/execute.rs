//! Runs batches: takes a connection, sends the plan, and repeats what may be repeated.

use quillback_plugin_api::batch::{Batch, BatchOutcome};
use quillback_plugin_api::{Category, DriverError};

use crate::Server;
use crate::deadline::Deadline;
use crate::errors::Failed;
use crate::flight::Failure;
use crate::keys;
use crate::plan::{Ending, Means, Plan};
use crate::pool::Lease;
use crate::types::lookup::Types;

/// Runs a batch.
///
/// # Errors
/// What the driver contract says; nothing took effect then unless the error says that it is unknown.
pub(crate) async fn apply(server: &Server, batch: &Batch) -> Result<BatchOutcome, DriverError> {
    let deadline = Deadline::of(batch);
    let mut attempt = Attempt {
        means: server.flavor.means,
        may_be_stale: true,
        may_be_lost: batch.is_read_only(),
    };
    let mut kept = None;
    let keys = deadline.limit(keys::of(server, batch)).await?;
    loop {
        let plan = Plan::with_keys(batch, server.flavor, attempt.means, &keys)?;
        let mut lease = match kept.take() {
            Some(lease) => lease,
            None => deadline.limit(server.pool.get()).await?,
        };
        let outcome = deadline
            .run(&mut lease.connection, &plan, batch, &server.types)
            .await;
        let failure = match outcome {
            Ok(outcome) => {
                server.pool.put_back(lease);
                return Ok(outcome);
            }
            Err(failure) => failure,
        };
        let again = attempt.again(&failure, &mut lease, &plan, &server.types);
        if again && lease.connection.is_idle() {
            kept = Some(lease);
        } else {
            server.pool.put_back(lease);
        }
        if !again {
            return Err(failure.into_error());
        }
    }
}

/// What the next attempt may use, and why there may be one.
#[derive(Debug)]
struct Attempt {
    means: Means,
    /// Statements prepared earlier may be older than the tables.
    may_be_stale: bool,
    /// A connection that was idle may have been closed; only what changes nothing is sent again.
    may_be_lost: bool,
}

impl Attempt {
    /// Whether to try once more, knowing that nothing took effect.
    fn again(
        &mut self,
        failure: &Failure,
        lease: &mut Lease,
        plan: &Plan<'_>,
        types: &Types,
    ) -> bool {
        let (code, unfit) = match &failure.failed {
            Failed::Server(error) => (error.code(), false),
            Failed::Driver(error) if error.connection_lost => {
                return lease.reused && std::mem::take(&mut self.may_be_lost);
            }
            Failed::Driver(error) => ("", error.category == Category::InvalidData),
        };
        // What was prepared for another type of column reads a value as of that type, and may call it wrong.
        let outdated = unfit
            || code.starts_with("42")
            || code.starts_with("22")
            || matches!(code, "0A000" | "26000");
        let statements = plan.statements();
        let sqls = || statements.iter().map(|(_, text)| text.sql);
        let older = unfit || lease.connection.statements.any_older(sqls());
        if outdated && self.may_be_stale && older {
            self.may_be_stale = false;
            let written = statements.iter().filter_map(|(_, text)| text.written);
            written.for_each(|written| types.limits.forget(written.table));
            return lease.connection.forget(sqls()).is_ok();
        }
        if plan.has_copy() && matches!(code, "0A000" | "42809") {
            return std::mem::take(&mut self.means.use_copy);
        }
        let guarded = plan.writes && plan.ending == Ending::FirstFlight;
        code == "0A000" && guarded && std::mem::take(&mut self.means.use_guards)
    }
}
