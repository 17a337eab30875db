//! Reads whose rows come in pieces: one page of the result at a time.

use quillback_plugin_api::driver::RowStream;
use quillback_plugin_api::sql::Select;
use quillback_plugin_api::{Column, DriverError, RowBuffer};

use crate::Server;
use crate::jobs::{self, Reading, Row};
use crate::script;
use crate::types::columns::{Field, Kind};
use crate::types::read;

/// A result that is being read. Dropping it stops its job.
pub struct Stream {
    columns: Vec<Column>,
    kinds: Vec<Kind>,
    reading: Reading,
    /// Rows of the page at hand that were not handed over yet.
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
    select.each_table(&mut |table| crate::names::place(table, &server.dataset));
    let part = script::read(&select)?;
    let reading = jobs::read(&server.service, &part.sql, &part.params).await?;
    let (columns, kinds) = shape(&reading.fields);
    Ok(Stream {
        columns,
        kinds,
        reading,
        waiting: Vec::new().into_iter(),
    })
}

/// Headings of a result, and how its cells are read.
pub(crate) fn shape(fields: &[Field]) -> (Vec<Column>, Vec<Kind>) {
    let columns = fields.iter().map(|field| Column {
        name: field.name.clone(),
        native: field.native(),
    });
    let kinds = fields.iter().map(|field| {
        if field.is_repeated() {
            Kind::Other
        } else {
            field.kind()
        }
    });
    (columns.collect(), kinds.collect())
}

/// Appends the rows of a page.
pub(crate) fn append(kinds: &[Kind], rows: &[Row], out: &mut RowBuffer) {
    for row in rows {
        append_row(kinds, row, out);
    }
}

fn append_row(kinds: &[Kind], row: &Row, out: &mut RowBuffer) {
    for (at, kind) in kinds.iter().enumerate() {
        match row.cells.get(at) {
            Some(cell) => read::push(*kind, &cell.value, out),
            None => out.push(quillback_plugin_api::ValueRef::Null),
        }
    }
}

impl RowStream for Stream {
    fn columns(&self) -> &[Column] {
        &self.columns
    }

    async fn next(&mut self, out: &mut RowBuffer) -> Result<bool, DriverError> {
        if self.waiting.len() == 0 {
            let Some(page) = self.reading.next().await? else {
                return Ok(false);
            };
            self.waiting = page.rows.into_iter();
        }
        for row in self.waiting.by_ref() {
            append_row(&self.kinds, &row, out);
            if out.len() >= ROWS || out.bytes().len() >= BYTES {
                break;
            }
        }
        Ok(true)
    }
}
