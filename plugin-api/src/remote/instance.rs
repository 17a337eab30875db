//! Connections and results of a driver.

use std::sync::Arc;

use super::call::{Calls, Reply};
use crate::abi::{kind, op};
use crate::batch::{Batch, BatchOutcome, RenderedStep};
use crate::catalog::{Catalog, Introspect};
use crate::driver::ServerInfo;
use crate::error::DriverError;
use crate::message::{self, Latest};
use crate::rows::{Column, RowBuffer};
use crate::sql::{Ddl, Select};

/// One configured connection (a pool) of a driver.
#[derive(Clone, Debug)]
pub struct RemoteInstance {
    calls: Arc<Calls>,
    server: Arc<Latest<ServerInfo>>,
}

impl RemoteInstance {
    pub(super) fn new(calls: Calls) -> Self {
        Self {
            calls: Arc::new(calls),
            server: Arc::default(),
        }
    }

    async fn call(&self, op: u32, request: &[u8]) -> Result<Reply, DriverError> {
        let reply = self.calls.start(op, request)?.await;
        // A driver may answer at once, and a loaded one does not see the budget of the server's runtime.
        tokio::task::consume_budget().await;
        reply
    }

    /// Sends any bytes as a request, to test how a driver takes them; answers with the payload.
    ///
    /// # Errors
    /// What the driver answers: `Unsupported` for an operation that it does not know, `Protocol` for a request that it
    /// cannot read.
    pub async fn probe(&self, op: u32, request: &[u8]) -> Result<Vec<u8>, DriverError> {
        let reply = self.call(op, request).await?;
        Ok(reply.payload.as_bytes().to_vec())
    }

    /// Asks the server who it is.
    ///
    /// # Errors
    /// What the driver answers.
    pub async fn ping(&self) -> Result<ServerInfo, DriverError> {
        let reply = self.call(op::PING, &[]).await?;
        self.server.decode(reply.payload.as_bytes())
    }

    /// Looks up what is in the database.
    ///
    /// # Errors
    /// What the driver answers.
    pub async fn introspect(&self, what: &Introspect) -> Result<Catalog, DriverError> {
        let request = message::encode_json(what)?;
        let reply = self.call(op::INTROSPECT, &request).await?;
        message::decode_json(reply.payload.as_bytes())
    }

    /// Runs a batch in one transaction.
    ///
    /// # Errors
    /// What the driver answers; nothing took effect then unless `outcome_unknown` is set. It is set too when the
    /// driver panics or answers nonsense, as the commit may have been sent by then.
    pub async fn apply(&self, batch: &Batch) -> Result<BatchOutcome, DriverError> {
        let request = message::encode_batch(batch)?;
        let writes = !batch.is_read_only();
        let reply = self
            .call(op::APPLY, &request)
            .await
            .map_err(|error| DriverError {
                outcome_unknown: error.outcome_unknown && writes,
                ..error
            })?;
        message::decode_outcome(reply.payload.as_bytes()).map_err(|error| DriverError {
            outcome_unknown: writes,
            ..error
        })
    }

    /// Starts a read whose rows come in pieces.
    ///
    /// # Errors
    /// What the driver answers.
    pub async fn stream(&self, select: &Select) -> Result<RemoteStream, DriverError> {
        let request = message::encode_select(select)?;
        let reply = self.call(op::STREAM, &request).await?;
        let columns = message::decode_columns(reply.payload.as_bytes())?;
        let watch = Arc::clone(&self.calls.watch);
        let stream = reply.object(kind::STREAM, &watch)?;
        Ok(RemoteStream {
            calls: Some(Calls::new(stream, watch)),
            columns,
        })
    }

    /// Changes tables.
    ///
    /// # Errors
    /// What the driver answers; `step` tells which change failed.
    pub async fn define(&self, changes: &[Ddl]) -> Result<(), DriverError> {
        let request = message::encode_json(&changes)?;
        self.call(op::DEFINE, &request).await.map(drop)
    }

    /// The SQL that [`RemoteInstance::apply`] would send.
    ///
    /// # Errors
    /// `Unsupported` where the database cannot express a step.
    pub async fn render(&self, batch: &Batch) -> Result<Vec<RenderedStep>, DriverError> {
        let request = message::encode_batch(batch)?;
        let reply = self.call(op::RENDER, &request).await?;
        message::decode_rendered(reply.payload.as_bytes())
    }

    /// The SQL that [`RemoteInstance::define`] would send.
    ///
    /// # Errors
    /// `Unsupported` where the database cannot express a change.
    pub async fn render_ddl(&self, changes: &[Ddl]) -> Result<Vec<String>, DriverError> {
        let request = message::encode_json(&changes)?;
        let reply = self.call(op::RENDER_DDL, &request).await?;
        message::decode_json(reply.payload.as_bytes())
    }

    /// Closes all connections, after calls under way. Failures are the driver's to log.
    pub async fn close(&self) {
        if let Ok(call) = self.calls.start(op::CLOSE, &[]) {
            let _ = call.await;
        }
    }
}

/// Rows of a result, in pieces. Dropping it ends the query.
#[derive(Debug)]
pub struct RemoteStream {
    /// Gone after the last piece, so that the driver gets its connection back.
    calls: Option<Calls>,
    columns: Vec<Column>,
}

impl RemoteStream {
    /// Headings of the columns.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The next rows, at least one; `None` after the last. Dropping the future ends the query: every later call is an
    /// error.
    ///
    /// # Errors
    /// What the driver answers; the query has ended then.
    pub async fn next(&mut self) -> Result<Option<RowBuffer>, DriverError> {
        while let Some(calls) = &self.calls {
            let piece = match calls.start(op::NEXT, &[]) {
                Ok(call) => call.await,
                Err(error) => Err(error),
            };
            let rows = piece.and_then(|reply| {
                let rows = message::decode_piece(self.columns.len(), reply.payload.as_bytes())?;
                Ok((rows, reply.more))
            });
            match rows {
                Ok((rows, more)) => {
                    if !more {
                        self.calls = None;
                    }
                    if !rows.is_empty() {
                        return Ok(Some(rows));
                    }
                }
                Err(error) => {
                    self.calls = None;
                    return Err(error);
                }
            }
            // A loaded driver does not see the budget of the server's runtime.
            tokio::task::consume_budget().await;
        }
        Ok(None)
    }
}
