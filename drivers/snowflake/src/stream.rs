//! Reads whose rows come in pieces: one part of the result at a time.

use quillback_plugin_api::driver::RowStream;
use quillback_plugin_api::sql::{Select, SelectItem};
use quillback_plugin_api::{Column, DriverError, RowBuffer};

use crate::Server;
use crate::plan;
use crate::result::{Answered, Row};
use crate::types::columns::{self, Kind};
use crate::types::read;

/// A result that is being read. The statement has ended when there is one, so that it holds no session.
pub struct Stream {
    columns: Vec<Column>,
    kinds: Vec<Kind>,
    answered: Answered,
    /// Rows of the part at hand that were not handed over yet.
    waiting: std::vec::IntoIter<Row>,
}

/// Rows and bytes after which a piece is handed over.
const ROWS: usize = 1_000;
const BYTES: usize = 1 << 20;

/// Starts a read and waits for its headings.
///
/// # Errors
/// What the service says.
pub(crate) async fn start(server: &Server, mut select: Select) -> Result<Stream, DriverError> {
    let tables = crate::names::qualify_select(&mut select, &server.schema);
    let part = plan::read(&select)?;
    let mut lease = server.pool.get().await?;
    let session = lease.session()?;
    let found = match server.tables.known(session, tables).await {
        Ok(_) => session.run(&part.statement, true).await,
        Err(error) => Err(error),
    };
    lease.give_back();
    let answered = found?;
    let (columns, kinds) = shape(&select, &answered);
    Ok(Stream {
        columns,
        kinds,
        answered,
        waiting: Vec::new().into_iter(),
    })
}

/// Headings of a result, and how its cells are read.
pub(crate) fn shape(select: &Select, answered: &Answered) -> (Vec<Column>, Vec<Kind>) {
    let headings = answered.headings.iter().enumerate();
    headings
        .map(|(at, heading)| {
            let kind = match select.items.get(at) {
                Some(SelectItem::CountRows) => Kind::Int,
                _ => columns::kind(heading),
            };
            let column = Column {
                name: heading.name.clone(),
                native: columns::native(heading),
            };
            (column, kind)
        })
        .unzip()
}

/// Appends a row.
pub(crate) fn append(kinds: &[Kind], row: &Row, out: &mut RowBuffer) {
    for (at, kind) in kinds.iter().enumerate() {
        let cell = row.get(at).and_then(Option::as_deref);
        read::push(*kind, cell, out);
    }
}

impl RowStream for Stream {
    fn columns(&self) -> &[Column] {
        &self.columns
    }

    async fn next(&mut self, out: &mut RowBuffer) -> Result<bool, DriverError> {
        if self.waiting.len() == 0 {
            let Some(rows) = self.answered.next().await? else {
                return Ok(false);
            };
            self.waiting = rows.into_iter();
        }
        for row in self.waiting.by_ref() {
            append(&self.kinds, &row, out);
            if out.len() >= ROWS || out.bytes().len() >= BYTES {
                break;
            }
        }
        Ok(true)
    }
}
