//! How Oracle spells SQL.
//!
//! Names stand in double quotes, exactly as they are, and values in `:1`, `:2`. Sessions compare texts byte by byte; a
//! column that has a looser collation of its own is told to do so too.

use quillback_plugin_api::dialect::{Dialect, has_text, standard_literal, standard_order};
use quillback_plugin_api::rows::Cells;
use quillback_plugin_api::sql::{
    ColumnDef, Insert, Lock, Order, RenderError, Rendered, Select, SqlWriter, TextMatch,
};
use quillback_plugin_api::{DriverError, Ident, TableRef, Value};

use crate::types::create;

/// Most values of one IN list: <https://docs.oracle.com/error-help/db/ora-01795/>
const LIST: usize = 1_000;

/// The spelling of every version that the driver takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OracleDialect;

impl Dialect for OracleDialect {
    /// No name of Oracle has a quote in it; [`check_sql`] refuses what is doubled here.
    fn quote(&self, out: &mut String, name: &str) {
        out.push('"');
        out.push_str(&name.replace('"', "\"\""));
        out.push('"');
    }

    fn placeholder(&self, out: &mut String, position: usize, _value: &Value) {
        out.push(':');
        out.push_str(&position.to_string());
    }

    /// There are no boolean constants before 23ai.
    fn constant(&self, holds: bool) -> &'static str {
        if holds { "1 = 1" } else { "1 = 0" }
    }

    /// The first condition lets an index serve, the second compares the characters themselves.
    fn equals_any(
        &self,
        w: &mut SqlWriter<'_>,
        column: &Ident,
        values: &[Value],
    ) -> Result<(), RenderError> {
        if !has_text(values) {
            equals(w, column, "", values);
            return Ok(());
        }
        w.syntax("(");
        equals(w, column, "", values);
        w.syntax(" AND ");
        equals(w, column, " COLLATE BINARY", values);
        w.syntax(")");
        Ok(())
    }

    /// An empty text is NULL here, so that it is the same as NULL.
    fn same(&self, w: &mut SqlWriter<'_>, column: &Ident, value: &Value) {
        if is_null(value) {
            w.ident(column).syntax(" IS NULL");
            return;
        }
        // With the first condition the whole is false where the second is unknown.
        w.syntax("(").ident(column).syntax(" IS NOT NULL AND ");
        w.ident(column);
        if has_text(std::slice::from_ref(value)) {
            w.syntax(" COLLATE BINARY");
        }
        w.syntax(" = ").param(value).syntax(")");
    }

    fn text_match(
        &self,
        w: &mut SqlWriter<'_>,
        column: &Ident,
        how: TextMatch,
        ignore_case: bool,
        needle: &Value,
    ) {
        if is_null(needle) && !needle.is_null() {
            // Unknown for NULL, and true for every text, large ones too.
            w.syntax("LENGTH(").ident(column).syntax(") > 0");
            return;
        }
        let (open, close) = if ignore_case {
            ("LOWER(", ")")
        } else {
            ("", "")
        };
        w.syntax("INSTR(").syntax(open).ident(column).syntax(close);
        w.syntax(", ").syntax(open).param(needle).syntax(close);
        w.syntax(match how {
            TextMatch::Contains => ") > 0",
            TextMatch::StartsWith => ") = 1",
        });
    }

    /// NULL is the largest value here.
    fn order(&self, w: &mut SqlWriter<'_>, order: &Order) {
        standard_order(w, order, " ASC");
    }

    /// <https://docs.oracle.com/error-help/db/ora-02014/>: rows that are counted off cannot be locked.
    fn limit_after(&self, w: &mut SqlWriter<'_>, select: &Select) -> Result<(), RenderError> {
        if select.limit.is_none() && select.offset == 0 {
            return Ok(());
        }
        if select.lock == Lock::Update {
            return Err(RenderError::unsupported("a limit on rows that are locked"));
        }
        if select.offset > 0 {
            w.syntax(" OFFSET ").number(select.offset).syntax(" ROWS");
        }
        if let Some(limit) = select.limit {
            w.syntax(" FETCH NEXT ").number(limit).syntax(" ROWS ONLY");
        }
        Ok(())
    }

    fn lock_clause(&self, w: &mut SqlWriter<'_>, lock: Lock) {
        if lock == Lock::Update {
            w.syntax(" FOR UPDATE");
        }
    }

    /// One row; the driver sends the rows of an insert as an array of values for one statement.
    fn insert_rows(
        &self,
        w: &mut SqlWriter<'_>,
        insert: &Insert,
        rows: &[Cells<'_>],
    ) -> Result<(), RenderError> {
        let [row] = rows else {
            return Err(RenderError::unsupported("several rows in one VALUES"));
        };
        w.syntax(" VALUES (");
        w.list(", ", *row, |w, cell| {
            let value = cell.map_err(|_| RenderError::unsupported("a malformed row"))?;
            w.param(&value.to_owned());
            Ok(())
        })?
        .syntax(")");
        match insert.returning.as_slice() {
            [] => {}
            [column] if insert.rows.len() == 1 => {
                let position = w.bound() + 1;
                w.syntax(" RETURNING ").ident(column).syntax(" INTO :");
                w.number(position);
            }
            _ => {
                return Err(RenderError::unsupported(
                    "generated keys of more than one row or column",
                ));
            }
        }
        Ok(())
    }

    fn column_type(&self, column: &ColumnDef) -> Result<String, RenderError> {
        create::to_create(&column.ty)
    }

    fn identity(&self) -> Result<&'static str, RenderError> {
        Ok("GENERATED BY DEFAULT AS IDENTITY")
    }

    fn literal(&self, value: &Value) -> Result<String, RenderError> {
        match value {
            Value::Decimal(number) if number.is_finite() => Ok(number.as_str().to_owned()),
            Value::Text(text) => Ok(format!("'{}'", text.replace('\'', "''"))),
            value => standard_literal(value),
        }
    }

    /// Only 23ai has the words; the driver passes over "the name is used already" instead (see `define.rs`).
    fn create_if_not_exists(&self) -> Result<&'static str, RenderError> {
        Ok("")
    }

    /// Oracle refuses to make a column what it is already, as to NULL: <https://docs.oracle.com/error-help/db/ora-01442/>
    fn alter_column(
        &self,
        table: &TableRef,
        from: &ColumnDef,
        to: &ColumnDef,
    ) -> Result<Vec<Rendered>, RenderError> {
        let mut w = SqlWriter::new(self);
        w.syntax("ALTER TABLE ").table(table).syntax(" MODIFY (");
        w.ident(&to.name);
        if from.ty != to.ty || from.nullable == to.nullable {
            w.syntax(" ").dialect_text(&self.column_type(to)?);
        }
        if from.default != to.default {
            let default = to.default.as_ref().map(|value| self.literal(value));
            w.syntax(" DEFAULT ")
                .dialect_text(&default.transpose()?.unwrap_or_else(|| "NULL".into()));
        }
        if from.nullable != to.nullable {
            w.syntax(if to.nullable { " NULL" } else { " NOT NULL" });
        }
        w.syntax(")");
        Ok(vec![w.finish()])
    }

    fn add_column_keyword(&self) -> &'static str {
        ""
    }
}

/// Whether the database takes the value for NULL.
fn is_null(value: &Value) -> bool {
    match value {
        Value::Text(text) => text.is_empty(),
        value => value.is_null(),
    }
}

/// Prints `column = value`, or as many IN lists as the values need.
fn equals(w: &mut SqlWriter<'_>, column: &Ident, collation: &'static str, values: &[Value]) {
    if let [value] = values {
        w.ident(column).syntax(collation).syntax(" = ").param(value);
        return;
    }
    let several = values.len() > LIST;
    if several {
        w.syntax("(");
    }
    for (position, chunk) in values.chunks(LIST).enumerate() {
        if position > 0 {
            w.syntax(" OR ");
        }
        w.ident(column).syntax(collation).syntax(" IN (");
        for (position, value) in chunk.iter().enumerate() {
            w.syntax(if position > 0 { ", " } else { "" }).param(value);
        }
        w.syntax(")");
    }
    if several {
        w.syntax(")");
    }
}

/// Refuses names with a double quote, which Oracle cannot have: two quotes in a row end one name and begin another.
///
/// # Errors
/// `Unsupported`.
pub(crate) fn check_sql(sql: &str) -> Result<(), DriverError> {
    if sql.contains("\"\"") {
        return Err(DriverError::unsupported(
            "Oracle does not support names (or defaults) with double quotes",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
