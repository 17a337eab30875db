//! Rows that are added: only those whose declared key is not there yet, as the service enforces none.
//!
//! Two transactions that only insert do not wait for each other. Each touches its own new rows with an UPDATE therefore,
//! which holds a lock until the end of the transaction
//! (<https://docs.snowflake.com/en/sql-reference/transactions#resource-locking>), and counts the rows with these keys then:
//! whoever comes second sees what the first has committed.

use quillback_plugin_api::keys::{Names, of_rows, places};
use quillback_plugin_api::rows::Cells;
use quillback_plugin_api::sql::{Insert, RenderError, Rendered, SqlWriter};
use quillback_plugin_api::{Category, DriverError, Value, ValueRef};

use crate::capabilities::{MAX_PARAMS, MAX_TEXT, MAX_VALUES};
use crate::dialect::SnowflakeDialect;
use crate::plan::{Part, Wanted};
use crate::session::Prepared;
use crate::tables::Table;
use crate::types::bind;

/// Prints the statements of an insert: large ones take several.
///
/// # Errors
/// `Unsupported` for generated keys, `InvalidData` for values that do not fit, `Unique` for rows of the same key.
pub(crate) fn print(insert: &Insert, table: Option<&Table>) -> Result<Vec<Part>, DriverError> {
    if !insert.returning.is_empty() {
        return Err(DriverError::unsupported(
            "this database does not support keys that the database makes",
        ));
    }
    let width = insert.columns.len();
    if insert.rows.width() != width || width == 0 {
        return Err(DriverError::new(
            Category::Protocol,
            "an insert has rows of another width than its columns",
        ));
    }
    if let Some(table) = table {
        is_complete(insert, table)?;
    }
    let key =
        table.and_then(|table| Some((table, places(insert, &table.primary_key, Names::Exact)?)));
    if let Some((_, key)) = &key {
        differ(insert, key)?;
    }
    let mut parts = Vec::new();
    let all: Vec<_> = insert.rows.iter().collect();
    // A row with a key is named three times at most: added, touched, counted.
    for chunk in all.chunks((MAX_PARAMS as usize / width).clamp(1, 4_096)) {
        add(
            insert,
            table,
            key.as_ref().map(|(_, key)| key),
            chunk,
            &mut parts,
        )?;
        if let Some((table, key)) = &key {
            for touch in [true, false] {
                parts.push(touched(insert, table, key, chunk, touch)?);
            }
        }
    }
    Ok(parts)
}

/// Whether every required column has a value in every row.
fn is_complete(insert: &Insert, table: &Table) -> Result<(), DriverError> {
    let required = table.fields.iter().filter(|field| !field.nullable);
    for field in required {
        let at = insert.columns.iter().position(|name| *name == field.name);
        let is_missing = match at {
            None => !field.has_default && !insert.rows.is_empty(),
            Some(at) => insert
                .rows
                .iter()
                .any(|mut row| matches!(row.nth(at), Some(Ok(ValueRef::Null)))),
        };
        if is_missing {
            return Err(bind::missing(field));
        }
    }
    Ok(())
}

fn add(
    insert: &Insert,
    table: Option<&Table>,
    key: Option<&Vec<usize>>,
    chunk: &[Cells<'_>],
    parts: &mut Vec<Part>,
) -> Result<(), DriverError> {
    let mut w = SqlWriter::new(&SnowflakeDialect);
    w.syntax("INSERT INTO ").table(&insert.table).syntax(" (");
    w.idents(&insert.columns).syntax(")");
    match (key, table) {
        (Some(key), Some(table)) => unless_there(&mut w, insert, table, key, chunk)?,
        _ => rows(&mut w, insert, table, chunk)?,
    }
    let bind = |at: usize, value: &Value| {
        let column = insert.columns.get(at % insert.columns.len());
        match table
            .zip(column)
            .and_then(|(table, column)| table.field(column))
        {
            Some(field) => bind::stored(field, value),
            None => bind::value(value),
        }
    };
    let count = chunk.len() as u64;
    let wanted = match key {
        Some(_) => Wanted::AllOf(count),
        None => Wanted::Counted,
    };
    parts.push(Part::new(w.finish(), bind, wanted)?);
    Ok(())
}

/// Prints ` SELECT CAST(column1 AS ..), .. FROM VALUES (?, ..), ..`: functions may not stand in VALUES
/// (<https://docs.snowflake.com/en/sql-reference/constructs/values>), and its columns are called that way.
///
/// # Errors
/// A row that cannot be read.
pub(crate) fn rows(
    w: &mut SqlWriter<'_>,
    insert: &Insert,
    table: Option<&Table>,
    chunk: &[Cells<'_>],
) -> Result<(), RenderError> {
    w.syntax(" SELECT ");
    casts(w, insert, table, chunk, |_, _| {})?;
    w.syntax(" FROM VALUES ");
    values(w, chunk)
}

/// As [`rows`], without those whose key is there.
fn unless_there(
    w: &mut SqlWriter<'_>,
    insert: &Insert,
    table: &Table,
    key: &[usize],
    chunk: &[Cells<'_>],
) -> Result<(), RenderError> {
    w.syntax(" SELECT * FROM (SELECT ");
    casts(w, insert, Some(table), chunk, |w, at| {
        w.syntax(" AS \"c").number(at as u64).syntax("\"");
    })?;
    w.syntax(" FROM VALUES ");
    values(w, chunk)?;
    w.syntax(") AS given WHERE NOT EXISTS (SELECT 1 FROM ");
    w.table(&insert.table).syntax(" AS present WHERE ");
    w.list(" AND ", key, |w, at| {
        w.syntax("present.");
        if let Some(column) = insert.columns.get(*at) {
            w.ident(column);
        }
        w.syntax(" = given.\"c").number(*at as u64 + 1).syntax("\"");
        Ok(())
    })?;
    w.syntax(")");
    Ok(())
}

fn casts(
    w: &mut SqlWriter<'_>,
    insert: &Insert,
    table: Option<&Table>,
    chunk: &[Cells<'_>],
    name: impl Fn(&mut SqlWriter<'_>, usize),
) -> Result<(), RenderError> {
    w.list(
        ", ",
        insert.columns.iter().enumerate(),
        |w, (at, column)| {
            let field = table.and_then(|table| table.field(column));
            let (open, close) = match field {
                Some(field) => field.cast(),
                // Nothing is known of the column: the first value says what it is.
                None => {
                    first_value(chunk, at).map_or_else(Default::default, |v| bind::wrapping(&v))
                }
            };
            w.dialect_text(&open).syntax("column").number(at as u64 + 1);
            w.dialect_text(&close);
            name(w, at + 1);
            Ok(())
        },
    )?;
    Ok(())
}

fn first_value(chunk: &[Cells<'_>], at: usize) -> Option<Value> {
    let cells = chunk.iter().filter_map(|row| row.clone().nth(at)?.ok());
    let mut values = cells.map(ValueRef::to_owned);
    values.find(|value| !value.is_null())
}

fn values(w: &mut SqlWriter<'_>, chunk: &[Cells<'_>]) -> Result<(), RenderError> {
    w.list(", ", chunk, |w, row| {
        w.syntax("(");
        w.list(", ", *row, |w, cell| {
            let cell = cell.map_err(|_| RenderError::unsupported("a malformed row"))?;
            // What is NULL stands in the text and is not bound.
            w.param_as(if cell.is_null() { "NULL" } else { "?" }, cell.to_owned());
            Ok(())
        })?
        .syntax(")");
        Ok(())
    })?;
    Ok(())
}

/// `UPDATE t SET k = k WHERE ..` or `SELECT COUNT(*) FROM t WHERE ..` over the keys of these rows.
fn touched(
    insert: &Insert,
    table: &Table,
    key: &[usize],
    chunk: &[Cells<'_>],
    touch: bool,
) -> Result<Part, DriverError> {
    let fields: Option<Vec<_>> = table.primary_key.iter().map(|k| table.field(k)).collect();
    let fields = fields.unwrap_or_default();
    let mut w = SqlWriter::new(&SnowflakeDialect);
    if let (true, Some(first)) = (touch, table.primary_key.first()) {
        w.syntax("UPDATE ").table(&insert.table).syntax(" SET ");
        w.ident(first).syntax(" = ").ident(first);
    } else {
        w.syntax("SELECT COUNT(*) FROM ").table(&insert.table);
    }
    w.syntax(" WHERE (");
    w.idents(&table.primary_key).syntax(") IN (SELECT ");
    w.list(", ", fields.iter().enumerate(), |w, (at, field)| {
        let (open, close) = field.cast();
        w.dialect_text(&open).syntax("column").number(at as u64 + 1);
        w.dialect_text(&close);
        Ok(())
    })?
    .syntax(" FROM VALUES ");
    w.list(", ", chunk, |w, row| {
        let cells: Vec<_> = row.collect();
        w.syntax("(");
        w.list(", ", key, |w, at| {
            let cell = cells.get(*at).and_then(|cell| cell.as_ref().ok());
            let value = cell.map_or(Value::Null, |cell| ValueRef::to_owned(*cell));
            w.param_as(if value.is_null() { "NULL" } else { "?" }, value);
            Ok(())
        })?
        .syntax(")");
        Ok(())
    })?
    .syntax(")");
    let bind = |at: usize, value: &Value| match fields.get(at % fields.len().max(1)) {
        Some(field) => bind::stored(field, value),
        None => bind::value(value),
    };
    Part::new(w.finish(), bind, Wanted::Alone(chunk.len() as u64))
}

/// Two rows of one statement do not see each other, and a key has no NULL.
fn differ(insert: &Insert, key: &[usize]) -> Result<(), DriverError> {
    if of_rows(insert, key)?.len() < insert.rows.len() {
        let message = "a required value is missing: a column of the key";
        return Err(DriverError::new(Category::NotNull, message));
    }
    Ok(())
}

/// Turns a printed statement into one to send.
///
/// # Errors
/// `Resource` beyond the limits of one statement, and what `bind` refuses.
pub(crate) fn prepare(
    printed: Rendered,
    bind: impl Fn(usize, &Value) -> Result<String, DriverError>,
) -> Result<Prepared, DriverError> {
    let mut values = Vec::with_capacity(printed.params.len());
    for (at, value) in printed.params.iter().enumerate() {
        if !value.is_null() {
            values.push(bind(at, value)?);
        }
    }
    let bytes: usize = values.iter().map(String::len).sum();
    let message = if printed.params.len() > MAX_PARAMS as usize {
        format!("the statement needs more than the {MAX_PARAMS} values that this database takes")
    } else if printed.sql.len() > MAX_TEXT {
        "the statement is longer than the megabyte of text that this database takes".to_owned()
    } else if bytes > MAX_VALUES {
        "the values of the statement are more than the 16 megabytes that this database takes".into()
    } else {
        return Ok(Prepared {
            sql: printed.sql,
            values,
        });
    };
    let message = format!("{message}: narrow the filter or write fewer rows at once");
    Err(DriverError::new(Category::Resource, message))
}
