//! Reads whose rows come in pieces: the connection's thread waits while nobody takes what it has.

use std::sync::Arc;

use quillback_plugin_api::blocking::Cancel;
use quillback_plugin_api::driver::RowStream;
use quillback_plugin_api::sql::{Rendered, Select};
use quillback_plugin_api::{Category, Column, DriverError, RowBuffer, dialect};
use tokio::sync::{mpsc, oneshot};

use crate::connect::{Pool, Session};
use crate::dialect::Printer;
use crate::execute;
use crate::tables::{self, Tables};

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
pub(crate) async fn start(
    pool: Arc<Pool>,
    tables: Arc<Tables>,
    select: Select,
) -> Result<Stream, DriverError> {
    let printer = Printer::new(pool.spelling());
    let statement = dialect::select(&printer, &select)?;
    printer.check()?;
    let (announce, announced) = oneshot::channel();
    // One piece waits, one is being filled: that is all the memory a stream takes here; what the ODBC driver keeps is its
    // own matter.
    let (sender, mut pieces) = mpsc::channel(1);
    tokio::spawn(async move {
        let failures = sender.clone();
        let reading = pool.run(move |session, cancel| {
            let known = tables.columns(session, &select.from)?;
            let columns = tables::headings(&select, &known);
            let reading = Reading {
                session,
                cancel,
                pieces: &sender,
            };
            let done = reading.read(&statement, &columns, announce);
            if done.is_err() {
                tables.forget();
            }
            done
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

struct Reading<'a> {
    session: &'a Session,
    cancel: &'a Cancel,
    pieces: &'a Pieces,
}

impl Reading<'_> {
    fn read(
        &self,
        statement: &Rendered,
        columns: &[(Column, Option<crate::types::read::Cell>)],
        announce: Announce,
    ) -> Result<(), DriverError> {
        let headings: Vec<Column> = columns.iter().map(|(heading, _)| heading.clone()).collect();
        let mut announce = Some(announce);
        let mut tell = move || {
            if let Some(announce) = announce.take() {
                let _ = announce.send(headings.clone());
            }
        };
        let width = columns.len();
        let mut piece = RowBuffer::new(width);
        execute::each(self.session, statement, columns, None, |cells, row| {
            tell();
            cells.row(row, &mut piece, self.session.errors)?;
            if piece.len() < ROWS && piece.bytes().len() < BYTES {
                return Ok(true);
            }
            self.cancel.check()?;
            let full = std::mem::replace(&mut piece, RowBuffer::new(width));
            Ok(self.pieces.blocking_send(Ok(full)).is_ok())
        })?;
        // A result without rows has headings too.
        tell();
        if !piece.is_empty() {
            let _ = self.pieces.blocking_send(Ok(piece));
        }
        Ok(())
    }
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
