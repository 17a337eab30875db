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
}

/// Starts a read and waits for its headings.
///
/// # Errors
/// What the service says.
pub(crate) async fn start(server: &Server, mut select: Select) -> Result<Stream, DriverError> {
    crate::names::qualify_select(&mut select, &server.dataset);
    let part = script::read(&select)?;
    let reading = jobs::read(&server.service, &part.sql, &part.params).await?;
    let (columns, kinds) = shape(&reading.fields);
    Ok(Stream {
        columns,
        kinds,
        reading,
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
        for (at, kind) in kinds.iter().enumerate() {
            match row.cells.get(at) {
                Some(cell) => read::push(*kind, &cell.value, out),
                None => out.push(quillback_plugin_api::ValueRef::Null),
            }
        }
    }
}

impl RowStream for Stream {
    fn columns(&self) -> &[Column] {
        &self.columns
    }

    async fn next(&mut self, out: &mut RowBuffer) -> Result<bool, DriverError> {
        let Some(page) = self.reading.next().await? else {
            return Ok(false);
        };
        append(&self.kinds, &page.rows, out);
        Ok(true)
    }
}
