//! Reads whose rows come in pieces: the connection's thread waits while nobody takes what it has.

use std::sync::Arc;

use quillback_plugin_api::blocking::Cancel;
use quillback_plugin_api::driver::RowStream;
use quillback_plugin_api::sql::{Rendered, Select};
use quillback_plugin_api::{Category, Column, DriverError, RowBuffer, dialect};
use tokio::sync::{mpsc, oneshot};

use crate::connect::Pool;
use crate::dialect::{OracleDialect, check_sql};
use crate::errors::translate;
use crate::execute;
use crate::types::read;

/// Rows and bytes after which a piece is handed over.
const ROWS: usize = 1_000;
const BYTES: usize = 1 << 20;

/// A result that is being read. Dropping it ends the read at the next piece.
pub struct Stream {
    columns: Vec<Column>,
    pieces: mpsc::Receiver<Result<RowBuffer, DriverError>>,
}

type Announce = oneshot::Sender<Vec<Column>>;
type Pieces = mpsc::Sender<Result<RowBuffer, DriverError>>;

/// Starts a read and waits for its headings.
///
/// # Errors
/// What the server says.
pub(crate) async fn start(pool: Arc<Pool>, select: Select) -> Result<Stream, DriverError> {
    let statement = dialect::select(&OracleDialect, &select)?;
    check_sql(&statement.sql)?;
    let (announce, announced) = oneshot::channel();
    // One piece waits, one is being filled: that is all the memory a stream takes.
    let (sender, mut pieces) = mpsc::channel(1);
    tokio::spawn(async move {
        let failures = sender.clone();
        let reading = pool.run(move |connection, cancel| {
            connection
                .set_call_timeout(None)
                .map_err(|error| translate(&error))?;
            read(connection, cancel, &statement, announce, &sender)
        });
        if let Err(error) = reading.await {
            let _ = failures.send(Err(error)).await;
        }
    });
    if let Ok(columns) = announced.await {
        return Ok(Stream { columns, pieces });
    }
    Err(match pieces.recv().await {
        Some(Err(error)) => error,
        _ => DriverError::new(Category::Internal, "the read ended early"),
    })
}

fn read(
    connection: &oracledb::Connection,
    cancel: &Cancel,
    statement: &Rendered,
    announce: Announce,
    pieces: &Pieces,
) -> Result<(), DriverError> {
    let cursor = execute::open(connection, statement)?;
    let headings = cursor.columns().iter().map(read::heading).collect();
    let cells = cursor
        .columns()
        .iter()
        .map(read::cell)
        .collect::<Result<Vec<_>, _>>()?;
    let _ = announce.send(headings);
    let mut piece = RowBuffer::new(cells.len());
    for row in cursor {
        read::row(&cells, &row.map_err(|error| translate(&error))?, &mut piece)?;
        if piece.len() >= ROWS || piece.bytes().len() >= BYTES {
            cancel.check()?;
            let full = std::mem::replace(&mut piece, RowBuffer::new(cells.len()));
            if pieces.blocking_send(Ok(full)).is_err() {
                return Ok(());
            }
        }
    }
    if !piece.is_empty() {
        let _ = pieces.blocking_send(Ok(piece));
    }
    Ok(())
}

impl RowStream for Stream {
    fn columns(&self) -> &[Column] {
        &self.columns
    }

    async fn next(&mut self, out: &mut RowBuffer) -> Result<bool, DriverError> {
        match self.pieces.recv().await.transpose()? {
            Some(piece) if out.is_empty() && out.width() == piece.width() => *out = piece,
            Some(piece) => out.append(&piece),
            None => return Ok(false),
        }
        Ok(true)
    }
}
