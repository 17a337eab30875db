//! Types, defaults and changes of columns.

use quillback_plugin_api::sql::{ColumnDef, RenderError, Rendered, SqlWriter};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::{TableRef, Value};

use super::Redshift;
use crate::types::sql_type;

/// The type of a column with its collation: a database may be made to ignore case
/// (<https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_TABLE_NEW.html>).
pub(super) fn column_type(column: &ColumnDef) -> Result<String, RenderError> {
    let mut text = sql_type(&column.ty)?;
    let is_text = matches!(
        column.ty,
        LogicalType::Text { .. } | LogicalType::Enum { .. }
    );
    if column.exact_text && is_text {
        text.push_str(" COLLATE CASE_SENSITIVE");
    }
    Ok(text)
}

/// A constant for a default.
pub(super) fn literal(value: &Value) -> Result<String, RenderError> {
    match value {
        Value::Null => Ok("NULL".to_owned()),
        Value::Bool(flag) => Ok(if *flag { "TRUE" } else { "FALSE" }.to_owned()),
        Value::I64(number) => Ok(number.to_string()),
        Value::U64(number) => Ok(number.to_string()),
        Value::F64(number) if number.is_finite() => Ok(number.to_string()),
        Value::F32(number) if number.is_finite() => Ok(number.to_string()),
        Value::Decimal(number) if number.is_finite() => Ok(number.as_str().to_owned()),
        Value::Text(text) => quoted(text),
        _ => Err(RenderError::unsupported(
            "defaults other than truth values, finite numbers and texts",
        )),
    }
}

/// A backslash begins an escape, as it did in the version of `PostgreSQL` that Redshift comes from.
fn quoted(text: &str) -> Result<String, RenderError> {
    if text.contains('\0') {
        return Err(RenderError::unsupported("texts with a NUL character"));
    }
    let text = text.replace('\\', "\\\\").replace('\'', "''");
    Ok(format!("'{text}'"))
}

/// A text column becomes longer; nothing else about a column can be changed
/// (<https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_TABLE.html>).
pub(super) fn alter_column(
    dialect: &Redshift,
    table: &TableRef,
    from: &ColumnDef,
    to: &ColumnDef,
) -> Result<Vec<Rendered>, RenderError> {
    if from == to {
        return Ok(Vec::new());
    }
    let (LogicalType::Text { length: before }, LogicalType::Text { length: after }) =
        (&from.ty, &to.ty)
    else {
        return Err(nothing_else());
    };
    let longest = u32::MAX;
    let shrinks = after.unwrap_or(longest) < before.unwrap_or(longest);
    let as_before = ColumnDef {
        ty: from.ty.clone(),
        ..to.clone()
    };
    if shrinks || as_before != *from {
        return Err(nothing_else());
    }
    let mut w = SqlWriter::new(dialect);
    w.syntax("ALTER TABLE ").table(table);
    w.syntax(" ALTER COLUMN ").ident(&to.name).syntax(" TYPE ");
    w.dialect_text(&sql_type(&to.ty)?);
    Ok(vec![w.finish()])
}

fn nothing_else() -> RenderError {
    RenderError::unsupported("changes of a column that is there, other than to a longer text")
}
