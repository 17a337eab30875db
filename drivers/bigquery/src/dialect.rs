//! How BigQuery spells SQL: <https://cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax>
//!
//! Names stand in backticks and values in named parameters, `@p1` and so on, counted through a whole script.
//! Texts compare character by character, and NULL is the smallest value, as the contract wants it.

use std::sync::atomic::{AtomicUsize, Ordering};

use quillback_plugin_api::dialect::{
    Dialect, order_of_smallest_null, standard_equality, standard_limit, values,
};
use quillback_plugin_api::rows::Cells;
use quillback_plugin_api::sql::{
    ColumnDef, Index, Insert, Lock, Order, RenderError, Rendered, Select, SqlWriter, TextMatch,
};
use quillback_plugin_api::{Ident, TableRef, Value};

use crate::types::create;

/// The spelling of one script.
#[derive(Debug, Default)]
pub(crate) struct BigQueryDialect {
    given: AtomicUsize,
}

impl BigQueryDialect {
    /// How many parameters were given so far.
    pub(crate) fn given(&self) -> usize {
        self.given.load(Ordering::Relaxed)
    }

    /// The number of the next parameter.
    pub(crate) fn next(&self) -> usize {
        self.given.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// What stands around the parameter of a value that travels as text.
pub(crate) fn wrapping(value: &Value) -> (&'static str, &'static str) {
    match value {
        Value::Json(_) => ("PARSE_JSON(", ")"),
        Value::Bytes(_) => ("FROM_BASE64(", ")"),
        _ => ("", ""),
    }
}

impl Dialect for BigQueryDialect {
    /// <https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#quoted_identifiers>
    fn quote(&self, out: &mut String, name: &str) {
        out.push('`');
        for c in name.chars() {
            match c {
                '`' | '\\' => out.extend(['\\', c]),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                _ => out.push(c),
            }
        }
        out.push('`');
    }

    /// A NULL has no type of its own; the literal takes the one that it needs.
    fn placeholder(&self, out: &mut String, _position: usize, value: &Value) {
        if value.is_null() {
            // Counted all the same: parameters are found by their position.
            self.next();
            out.push_str("NULL");
            return;
        }
        let (open, close) = wrapping(value);
        out.push_str(open);
        out.push_str("@p");
        out.push_str(&self.next().to_string());
        out.push_str(close);
    }

    /// JSON has no equality of its own; its canonical text has.
    fn equals_any(
        &self,
        w: &mut SqlWriter<'_>,
        column: &Ident,
        values: &[Value],
    ) -> Result<(), RenderError> {
        if !values.iter().any(|value| matches!(value, Value::Json(_))) {
            return standard_equality(w, column, values);
        }
        json_text(w, column);
        w.syntax(" IN (");
        w.list(", ", values, |w, value| {
            w.syntax("TO_JSON_STRING(").param(value).syntax(")");
            Ok(())
        })?
        .syntax(")");
        Ok(())
    }

    fn same(&self, w: &mut SqlWriter<'_>, column: &Ident, value: &Value) {
        match value {
            Value::Null => {
                w.ident(column).syntax(" IS NULL");
            }
            Value::Json(_) => {
                json_text(w, column);
                w.syntax(" IS NOT DISTINCT FROM TO_JSON_STRING(");
                w.param(value).syntax(")");
            }
            _ => {
                w.ident(column).syntax(" IS NOT DISTINCT FROM ");
                w.param(value);
            }
        }
    }

    /// Both functions take the needle literally.
    fn text_match(
        &self,
        w: &mut SqlWriter<'_>,
        column: &Ident,
        how: TextMatch,
        ignore_case: bool,
        needle: &Value,
    ) {
        let (open, close) = if ignore_case {
            ("LOWER(", ")")
        } else {
            ("", "")
        };
        // Where an empty text is found is not documented; everything starts with it.
        let is_anywhere = how == TextMatch::Contains && needle.as_text() != Some("");
        w.syntax(if is_anywhere {
            "STRPOS("
        } else {
            "STARTS_WITH("
        });
        w.syntax(open).ident(column).syntax(close).syntax(", ");
        w.syntax(open).param(needle).syntax(close);
        w.syntax(if is_anywhere { ") > 0" } else { ")" });
    }

    /// NULL is the smallest value here already.
    fn order(&self, w: &mut SqlWriter<'_>, order: &Order) {
        order_of_smallest_null(w, order);
    }

    fn limit_after(&self, w: &mut SqlWriter<'_>, select: &Select) -> Result<(), RenderError> {
        standard_limit(w, select, i64::MAX.unsigned_abs());
        Ok(())
    }

    /// There are no locks: of two transactions that change the same table, the second is refused.
    fn lock_clause(&self, _w: &mut SqlWriter<'_>, _lock: Lock) {}

    fn insert_rows(
        &self,
        w: &mut SqlWriter<'_>,
        insert: &Insert,
        rows: &[Cells<'_>],
    ) -> Result<(), RenderError> {
        if !insert.returning.is_empty() {
            return Err(RenderError::unsupported("keys that the database makes"));
        }
        values(w, rows)
    }

    fn column_type(&self, column: &ColumnDef) -> Result<String, RenderError> {
        create::to_create(&column.ty)
    }

    fn identity(&self) -> Result<&'static str, RenderError> {
        Err(RenderError::unsupported(
            "columns that the database numbers",
        ))
    }

    fn literal(&self, value: &Value) -> Result<String, RenderError> {
        match value {
            Value::Bool(flag) => Ok(if *flag { "TRUE" } else { "FALSE" }.into()),
            Value::I64(number) => Ok(number.to_string()),
            Value::U64(number) => Ok(format!("NUMERIC '{number}'")),
            Value::F64(number) if number.is_finite() => Ok(format!("{number:e}")),
            Value::F32(number) if number.is_finite() => Ok(format!("{:e}", f64::from(*number))),
            Value::Decimal(number) if number.is_finite() => {
                Ok(format!("BIGNUMERIC '{}'", number.as_str()))
            }
            Value::Text(text) => Ok(create::quote_text(text)),
            _ => Err(RenderError::unsupported(
                "defaults other than booleans, numbers and texts",
            )),
        }
    }

    /// Printed in [`crate::define`]: a change takes several statements, each of which only widens.
    fn alter_column(
        &self,
        table: &TableRef,
        from: &ColumnDef,
        to: &ColumnDef,
    ) -> Result<Vec<Rendered>, RenderError> {
        crate::define::alter(self, table, from, to)
    }

    fn create_index(
        &self,
        _w: &mut SqlWriter<'_>,
        _table: &TableRef,
        _index: &Index,
    ) -> Result<(), RenderError> {
        Err(RenderError::unsupported("indexes"))
    }
}

fn json_text(w: &mut SqlWriter<'_>, column: &Ident) {
    // The text of a missing document would be the word null.
    w.syntax("IF(")
        .ident(column)
        .syntax(" IS NULL, NULL, TO_JSON_STRING(");
    w.ident(column).syntax("))");
}
