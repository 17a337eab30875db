//! How a database spells SQL: decisions that each driver makes, and the walk over the statement tree that all share.
//!
//! A hook whose wrong answer would change what a statement means has no default. The defaults are what most databases
//! take; where one does not, the statement fails.

mod ddl;
mod print;

pub use ddl::{column_def, ddl};
pub use print::{delete, expr, insert, select, update};

use crate::ident::{Ident, TableRef};
use crate::sql::{
    ColumnDef, Direction, Expr, Index, Insert, Lock, Order, RenderError, Rendered, Select,
    SqlWriter, TextMatch,
};
use crate::value::Value;

/// The spelling of one database.
pub trait Dialect: Send + Sync {
    /// Appends a quoted name; quote characters inside it are doubled or escaped.
    fn quote(&self, out: &mut String, name: &str);

    /// Appends the placeholder of the parameter at `position` (from 1), with a cast where this database needs one to
    /// know the type of `value`.
    fn placeholder(&self, out: &mut String, position: usize, value: &Value);

    /// A condition that always or never holds; `TRUE` or `FALSE` unless the database has no such words.
    fn constant(&self, holds: bool) -> &'static str {
        if holds { "TRUE" } else { "FALSE" }
    }

    /// Prints "the column equals one of the values", of which there is at least one. It is unknown when the column is
    /// NULL. Texts are equal only character by character, whatever the column's collation takes for equal: row security
    /// and the check for lost updates stand on it. An index of the column should still serve.
    ///
    /// [`standard_equality`] fits databases whose own comparison is exact.
    fn equals_any(
        &self,
        w: &mut SqlWriter<'_>,
        column: &Ident,
        values: &[Value],
    ) -> Result<(), RenderError>;

    /// Prints "the column equals the value, or both are NULL", which is never unknown; exact as [`Self::equals_any`].
    fn same(&self, w: &mut SqlWriter<'_>, column: &Ident, value: &Value);

    /// Prints "the column holds the number of the row inserted just before" ([`Expr::LastKey`]). Databases that cannot
    /// say so leave this out and do not claim `last_key`.
    ///
    /// # Errors
    /// That this database cannot express it.
    fn last_key(
        &self,
        _w: &mut SqlWriter<'_>,
        _table: &TableRef,
        _column: &Ident,
    ) -> Result<(), RenderError> {
        Err(RenderError::unsupported("the key of the last insert"))
    }

    /// Prints a search in a text that takes every character of the needle literally.
    fn text_match(
        &self,
        w: &mut SqlWriter<'_>,
        column: &Ident,
        how: TextMatch,
        ignore_case: bool,
        needle: &Value,
    );

    /// Prints one sort column. NULL sorts before every value when ascending, after when descending.
    ///
    /// [`standard_order`] fits databases that say where NULL goes, [`order_of_smallest_null`] those where it is the
    /// smallest value already.
    fn order(&self, w: &mut SqlWriter<'_>, order: &Order);

    /// Prints what follows SELECT to limit rows (`TOP n`), if this database does it there; nothing unless told.
    fn limit_before(&self, _w: &mut SqlWriter<'_>, _select: &Select) {}

    /// Prints what follows ORDER BY to limit rows and pass rows over.
    ///
    /// [`limit_offset`] and [`standard_limit`] fit most databases.
    fn limit_after(&self, w: &mut SqlWriter<'_>, select: &Select) -> Result<(), RenderError>;

    /// Prints the hint after the table that locks rows (`WITH (UPDLOCK)`), if this database does it there; nothing unless
    /// told.
    fn lock_hint(&self, _w: &mut SqlWriter<'_>, _lock: Lock) {}

    /// Prints the clause at the end that locks rows (`FOR UPDATE`), if this database does it there.
    fn lock_clause(&self, w: &mut SqlWriter<'_>, lock: Lock);

    /// Prints the rows of an insert from after the column list on, with the clause that answers `returning`.
    ///
    /// [`values`] fits databases that take `VALUES (..), (..)`.
    fn insert_rows(
        &self,
        w: &mut SqlWriter<'_>,
        insert: &Insert,
        rows: &[crate::rows::Cells<'_>],
    ) -> Result<(), RenderError>;

    /// The type to create for a column, such as `VARCHAR(255)`, with its collation where the column asks for one.
    fn column_type(&self, column: &ColumnDef) -> Result<String, RenderError>;

    /// The clause that makes the database number a column, after the type.
    fn identity(&self) -> Result<&'static str, RenderError>;

    /// A constant as text, for defaults only.
    fn literal(&self, value: &Value) -> Result<String, RenderError>;

    /// What follows the closing parenthesis of CREATE TABLE (engine, character set, distribution); nothing unless told.
    fn table_options(&self) -> &'static str {
        ""
    }

    /// Whether CREATE TABLE takes IF NOT EXISTS.
    ///
    /// # Errors
    /// That this database cannot express it.
    fn create_if_not_exists(&self) -> Result<&'static str, RenderError> {
        Ok("IF NOT EXISTS ")
    }

    /// The statements that give a column another type or nullability.
    fn alter_column(
        &self,
        table: &TableRef,
        from: &ColumnDef,
        to: &ColumnDef,
    ) -> Result<Vec<Rendered>, RenderError>;

    /// Prints the statement that renames a column: `ALTER TABLE table RENAME COLUMN from TO to` unless told.
    ///
    /// # Errors
    /// That this database cannot express it.
    fn rename_column(
        &self,
        w: &mut SqlWriter<'_>,
        table: &TableRef,
        from: &Ident,
        to: &Ident,
    ) -> Result<(), RenderError> {
        standard_rename(w, table, from, to);
        Ok(())
    }

    /// Prints the statement that makes an index: `CREATE [UNIQUE] INDEX name ON table (columns)` unless told.
    ///
    /// # Errors
    /// That this database cannot express it.
    fn create_index(
        &self,
        w: &mut SqlWriter<'_>,
        table: &TableRef,
        index: &Index,
    ) -> Result<(), RenderError> {
        standard_index(w, table, index);
        Ok(())
    }

    /// What stands between `ADD` and the definition of a column: that word or nothing.
    fn add_column_keyword(&self) -> &'static str {
        "COLUMN "
    }
}

/// Prints a condition with a fresh writer; for tests and messages.
///
/// # Errors
/// What the dialect cannot express.
pub fn condition(dialect: &dyn Dialect, condition: &Expr) -> Result<Rendered, RenderError> {
    let mut w = SqlWriter::new(dialect);
    expr(&mut w, condition)?;
    Ok(w.finish())
}

/// Prints `column = value` or `column IN (values)`.
///
/// # Errors
/// None today; the signature is that of the hook it serves.
pub fn standard_equality(
    w: &mut SqlWriter<'_>,
    column: &Ident,
    values: &[Value],
) -> Result<(), RenderError> {
    w.ident(column);
    if let [value] = values {
        w.syntax(" = ").param(value);
        return Ok(());
    }
    w.syntax(" IN (");
    w.list(", ", values, |w, value| {
        w.param(value);
        Ok(())
    })?
    .syntax(")");
    Ok(())
}

/// Whether there is a text among the values.
pub fn has_text(values: &[Value]) -> bool {
    values.iter().any(|value| matches!(value, Value::Text(_)))
}

/// Prints what fills a column in: truth as 1 or 0, and numbers as most databases take them. Texts and exact numbers are
/// the driver's.
///
/// # Errors
/// `Unsupported` for everything else.
pub fn standard_literal(value: &Value) -> Result<String, RenderError> {
    match value {
        Value::Bool(flag) => Ok(if *flag { "1" } else { "0" }.into()),
        Value::I64(number) => Ok(number.to_string()),
        Value::U64(number) => Ok(number.to_string()),
        Value::F64(number) if number.is_finite() => Ok(format!("{number:e}")),
        Value::F32(number) if number.is_finite() => Ok(format!("{number:e}")),
        _ => Err(RenderError::unsupported(
            "defaults other than booleans, numbers and texts",
        )),
    }
}

/// Prints `CREATE [UNIQUE] INDEX name ON table (columns)`, which most databases take.
pub fn standard_index(w: &mut SqlWriter<'_>, table: &TableRef, index: &Index) {
    w.syntax(if index.unique {
        "CREATE UNIQUE INDEX "
    } else {
        "CREATE INDEX "
    })
    .ident(&index.name);
    w.syntax(" ON ").table(table).syntax(" (");
    w.idents(&index.columns).syntax(")");
}

/// Prints `ALTER TABLE table RENAME COLUMN from TO to`, which most databases take.
pub fn standard_rename(w: &mut SqlWriter<'_>, table: &TableRef, from: &Ident, to: &Ident) {
    w.syntax("ALTER TABLE ")
        .table(table)
        .syntax(" RENAME COLUMN ")
        .ident(from)
        .syntax(" TO ")
        .ident(to);
}

/// Prints a sort column of a database that has NULL as its largest value and can say otherwise. It does so only where
/// there may be one, so that indexes serve. `ascending` is the word for that order, with a space before it, or nothing.
pub fn standard_order(w: &mut SqlWriter<'_>, order: &Order, ascending: &'static str) {
    let (direction, nulls) = match order.direction {
        Direction::Asc => (ascending, " NULLS FIRST"),
        Direction::Desc => (" DESC", " NULLS LAST"),
    };
    w.ident(&order.column).syntax(direction);
    w.syntax(if order.nullable { nulls } else { "" });
}

/// Prints a sort column of a database that has NULL as its smallest value.
pub fn order_of_smallest_null(w: &mut SqlWriter<'_>, order: &Order) {
    w.ident(&order.column).syntax(match order.direction {
        Direction::Asc => " ASC",
        Direction::Desc => " DESC",
    });
}

/// Prints `LIMIT rows` and `OFFSET rows`, for databases that take each without the other.
pub fn limit_offset(w: &mut SqlWriter<'_>, select: &Select) {
    if let Some(limit) = select.limit {
        w.syntax(" LIMIT ").number(limit);
    }
    if select.offset > 0 {
        w.syntax(" OFFSET ").number(select.offset);
    }
}

/// Prints `LIMIT rows OFFSET rows` for databases that say that there is no limit in the words `unlimited`, and whose
/// largest number is `most`.
pub fn limit_or(w: &mut SqlWriter<'_>, select: &Select, unlimited: &'static str, most: u64) {
    match select.limit {
        Some(limit) => drop(w.syntax(" LIMIT ").number(limit.min(most))),
        None if select.offset > 0 => drop(w.syntax(" LIMIT ").syntax(unlimited)),
        None => {}
    }
    if select.offset > 0 {
        w.syntax(" OFFSET ").number(select.offset.min(most));
    }
}

/// Prints `LIMIT rows OFFSET rows` for databases that take no OFFSET without LIMIT; `most` is the largest number there.
pub fn standard_limit(w: &mut SqlWriter<'_>, select: &Select, most: u64) {
    if select.limit.is_some() || select.offset > 0 {
        w.syntax(" LIMIT ")
            .number(select.limit.unwrap_or(most).min(most));
    }
    if select.offset > 0 {
        w.syntax(" OFFSET ").number(select.offset.min(most));
    }
}

/// Prints `VALUES (..), (..)`, which most databases take.
///
/// # Errors
/// None today; the signature is that of the hook it serves.
pub fn values(w: &mut SqlWriter<'_>, rows: &[crate::rows::Cells<'_>]) -> Result<(), RenderError> {
    w.syntax(" VALUES ");
    w.list(", ", rows, |w, row| {
        w.syntax("(");
        w.list(", ", *row, |w, cell| {
            let value = cell
                .map_err(|_| RenderError::unsupported("a malformed row"))?
                .to_owned();
            w.param(&value);
            Ok(())
        })?
        .syntax(")");
        Ok(())
    })?;
    Ok(())
}

/// Prints `RETURNING columns` when the insert asks for columns.
///
/// # Errors
/// None today; the signature is that of the hook it serves.
pub fn returning(w: &mut SqlWriter<'_>, insert: &Insert) -> Result<(), RenderError> {
    if !insert.returning.is_empty() {
        w.syntax(" RETURNING ").idents(&insert.returning);
    }
    Ok(())
}
