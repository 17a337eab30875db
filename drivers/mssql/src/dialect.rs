//! How SQL Server spells SQL: T-SQL.
//!
//! Names stand in brackets and values in `@P1`, `@P2`. NULL is written as such: the client library sends a NULL without
//! the type that the server would need to compare or store it.

use quillback_plugin_api::dialect::{
    Dialect, standard_equality, standard_index, standard_literal, values,
};
use quillback_plugin_api::rows::Cells;
use quillback_plugin_api::sql::{
    ColumnDef, Direction, Index, Insert, Lock, Order, RenderError, Rendered, Select, SqlWriter,
    TextMatch,
};
use quillback_plugin_api::{Ident, TableRef, Value};

use crate::types::create;

/// The spelling of every version.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tsql;

impl Dialect for Tsql {
    fn quote(&self, out: &mut String, name: &str) {
        out.push('[');
        out.push_str(&name.replace(']', "]]"));
        out.push(']');
    }

    /// Exact numbers travel as text: the type that the client library declares for them is not always one that holds
    /// them.
    fn placeholder(&self, out: &mut String, position: usize, value: &Value) {
        let parameter = format!("@P{position}");
        let spelled = match value {
            Value::Null => "NULL".to_owned(),
            Value::Decimal(number) => {
                let (precision, scale) = create::digits(number.as_str());
                let precision = precision.min(create::MAX_DIGITS);
                let scale = scale.min(precision);
                format!("CAST({parameter} AS decimal({precision},{scale}))")
            }
            Value::U64(_) => format!("CAST({parameter} AS decimal(20,0))"),
            _ => parameter,
        };
        out.push_str(&spelled);
    }

    fn constant(&self, holds: bool) -> &'static str {
        if holds { "1 = 1" } else { "1 = 0" }
    }

    /// Collations may ignore case and accents, and all of them ignore spaces at the end. The first condition lets an
    /// index serve, the second compares the characters themselves.
    /// <https://learn.microsoft.com/sql/t-sql/language-elements/string-comparison-assignment>
    fn equals_any(
        &self,
        w: &mut SqlWriter<'_>,
        column: &Ident,
        values: &[Value],
    ) -> Result<(), RenderError> {
        if !values.iter().any(is_text) {
            return standard_equality(w, column, values);
        }
        w.syntax("(");
        standard_equality(w, column, values)?;
        w.syntax(" AND ");
        characters(w, column);
        w.syntax(" IN (");
        w.list(", ", values, |w, value| {
            w.syntax("CAST(").param(value).syntax(" AS varbinary(max))");
            Ok(())
        })?
        .syntax("))");
        Ok(())
    }

    /// `IS NOT DISTINCT FROM` came with SQL Server 2022 only.
    fn same(&self, w: &mut SqlWriter<'_>, column: &Ident, value: &Value) {
        w.syntax("(").ident(column);
        if value.is_null() {
            w.syntax(" IS NULL)");
            return;
        }
        w.syntax(" IS NOT NULL AND ");
        if is_text(value) {
            characters(w, column);
            w.syntax(" = CAST(")
                .param(value)
                .syntax(" AS varbinary(max)))");
        } else {
            w.ident(column).syntax(" = ").param(value).syntax(")");
        }
    }

    /// CHARINDEX takes the needle literally, finds no empty one, and compares by code points in this collation.
    fn text_match(
        &self,
        w: &mut SqlWriter<'_>,
        column: &Ident,
        how: TextMatch,
        ignore_case: bool,
        needle: &Value,
    ) {
        if matches!(needle, Value::Text(text) if text.is_empty()) {
            w.syntax("DATALENGTH(").ident(column).syntax(") >= 0");
            return;
        }
        let (open, close) = if ignore_case {
            ("LOWER(", ")")
        } else {
            ("", "")
        };
        w.syntax("CHARINDEX(").syntax(open).param(needle);
        w.syntax(close).syntax(", ").syntax(open).syntax("CAST(");
        w.ident(column).syntax(" AS nvarchar(max)) COLLATE ");
        w.syntax(create::COLLATION).syntax(close);
        w.syntax(match how {
            TextMatch::Contains => ") > 0",
            TextMatch::StartsWith => ") = 1",
        });
    }

    /// NULL is the smallest value here already.
    fn order(&self, w: &mut SqlWriter<'_>, order: &Order) {
        w.ident(&order.column).syntax(match order.direction {
            Direction::Asc => " ASC",
            Direction::Desc => " DESC",
        });
    }

    fn limit_before(&self, w: &mut SqlWriter<'_>, select: &Select) {
        if let Some(limit) = select
            .limit
            .filter(|limit| *limit == 0 || select.offset == 0)
        {
            w.syntax("TOP (").number(limit.min(MOST)).syntax(") ");
        }
    }

    /// FETCH takes no zero, and OFFSET needs an order: <https://learn.microsoft.com/sql/t-sql/queries/select-order-by-clause-transact-sql>
    fn limit_after(&self, w: &mut SqlWriter<'_>, select: &Select) -> Result<(), RenderError> {
        if select.offset == 0 || select.limit == Some(0) {
            return Ok(());
        }
        if select.order.is_empty() {
            w.syntax(" ORDER BY 1");
        }
        w.syntax(" OFFSET ")
            .number(select.offset.min(MOST))
            .syntax(" ROWS");
        if let Some(limit) = select.limit {
            w.syntax(" FETCH NEXT ")
                .number(limit.min(MOST))
                .syntax(" ROWS ONLY");
        }
        Ok(())
    }

    fn lock_hint(&self, w: &mut SqlWriter<'_>, lock: Lock) {
        if lock == Lock::Update {
            w.syntax(" WITH (UPDLOCK, ROWLOCK)");
        }
    }

    fn lock_clause(&self, _w: &mut SqlWriter<'_>, _lock: Lock) {}

    fn insert_rows(
        &self,
        w: &mut SqlWriter<'_>,
        insert: &Insert,
        rows: &[Cells<'_>],
    ) -> Result<(), RenderError> {
        if !insert.returning.is_empty() && (insert.returning.len() > 1 || insert.rows.len() > 1) {
            return Err(RenderError::unsupported(
                "generated keys of more than one row or column",
            ));
        }
        values(w, rows)
    }

    fn column_type(&self, column: &ColumnDef) -> Result<String, RenderError> {
        create::to_create(&column.ty)
    }

    fn identity(&self) -> Result<&'static str, RenderError> {
        Ok("IDENTITY(1,1)")
    }

    fn literal(&self, value: &Value) -> Result<String, RenderError> {
        match value {
            Value::Decimal(number) if create::fits_decimal(number.as_str()) => {
                Ok(number.as_str().to_owned())
            }
            Value::Text(text) => Ok(literal_text(text)),
            value => standard_literal(value),
        }
    }

    fn table_options(&self) -> &'static str {
        ""
    }

    /// There is no such clause; `define.rs` asks for the table first.
    fn create_if_not_exists(&self) -> Result<&'static str, RenderError> {
        Ok("")
    }

    fn alter_column(
        &self,
        table: &TableRef,
        from: &ColumnDef,
        to: &ColumnDef,
    ) -> Result<Vec<Rendered>, RenderError> {
        if from.identity != to.identity {
            return Err(RenderError::unsupported(
                "making a column one that the database numbers, or no longer",
            ));
        }
        let mut w = SqlWriter::new(self);
        w.syntax("ALTER TABLE ").table(table);
        w.syntax(" ALTER COLUMN ").ident(&to.name).syntax(" ");
        w.dialect_text(&create::to_create(&to.ty)?);
        w.syntax(if to.nullable { " NULL" } else { " NOT NULL" });
        let mut statements = vec![w.finish()];
        if from.default != to.default {
            statements.insert(0, drop_default(table, &to.name));
            if let Some(default) = &to.default {
                let mut w = SqlWriter::new(self);
                w.syntax("ALTER TABLE ")
                    .table(table)
                    .syntax(" ADD DEFAULT ");
                w.dialect_text(&self.literal(default)?);
                w.syntax(" FOR ").ident(&to.name);
                statements.push(w.finish());
            }
        }
        Ok(statements)
    }

    /// <https://learn.microsoft.com/sql/relational-databases/system-stored-procedures/sp-rename-transact-sql>
    fn rename_column(
        &self,
        table: &TableRef,
        from: &Ident,
        to: &Ident,
    ) -> Result<Rendered, RenderError> {
        let mut path = SqlWriter::new(self);
        path.table(table).syntax(".").ident(from);
        let mut w = SqlWriter::new(self);
        w.syntax("EXEC sp_rename ");
        w.dialect_text(&literal_text(&path.finish().sql))
            .syntax(", ");
        w.dialect_text(&literal_text(to.as_str()))
            .syntax(", N'COLUMN'");
        Ok(w.finish())
    }

    fn create_index(&self, table: &TableRef, index: &Index) -> Result<Rendered, RenderError> {
        standard_index(self, table, index)
    }

    fn add_column_keyword(&self) -> &'static str {
        ""
    }
}

/// The largest number of rows: that of a bigint.
const MOST: u64 = i64::MAX as u64;

/// The statement that drops what fills a column in, a constraint whose name the server made.
pub(crate) fn drop_default(table: &TableRef, column: &Ident) -> Rendered {
    let place = name_of(table);
    let mut w = SqlWriter::new(&Tsql);
    w.syntax("DECLARE @drop nvarchar(max) = (SELECT ");
    w.dialect_text(&literal_text(&format!(
        "ALTER TABLE {place} DROP CONSTRAINT "
    )));
    w.syntax(
        " + QUOTENAME(d.name) FROM sys.default_constraints AS d JOIN sys.columns AS c \
         ON c.object_id = d.parent_object_id AND c.column_id = d.parent_column_id WHERE c.object_id = OBJECT_ID(",
    );
    w.dialect_text(&literal_text(&place))
        .syntax(") AND c.name = ");
    w.dialect_text(&literal_text(column.as_str()));
    w.syntax("); IF @drop IS NOT NULL EXEC (@drop)");
    w.finish()
}

/// A table as text, quoted.
pub(crate) fn name_of(table: &TableRef) -> String {
    let mut w = SqlWriter::new(&Tsql);
    w.table(table);
    w.finish().sql
}

/// A constant of text.
pub(crate) fn literal_text(text: &str) -> String {
    format!("N'{}'", text.replace('\'', "''"))
}

fn is_text(value: &Value) -> bool {
    matches!(value, Value::Text(_) | Value::Json(_))
}

/// Prints the characters of a text column without its collation, in the encoding that parameters have.
fn characters(w: &mut SqlWriter<'_>, column: &Ident) {
    w.syntax("CAST(CAST(").ident(column);
    w.syntax(" AS nvarchar(max)) AS varbinary(max))");
}

#[cfg(test)]
mod tests;
