//! Reads whose rows come in pieces: the connection's thread waits while nobody takes what it has.

use std::sync::Arc;

use quillback_plugin_api::blocking::Cancel;
use quillback_plugin_api::pieces::{self, Feed, Pieces};
use quillback_plugin_api::sql::{Rendered, Select};
use quillback_plugin_api::{DriverError, dialect};

use crate::connect::Pool;
use crate::dialect::{OracleDialect, check_sql};
use crate::errors::translate;
use crate::execute;
use crate::types::read;

/// Starts a read and waits for its headings.
///
/// # Errors
/// What the server says.
pub(crate) async fn start(pool: Arc<Pool>, select: Select) -> Result<Pieces, DriverError> {
    let statement = dialect::select(&OracleDialect, &select)?;
    check_sql(&statement.sql)?;
    let reading = pieces::start_blocking(pool, move |connection, cancel, feed| {
        connection
            .set_call_timeout(None)
            .map_err(|error| translate(&error))?;
        read(connection, cancel, &statement, feed)
    });
    reading.await
}

fn read(
    connection: &oracledb::Connection,
    cancel: &Cancel,
    statement: &Rendered,
    feed: &mut Feed,
) -> Result<(), DriverError> {
    let cursor = execute::open(connection, statement)?;
    let headings = cursor.columns().iter().map(read::heading).collect();
    let cells = cursor
        .columns()
        .iter()
        .map(read::cell)
        .collect::<Result<Vec<_>, _>>()?;
    feed.announce(headings);
    for row in cursor {
        let row = row.map_err(|error| translate(&error))?;
        read::row(&cells, &row, feed.rows())?;
        if !feed.pass_on_blocking(cancel)? {
            break;
        }
    }
    Ok(())
}
