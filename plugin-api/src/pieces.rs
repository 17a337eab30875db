//! Reads whose rows come in pieces: who reads waits while nobody takes what there is.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use crate::blocking::{self, Cancel};
use crate::driver::RowStream;
use crate::error::{Category, DriverError};
use crate::pool::{Connector, Lease};
use crate::rows::{Column, RowBuffer};

/// Rows and bytes after which a piece is handed over.
const ROWS: usize = 1_000;
const BYTES: usize = 1 << 20;

/// A result that is being read. Dropping it ends the read.
#[derive(Debug)]
pub struct Pieces {
    columns: Vec<Column>,
    pieces: mpsc::Receiver<Result<RowBuffer, DriverError>>,
}

/// Where a read puts its headings and rows.
#[derive(Debug)]
pub struct Feed {
    announce: Option<oneshot::Sender<Vec<Column>>>,
    pieces: mpsc::Sender<Result<RowBuffer, DriverError>>,
    piece: RowBuffer,
}

/// Reads a result on a session `S`.
pub trait Read<S>: Send + 'static {
    /// Sends the statement, announces the headings and feeds the rows, one after the other.
    ///
    /// # Errors
    /// What the server says.
    fn read(
        self,
        session: &mut S,
        feed: &mut Feed,
    ) -> impl Future<Output = Result<(), DriverError>> + Send;
}

/// Starts a read in a task of its own, and waits for its headings. The connection goes back into its pool at the end;
/// when [`Pieces`] is dropped before, the server is told to stop.
///
/// # Errors
/// What the read answers before its headings.
pub async fn start<C: Connector>(
    lease: Lease<C>,
    read: impl Read<C::Session>,
) -> Result<Pieces, DriverError> {
    let (feed, waiting) = channel();
    tokio::spawn(run(lease, read, feed));
    waiting.headings().await
}

/// Starts a read on the thread of a connection, and waits for its headings. When [`Pieces`] is dropped before the end,
/// [`Feed::pass_on_blocking`] says so.
///
/// # Errors
/// What the read answers before its headings, and those of [`blocking::Pool::run`].
pub async fn start_blocking<C: blocking::Connector>(
    pool: Arc<blocking::Pool<C>>,
    read: impl FnOnce(&mut C::Connection, &Cancel, &mut Feed) -> Result<(), DriverError>
    + Send
    + 'static,
) -> Result<Pieces, DriverError> {
    let (mut feed, waiting) = channel();
    tokio::spawn(async move {
        let failures = feed.pieces.clone();
        let reading = pool.run(move |connection, cancel| {
            read(connection, cancel, &mut feed)?;
            if let Some(last) = feed.rest() {
                let _ = feed.pieces.blocking_send(Ok(last));
            }
            Ok(())
        });
        if let Err(error) = reading.await {
            let _ = failures.send(Err(error)).await;
        }
    });
    waiting.headings().await
}

/// Reads until the end, an error, or until nobody listens any more.
async fn run<C: Connector>(mut lease: Lease<C>, read: impl Read<C::Session>, mut feed: Feed) {
    let listener = feed.pieces.clone();
    let reading = async {
        read.read(lease.session()?, &mut feed).await?;
        if let Some(last) = feed.rest() {
            let _ = feed.pieces.send(Ok(last)).await;
        }
        Ok::<(), DriverError>(())
    };
    let finished = tokio::select! {
        result = reading => Some(result),
        () = listener.closed() => None,
    };
    // Dropped unsettled, the lease stops what runs on the server.
    let Some(result) = finished else { return };
    if let Err(error) = lease.settle(result) {
        // Whoever still waits for the headings gets the error instead.
        drop(feed.announce.take());
        let _ = feed.pieces.send(Err(error)).await;
    }
}

/// Who waits for the headings of a read.
struct Waiting {
    announced: oneshot::Receiver<Vec<Column>>,
    pieces: mpsc::Receiver<Result<RowBuffer, DriverError>>,
}

fn channel() -> (Feed, Waiting) {
    let (announce, announced) = oneshot::channel();
    // One piece waits, one is being filled: that is all the memory a read takes here.
    let (sender, pieces) = mpsc::channel(1);
    let feed = Feed {
        announce: Some(announce),
        pieces: sender,
        piece: RowBuffer::new(0),
    };
    (feed, Waiting { announced, pieces })
}

impl Waiting {
    async fn headings(mut self) -> Result<Pieces, DriverError> {
        if let Ok(columns) = self.announced.await {
            let pieces = self.pieces;
            return Ok(Pieces { columns, pieces });
        }
        Err(match self.pieces.recv().await {
            Some(Err(error)) => error,
            _ => DriverError::new(Category::Internal, "the read ended early"),
        })
    }
}

impl Feed {
    /// Announces the headings, before any row. Later calls do nothing.
    pub fn announce(&mut self, columns: Vec<Column>) {
        if let Some(announce) = self.announce.take() {
            self.piece = RowBuffer::new(columns.len());
            // Nobody may be left to hear it.
            let _ = announce.send(columns);
        }
    }

    /// Where the next row is appended, as wide as the headings.
    pub fn rows(&mut self) -> &mut RowBuffer {
        &mut self.piece
    }

    /// Hands the rows over when they are enough for a piece; waits while nobody takes it.
    pub async fn pass_on(&mut self) {
        if !self.is_full() {
            return;
        }
        let full = self.take();
        if self.pieces.send(Ok(full)).await.is_err() {
            // Nobody takes it any more: the read is stopped here, in the middle, as `run` finds out.
            std::future::pending::<()>().await;
        }
    }

    /// As [`Feed::pass_on`], on a thread that may wait. Answers whether anybody wants more.
    ///
    /// # Errors
    /// `Cancelled` when the caller has gone.
    pub fn pass_on_blocking(&mut self, cancel: &Cancel) -> Result<bool, DriverError> {
        if !self.is_full() {
            return Ok(true);
        }
        cancel.check()?;
        let full = self.take();
        Ok(self.pieces.blocking_send(Ok(full)).is_ok())
    }

    fn is_full(&self) -> bool {
        self.piece.len() >= ROWS || self.piece.bytes().len() >= BYTES
    }

    /// What is left at the end.
    fn rest(&mut self) -> Option<RowBuffer> {
        (!self.piece.is_empty()).then(|| self.take())
    }

    fn take(&mut self) -> RowBuffer {
        let empty = RowBuffer::new(self.piece.width());
        std::mem::replace(&mut self.piece, empty)
    }
}

impl RowStream for Pieces {
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

#[cfg(test)]
mod tests;
