//! How Snowflake spells SQL: <https://docs.snowflake.com/en/sql-reference>
//!
//! Every value travels as text and the statement says what it is, so that nothing depends on how the service reads the
//! types of bindings. Texts compare character by character where a column has no collation of its own.

use quillback_plugin_api::dialect::{
    Dialect, has_text, limit_or, standard_equality, standard_literal, standard_order,
};
use quillback_plugin_api::rows::Cells;
use quillback_plugin_api::sql::{
    ColumnDef, Index, Insert, Lock, Order, RenderError, Rendered, Select, SqlWriter, TextMatch,
};
use quillback_plugin_api::{Ident, TableRef, Value};

use crate::types::bind;
use crate::types::create;

/// The spelling.
#[derive(Debug)]
pub(crate) struct SnowflakeDialect;

impl Dialect for SnowflakeDialect {
    /// <https://docs.snowflake.com/en/sql-reference/identifiers-syntax>
    fn quote(&self, out: &mut String, name: &str) {
        out.push('"');
        for c in name.chars() {
            if c == '"' {
                out.push('"');
            }
            out.push(c);
        }
        out.push('"');
    }

    /// A NULL has no type of its own; the literal takes the one that it needs. It is not bound.
    fn placeholder(&self, out: &mut String, _position: usize, value: &Value) {
        if value.is_null() {
            out.push_str("NULL");
            return;
        }
        let (open, close) = bind::wrapping(value);
        out.push_str(&open);
        out.push('?');
        out.push_str(&close);
    }

    /// Documents have no order of members; their canonical text has an equality.
    fn equals_any(
        &self,
        w: &mut SqlWriter<'_>,
        column: &Ident,
        values: &[Value],
    ) -> Result<(), RenderError> {
        if has_text(values) || !values.iter().any(|value| matches!(value, Value::Json(_))) {
            return standard_equality(w, column, values);
        }
        w.syntax("TO_JSON(").ident(column).syntax(") IN (");
        w.list(", ", values, |w, value| {
            w.syntax("TO_JSON(").param(value).syntax(")");
            Ok(())
        })?
        .syntax(")");
        Ok(())
    }

    /// <https://docs.snowflake.com/en/sql-reference/functions/is-distinct-from>
    fn same(&self, w: &mut SqlWriter<'_>, column: &Ident, value: &Value) {
        match value {
            Value::Null => {
                w.ident(column).syntax(" IS NULL");
            }
            Value::Json(_) => {
                w.syntax("TO_JSON(").ident(column);
                w.syntax(") IS NOT DISTINCT FROM TO_JSON(");
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
        // Whether an empty text is found is not documented; it is in every text.
        if needle.as_text() == Some("") {
            w.ident(column).syntax(" = ").ident(column);
            return;
        }
        let (open, close) = if ignore_case {
            ("LOWER(", ")")
        } else {
            ("", "")
        };
        w.syntax(match how {
            TextMatch::Contains => "CONTAINS(",
            TextMatch::StartsWith => "STARTSWITH(",
        });
        w.syntax(open).ident(column).syntax(close).syntax(", ");
        w.syntax(open).param(needle).syntax(close).syntax(")");
    }

    /// NULL is the largest value unless one says otherwise:
    /// <https://docs.snowflake.com/en/sql-reference/constructs/order-by>
    fn order(&self, w: &mut SqlWriter<'_>, order: &Order) {
        standard_order(w, order, " ASC");
    }

    /// <https://docs.snowflake.com/en/sql-reference/constructs/limit>: NULL is no limit.
    fn limit_after(&self, w: &mut SqlWriter<'_>, select: &Select) -> Result<(), RenderError> {
        limit_or(w, select, "NULL", i64::MAX.unsigned_abs());
        Ok(())
    }

    /// Rows of standard tables cannot be locked: <https://docs.snowflake.com/en/sql-reference/constructs/for-update>
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
        crate::insert::rows(w, insert, None, rows)
    }

    fn column_type(&self, column: &ColumnDef) -> Result<String, RenderError> {
        create::to_create(&column.ty)
    }

    fn identity(&self) -> Result<&'static str, RenderError> {
        Err(RenderError::unsupported(
            "columns that the database numbers",
        ))
    }

    /// <https://docs.snowflake.com/en/sql-reference/data-types-text#string-constants>
    fn literal(&self, value: &Value) -> Result<String, RenderError> {
        match value {
            Value::Bool(flag) => Ok(if *flag { "TRUE" } else { "FALSE" }.into()),
            Value::Decimal(number) if number.is_finite() => Ok(number.as_str().to_owned()),
            Value::Text(text) => {
                let escaped = text.replace('\\', "\\\\").replace('\'', "''");
                Ok(format!("'{escaped}'"))
            }
            other => standard_literal(other),
        }
    }

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
