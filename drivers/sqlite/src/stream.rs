//! Results that are read in pieces: a reading thread keeps one piece ready while another is used.

use quillback_plugin_api::driver::RowStream;
use quillback_plugin_api::rows::{Column, RowBuffer};
use quillback_plugin_api::sql::Select;
use quillback_plugin_api::{Category, DriverError, dialect};
use rusqlite::Connection;
use tokio::sync::mpsc;

use crate::dialect::Sqlite;
use crate::errors::translate;
use crate::execute::{self, Flow, Of, Piece};
use crate::readers::Readers;
use crate::watch::{Caller, Watch};
use crate::writer::Writer;

/// Rows of a result, in pieces. Dropping it stops the read.
#[derive(Debug)]
pub struct Stream {
    columns: Vec<Column>,
    source: Source,
}

#[derive(Debug)]
enum Source {
    /// From a thread that reads on; it stops when the caller goes.
    Thread {
        pieces: mpsc::Receiver<Result<Piece, DriverError>>,
        _caller: Caller,
    },
    /// Read whole: a database in memory has one connection, which a slow reader must not hold.
    Whole(std::vec::IntoIter<RowBuffer>),
}

impl Stream {
    /// Starts a read on one of the readers and waits for its headings.
    ///
    /// # Errors
    /// What the statement answers.
    pub(crate) async fn start(readers: &Readers, select: Select) -> Result<Self, DriverError> {
        let (watch, caller) = Watch::start(0);
        let (to, mut pieces) = mpsc::channel(1);
        readers
            .start(Box::new(move |connection| {
                let done = connection.and_then(|connection| {
                    watch.over(|| {
                        read(
                            connection,
                            &select,
                            &mut |piece| match to.blocking_send(Ok(piece)) {
                                Ok(()) => Flow::GoOn,
                                Err(_) => Flow::Stop,
                            },
                        )
                    })
                });
                if let Err(error) = done {
                    let _ = to.blocking_send(Err(error));
                }
            }))
            .await?;
        match pieces.recv().await {
            Some(Ok(Piece::Headings(columns))) => Ok(Self {
                columns,
                source: Source::Thread {
                    pieces,
                    _caller: caller,
                },
            }),
            Some(Err(error)) => Err(error),
            _ => Err(DriverError::new(
                Category::Internal,
                "a read ended before it began",
            )),
        }
    }

    /// Reads everything at once on the connection that writes.
    ///
    /// # Errors
    /// What the statement answers.
    pub(crate) async fn whole(writer: &Writer, select: Select) -> Result<Self, DriverError> {
        let (watch, _caller) = Watch::start(0);
        let (columns, pieces) = writer
            .alone(watch, move |connection| {
                let (mut columns, mut pieces) = (Vec::new(), Vec::new());
                read(connection, &select, &mut |piece| {
                    match piece {
                        Piece::Headings(headings) => columns = headings,
                        Piece::Rows(rows) => pieces.push(rows),
                    }
                    Flow::GoOn
                })?;
                Ok((columns, pieces))
            })
            .await?;
        Ok(Self {
            columns,
            source: Source::Whole(pieces.into_iter()),
        })
    }
}

fn read(
    connection: &Connection,
    select: &Select,
    take: &mut dyn FnMut(Piece) -> Flow,
) -> Result<(), DriverError> {
    let printed = dialect::select(&Sqlite, select)?;
    let table = Some(select.from.name.as_str());
    let mut statement = connection
        .prepare_cached(&printed.sql)
        .map_err(|error| translate(&error, table))?;
    execute::bind_all(&mut statement, &printed.params)?;
    execute::query(
        connection,
        &mut statement,
        Of {
            select: Some(select),
            table,
        },
        take,
    )
}

impl RowStream for Stream {
    fn columns(&self) -> &[Column] {
        &self.columns
    }

    async fn next(&mut self, out: &mut RowBuffer) -> Result<bool, DriverError> {
        let piece = match &mut self.source {
            Source::Thread { pieces, .. } => match pieces.recv().await.transpose()? {
                Some(Piece::Rows(rows)) => Some(rows),
                _ => None,
            },
            Source::Whole(pieces) => pieces.next(),
        };
        match piece {
            Some(rows) => {
                out.append(&rows);
                Ok(true)
            }
            None => Ok(false),
        }
    }
}
