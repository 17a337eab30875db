//! Batches: what is sent, and how a transaction begins and ends.

use mysql_async::prelude::Queryable as _;
use quillback_plugin_api::DriverError;
use quillback_plugin_api::batch::{Batch, BatchOutcome, Isolation, RenderedStep, Step};
use quillback_plugin_api::run::{self, Action, Answer, Limits, Planned};
use quillback_plugin_api::sql::Statement;
use quillback_plugin_api::transact::{self, Transact};

use crate::Server;
use crate::capabilities;
use crate::connect::{NO_LIMIT, Session};
use crate::errors::from_client;
use crate::names;
use crate::statement;

/// Runs a batch.
///
/// # Errors
/// What the server says, with the step that failed; `Timeout` after the deadline.
pub(crate) async fn apply(server: &Server, batch: Batch) -> Result<BatchOutcome, DriverError> {
    let planned = plan(server, &batch)?;
    transact::apply(&server.pool, server, &batch, &planned).await
}

fn plan<'b>(server: &Server, batch: &'b Batch) -> Result<Vec<Planned<'b>>, DriverError> {
    let planned = run::plan(batch, &server.dialect, limits(server, batch))?;
    for Planned { step, action } in &planned {
        if let Some(sent) = action.statement() {
            names::check_sql(&sent.sql).map_err(|error| error.at_step(*step))?;
        }
    }
    Ok(planned)
}

/// The statements of a batch, for people.
///
/// # Errors
/// `Unsupported` where a step cannot be expressed.
pub(crate) fn render(server: &Server, batch: &Batch) -> Result<Vec<RenderedStep>, DriverError> {
    plan(server, batch)?;
    run::render(batch, &server.dialect, limits(server, batch))
}

/// Chunks of inserts keep within the largest packet of the server as well as within its number of parameters.
fn limits(server: &Server, batch: &Batch) -> Limits {
    let limits = Limits::of(&capabilities::best());
    // Half of it is left for the text, and for encodings that take more room than ours.
    let room = server.greeting.max_packet / 2;
    let most = batch.steps.iter().filter_map(|step| match step {
        Step::Write {
            statement: Statement::Insert(insert),
            ..
        } => Some(&insert.rows),
        _ => None,
    });
    let fitting = most.filter(|rows| rows.bytes().len() > room).map(|rows| {
        let largest = rows
            .iter()
            .map(|row| row.filter_map(Result::ok).map(size).sum::<usize>())
            .max();
        room / largest.unwrap_or(1).max(1)
    });
    let max_insert_rows = fitting
        .min()
        .unwrap_or(usize::MAX)
        .clamp(1, limits.max_insert_rows);
    Limits {
        max_insert_rows,
        ..limits
    }
}

fn size(value: quillback_plugin_api::ValueRef<'_>) -> usize {
    use quillback_plugin_api::ValueRef as V;
    match value {
        V::Text(text) | V::Json(text) | V::Decimal(text) | V::Special(_, text) => text.len() + 16,
        V::Bytes(bytes) => bytes.len() + 16,
        _ => 48,
    }
}

impl Transact<Session> for Server {
    /// One round trip, whatever has to be set.
    async fn begin(&self, session: &mut Session, batch: &Batch) -> Result<(), DriverError> {
        let mut sql = String::new();
        // Longer than the deadline, which ends the wait first and exactly; this is for the case that nobody is left to.
        let lock_wait = match batch.deadline_ms {
            0 => NO_LIMIT,
            limit => limit.div_ceil(1_000) + 1,
        };
        if session.lock_wait != lock_wait {
            sql = format!("SET SESSION innodb_lock_wait_timeout = {lock_wait};");
        }
        sql.push_str(match batch.isolation {
            Isolation::Default => "",
            Isolation::RepeatableRead => "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;",
            Isolation::Serializable => "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;",
        });
        sql.push_str(if batch.is_read_only() {
            "START TRANSACTION READ ONLY"
        } else {
            "START TRANSACTION"
        });
        session.conn.query_drop(sql).await.map_err(from_client)?;
        session.lock_wait = lock_wait;
        Ok(())
    }

    async fn send(
        &self,
        session: &mut Session,
        step: &Step,
        action: &Action<'_>,
    ) -> Result<Answer, DriverError> {
        statement::run(session, &self.tables, step, action).await
    }

    async fn commit(&self, session: &mut Session, _: &Batch) -> Result<(), DriverError> {
        let committing = session.conn.query_drop("COMMIT");
        committing.await.map_err(from_client)
    }

    async fn roll_back(&self, session: &mut Session, _: &Batch) -> Result<(), DriverError> {
        let rolling_back = session.conn.query_drop("ROLLBACK");
        rolling_back.await.map_err(from_client)
    }
}
