//! Statements in words of SQL, for people: they see what a batch does before it is sent. Nothing reads them here; a
//! driver of a database that speaks SQL sends exactly what its dialect prints.

use quillback_plugin_api::dialect::{Dialect, standard_equality, values};
use quillback_plugin_api::rows::Cells;
use quillback_plugin_api::sql::{
    ColumnDef, Direction, Insert, Lock, Order, RenderError, Rendered, Select, SqlWriter, TextMatch,
};
use quillback_plugin_api::{Ident, TableRef, Value};

use crate::types::Kind;

/// The spelling: that of the SQL standard as far as there is one.
pub(crate) struct Words;

impl Dialect for Words {
    fn quote(&self, out: &mut String, name: &str) {
        out.push('"');
        out.push_str(&name.replace('"', "\"\""));
        out.push('"');
    }

    fn placeholder(&self, out: &mut String, _: usize, _: &Value) {
        out.push('?');
    }

    fn equals_any(
        &self,
        w: &mut SqlWriter<'_>,
        column: &Ident,
        values: &[Value],
    ) -> Result<(), RenderError> {
        standard_equality(w, column, values)
    }

    fn same(&self, w: &mut SqlWriter<'_>, column: &Ident, value: &Value) {
        w.ident(column)
            .syntax(" IS NOT DISTINCT FROM ")
            .param(value);
    }

    fn text_match(
        &self,
        w: &mut SqlWriter<'_>,
        column: &Ident,
        how: TextMatch,
        ignore_case: bool,
        needle: &Value,
    ) {
        let fold = if ignore_case { "LOWER(" } else { "(" };
        w.syntax("POSITION(")
            .syntax(fold)
            .param(needle)
            .syntax(") IN ")
            .syntax(fold)
            .ident(column);
        w.syntax(match how {
            TextMatch::Contains => ")) > 0",
            TextMatch::StartsWith => ")) = 1",
        });
    }

    fn order(&self, w: &mut SqlWriter<'_>, order: &Order) {
        w.ident(&order.column);
        w.syntax(if order.direction == Direction::Desc {
            " DESC NULLS LAST"
        } else {
            " ASC NULLS FIRST"
        });
    }

    fn limit_after(&self, w: &mut SqlWriter<'_>, select: &Select) -> Result<(), RenderError> {
        if select.offset > 0 {
            w.syntax(" OFFSET ").number(select.offset).syntax(" ROWS");
        }
        if let Some(limit) = select.limit {
            w.syntax(" FETCH FIRST ").number(limit).syntax(" ROWS ONLY");
        }
        Ok(())
    }

    // A batch that locks rows holds the whole folder.
    fn lock_clause(&self, _: &mut SqlWriter<'_>, _: Lock) {}

    fn insert_rows(
        &self,
        w: &mut SqlWriter<'_>,
        insert: &Insert,
        rows: &[Cells<'_>],
    ) -> Result<(), RenderError> {
        if insert.returning.is_empty() {
            values(w, rows)
        } else {
            Err(RenderError::unsupported(
                "values that come back from an insert",
            ))
        }
    }

    fn column_type(&self, column: &ColumnDef) -> Result<String, RenderError> {
        Kind::of(&column.ty).map(Kind::native)
    }

    fn identity(&self) -> Result<&'static str, RenderError> {
        Err(RenderError::unsupported("columns that number the rows"))
    }

    fn literal(&self, value: &Value) -> Result<String, RenderError> {
        match value {
            Value::Bool(flag) => Ok(flag.to_string()),
            Value::I64(number) => Ok(number.to_string()),
            Value::U64(number) => Ok(number.to_string()),
            Value::Decimal(number) => Ok(number.to_string()),
            Value::Text(text) => Ok(format!("'{}'", text.replace('\'', "''"))),
            _ => Err(RenderError::unsupported("this value as a default")),
        }
    }

    fn alter_column(
        &self,
        table: &TableRef,
        _: &ColumnDef,
        to: &ColumnDef,
    ) -> Result<Vec<Rendered>, RenderError> {
        let mut w = SqlWriter::new(self);
        w.syntax("ALTER TABLE ")
            .table(table)
            .syntax(" ALTER COLUMN ")
            .ident(&to.name)
            .syntax(" ");
        w.dialect_text(&self.column_type(to)?);
        w.syntax(if to.nullable { " NULL" } else { " NOT NULL" });
        Ok(vec![w.finish()])
    }
}
