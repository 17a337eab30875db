//! Reads whose rows come in pieces: the connection's thread waits while nobody takes what it has.

use std::sync::Arc;

use quillback_plugin_api::blocking::Cancel;
use quillback_plugin_api::pieces::{self, Feed, Pieces};
use quillback_plugin_api::sql::{Rendered, Select};
use quillback_plugin_api::{Column, DriverError, dialect};

use crate::connect::{Pool, Session};
use crate::dialect::Printer;
use crate::execute;
use crate::tables::{self, Tables};
use crate::types::read::Cell;

/// Starts a read and waits for its headings.
///
/// # Errors
/// What the server says.
pub(crate) async fn start(
    pool: Arc<Pool>,
    tables: Arc<Tables>,
    select: Select,
) -> Result<Pieces, DriverError> {
    let printer = Printer::new(pool.connector().spelling());
    let statement = dialect::select(&printer, &select)?;
    printer.check()?;
    let reading = pieces::start_blocking(pool, move |session, cancel, feed| {
        let known = tables.columns(session, &select.from)?;
        let columns = tables::headings(&select, &known);
        let done = read(session, cancel, &statement, &columns, feed);
        if done.is_err() {
            tables.forget();
        }
        done
    });
    reading.await
}

fn read(
    session: &Session,
    cancel: &Cancel,
    statement: &Rendered,
    columns: &[(Column, Option<Cell>)],
    feed: &mut Feed,
) -> Result<(), DriverError> {
    let mut announce = Some(columns.iter().map(|(heading, _)| heading.clone()).collect());
    execute::each(session, statement, columns, None, |cells, row| {
        if let Some(headings) = announce.take() {
            feed.announce(headings);
        }
        cells.row(row, feed.rows(), session.errors)?;
        feed.pass_on_blocking(cancel)
    })?;
    // A result without rows has headings too.
    if let Some(headings) = announce {
        feed.announce(headings);
    }
    Ok(())
}
