//! One connection to the server: flights of messages go out, their answers come back in order.
//!
//! A flight ends with one Sync. Statements in it that stand in no transaction of their own are one
//! (<https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-PIPELINING>).

use std::time::Duration;

use bytes::{BufMut as _, BytesMut};
use postgres_protocol::message::frontend;
use quillback_plugin_api::{DriverError, Value};

use crate::connect::cancel::CancelKey;
use crate::errors::{Failed, ServerError, lost, protocol};
use crate::flavor::Flavor;
use crate::messages::{cells, tag_count, write_bind};
use crate::statements::{Statement, Statements};
use crate::wire::{Frame, Wire};

/// How long saying goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// One connection.
#[derive(Debug)]
pub(crate) struct Connection {
    wire: Wire,
    pub(crate) statements: Statements,
    pub(crate) cancel: CancelKey,
    /// Whose server it is.
    pub(crate) flavor: &'static Flavor,
    state: State,
}

/// Where a connection is between two flights, or in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing is under way, no transaction is open.
    Idle,
    /// Nothing is under way, a transaction is open.
    InTransaction,
    /// A flight is under way.
    Busy,
    /// A flight is under way that commits what it did.
    Committing,
    /// The server closed it, or what it says is not understood.
    Broken,
}

impl Connection {
    pub(crate) fn new(wire: Wire, cancel: CancelKey, flavor: &'static Flavor) -> Self {
        Self {
            wire,
            statements: Statements::default(),
            cancel,
            flavor,
            state: State::Idle,
        }
    }

    /// Whether the next caller may have it.
    pub(crate) fn is_clean(&self) -> bool {
        self.state == State::Idle && self.wire.is_sent()
    }

    /// Whether a statement may still be running on the server.
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self.state, State::Busy | State::Committing)
    }

    /// Whether it may be used for another flight.
    pub(crate) fn is_idle(&self) -> bool {
        self.state == State::Idle
    }

    /// Whether a commit was sent whose answer has not come.
    pub(crate) fn is_committing(&self) -> bool {
        self.state == State::Committing
    }

    /// Whether a transaction is open.
    pub(crate) fn in_transaction(&self) -> bool {
        self.state == State::InTransaction
    }

    /// Whether the server closed the connection, or said anything, while it was idle.
    pub(crate) fn is_stale(&mut self) -> bool {
        self.wire.has_news()
    }

    /// Keeps the connection from being used again after the flight under way: a request to cancel may arrive late.
    pub(crate) fn retire(&mut self) {
        if !self.is_busy() {
            self.state = State::Broken;
        }
    }

    /// Where messages are appended.
    pub(crate) fn out(&mut self) -> &mut BytesMut {
        self.wire.out()
    }

    /// Ends the flight that was appended. It goes out while its answers are awaited.
    pub(crate) fn depart(&mut self) {
        frontend::sync(self.wire.out());
        self.state = State::Busy;
    }

    /// Ends a flight that commits what it does.
    pub(crate) fn depart_to_commit(&mut self) {
        self.depart();
        self.state = State::Committing;
    }

    /// Ends a flight of one simple query, which needs no Sync.
    pub(crate) fn depart_alone(&mut self) {
        self.state = State::Busy;
    }

    /// Ends a flight of one simple query that commits.
    pub(crate) fn depart_alone_to_commit(&mut self) {
        self.state = State::Committing;
    }

    /// The next message of the server.
    ///
    /// # Errors
    /// The connection broke.
    pub(crate) async fn frame(&mut self) -> Result<Frame<'_>, DriverError> {
        match self.wire.frame().await {
            Ok(frame) => Ok(frame),
            Err(error) => {
                let mut lost = lost(&error);
                lost.outcome_unknown = self.state == State::Committing;
                self.state = State::Broken;
                Err(lost)
            }
        }
    }

    /// Reads up to the end of the flight, and notes whether a transaction is open.
    ///
    /// # Errors
    /// The connection broke, or the server reported an error after the last statement.
    pub(crate) async fn land(&mut self) -> Result<(), Failed> {
        let explain = self.flavor.explain;
        let mut failed = None;
        loop {
            let frame = self.frame().await?;
            match frame.tag {
                b'Z' => {
                    let open = frame.body != b"I";
                    self.state = if open {
                        State::InTransaction
                    } else {
                        State::Idle
                    };
                    return failed.map_or(Ok(()), Err);
                }
                b'E' => {
                    let error = ServerError::parse(explain, frame.body);
                    if error.is_fatal() {
                        return Err(self.closed_by(error).into());
                    }
                    failed.get_or_insert(Failed::Server(Box::new(error)));
                }
                _ => {}
            }
        }
    }

    /// The server ended the connection while the end of a flight was awaited; a commit may have happened before.
    fn closed_by(&mut self, error: ServerError) -> DriverError {
        let mut error = error.into_driver_error();
        error.outcome_unknown = self.state == State::Committing;
        self.state = State::Broken;
        error
    }

    /// Appends a statement with its parameters; nothing is appended when a value does not fit. `money_scale` is how many
    /// digits the database's `money` has after the point.
    ///
    /// # Errors
    /// A value does not fit, or the number of values is wrong.
    pub(crate) fn bind(
        &mut self,
        statement: &Statement,
        params: &[Value],
        money_scale: u8,
    ) -> Result<(), DriverError> {
        if statement.params.len() != params.len() {
            return Err(protocol("another number of parameters"));
        }
        let out = self.wire.out();
        let start = out.len();
        let written = write_bind(
            out,
            statement,
            params,
            (money_scale, self.flavor.values.params),
        );
        if written.is_err() {
            out.truncate(start);
        }
        written
    }

    /// Runs a query of the driver's own with text parameters and reads its result as text.
    ///
    /// # Errors
    /// What the server answers.
    pub(crate) async fn ask(
        &mut self,
        sql: &str,
        params: &[&str],
    ) -> Result<Vec<Vec<Option<String>>>, DriverError> {
        let written = frontend::parse("", sql, [], self.out()).and_then(|()| {
            frontend::bind(
                "",
                "",
                [],
                params,
                |param, out| {
                    out.put_slice(param.as_bytes());
                    Ok(postgres_protocol::IsNull::No)
                },
                [],
                self.out(),
            )
            .map_err(|_| std::io::ErrorKind::InvalidInput.into())
        });
        written
            .and_then(|()| frontend::execute("", 0, self.out()))
            .map_err(|_| protocol("a question with NUL"))?;
        self.depart();
        let mut rows = Vec::new();
        let answered = self.answer(|row| {
            let cells = cells(row)?;
            let text = |cell: &[u8]| String::from_utf8_lossy(cell).into_owned();
            rows.push(cells.into_iter().map(|cell| cell.map(text)).collect());
            Some(())
        });
        let answered = answered.await.map(drop);
        let landed = self.land().await;
        answered.and(landed)?;
        Ok(rows)
    }

    /// Reads the answer of one statement: hands each row to `row`, answers with the number in the command's tag.
    ///
    /// # Errors
    /// The statement failed, or a row is not understood; [`Connection::land`] must follow either way.
    pub(crate) async fn answer(
        &mut self,
        mut row: impl FnMut(&[u8]) -> Option<()>,
    ) -> Result<u64, Failed> {
        let explain = self.flavor.explain;
        loop {
            let frame = self.frame().await?;
            match frame.tag {
                b'D' => row(frame.body).ok_or_else(|| protocol("a row"))?,
                b'C' => return Ok(tag_count(frame.body)),
                b'I' => return Ok(0),
                b'E' => {
                    let error = ServerError::parse(explain, frame.body);
                    return Err(self.failed(error));
                }
                // Parsed, bound, closed, described, ready to copy: all as expected.
                b'1' | b'2' | b'3' | b'n' | b't' | b'T' | b'G' => {}
                b'Z' => {
                    self.state = State::Broken;
                    return Err(protocol("the end of a flight").into());
                }
                _ => return Err(protocol("an answer").into()),
            }
        }
    }

    /// Reads the answer of COMMIT. When the server ends the connection instead, it may have committed before.
    ///
    /// # Errors
    /// As [`Connection::answer`].
    pub(crate) async fn answer_to_commit(&mut self) -> Result<(), Failed> {
        let explain = self.flavor.explain;
        loop {
            let frame = self.frame().await?;
            match frame.tag {
                b'C' => return Ok(()),
                b'E' => {
                    let error = ServerError::parse(explain, frame.body);
                    if error.is_fatal() {
                        return Err(self.closed_by(error).into());
                    }
                    return Err(self.failed(error));
                }
                b'1' | b'2' | b'3' | b'n' => {}
                _ => return Err(protocol("an answer to a commit").into()),
            }
        }
    }

    /// A statement failed: the rest of the flight is skipped, so that nothing is committed any more.
    fn failed(&mut self, error: ServerError) -> Failed {
        if error.is_fatal() {
            self.state = State::Broken;
            return error.into_driver_error().into();
        }
        if self.state == State::Committing {
            self.state = State::Busy;
        }
        Failed::Server(Box::new(error))
    }

    /// Tells the server that the connection ends, and ends it.
    pub(crate) async fn close(mut self) {
        frontend::terminate(self.wire.out());
        // The server notices the end of the socket as well.
        let _ = tokio::time::timeout(GOODBYE, self.wire.send()).await;
    }
}

impl Drop for Connection {
    /// A statement that runs on without anybody waiting for it would keep its locks.
    fn drop(&mut self) {
        if self.is_busy() {
            self.cancel.clone().cancel_soon();
        }
    }
}
