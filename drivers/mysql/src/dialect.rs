//! How MySQL and MariaDB spell SQL.
//!
//! Names stand in backticks and values in `?`. A text that Quillback creates is compared character by character (see
//! [`crate::types::create`]), a text of someone else's sorts by its own collation; equality and literal search are exact for both.

use quillback_plugin_api::dialect::{
    Dialect, column_def, has_text, order_of_smallest_null, standard_equality, standard_limit,
    standard_literal, standard_rename,
};
use quillback_plugin_api::rows::Cells;
use quillback_plugin_api::sql::{
    ColumnDef, Insert, Lock, Order, RenderError, Rendered, Select, SqlWriter, TextMatch,
};
use quillback_plugin_api::{Ident, TableRef, Value};

use crate::capabilities::{Flavor, Product};
use crate::types::create;

/// The spelling of one server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MySqlDialect {
    pub(crate) flavor: Flavor,
}

impl MySqlDialect {
    fn takes_json_casts(self) -> bool {
        self.flavor.is_mysql_from((5, 7, 8))
    }
}

impl Dialect for MySqlDialect {
    fn quote(&self, out: &mut String, name: &str) {
        out.push('`');
        out.push_str(&name.replace('`', "``"));
        out.push('`');
    }

    /// Text beside a DECIMAL compares as a double, which is inexact, and text beside a JSON document is a JSON string:
    /// both are cast to what they are.
    /// <https://dev.mysql.com/doc/refman/8.0/en/type-conversion.html>
    fn placeholder(&self, out: &mut String, _position: usize, value: &Value) {
        match value {
            Value::Decimal(number) => {
                let fraction = number.as_str().split_once('.').map_or("", |(_, part)| part);
                let scale = fraction.len().min(create::MAX_SCALE);
                out.push_str("CAST(? AS DECIMAL(65,");
                out.push_str(&scale.to_string());
                out.push_str("))");
            }
            Value::Json(_) if self.takes_json_casts() => out.push_str("CAST(? AS JSON)"),
            _ => out.push('?'),
        }
    }

    /// Most collations ignore case, accents or spaces at the end. The first condition lets an index serve, the second
    /// compares the characters themselves.
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
        standard_equality(w, column, values)?;
        w.syntax(" AND ");
        exactly(w, column);
        w.syntax(" IN (");
        w.list(", ", values, |w, value| {
            w.syntax("CAST(").param(value).syntax(" AS BINARY)");
            Ok(())
        })?
        .syntax("))");
        Ok(())
    }

    /// Of this connection alone, and triggers leave it as it is:
    /// <https://dev.mysql.com/doc/refman/8.4/en/information-functions.html#function_last-insert-id>
    fn last_key(
        &self,
        w: &mut SqlWriter<'_>,
        _table: &TableRef,
        column: &Ident,
    ) -> Result<(), RenderError> {
        w.ident(column).syntax(" = LAST_INSERT_ID()");
        Ok(())
    }

    fn same(&self, w: &mut SqlWriter<'_>, column: &Ident, value: &Value) {
        if is_zero_date(value) {
            // Strict sessions refuse to compare with a date that does not exist, so its text is compared.
            w.syntax("CAST(").ident(column).syntax(" AS CHAR) <=> ");
            w.param_as("?", value.clone());
        } else if has_text(std::slice::from_ref(value)) {
            exactly(w, column);
            w.syntax(" <=> CAST(").param(value).syntax(" AS BINARY)");
        } else {
            w.ident(column).syntax(" <=> ").param(value);
        }
    }

    /// LOCATE takes the needle literally; the collation makes it look at characters as they are, whatever the
    /// column's own does. A trailing space counts here, unlike in comparisons of most collations.
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
        w.syntax("LOCATE(").syntax(open);
        w.param_as("?", needle.clone()).syntax(close).syntax(", ");
        w.syntax(open).syntax("CONVERT(").ident(column);
        w.syntax(" USING utf8mb4) COLLATE utf8mb4_bin");
        w.syntax(close).syntax(match how {
            TextMatch::Contains => ") > 0",
            TextMatch::StartsWith => ") = 1",
        });
    }

    /// NULL is the smallest value here already.
    fn order(&self, w: &mut SqlWriter<'_>, order: &Order) {
        order_of_smallest_null(w, order);
    }

    fn limit_after(&self, w: &mut SqlWriter<'_>, select: &Select) -> Result<(), RenderError> {
        standard_limit(w, select, u64::MAX);
        Ok(())
    }

    fn lock_clause(&self, w: &mut SqlWriter<'_>, lock: Lock) {
        if lock == Lock::Update {
            w.syntax(" FOR UPDATE");
        }
    }

    /// Prints `VALUES (?, ..), ..`: a value that is stored is converted to its column's type exactly, so that the text
    /// stays the same for all values and its prepared statement serves again.
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
        w.syntax(" VALUES ");
        w.list(", ", rows, |w, row| {
            w.syntax("(");
            w.list(", ", *row, |w, cell| {
                let value = cell.map_err(|_| RenderError::unsupported("a malformed row"))?;
                w.param_as("?", value.to_owned());
                Ok(())
            })?
            .syntax(")");
            Ok(())
        })?;
        Ok(())
    }

    fn column_type(&self, column: &ColumnDef) -> Result<String, RenderError> {
        create::to_create(self.flavor, &column.ty)
    }

    fn identity(&self) -> Result<&'static str, RenderError> {
        Ok("AUTO_INCREMENT")
    }

    fn literal(&self, value: &Value) -> Result<String, RenderError> {
        match value {
            Value::Decimal(number) if create::fits_decimal(number.as_str()) => {
                Ok(number.as_str().to_owned())
            }
            Value::Text(text) => {
                let quoted = create::quote_text(text);
                // MySQL takes a constant for large texts only as an expression:
                // https://dev.mysql.com/doc/refman/8.0/en/data-type-defaults.html
                Ok(if self.flavor.is_mysql_from((8, 0, 13)) {
                    format!("({quoted})")
                } else {
                    quoted
                })
            }
            value => standard_literal(value),
        }
    }

    fn table_options(&self) -> &'static str {
        match create::collation(self.flavor) {
            create::MARIADB_COLLATION => {
                " ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"
            }
            create::MYSQL_COLLATION => {
                " ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin"
            }
            _ => " ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        }
    }

    fn alter_column(
        &self,
        table: &TableRef,
        _from: &ColumnDef,
        to: &ColumnDef,
    ) -> Result<Vec<Rendered>, RenderError> {
        let mut w = SqlWriter::new(self);
        w.syntax("ALTER TABLE ").table(table);
        w.syntax(" MODIFY COLUMN ");
        column_def(&mut w, to)?;
        Ok(vec![w.finish()])
    }

    fn rename_column(
        &self,
        w: &mut SqlWriter<'_>,
        table: &TableRef,
        from: &Ident,
        to: &Ident,
    ) -> Result<(), RenderError> {
        if self.flavor.renames_columns() {
            standard_rename(w, table, from, to);
            return Ok(());
        }
        let first = match self.flavor.product {
            Product::MySql => "renaming a column before MySQL 8.0.3",
            Product::MariaDb => "renaming a column before MariaDB 10.5.2",
        };
        Err(RenderError::unsupported(first))
    }
}

/// Prints the characters of a text column without its collation.
fn exactly(w: &mut SqlWriter<'_>, column: &Ident) {
    w.syntax("CAST(CONVERT(").ident(column);
    w.syntax(" USING utf8mb4) AS BINARY)");
}

/// Whether the value is one of those that only this database has, such as 0000-00-00.
fn is_zero_date(value: &Value) -> bool {
    match value {
        Value::Date(date) => date.month == 0 || date.day == 0,
        Value::Special { .. } => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
