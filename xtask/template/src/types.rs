//! Column types, both ways: what is created for a neutral type, and what the database's types are read as.

use quillback_plugin_api::sql::RenderError;
use quillback_plugin_api::types::LogicalType;

/// The type to create for a column. A type that the database lacks gets one that holds every value without loss, or is
/// refused.
///
/// # Errors
/// `RenderError` where no type of this database will do.
pub(crate) fn to_create(ty: &LogicalType) -> Result<String, RenderError> {
    Ok(match ty {
        LogicalType::Bool => "BOOLEAN".into(),
        LogicalType::Int { bits: 16, unsigned: false } => "SMALLINT".into(),
        LogicalType::Int { bits: 32, unsigned: false } => "INTEGER".into(),
        LogicalType::Int { bits: 64, unsigned: false } => "BIGINT".into(),
        LogicalType::Decimal { precision: Some(precision), scale } => {
            format!("DECIMAL({precision}, {})", scale.unwrap_or(0))
        }
        LogicalType::Float { bits: 64 } => "DOUBLE PRECISION".into(),
        LogicalType::Text { length: Some(length) } => format!("VARCHAR({length})"),
        LogicalType::Date => "DATE".into(),
        LogicalType::Timestamp { precision } => format!("TIMESTAMP({precision})"),
        other => return Err(RenderError::unsupported(format!("columns of type {other:?}"))),
    })
}
