//! A read whose rows come in pieces, straight off the socket: the server waits when nobody takes them.

use std::sync::Arc;

use quillback_plugin_api::dialect;
use quillback_plugin_api::driver::RowStream;
use quillback_plugin_api::sql::Select;
use quillback_plugin_api::{Column, DriverError, RowBuffer, Value};

use crate::Server;
use crate::errors::{Failed, ServerError, protocol};
use crate::flavor::MAX_PARAMS;
use crate::pool::Lease;
use crate::statements::{Statement, Text};

/// Rows after which a piece is handed out.
const ROWS: usize = 1_000;
/// Bytes after which a piece is handed out.
const BYTES: usize = 1024 * 1024;

/// The rows of a select. Dropping it before the end closes its connection and cancels the select on the server.
pub struct Stream {
    server: Arc<Server>,
    /// `None` when all rows were read.
    lease: Option<Lease>,
    prepared: Arc<Statement>,
    scratch: String,
}

/// Starts a select.
///
/// # Errors
/// What the server answers before the first row.
pub(crate) async fn open(server: &Arc<Server>, select: &Select) -> Result<Stream, DriverError> {
    let printer = (server.flavor.printer)();
    let statement = printer
        .names()
        .checked(dialect::select(&*printer, select)?)?;
    if statement.params.len() > usize::try_from(MAX_PARAMS).unwrap_or(0) {
        return Err(DriverError::new(
            quillback_plugin_api::Category::Resource,
            "the filter has more than 65535 values: narrow it",
        ));
    }
    let mut may_repeat = true;
    loop {
        let mut lease = server.pool.get().await?;
        let connection = &mut lease.connection;
        let text = Text {
            sql: &statement.sql,
            written: None,
        };
        let prepared = connection.prepare(&[text], &server.types).await;
        let started = match prepared {
            Ok(prepared) => start(&mut lease, prepared, &statement.params, server).await,
            Err((_, failed)) => Err(failed),
        };
        let failed = match started {
            Ok(prepared) => {
                return Ok(Stream {
                    server: Arc::clone(server),
                    lease: Some(lease),
                    prepared,
                    scratch: String::new(),
                });
            }
            Err(failed) => failed,
        };
        // The tables may have changed since the statement was prepared, or the server since it was connected to.
        let older = lease
            .connection
            .statements
            .any_older([&*statement.sql].into_iter());
        let repeat = may_repeat && (older || lease.reused && !lease.connection.is_idle());
        if !repeat {
            server.pool.put_back(lease);
            return Err(failed.into());
        }
        may_repeat = false;
    }
}

async fn start(
    lease: &mut Lease,
    prepared: Vec<Arc<Statement>>,
    params: &[Value],
    server: &Server,
) -> Result<Arc<Statement>, Failed> {
    let connection = &mut lease.connection;
    let explain = connection.flavor.explain;
    let prepared = prepared.into_iter().next();
    let prepared = prepared.ok_or_else(|| protocol("a select that was not prepared"))?;
    connection.bind(&prepared, params, server.types.money_scale())?;
    connection.depart();
    loop {
        let frame = connection.frame().await?;
        match frame.tag {
            b'2' => return Ok(prepared),
            b'3' => {}
            b'E' => {
                let error = ServerError::parse(explain, frame.body);
                connection.land().await?;
                return Err(Failed::Server(Box::new(error)));
            }
            _ => return Err(protocol("the start of a result").into()),
        }
    }
}

impl RowStream for Stream {
    fn columns(&self) -> &[Column] {
        &self.prepared.shape.columns
    }

    async fn next(&mut self, out: &mut RowBuffer) -> Result<bool, DriverError> {
        let Some(lease) = &mut self.lease else {
            return Ok(false);
        };
        let explain = lease.connection.flavor.explain;
        loop {
            if out.len() >= ROWS || out.bytes().len() >= BYTES {
                return Ok(true);
            }
            let frame = lease.connection.frame().await?;
            match frame.tag {
                b'D' => {
                    let shape = &self.prepared.shape;
                    let row = shape.row(frame.body, out, &mut self.scratch);
                    row.ok_or_else(|| protocol("a row"))?;
                }
                b'C' => break,
                b'E' => {
                    let error = ServerError::parse(explain, frame.body).into_driver_error();
                    self.give_back().await?;
                    return Err(error);
                }
                _ => return Err(protocol("a row")),
            }
        }
        self.give_back().await?;
        Ok(false)
    }
}

impl Stream {
    async fn give_back(&mut self) -> Result<(), DriverError> {
        if let Some(mut lease) = self.lease.take() {
            lease.connection.land().await?;
            self.server.pool.put_back(lease);
        }
        Ok(())
    }
}
