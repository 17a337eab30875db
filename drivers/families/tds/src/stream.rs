//! Reads whose rows come in pieces: a task reads from the server, and waits while nobody takes what it has.

use std::sync::Arc;

use futures_util::TryStreamExt as _;
use quillback_plugin_api::driver::RowStream;
use quillback_plugin_api::sql::{Rendered, Select};
use quillback_plugin_api::{Category, Column, DriverError, RowBuffer, dialect};
use tiberius::QueryItem;
use tokio::sync::{mpsc, oneshot};

use crate::Server;
use crate::errors::from_client;
use crate::pool::Lease;
use crate::statement;
use crate::types::read;

/// Rows and bytes after which a piece is handed over.
const ROWS: usize = 1_000;
const BYTES: usize = 1 << 20;

/// A result that is being read. Dropping it stops the statement on the server.
pub struct Stream {
    columns: Vec<Column>,
    pieces: mpsc::Receiver<Result<RowBuffer, DriverError>>,
}

/// Starts a read and waits for its headings.
///
/// # Errors
/// What the server says.
pub(crate) async fn start(server: Arc<Server>, select: Select) -> Result<Stream, DriverError> {
    let statement = dialect::select(server.flavor.dialect, &select)?;
    let most = (server.flavor.capabilities)().max_params;
    if statement.params.len() > most as usize {
        let message =
            format!("the filter has more values than the {most} that a statement takes: narrow it");
        return Err(DriverError::new(Category::Resource, message));
    }
    let lease = server.pool.sure_lease().await?;
    let (announce, announced) = oneshot::channel();
    // One piece waits, one is being filled: that is all the memory a stream takes.
    let (sender, pieces) = mpsc::channel(1);
    let reading = Reading {
        statement,
        announce: Some(announce),
        pieces: sender,
    };
    tokio::spawn(reading.run(lease));
    let columns = announced.await.map_err(|_| {
        DriverError::new(
            Category::Internal,
            "the task that reads from the server ended early",
        )
    })??;
    Ok(Stream { columns, pieces })
}

struct Reading {
    statement: Rendered,
    announce: Option<oneshot::Sender<Result<Vec<Column>, DriverError>>>,
    pieces: mpsc::Sender<Result<RowBuffer, DriverError>>,
}

impl Reading {
    /// Reads until the end, an error, or until nobody listens any more.
    async fn run(mut self, mut lease: Lease) {
        let listener = self.pieces.clone();
        let finished = tokio::select! {
            result = self.read(&mut lease) => Some(result),
            () = listener.closed() => None,
        };
        // Dropped unsettled, the lease stops what runs on the server.
        let Some(result) = finished else { return };
        if let Err(error) = lease.settle(result) {
            match self.announce.take() {
                Some(announce) => drop(announce.send(Err(error))),
                None => drop(self.pieces.send(Err(error)).await),
            }
        }
    }

    async fn read(&mut self, lease: &mut Lease) -> Result<(), DriverError> {
        let query = statement::compared(&self.statement)?;
        let mut result = query
            .query(&mut lease.session()?.conn)
            .await
            .map_err(from_client)?;
        let columns = result.columns().await.map_err(from_client)?;
        let headings: Vec<_> = columns
            .unwrap_or_default()
            .iter()
            .map(read::heading)
            .collect();
        let width = headings.len();
        if let Some(announce) = self.announce.take() {
            let _ = announce.send(Ok(headings));
        }
        let mut piece = RowBuffer::new(width);
        while let Some(item) = result.try_next().await.map_err(from_client)? {
            let QueryItem::Row(row) = item else { continue };
            read::row(&row, &mut piece)?;
            if piece.len() >= ROWS || piece.bytes().len() >= BYTES {
                let full = std::mem::replace(&mut piece, RowBuffer::new(width));
                let _ = self.pieces.send(Ok(full)).await;
            }
        }
        if !piece.is_empty() {
            let _ = self.pieces.send(Ok(piece)).await;
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
