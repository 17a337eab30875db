//! Rows that a script reads: each cell as text, a row as a JSON array of them, all rows as one JSON array.
//!
//! The answer of a script is one row, and a variable of one type holds what any table has.

use quillback_plugin_api::dialect::{self, Dialect as _};
use quillback_plugin_api::rows::RowSet;
use quillback_plugin_api::sql::{Aggregate, Expr, Select, SelectItem, SqlWriter};
use quillback_plugin_api::{Column, DriverError, Ident, RowBuffer};
use serde_json::Value as Json;

use super::{Part, compared};
use crate::dialect::BigQueryDialect;
use crate::tables::Table;
use crate::types::columns::{Field, Kind};
use crate::types::read;

/// Prints a read as an expression of text.
///
/// # Errors
/// What the dialect cannot express.
pub(super) fn read(
    dialect: &BigQueryDialect,
    select: &Select,
    table: Option<&Table>,
) -> Result<Part, DriverError> {
    if select.distinct {
        return Err(DriverError::unsupported(
            "this database does not read distinct rows together with other steps",
        ));
    }
    let first = dialect.given();
    let mut w = SqlWriter::new(dialect);
    w.syntax("SELECT TO_JSON_STRING(ARRAY(SELECT TO_JSON_STRING([");
    for (at, item) in select.items.iter().enumerate() {
        w.syntax(if at > 0 { ", " } else { "" });
        let kind = kind(item, table);
        match item {
            SelectItem::Column(name) => as_text(&mut w, kind, |w| {
                w.ident(name);
            }),
            SelectItem::CountRows => drop(w.syntax("CAST(COUNT(*) AS STRING)")),
            SelectItem::Aggregate(which, name) => as_text(&mut w, kind, |w| {
                w.syntax(match which {
                    Aggregate::Min => "MIN(",
                    Aggregate::Max => "MAX(",
                });
                w.ident(name).syntax(")");
            }),
        }
    }
    w.syntax("]) FROM ").table(&select.from);
    if select.filter != Expr::True {
        w.syntax(" WHERE ");
        dialect::expr(&mut w, &select.filter)?;
    }
    for (at, order) in select.order.iter().enumerate() {
        w.syntax(if at > 0 { ", " } else { " ORDER BY " });
        dialect.order(&mut w, order);
    }
    dialect.limit_after(&mut w, select)?;
    w.syntax("))");
    Part::new(w.finish(), first, compared)
}

fn field<'t>(item: &SelectItem, table: Option<&'t Table>) -> Option<&'t Field> {
    match item {
        SelectItem::Column(name) | SelectItem::Aggregate(_, name) => table?.field(name),
        SelectItem::CountRows => None,
    }
}

fn kind(item: &SelectItem, table: Option<&Table>) -> Kind {
    match (item, field(item, table)) {
        (SelectItem::CountRows, _) => Kind::Int,
        (_, Some(field)) if field.is_repeated() => Kind::Other,
        (_, Some(field)) => field.kind(),
        // The service says what is wrong with a column that is not there.
        (_, None) => Kind::Text,
    }
}

fn as_text(w: &mut SqlWriter<'_>, kind: Kind, print: impl Fn(&mut SqlWriter<'_>)) {
    let (open, close) = match kind {
        Kind::Text => ("", ""),
        Kind::Bytes => ("TO_BASE64(", ")"),
        Kind::Instant => ("CAST(UNIX_MICROS(", ") AS STRING)"),
        Kind::Json | Kind::Other => {
            // The text of a missing document would be the word null.
            w.syntax("IF(");
            print(w);
            (" IS NULL, NULL, TO_JSON_STRING(", "))")
        }
        _ => ("CAST(", " AS STRING)"),
    };
    w.syntax(open);
    print(w);
    w.syntax(close);
}

/// Reads back what [`read`] made.
pub(crate) fn parse(text: &str, select: &Select, table: Option<&Table>) -> Option<RowSet> {
    let lines: Vec<String> = serde_json::from_str(text).ok()?;
    let kinds: Vec<_> = select.items.iter().map(|item| kind(item, table)).collect();
    let mut rows = RowBuffer::new(kinds.len());
    for line in lines {
        let cells: Vec<Json> = serde_json::from_str(&line).ok()?;
        if cells.len() != kinds.len() {
            return None;
        }
        for (kind, cell) in kinds.iter().zip(&cells) {
            read::push(*kind, cell, &mut rows);
        }
    }
    let columns = select.items.iter().map(|item| Column {
        name: heading(item).map_or("", Ident::as_str).to_owned(),
        native: field(item, table).map(Field::native).unwrap_or_default(),
    });
    Some(RowSet {
        columns: columns.collect(),
        rows,
    })
}

fn heading(item: &SelectItem) -> Option<&Ident> {
    match item {
        SelectItem::Column(name) => Some(name),
        SelectItem::CountRows | SelectItem::Aggregate(..) => None,
    }
}
