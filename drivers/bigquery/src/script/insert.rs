//! Rows that are added: INSERT, or MERGE where the table has a declared key.

use quillback_plugin_api::keys::{Names, of_rows, places};
use quillback_plugin_api::rows::Cells;
use quillback_plugin_api::sql::{Insert, Rendered, SqlWriter};
use quillback_plugin_api::{Category, DriverError, Value};

use super::Part;
use crate::dialect::{BigQueryDialect, wrapping};
use crate::tables::Table;
use crate::types::bind::{self, Parameter};
use crate::types::columns::{Field, Kind};

mod bulk;

/// Rows of one statement.
const MOST_ROWS: usize = 1_000;
/// From so many rows on, they travel as one parameter: a script takes ten thousand.
const BULK_FROM: usize = 50;

/// Whether rows are added only where their key is not there yet: the table has one, and all of it is given.
pub(super) fn is_keyed(insert: &Insert, table: Option<&Table>) -> bool {
    table.is_some_and(|table| key_positions(insert, table).is_some())
}

/// Where the columns of the key are among those that are given.
fn key_positions(insert: &Insert, table: &Table) -> Option<Vec<usize>> {
    places(insert, &table.primary_key, Names::AnyCase)
}

/// Prints the statements of an insert.
///
/// # Errors
/// `Unsupported` for generated keys, `InvalidData` for values that do not fit, `Unique` for rows of the same key.
pub(super) fn print(
    dialect: &BigQueryDialect,
    insert: &Insert,
    table: Option<&Table>,
) -> Result<Vec<Part>, DriverError> {
    if !insert.returning.is_empty() {
        return Err(DriverError::unsupported(
            "this database does not support keys that the database makes",
        ));
    }
    if insert.rows.width() != insert.columns.len() {
        return Err(DriverError::new(
            Category::Protocol,
            "an insert has rows of another width than its columns",
        ));
    }
    let key = table.and_then(|table| key_positions(insert, table));
    if let Some(key) = &key {
        // Two rows of one statement do not see each other.
        of_rows(insert, key)?;
    }
    let fields: Vec<_> = insert
        .columns
        .iter()
        .map(|name| table.and_then(|table| table.field(name)))
        .collect();
    if insert.rows.len() >= BULK_FROM
        && let Some(fields) = plain_fields(&fields)
    {
        return bulk::print(dialect, insert, key.as_deref(), &fields);
    }
    let rows: Vec<_> = insert.rows.iter().collect();
    let chunks = rows.chunks(MOST_ROWS).map(|rows| {
        let first = dialect.given();
        let printed = match &key {
            Some(key) => merge(dialect, insert, key, rows, &fields)?,
            None => plain(dialect, insert, rows, &fields)?,
        };
        Part::new(printed, first, |at, value| {
            let field = fields.get(at % fields.len().max(1)).copied().flatten();
            stored(field, value)
        })
    });
    chunks.collect()
}

/// A parameter for every value but a NULL that has no type among those of parameters.
fn stored(field: Option<&Field>, value: &Value) -> Result<Option<Parameter>, DriverError> {
    match field {
        _ if value.is_null() => Ok(typed_null(field)),
        Some(field) => bind::stored(field, value).map(Some),
        None => bind::value(value).map(Some),
    }
}

fn typed_null(field: Option<&Field>) -> Option<Parameter> {
    let is_plain = |field: &&Field| {
        !field.is_repeated() && !matches!(field.kind(), Kind::Json | Kind::Bytes | Kind::Other)
    };
    let field = field.filter(is_plain)?;
    Some(bind::null(Some(field)))
}

/// The columns, if each is known and takes values of this driver.
fn plain_fields<'f>(fields: &[Option<&'f Field>]) -> Option<Vec<&'f Field>> {
    let writable = |field: &&Field| !field.is_repeated() && field.kind() != Kind::Other;
    fields.iter().map(|field| field.filter(writable)).collect()
}

fn plain(
    dialect: &BigQueryDialect,
    insert: &Insert,
    rows: &[Cells<'_>],
    fields: &[Option<&Field>],
) -> Result<Rendered, DriverError> {
    let mut w = SqlWriter::new(dialect);
    w.syntax("INSERT INTO ").table(&insert.table).syntax(" (");
    w.idents(&insert.columns).syntax(") VALUES ");
    for (at, row) in rows.iter().enumerate() {
        w.syntax(if at > 0 { ", (" } else { "(" });
        cells(&mut w, dialect, *row, fields, false)?;
        w.syntax(")");
    }
    Ok(w.finish())
}

/// `MERGE INTO t AS present USING (SELECT .. AS c0 UNION ALL SELECT ..) AS given ON present.k = given.c0 WHEN NOT MATCHED THEN
/// INSERT (k, ..) VALUES (c0, ..)`: <https://cloud.google.com/bigquery/docs/reference/standard-sql/dml-syntax#merge_statement>
fn merge(
    dialect: &BigQueryDialect,
    insert: &Insert,
    key: &[usize],
    rows: &[Cells<'_>],
    fields: &[Option<&Field>],
) -> Result<Rendered, DriverError> {
    let mut w = SqlWriter::new(dialect);
    w.syntax("MERGE INTO ").table(&insert.table);
    w.syntax(" AS present USING (");
    for (at, row) in rows.iter().enumerate() {
        w.syntax(if at > 0 {
            " UNION ALL SELECT "
        } else {
            "SELECT "
        });
        cells(&mut w, dialect, *row, fields, at == 0)?;
    }
    not_matched(&mut w, insert, key);
    Ok(w.finish())
}

/// The rest of a MERGE, from the end of its source on.
fn not_matched(w: &mut SqlWriter<'_>, insert: &Insert, key: &[usize]) {
    w.syntax(") AS given ON ");
    for (at, position) in key.iter().enumerate() {
        w.syntax(if at > 0 { " AND present." } else { "present." });
        if let Some(column) = insert.columns.get(*position) {
            w.ident(column);
        }
        w.syntax(" = given.c").number(*position as u64);
    }
    w.syntax(" WHEN NOT MATCHED THEN INSERT (");
    w.idents(&insert.columns).syntax(") VALUES (");
    for at in 0..insert.columns.len() {
        w.syntax(if at > 0 { ", given.c" } else { "given.c" });
        w.number(at as u64);
    }
    w.syntax(")");
}

/// The values of a row; those of a SELECT have names in its first row, and each NULL a type.
fn cells(
    w: &mut SqlWriter<'_>,
    dialect: &BigQueryDialect,
    row: Cells<'_>,
    fields: &[Option<&Field>],
    is_named: bool,
) -> Result<(), DriverError> {
    for (at, cell) in row.enumerate() {
        let value = cell?.to_owned();
        let field = fields.get(at).copied().flatten();
        w.syntax(if at > 0 { ", " } else { "" });
        let number = dialect.next() as u64;
        if value.is_null() && typed_null(field).is_none() {
            match field.map(Field::kind) {
                Some(Kind::Json) => w.param_as("CAST(NULL AS JSON)", value),
                Some(Kind::Bytes) => w.param_as("CAST(NULL AS BYTES)", value),
                _ => w.param_as("NULL", value),
            };
        } else {
            let (open, close) = match (&value, field.map(Field::kind)) {
                // A text for a column of documents is one.
                (Value::Text(_), Some(Kind::Json)) => ("PARSE_JSON(", ")"),
                _ => wrapping(&value),
            };
            w.syntax(open).syntax("@p").number(number);
            w.param_as(close, value);
        }
        if is_named {
            w.syntax(" AS c").number(at as u64);
        }
    }
    Ok(())
}
