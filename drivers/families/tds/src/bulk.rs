//! Large inserts: rows as one JSON text, which the server reads as a table (`OPENJSON`).
//!
//! It is an ordinary insert: constraints, defaults and triggers work as they always do, and the values of a thousand rows
//! are one parameter. <https://learn.microsoft.com/sql/t-sql/functions/openjson-transact-sql>
//! Not the protocol's own `INSERT BULK`: see `docs/decisions/0020-large-inserts-of-t-sql-as-json.md`.

use std::fmt::Write as _;

use quillback_plugin_api::civil::{Offset, TimeOfDay, Timestamp};
use quillback_plugin_api::dialect::{self, Dialect};
use quillback_plugin_api::rows::Cells;
use quillback_plugin_api::run::Limits;
use quillback_plugin_api::sql::{Insert, Rendered, SqlWriter};
use quillback_plugin_api::{DriverError, Value, ValueRef};
use tiberius::Uuid;

use crate::tables::{Columns, Known};
use crate::types::bind;

/// Rows from which one text is quicker than many parameters.
const BULK_FROM: usize = 500;
/// Bytes from which a text is ended after its row.
const PIECE: usize = 4 << 20;

/// How a server reads JSON as a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadsJson {
    /// Not at all: before SQL Server 2016, or the database has a compatibility level below 130.
    No,
    /// Texts come out with their escapes as they are written (Babelfish 4.3).
    WithoutEscapes,
    /// As it is written in the standard.
    Fully,
}

/// The question that only a server with `OPENJSON` can answer: 1 (`bigint`) where it reads escapes.
pub(crate) const PROBE: &str = "SELECT CAST(CASE WHEN c COLLATE Latin1_General_100_BIN2 = N'\"\\ä' + NCHAR(10) THEN 1 \
ELSE 0 END AS bigint) FROM OPENJSON(N'[[\"\\\"\\\\\\u00e4\\n\"]]') WITH (c nvarchar(9) '$[0]')";

/// Inserts of at least this many rows are sent as JSON where the server reads it.
pub(crate) fn bulk_from(reads: ReadsJson) -> usize {
    match reads {
        ReadsJson::No => 0,
        ReadsJson::WithoutEscapes | ReadsJson::Fully => BULK_FROM,
    }
}

/// The statements of a large insert.
#[derive(Debug, Default)]
pub(crate) struct Statements {
    /// Those whose rows are one text.
    pub(crate) of_texts: Vec<Rendered>,
    /// Those whose values are parameters, as in small inserts.
    pub(crate) of_values: Vec<Rendered>,
}

/// Prints the statements of a large insert.
///
/// # Errors
/// A value does not fit its column, or the dialect cannot express the insert.
pub(crate) fn statements(
    dialect: &dyn Dialect,
    insert: &Insert,
    columns: &Columns,
    limits: Limits,
    reads: ReadsJson,
) -> Result<Statements, DriverError> {
    let mut made = Statements::default();
    let single = match Form::of(dialect, insert, columns, reads) {
        Some(form) => form.write(insert, &mut made.of_texts)?,
        None => insert.rows.iter().collect(),
    };
    for rows in single.chunks(limits.insert_rows(insert.columns.len())) {
        let statement = dialect::insert(dialect, insert, rows)?;
        made.of_values.push(statement);
    }
    Ok(made)
}

/// How the rows of one insert are written.
struct Form<'c> {
    sql: String,
    reads: ReadsJson,
    columns: Vec<&'c Known>,
}

impl<'c> Form<'c> {
    /// `None` where a column is unknown, or of a type whose values would not come through JSON as they are.
    fn of(
        dialect: &dyn Dialect,
        insert: &Insert,
        known: &'c Columns,
        reads: ReadsJson,
    ) -> Option<Self> {
        let columns: Vec<_> = insert
            .columns
            .iter()
            .map(|name| known.get(name))
            .collect::<Option<_>>()?;
        let mut w = SqlWriter::new(dialect);
        w.syntax("INSERT INTO ").table(&insert.table).syntax(" (");
        w.idents(&insert.columns).syntax(") SELECT ");
        let mut sql = w.finish().sql;
        let mut read = String::new();
        for (position, column) in columns.iter().enumerate() {
            let comma = if position == 0 { "" } else { ", " };
            let ty = read_as(&column.info.native)?;
            // Writing into a string cannot fail.
            let _ = write!(sql, "{comma}c{position}");
            let _ = write!(read, "{comma}c{position} {ty} '$[{position}]'");
        }
        let _ = write!(sql, " FROM OPENJSON(@P1) WITH ({read})");
        Some(Self {
            sql,
            reads,
            columns,
        })
    }

    /// Appends the statements; answers with the rows that JSON cannot carry.
    fn write<'r>(
        &self,
        insert: &'r Insert,
        made: &mut Vec<Rendered>,
    ) -> Result<Vec<Cells<'r>>, DriverError> {
        let mut single = Vec::new();
        let mut text = String::from("[");
        for row in &insert.rows {
            let before = text.len();
            text.push_str(if before > 1 { ",[" } else { "[" });
            if self.row(row, &mut text)? {
                text.push(']');
            } else {
                text.truncate(before);
                single.push(row);
            }
            if text.len() >= PIECE {
                made.push(self.statement(&mut text));
            }
        }
        if text.len() > 1 {
            made.push(self.statement(&mut text));
        }
        Ok(single)
    }

    /// Appends the values of a row; `false` where one of them has no text that comes through.
    fn row(&self, row: Cells<'_>, out: &mut String) -> Result<bool, DriverError> {
        for (position, (cell, column)) in row.zip(&self.columns).enumerate() {
            if position > 0 {
                out.push(',');
            }
            let given = cell.map(ValueRef::to_owned)?;
            let value = bind::checked(column, &given)?;
            // A text is fine as it is, and binding one would copy it.
            if !matches!(*value, Value::Text(_)) {
                bind::value(&value)?;
            }
            if !append(&value, self.reads, out) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Takes the text, and begins another one.
    fn statement(&self, text: &mut String) -> Rendered {
        text.push(']');
        let text = std::mem::replace(text, String::from("["));
        Rendered {
            sql: self.sql.clone(),
            params: vec![Value::Text(text)],
        }
    }
}

/// The type as which a column's values are read out of the JSON text, exactly as the column takes them. None of floats,
/// which the server does not read to the last digit; none of bytes; none of the old types of moments and money.
fn read_as(native: &str) -> Option<String> {
    let (name, length) = native.split_once('(').unwrap_or((native, ""));
    match name {
        "bit" | "tinyint" | "smallint" | "int" | "bigint" | "uniqueidentifier" | "date"
        | "decimal" | "numeric" | "time" | "datetime2" | "datetimeoffset" => {
            Some(native.to_owned())
        }
        "char" | "varchar" | "nchar" | "nvarchar" => {
            let length = length.trim_end_matches(')').parse::<u16>().ok();
            Some(match length.filter(|length| *length <= 4_000) {
                Some(length) => format!("nvarchar({length})"),
                None => "nvarchar(max)".into(),
            })
        }
        _ => None,
    }
}

/// Appends a value that fits its column; `false` where its text would not come through.
fn append(value: &Value, reads: ReadsJson, out: &mut String) -> bool {
    // Writing into a string cannot fail.
    let _ = match value {
        Value::Null => write!(out, "null"),
        Value::Bool(flag) => write!(out, "{flag}"),
        Value::I64(number) => write!(out, "{number}"),
        Value::U64(number) => write!(out, "{number}"),
        // As a text, so that no reader of JSON takes it for a float.
        Value::Decimal(number) => write!(out, "\"{}\"", number.as_str()),
        Value::Text(text) | Value::Json(text) | Value::Special { text, .. } => {
            return append_text(text, reads, out);
        }
        Value::Uuid(uuid) => write!(out, "\"{}\"", Uuid::from_bytes(*uuid)),
        Value::Date(date) => write!(out, "\"{date}\""),
        Value::Time(nanos) => write!(out, "\"{}\"", TimeOfDay(*nanos)),
        Value::Timestamp(stamp) => write!(out, "\"{stamp}\""),
        Value::Instant(stamp) => write!(out, "\"{stamp}Z\""),
        Value::OffsetInstant { instant, offset }
        | Value::ZonedInstant {
            instant, offset, ..
        } => return append_offset(*instant, *offset, out),
        _ => return false,
    };
    true
}

fn append_text(text: &str, reads: ReadsJson, out: &mut String) -> bool {
    let Ok(quoted) = serde_json::to_string(text) else {
        return false;
    };
    out.push_str(&quoted);
    let has_escapes = quoted.len() > text.len() + 2;
    match reads {
        ReadsJson::No => false,
        ReadsJson::WithoutEscapes => !has_escapes,
        // No document says what becomes of an escaped NUL.
        ReadsJson::Fully => !text.contains('\0'),
    }
}

/// A moment with its offset; `false` where the local time of it lies outside of the years that the server knows.
fn append_offset(instant: Timestamp, offset: i32, out: &mut String) -> bool {
    let local = instant.at_offset(offset);
    let knows = local
        .to_parts()
        .is_some_and(|(date, _)| (1..=9999).contains(&date.year));
    // Writing into a string cannot fail.
    let _ = write!(out, "\"{local}{}\"", Offset(offset));
    knows
}

#[cfg(test)]
mod tests;
