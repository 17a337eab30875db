//! Large inserts through COPY: binary when every value has a binary form here, else as text
//! (<https://www.postgresql.org/docs/current/sql-copy.html>).

use bytes::{BufMut as _, BytesMut};
use postgres_protocol::message::frontend;
use quillback_plugin_api::dialect::{self, Dialect};
use quillback_plugin_api::sql::{Insert, RenderError, Rendered, SqlWriter};
use quillback_plugin_api::{DriverError, ValueRef};

use crate::connection::Connection;
use crate::errors::protocol;
use crate::types::fit::{Form, Slot, fit};
use crate::types::put::{self, Format};

/// Inserts of at least this many rows go through COPY.
pub(crate) const BULK_FROM: usize = 500;

/// Size from which a piece of the data is ended after its row.
const PIECE: usize = 64 * 1024;

const BINARY_HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// The texts of a large insert.
#[derive(Debug)]
pub(crate) struct Copy {
    /// An insert of one row, prepared only because the server tells the types of its columns then.
    pub(crate) probe: String,
    /// COPY without its format.
    target: String,
}

impl Copy {
    /// Prints the texts for an insert.
    ///
    /// # Errors
    /// What the dialect cannot express.
    pub(crate) fn of(insert: &Insert, dialect: &dyn Dialect) -> Result<Self, RenderError> {
        let first: Vec<_> = insert.rows.iter().take(1).collect();
        let Rendered { sql: probe, .. } = dialect::insert(dialect, insert, &first)?;
        let mut w = SqlWriter::new(dialect);
        w.syntax("COPY ").table(&insert.table).syntax(" (");
        w.idents(&insert.columns).syntax(")");
        Ok(Self {
            probe,
            target: w.finish().sql,
        })
    }

    /// Appends the command and its data for columns as the probe has them; nothing is appended on failure.
    ///
    /// # Errors
    /// A value does not fit.
    pub(crate) fn write(
        &self,
        to: &mut Connection,
        insert: &Insert,
        columns: &[Slot],
        money_scale: u8,
    ) -> Result<(), DriverError> {
        let out = to.out();
        let start = out.len();
        let mut written = self.write_as(Format::Binary, out, insert, columns, money_scale);
        if let Ok(Complete::No) = written {
            out.truncate(start);
            written = self.write_as(Format::Text, out, insert, columns, money_scale);
        }
        if written.is_err() {
            out.truncate(start);
        }
        written.map(drop)
    }

    fn write_as(
        &self,
        format: Format,
        out: &mut BytesMut,
        insert: &Insert,
        columns: &[Slot],
        money_scale: u8,
    ) -> Result<Complete, DriverError> {
        let name = match format {
            Format::Binary => "binary",
            Format::Text => "text",
        };
        let sql = format!("{} FROM STDIN (FORMAT {name})", self.target);
        let nul = |_| protocol("a command with NUL");
        frontend::parse("", &sql, [], out).map_err(nul)?;
        let no_values: [&[u8]; 0] = [];
        frontend::bind(
            "",
            "",
            [],
            no_values,
            |_, _| Ok(postgres_protocol::IsNull::No),
            [],
            out,
        )
        .map_err(|_| protocol("a command with values"))?;
        frontend::execute("", 0, out).map_err(nul)?;

        let mut data = Data::begin(out);
        if format == Format::Binary {
            data.out.put_slice(BINARY_HEADER);
        }
        let width = i16::try_from(columns.len()).map_err(|_| protocol("too many columns"))?;
        for row in &insert.rows {
            if format == Format::Binary {
                data.out.put_i16(width);
            }
            for (position, (cell, slot)) in row.zip(columns).enumerate() {
                let value = cell.map(ValueRef::to_owned)?;
                let form = fit(&value, *slot, money_scale)?;
                match format {
                    Format::Text => {
                        if position > 0 {
                            data.out.put_u8(b'\t');
                        }
                        put::copy_text(&form, data.out);
                    }
                    Format::Binary => {
                        if put::field(&form, data.out)? == Format::Text && form != Form::Null {
                            return Ok(Complete::No);
                        }
                    }
                }
            }
            if format == Format::Text {
                data.out.put_u8(b'\n');
            }
            data.end_piece_when_large();
        }
        if format == Format::Binary {
            data.out.put_i16(-1);
        }
        data.end_piece();
        frontend::copy_done(out);
        Ok(Complete::Yes)
    }
}

/// Whether all values had the form asked for.
enum Complete {
    Yes,
    No,
}

/// Data in pieces, each with its length in front, which is known afterwards.
struct Data<'o> {
    out: &'o mut BytesMut,
    start: usize,
}

impl<'o> Data<'o> {
    fn begin(out: &'o mut BytesMut) -> Self {
        let start = out.len();
        let mut data = Self { out, start };
        data.begin_piece();
        data
    }

    fn begin_piece(&mut self) {
        self.start = self.out.len();
        self.out.put_u8(b'd');
        self.out.put_i32(0);
    }

    fn end_piece(&mut self) {
        // A piece ends soon after 64 KB, and no value is longer than a message.
        let length = i32::try_from(self.out.len() - self.start - 1).unwrap_or(i32::MAX);
        if let Some(place) = self.out.get_mut(self.start + 1..self.start + 5) {
            place.copy_from_slice(&length.to_be_bytes());
        }
    }

    fn end_piece_when_large(&mut self) {
        if self.out.len() - self.start > PIECE {
            self.end_piece();
            self.begin_piece();
        }
    }
}
