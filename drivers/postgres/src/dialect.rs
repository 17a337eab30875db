//! How `PostgreSQL` spells SQL.

mod ddl;

use std::sync::atomic::{AtomicBool, Ordering};

use quillback_plugin_api::dialect::{self, Dialect};
use quillback_plugin_api::rows::Cells;
use quillback_plugin_api::sql::{
    ColumnDef, Direction, Index, Insert, Lock, Order, RenderError, Rendered, Select, SqlWriter,
    TextMatch,
};
use quillback_plugin_api::{Category, DriverError, Ident, TableRef, Value};

use crate::options::MAX_NAME_BYTES;

/// The dialect for printing one batch or one list of changes.
#[derive(Debug, Default)]
pub(crate) struct Postgres {
    /// Set when a name is met that the server would cut short.
    name_too_long: AtomicBool,
}

impl Postgres {
    /// What was printed, unless a name in it is too long.
    ///
    /// # Errors
    /// `InvalidData`: the server would cut the name short and mean another one.
    pub(crate) fn checked<T>(&self, printed: T) -> Result<T, DriverError> {
        if self.name_too_long.load(Ordering::Relaxed) {
            let message =
                "a name is longer than the 63 bytes that this database keeps: choose a shorter one";
            return Err(DriverError::new(Category::InvalidData, message));
        }
        Ok(printed)
    }
}

impl Dialect for Postgres {
    fn quote(&self, out: &mut String, name: &str) {
        if name.len() > MAX_NAME_BYTES {
            self.name_too_long.store(true, Ordering::Relaxed);
        }
        out.push('"');
        for character in name.chars() {
            if character == '"' {
                out.push('"');
            }
            out.push(character);
        }
        out.push('"');
    }

    fn placeholder(&self, out: &mut String, position: usize, _value: &Value) {
        // The server takes the type from where the parameter stands.
        out.push('$');
        out.push_str(&position.to_string());
    }

    fn constant(&self, holds: bool) -> &'static str {
        if holds { "TRUE" } else { "FALSE" }
    }

    // Collations of this database are deterministic unless somebody makes one that is not: `=` looks at every character.
    fn equals_any(
        &self,
        w: &mut SqlWriter<'_>,
        column: &Ident,
        values: &[Value],
    ) -> Result<(), RenderError> {
        dialect::standard_equality(w, column, values)
    }

    /// The last number of the column's own sequence in this session; a column without one matches no row:
    /// <https://www.postgresql.org/docs/current/functions-sequence.html>
    fn last_key(
        &self,
        w: &mut SqlWriter<'_>,
        table: &TableRef,
        column: &Ident,
    ) -> Result<(), RenderError> {
        let mut quoted = SqlWriter::new(self);
        quoted.table(table);
        w.ident(column)
            .syntax(" = currval(pg_get_serial_sequence(")
            .param(&Value::Text(quoted.finish().sql))
            .syntax(", ")
            .param(&Value::Text(column.as_str().to_owned()))
            .syntax("))");
        Ok(())
    }

    fn same(&self, w: &mut SqlWriter<'_>, column: &Ident, value: &Value) {
        w.ident(column);
        // Type json has no equality; jsonb compares what a document means.
        let cast = if matches!(value, Value::Json(_)) {
            "::jsonb"
        } else {
            ""
        };
        w.syntax(cast).syntax(" IS NOT DISTINCT FROM ").param(value);
        w.syntax(cast);
    }

    fn text_match(
        &self,
        w: &mut SqlWriter<'_>,
        column: &Ident,
        how: TextMatch,
        ignore_case: bool,
        needle: &Value,
    ) {
        // Both sides must fold case by the same rules, whatever collation the column has; without folding, the bytes
        // are compared.
        let (before, after) = if ignore_case {
            ("lower(", "::text COLLATE \"default\")")
        } else {
            ("", "::text COLLATE \"C\"")
        };
        w.syntax(match how {
            TextMatch::Contains => "strpos(",
            TextMatch::StartsWith => "starts_with(",
        });
        w.syntax(before).ident(column).syntax(after).syntax(", ");
        w.syntax(before).param(needle).syntax(after);
        w.syntax(match how {
            TextMatch::Contains => ") > 0",
            TextMatch::StartsWith => ")",
        });
    }

    fn order(&self, w: &mut SqlWriter<'_>, order: &Order) {
        w.ident(&order.column);
        w.syntax(match (order.direction, order.nullable) {
            (Direction::Asc, false) => "",
            (Direction::Asc, true) => " NULLS FIRST",
            (Direction::Desc, false) => " DESC",
            (Direction::Desc, true) => " DESC NULLS LAST",
        });
    }

    fn limit_before(&self, _w: &mut SqlWriter<'_>, _select: &Select) {}

    fn limit_after(&self, w: &mut SqlWriter<'_>, select: &Select) -> Result<(), RenderError> {
        if let Some(limit) = select.limit {
            w.syntax(" LIMIT ").number(limit);
        }
        if select.offset > 0 {
            w.syntax(" OFFSET ").number(select.offset);
        }
        Ok(())
    }

    fn lock_hint(&self, _w: &mut SqlWriter<'_>, _lock: Lock) {}

    fn lock_clause(&self, w: &mut SqlWriter<'_>, lock: Lock) {
        if lock == Lock::Update {
            w.syntax(" FOR UPDATE");
        }
    }

    fn insert_rows(
        &self,
        w: &mut SqlWriter<'_>,
        insert: &Insert,
        rows: &[Cells<'_>],
    ) -> Result<(), RenderError> {
        dialect::values(w, rows)?;
        dialect::returning(w, insert)
    }

    fn column_type(&self, column: &ColumnDef) -> Result<String, RenderError> {
        ddl::column_type(self, column)
    }

    fn identity(&self) -> Result<&'static str, RenderError> {
        Ok("GENERATED BY DEFAULT AS IDENTITY")
    }

    fn literal(&self, value: &Value) -> Result<String, RenderError> {
        ddl::literal(value)
    }

    fn table_options(&self) -> &'static str {
        ""
    }

    fn create_if_not_exists(&self) -> Result<&'static str, RenderError> {
        Ok("IF NOT EXISTS ")
    }

    fn alter_column(
        &self,
        table: &TableRef,
        from: &ColumnDef,
        to: &ColumnDef,
    ) -> Result<Vec<Rendered>, RenderError> {
        ddl::alter_column(self, table, from, to)
    }

    fn rename_column(
        &self,
        table: &TableRef,
        from: &Ident,
        to: &Ident,
    ) -> Result<Rendered, RenderError> {
        Ok(dialect::standard_rename(self, table, from, to))
    }

    fn create_index(&self, table: &TableRef, index: &Index) -> Result<Rendered, RenderError> {
        dialect::standard_index(self, table, index)
    }

    fn add_column_keyword(&self) -> &'static str {
        "COLUMN "
    }
}

#[cfg(test)]
mod tests;
