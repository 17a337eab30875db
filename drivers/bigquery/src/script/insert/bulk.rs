//! Many rows as one parameter: a JSON array of rows, each an array of texts, taken apart by the service.
//!
//! A script takes ten thousand parameters and a megabyte of text, but ten megabytes of values.

use quillback_plugin_api::DriverError;
use quillback_plugin_api::rows::Cells;
use quillback_plugin_api::sql::{Insert, SqlWriter};
use serde_json::Value as Json;

use super::not_matched;
use crate::dialect::BigQueryDialect;
use crate::script::Part;
use crate::types::bind::{self, Parameter};
use crate::types::columns::{Field, Kind};

/// Rows of one statement.
const MOST_ROWS: usize = 20_000;

/// Prints the statements.
///
/// # Errors
/// `InvalidData` for values that do not fit.
pub(super) fn print(
    dialect: &BigQueryDialect,
    insert: &Insert,
    key: Option<&[usize]>,
    fields: &[&Field],
) -> Result<Vec<Part>, DriverError> {
    let rows: Vec<_> = insert.rows.iter().collect();
    let chunks = rows.chunks(MOST_ROWS).map(|rows| {
        let number = dialect.next();
        let parameter = Parameter {
            ty: "STRING",
            value: Some(text(rows, fields)?),
        };
        Ok(Part {
            sql: statement(dialect, insert, key, fields, number),
            params: vec![(format!("p{number}"), parameter)],
        })
    });
    chunks.collect()
}

fn text(rows: &[Cells<'_>], fields: &[&Field]) -> Result<String, DriverError> {
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        let mut cells = Vec::with_capacity(fields.len());
        for (cell, field) in row.zip(fields) {
            let bound = bind::stored(field, &cell?.to_owned())?;
            cells.push(bound.value.map_or(Json::Null, Json::String));
        }
        all.push(Json::Array(cells));
    }
    Ok(Json::Array(all).to_string())
}

fn statement(
    dialect: &BigQueryDialect,
    insert: &Insert,
    key: Option<&[usize]>,
    fields: &[&Field],
    number: usize,
) -> String {
    let mut w = SqlWriter::new(dialect);
    if key.is_some() {
        w.syntax("MERGE INTO ").table(&insert.table);
        w.syntax(" AS present USING (SELECT ");
    } else {
        w.syntax("INSERT INTO ").table(&insert.table).syntax(" (");
        w.idents(&insert.columns).syntax(") SELECT ");
    }
    for (at, field) in fields.iter().enumerate() {
        let (open, close) = conversion(field);
        w.syntax(if at > 0 { ", " } else { "" }).syntax(open);
        w.syntax("JSON_VALUE(r, '$[")
            .number(at as u64)
            .syntax("]')");
        w.syntax(close).syntax(" AS c").number(at as u64);
    }
    w.syntax(" FROM UNNEST(JSON_QUERY_ARRAY(@p")
        .number(number as u64);
    w.syntax(")) AS r");
    if let Some(key) = key {
        not_matched(&mut w, insert, key);
    }
    w.finish().sql
}

/// What turns a text into a value of the column.
fn conversion(field: &Field) -> (&'static str, &'static str) {
    match (field.kind(), field.kind.as_str()) {
        (Kind::Bool, _) => ("CAST(", " AS BOOL)"),
        (Kind::Int, _) => ("CAST(", " AS INT64)"),
        (Kind::Float, _) => ("CAST(", " AS FLOAT64)"),
        (Kind::Decimal, "NUMERIC") => ("CAST(", " AS NUMERIC)"),
        (Kind::Decimal, _) => ("CAST(", " AS BIGNUMERIC)"),
        (Kind::Date, _) => ("CAST(", " AS DATE)"),
        (Kind::Time, _) => ("CAST(", " AS TIME)"),
        (Kind::Timestamp, _) => ("CAST(", " AS DATETIME)"),
        (Kind::Instant, _) => ("CAST(", " AS TIMESTAMP)"),
        (Kind::Json, _) => ("PARSE_JSON(", ")"),
        (Kind::Bytes, _) => ("FROM_BASE64(", ")"),
        (Kind::Text | Kind::Other, _) => ("", ""),
    }
}
