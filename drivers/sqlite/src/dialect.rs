//! The SQL of `SQLite` where it differs from the shared printer (<https://www.sqlite.org/lang.html>).

use std::fmt::Write as _;

use quillback_plugin_api::dialect::{
    Dialect, expr, has_text, limit_or, returning, standard_equality, values,
};
use quillback_plugin_api::rows::Cells;
use quillback_plugin_api::sql::{
    Assignment, ColumnDef, Direction, Expr, Insert, Lock, Order, RenderError, Rendered, Select,
    SetTo, SqlWriter, TextMatch, Update,
};
use quillback_plugin_api::{Ident, TableRef, Value};

use crate::checks;
use crate::types;

/// The spelling of `SQLite`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sqlite;

/// Name of the function that makes upper and lower case the same; the engine's own knows ASCII only.
pub(crate) const FOLD: &str = "quillback_fold";
/// Name of the function that adds exactly; the engine's `+` makes floats of texts and of sums that overflow.
pub(crate) const PLUS: &str = "quillback_plus";

/// Appends a name in double quotes.
pub(crate) fn quote(out: &mut String, name: &str) {
    out.push('"');
    for part in name.split_inclusive('"') {
        out.push_str(part);
        if part.ends_with('"') {
            out.push('"');
        }
    }
    out.push('"');
}

/// A name in double quotes.
pub(crate) fn quoted(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 2);
    quote(&mut out, name);
    out
}

impl Dialect for Sqlite {
    fn quote(&self, out: &mut String, name: &str) {
        quote(out, name);
    }

    fn placeholder(&self, out: &mut String, position: usize, _value: &Value) {
        out.push('?');
        out.push_str(&position.to_string());
    }

    fn constant(&self, holds: bool) -> &'static str {
        if holds { "1" } else { "0" }
    }

    /// A column that another program made may ignore case. The first condition lets its index serve, the second looks
    /// at every character: <https://www.sqlite.org/datatype3.html#collating_sequences>
    fn equals_any(
        &self,
        w: &mut SqlWriter<'_>,
        column: &Ident,
        values: &[Value],
    ) -> Result<(), RenderError> {
        if !has_text(values) {
            return standard_equality(w, column, values);
        }
        w.syntax("(");
        let first = w.bound() + 1;
        standard_equality(w, column, values)?;
        w.syntax(" AND ").ident(column).syntax(" COLLATE BINARY");
        w.syntax(if values.len() == 1 { " = " } else { " IN (" });
        for position in first..=w.bound() {
            w.syntax(if position == first { "?" } else { ", ?" });
            w.number(position);
        }
        w.syntax(if values.len() == 1 { ")" } else { "))" });
        Ok(())
    }

    /// Triggers leave it as it is: <https://www.sqlite.org/c3ref/last_insert_rowid.html>
    fn last_key(
        &self,
        w: &mut SqlWriter<'_>,
        _table: &TableRef,
        column: &Ident,
    ) -> Result<(), RenderError> {
        w.ident(column).syntax(" = last_insert_rowid()");
        Ok(())
    }

    fn same(&self, w: &mut SqlWriter<'_>, column: &Ident, value: &Value) {
        w.ident(column).syntax(" IS ").param(value);
        if has_text(std::slice::from_ref(value)) {
            w.syntax(" COLLATE BINARY");
        }
    }

    fn text_match(
        &self,
        w: &mut SqlWriter<'_>,
        column: &Ident,
        how: TextMatch,
        ignore_case: bool,
        needle: &Value,
    ) {
        w.syntax("instr(");
        if ignore_case {
            w.dialect_text(FOLD).syntax("(").ident(column).syntax("), ");
            w.dialect_text(FOLD).syntax("(").param(needle).syntax(")");
        } else {
            w.ident(column).syntax(", ").param(needle);
        }
        w.syntax(match how {
            TextMatch::Contains => ") > 0",
            TextMatch::StartsWith => ") = 1",
        });
    }

    // NULL sorts first when ascending and last when descending: https://www.sqlite.org/lang_select.html#orderby
    fn order(&self, w: &mut SqlWriter<'_>, order: &Order) {
        w.ident(&order.column);
        if order.direction == Direction::Desc {
            w.syntax(" DESC");
        }
    }

    // There is no OFFSET without LIMIT; a negative limit is none.
    fn limit_after(&self, w: &mut SqlWriter<'_>, select: &Select) -> Result<(), RenderError> {
        limit_or(w, select, "-1", i64::MAX.unsigned_abs());
        Ok(())
    }

    // Batches that lock run on the only writer: no other can change the rows before the batch ends.
    fn lock_clause(&self, _w: &mut SqlWriter<'_>, _lock: Lock) {}

    fn insert_rows(
        &self,
        w: &mut SqlWriter<'_>,
        insert: &Insert,
        rows: &[Cells<'_>],
    ) -> Result<(), RenderError> {
        values(w, rows)?;
        returning(w, insert)
    }

    fn column_type(&self, column: &ColumnDef) -> Result<String, RenderError> {
        let mut text = types::declare(column)?;
        let check = checks::check(&quoted(column.name.as_str()), &column.ty, column.nullable);
        if let Some(check) = check.filter(|_| !column.identity) {
            let _ = write!(text, " CHECK ({check})");
        }
        Ok(text)
    }

    // Without AUTOINCREMENT the number of a removed row can come again: https://www.sqlite.org/autoinc.html
    fn identity(&self) -> Result<&'static str, RenderError> {
        Ok("PRIMARY KEY AUTOINCREMENT")
    }

    fn literal(&self, value: &Value) -> Result<String, RenderError> {
        match value {
            Value::Bool(flag) => Ok(u8::from(*flag).to_string()),
            Value::I64(number) => Ok(number.to_string()),
            Value::U64(number) if i64::try_from(*number).is_ok() => Ok(number.to_string()),
            Value::U64(number) => Ok(format!("'{number}'")),
            Value::F64(number) if number.is_finite() => Ok(format!("{number:?}")),
            // In quotes, so that it does not become a float on its way.
            Value::Decimal(number) => Ok(format!("'{number}'")),
            Value::Text(text) if !text.contains('\0') => {
                Ok(format!("'{}'", text.replace('\'', "''")))
            }
            _ => Err(RenderError::unsupported("this value as a default")),
        }
    }

    fn alter_column(
        &self,
        _table: &TableRef,
        _from: &ColumnDef,
        _to: &ColumnDef,
    ) -> Result<Vec<Rendered>, RenderError> {
        Err(RenderError::unsupported("altering a column in place"))
    }
}

/// Prints an update that adds to columns; the shared printer's `+` would not be exact here.
///
/// # Errors
/// What cannot be expressed.
pub(crate) fn adding_update(update: &Update) -> Result<Rendered, RenderError> {
    let mut w = SqlWriter::new(&Sqlite);
    w.syntax("UPDATE ").table(&update.table).syntax(" SET ");
    w.list(", ", &update.set, |w, Assignment { column, to }| {
        w.ident(column).syntax(" = ");
        match to {
            SetTo::Value(value) => w.param(value),
            SetTo::Plus(value) => {
                w.dialect_text(PLUS).syntax("(").ident(column).syntax(", ");
                w.param(value).syntax(")")
            }
        };
        Ok(())
    })?;
    if update.filter != Expr::True {
        w.syntax(" WHERE ");
        expr(&mut w, &update.filter)?;
    }
    Ok(w.finish())
}

#[cfg(test)]
#[path = "dialect_tests.rs"]
mod tests;
