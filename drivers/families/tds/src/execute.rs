//! Batches: what is sent, and how a transaction begins and ends.

use quillback_plugin_api::DriverError;
use quillback_plugin_api::batch::{Batch, BatchOutcome, RenderedStep, Step};
use quillback_plugin_api::run::{self, Action, Answer, Limits, Planned};
use quillback_plugin_api::transact::{self, Transact};

use crate::Server;
use crate::connect::{self, Session};
use crate::flavor::Flavor;
use crate::nulls;
use crate::statement;

/// Runs a batch.
///
/// # Errors
/// What the server says, with the step that failed; `Timeout` after the deadline.
pub(crate) async fn apply(server: &Server, batch: Batch) -> Result<BatchOutcome, DriverError> {
    let planned = plan(&batch, server.flavor, server.limits())?;
    transact::apply(&server.pool, server, &batch, &planned).await
}

/// The statements of a batch, each of which asks in the same breath for what it did.
fn plan<'b>(
    batch: &'b Batch,
    flavor: &Flavor,
    limits: Limits,
) -> Result<Vec<Planned<'b>>, DriverError> {
    let mut planned = run::plan(batch, flavor.dialect, limits)?;
    for Planned { action, .. } in &mut planned {
        match action {
            Action::Execute(statement) => flavor.counts.ask(statement),
            Action::Returning { statement, .. } => {
                statement.sql.push_str(flavor.made_key.unwrap_or_default());
            }
            _ => {}
        }
    }
    Ok(planned)
}

/// The statements of a batch, for people.
///
/// # Errors
/// `Unsupported` where a step cannot be expressed.
pub(crate) fn render(flavor: &Flavor, batch: &Batch) -> Result<Vec<RenderedStep>, DriverError> {
    let limits = Limits::of(&(flavor.capabilities)());
    let mut steps = run::rendered(&plan(batch, flavor, limits)?);
    for step in &mut steps {
        step.statement = nulls::left_out(&step.statement);
    }
    Ok(steps)
}

const ROLLBACK: &str = "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION";
const COMMIT: &str = "COMMIT TRANSACTION";

impl Transact<Session> for Server {
    /// One round trip.
    async fn begin(&self, session: &mut Session, batch: &Batch) -> Result<(), DriverError> {
        let level = (self.flavor.level)(batch.isolation, &session.greeting);
        let level = set_level(self.flavor, session, batch, level);
        let sql = format!("{level}BEGIN TRANSACTION");
        connect::run(&mut session.conn, &sql).await
    }

    async fn send(
        &self,
        session: &mut Session,
        step: &Step,
        action: &Action<'_>,
    ) -> Result<Answer, DriverError> {
        statement::run(session, self, step, action).await
    }

    async fn commit(&self, session: &mut Session, batch: &Batch) -> Result<(), DriverError> {
        let sql = end(self.flavor, session, batch, COMMIT);
        connect::run(&mut session.conn, &sql).await
    }

    async fn roll_back(&self, session: &mut Session, batch: &Batch) -> Result<(), DriverError> {
        let sql = end(self.flavor, session, batch, ROLLBACK);
        connect::run(&mut session.conn, &sql).await
    }
}

/// Ends a transaction. The level belongs to the session: it goes back to the usual one.
fn end(flavor: &Flavor, session: &Session, batch: &Batch, how: &str) -> String {
    format!(
        "{how}; {}",
        set_level(flavor, session, batch, flavor.usual_level)
    )
}

/// Sets the level where the batch wants another than the usual one.
fn set_level(flavor: &Flavor, session: &Session, batch: &Batch, level: &str) -> String {
    if (flavor.level)(batch.isolation, &session.greeting) == flavor.usual_level {
        String::new()
    } else {
        format!("SET TRANSACTION ISOLATION LEVEL {level}; ")
    }
}
