//! What the dialects of T-SQL are made of.
//!
//! Names stand in brackets and values in `@P1`, `@P2`. NULL is written as such: the client library sends a NULL without
//! the type that the server would need to compare or store it.

use quillback_plugin_api::dialect::{Dialect, standard_equality, standard_literal};
use quillback_plugin_api::sql::{RenderError, Rendered, Select, SqlWriter, TextMatch};
use quillback_plugin_api::{Ident, TableRef, Value};

use crate::types::create::COLLATION;
use crate::types::decimal::{MAX_DIGITS, digits, fits_decimal};

/// The largest number of rows: that of a bigint.
pub const MOST: u64 = i64::MAX as u64;

/// Appends a name in brackets.
pub(crate) fn quote(out: &mut String, name: &str) {
    out.push('[');
    out.push_str(&name.replace(']', "]]"));
    out.push(']');
}

/// Appends a parameter. Exact numbers travel as text: the type that the client library declares for them is not always
/// one that holds them.
pub(crate) fn placeholder(out: &mut String, position: usize, value: &Value) {
    let parameter = format!("@P{position}");
    let spelled = match value {
        Value::Null => "NULL".to_owned(),
        Value::Decimal(number) => {
            let (precision, scale) = digits(number.as_str());
            let precision = precision.min(MAX_DIGITS);
            let scale = scale.min(precision);
            format!("CAST({parameter} AS decimal({precision},{scale}))")
        }
        Value::U64(_) => format!("CAST({parameter} AS decimal(20,0))"),
        _ => parameter,
    };
    out.push_str(&spelled);
}

/// Prints "the column equals one of the values". Collations may ignore case and accents, and all of them ignore spaces
/// at the end. The first condition lets an index serve, the second compares the characters themselves.
/// <https://learn.microsoft.com/sql/t-sql/language-elements/string-comparison-assignment>
///
/// # Errors
/// Those of the values.
pub(crate) fn equals_any(
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

/// Prints "the column equals the value, or both are NULL". `IS NOT DISTINCT FROM` came with SQL Server 2022 only.
pub(crate) fn same(w: &mut SqlWriter<'_>, column: &Ident, value: &Value) {
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

/// Prints a search in a text. CHARINDEX takes the needle literally, finds no empty one, and compares by code points in
/// this collation.
pub(crate) fn text_match(
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
    // Both in one collation, so that the letters of both are lowered alike.
    w.syntax("CHARINDEX(").syntax(open).param(needle);
    w.syntax(" COLLATE ").syntax(COLLATION).syntax(close);
    w.syntax(", ").syntax(open).syntax("CAST(");
    w.ident(column).syntax(" AS nvarchar(max)) COLLATE ");
    w.syntax(COLLATION).syntax(close);
    w.syntax(match how {
        TextMatch::Contains => ") > 0",
        TextMatch::StartsWith => ") = 1",
    });
}

/// Prints `TOP` for a limit without an offset, and for one of no rows, which `FETCH` does not take.
pub fn top(w: &mut SqlWriter<'_>, select: &Select) {
    if let Some(limit) = select
        .limit
        .filter(|limit| *limit == 0 || select.offset == 0)
    {
        w.syntax("TOP (").number(limit.min(MOST)).syntax(") ");
    }
}

/// Prints `OFFSET`, which needs an order, and `FETCH`, which takes no zero:
/// <https://learn.microsoft.com/sql/t-sql/queries/select-order-by-clause-transact-sql>
pub fn offset_fetch(w: &mut SqlWriter<'_>, select: &Select) {
    if select.offset == 0 || select.limit == Some(0) {
        return;
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
}

/// A constant as text, for defaults.
///
/// # Errors
/// `Unsupported` for what has none.
pub(crate) fn literal(value: &Value) -> Result<String, RenderError> {
    match value {
        Value::Decimal(number) if fits_decimal(number.as_str()) => Ok(number.as_str().to_owned()),
        Value::Text(text) => Ok(literal_text(text)),
        value => standard_literal(value),
    }
}

/// Prints the statement that renames a column.
/// <https://learn.microsoft.com/sql/relational-databases/system-stored-procedures/sp-rename-transact-sql>
pub(crate) fn rename_column(w: &mut SqlWriter<'_>, table: &TableRef, from: &Ident, to: &Ident) {
    let mut path = SqlWriter::new(w.dialect());
    path.table(table).syntax(".").ident(from);
    w.syntax("EXEC sp_rename ");
    w.dialect_text(&literal_text(&path.finish().sql))
        .syntax(", ");
    w.dialect_text(&literal_text(to.as_str()))
        .syntax(", N'COLUMN'");
}

/// The statement that drops what fills a column in, a constraint whose name the server made.
pub fn drop_default(dialect: &dyn Dialect, table: &TableRef, column: &Ident) -> Rendered {
    let place = name_of(dialect, table);
    let mut w = SqlWriter::new(dialect);
    w.syntax("DECLARE @drop nvarchar(4000) = (SELECT ");
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
fn name_of(dialect: &dyn Dialect, table: &TableRef) -> String {
    let mut w = SqlWriter::new(dialect);
    w.table(table);
    w.finish().sql
}

/// What is printed before the statement that makes a table which may be there: there is no clause for it.
pub fn unless_there(dialect: &dyn Dialect, table: &TableRef) -> String {
    let name = literal_text(&name_of(dialect, table));
    format!("IF OBJECT_ID({name}, N'U') IS NULL ")
}

/// A constant of text.
fn literal_text(text: &str) -> String {
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
mod tests {
    use super::*;

    #[test]
    fn quotes_in_names_and_texts_are_doubled() {
        let mut out = String::new();
        quote(&mut out, "a]; DROP TABLE t --");
        assert_eq!(out, "[a]]; DROP TABLE t --]");
        assert_eq!(literal_text("it's"), "N'it''s'");
    }
}
