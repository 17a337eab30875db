//! Running batches, reading in pieces, and changing tables.

use quillback_plugin_api::batch::{Batch, BatchOutcome};
use quillback_plugin_api::driver::RowStream;
use quillback_plugin_api::run::{self, Limits};
use quillback_plugin_api::sql::{Ddl, Select};
use quillback_plugin_api::{Column, DriverError, RowBuffer, dialect};

use crate::capabilities;
use crate::connect::Server;
use crate::dialect::__TYPE__Dialect;
use crate::errors::unwritten;

/// Runs a batch in one transaction.
///
/// Begin; send each planned statement and hand its answer to a [`run::Tally`]; commit when every verdict says to go on,
/// else roll back. Whatever happens, also when this future is dropped, no transaction may stay open.
///
/// # Errors
/// What the server says, with the step that failed; `Timeout` after the deadline.
#[expect(clippy::unused_async, reason = "until running statements is written")]
pub(crate) async fn apply(_: &Server, batch: &Batch) -> Result<BatchOutcome, DriverError> {
    let limits = Limits::of(&capabilities::best());
    let planned = run::plan(batch, &__TYPE__Dialect, limits)?;
    let what = format!("running {} statements", planned.len());
    Err(unwritten(&what, "execute.rs"))
}

/// Starts a read whose rows come in pieces.
///
/// # Errors
/// What the server says.
#[expect(clippy::unused_async, reason = "until running statements is written")]
pub(crate) async fn stream(_: &Server, select: &Select) -> Result<Pieces, DriverError> {
    dialect::select(&__TYPE__Dialect, select)?;
    Err(unwritten("reading in pieces", "execute.rs"))
}

/// Changes tables.
///
/// # Errors
/// What the server says, with the change that failed.
#[expect(clippy::unused_async, reason = "until running statements is written")]
pub(crate) async fn define(_: &Server, changes: &[Ddl]) -> Result<(), DriverError> {
    render_ddl(changes)?;
    Err(unwritten("changing tables", "execute.rs"))
}

/// The statements of changes of tables.
///
/// # Errors
/// `Unsupported` where this database cannot express a change.
pub(crate) fn render_ddl(changes: &[Ddl]) -> Result<Vec<String>, DriverError> {
    let mut statements = Vec::new();
    for change in changes {
        let rendered = dialect::ddl(&__TYPE__Dialect, change)?;
        statements.extend(rendered.into_iter().map(|statement| statement.sql));
    }
    Ok(statements)
}

/// A result that is read in pieces. It owns its connection and gives it back when it is dropped.
pub(crate) struct Pieces {
    columns: Vec<Column>,
}

impl RowStream for Pieces {
    fn columns(&self) -> &[Column] {
        &self.columns
    }

    async fn next(&mut self, _: &mut RowBuffer) -> Result<bool, DriverError> {
        Err(unwritten("reading in pieces", "execute.rs"))
    }
}
