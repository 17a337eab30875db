//! Types, defaults and changes of columns.

use quillback_plugin_api::dialect::Dialect as _;
use quillback_plugin_api::sql::{ColumnDef, RenderError, Rendered, SqlWriter};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::{TableRef, Value};

use super::Postgres;
use crate::types::{bare_type, sql_type};

/// The type of a column with its collation; an enum becomes text with a check, because a type of its own would
/// outlive the table.
pub(super) fn column_type(dialect: &Postgres, column: &ColumnDef) -> Result<String, RenderError> {
    let mut text = sql_type(&column.ty)?;
    if column.exact_text && is_text(&column.ty) {
        text.push_str(" COLLATE \"C\"");
    }
    if let LogicalType::Enum { labels } = &column.ty {
        if labels.is_empty() {
            return Err(RenderError::unsupported("a choice of nothing"));
        }
        text.push_str(" CHECK (");
        dialect.quote(&mut text, column.name.as_str());
        text.push_str(" IN (");
        for (position, label) in labels.iter().enumerate() {
            if position > 0 {
                text.push_str(", ");
            }
            text.push_str(&quoted(label)?);
        }
        text.push_str("))");
    }
    Ok(text)
}

fn is_text(ty: &LogicalType) -> bool {
    matches!(ty, LogicalType::Text { .. } | LogicalType::Enum { .. })
}

/// A constant for a default.
pub(super) fn literal(value: &Value) -> Result<String, RenderError> {
    match value {
        Value::Null => Ok("NULL".to_owned()),
        Value::Bool(flag) => Ok(if *flag { "TRUE" } else { "FALSE" }.to_owned()),
        Value::I64(number) => Ok(number.to_string()),
        Value::U64(number) => Ok(number.to_string()),
        Value::F64(number) => Ok(quoted_if_word(number.to_string())),
        Value::F32(number) => Ok(quoted_if_word(number.to_string())),
        Value::Decimal(number) => Ok(quoted_if_word(number.as_str().to_owned())),
        Value::Text(text) => quoted(text),
        _ => Err(RenderError::unsupported(
            "defaults other than truth values, numbers and texts",
        )),
    }
}

/// `NaN` and the infinities are words, which stand in quotes; the spellings of Rust are understood too.
fn quoted_if_word(number: String) -> String {
    if number.ends_with(|last: char| last.is_ascii_digit()) {
        number
    } else {
        format!("'{number}'")
    }
}

/// Backslashes mean themselves: sessions are opened with `standard_conforming_strings`.
fn quoted(text: &str) -> Result<String, RenderError> {
    if text.contains('\0') {
        return Err(RenderError::unsupported("texts with a NUL character"));
    }
    Ok(format!("'{}'", text.replace('\'', "''")))
}

/// One statement with all parts of the change, so that the table is rewritten once.
pub(super) fn alter_column(
    dialect: &Postgres,
    table: &TableRef,
    from: &ColumnDef,
    to: &ColumnDef,
) -> Result<Vec<Rendered>, RenderError> {
    if from.identity != to.identity {
        return Err(RenderError::unsupported(
            "a change of who numbers a column that is there",
        ));
    }
    let is_enum = |ty: &LogicalType| matches!(ty, LogicalType::Enum { .. });
    let new_type = from.ty != to.ty || from.exact_text != to.exact_text;
    if new_type && (is_enum(&from.ty) || is_enum(&to.ty)) {
        return Err(RenderError::unsupported(
            "a change of the choices of a column that is there",
        ));
    }
    let mut parts = Vec::new();
    // The database cannot always convert a default by itself.
    if from.default.is_some() && (new_type || from.default != to.default) {
        parts.push("DROP DEFAULT".to_owned());
    }
    if new_type {
        let mut quoted = String::new();
        dialect.quote(&mut quoted, to.name.as_str());
        let (ty, bare) = (column_type(dialect, to)?, bare_type(&to.ty)?);
        parts.push(format!("TYPE {ty} USING {quoted}::{bare}"));
    }
    if let Some(default) = &to.default
        && (new_type || from.default != to.default)
    {
        parts.push(format!("SET DEFAULT {}", literal(default)?));
    }
    if from.nullable != to.nullable {
        parts.push(
            if to.nullable {
                "DROP NOT NULL"
            } else {
                "SET NOT NULL"
            }
            .to_owned(),
        );
    }
    if parts.is_empty() {
        return Ok(Vec::new());
    }
    let mut w = SqlWriter::new(dialect);
    w.syntax("ALTER TABLE ").table(table).syntax(" ");
    w.list(", ", &parts, |w, part| {
        w.syntax("ALTER COLUMN ").ident(&to.name).syntax(" ");
        w.dialect_text(part);
        Ok(())
    })?;
    Ok(vec![w.finish()])
}
