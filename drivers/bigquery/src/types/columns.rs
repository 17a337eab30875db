//! What the columns of a table are, from the description that `tables.get` answers with.
//!
//! <https://cloud.google.com/bigquery/docs/reference/rest/v2/tables#TableFieldSchema>

use quillback_plugin_api::types::LogicalType;
use serde::Deserialize;

/// A column of a table or a result.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Field {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) mode: String,
    pub(crate) fields: Vec<Field>,
    pub(crate) max_length: Option<String>,
    pub(crate) precision: Option<String>,
    pub(crate) scale: Option<String>,
    pub(crate) default_value_expression: Option<String>,
    pub(crate) generated_column: Option<serde_json::Value>,
}

/// How the values of a column travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Bool,
    Int,
    Float,
    Decimal,
    Text,
    Json,
    Bytes,
    Date,
    Time,
    Timestamp,
    Instant,
    /// Travels as the service spells it, and is not written.
    Other,
}

impl Field {
    pub(crate) fn is_repeated(&self) -> bool {
        self.mode == "REPEATED"
    }

    /// How one value travels; for a list: one element.
    pub(crate) fn kind(&self) -> Kind {
        match self.kind.as_str() {
            "BOOL" | "BOOLEAN" => Kind::Bool,
            "INT64" | "INTEGER" => Kind::Int,
            "FLOAT64" | "FLOAT" => Kind::Float,
            "NUMERIC" | "BIGNUMERIC" => Kind::Decimal,
            "STRING" => Kind::Text,
            "JSON" => Kind::Json,
            "BYTES" => Kind::Bytes,
            "DATE" => Kind::Date,
            "TIME" => Kind::Time,
            "DATETIME" => Kind::Timestamp,
            "TIMESTAMP" => Kind::Instant,
            _ => Kind::Other,
        }
    }

    /// The type as statements spell it.
    pub(crate) fn native(&self) -> String {
        let name = match self.kind.as_str() {
            "BOOLEAN" => "BOOL",
            "INTEGER" => "INT64",
            "FLOAT" => "FLOAT64",
            "RECORD" => "STRUCT",
            name => name,
        };
        let mut native = name.to_owned();
        if name == "STRUCT" {
            let parts = self
                .fields
                .iter()
                .map(|f| format!("{} {}", f.name, f.native()));
            native = format!("STRUCT<{}>", parts.collect::<Vec<_>>().join(", "));
        } else if let Some(length) = self.max_length.as_ref().or(self.precision.as_ref()) {
            native = match &self.scale {
                Some(scale) if scale != "0" => format!("{name}({length}, {scale})"),
                _ => format!("{name}({length})"),
            };
        }
        if self.is_repeated() {
            native = format!("ARRAY<{native}>");
        }
        native
    }

    /// The neutral type.
    pub(crate) fn logical(&self) -> LogicalType {
        let number = |text: &Option<String>| text.as_ref().and_then(|text| text.parse().ok());
        let element = match self.kind() {
            Kind::Bool => LogicalType::Bool,
            Kind::Int => LogicalType::INT64,
            Kind::Float => LogicalType::Float { bits: 64 },
            Kind::Decimal => self.decimal(),
            Kind::Text => LogicalType::Text {
                length: number(&self.max_length),
            },
            Kind::Json => LogicalType::Json,
            Kind::Bytes => LogicalType::Bytes {
                length: number(&self.max_length),
            },
            Kind::Date => LogicalType::Date,
            Kind::Time => LogicalType::Time { precision: 6 },
            Kind::Timestamp => LogicalType::Timestamp { precision: 6 },
            Kind::Instant => LogicalType::INSTANT,
            Kind::Other => LogicalType::Other,
        };
        // Lists are shown, and not written.
        if self.is_repeated() {
            LogicalType::Other
        } else {
            element
        }
    }

    /// Without a precision of their own the types have that of their description: 38 digits, 9 of them after the point,
    /// and 76 digits, 38 of them after the point.
    fn decimal(&self) -> LogicalType {
        let number = |text: &Option<String>| text.as_ref().and_then(|text| text.parse().ok());
        let precision: Option<u32> = number(&self.precision);
        let scale = self.scale.as_ref().and_then(|text| text.parse().ok());
        match (precision, self.kind.as_str()) {
            (Some(precision), _) => LogicalType::decimal(precision, scale.unwrap_or(0)),
            (None, "NUMERIC") => LogicalType::decimal(38, 9),
            (None, _) => LogicalType::decimal(76, 38),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_as_the_service_describes_them() {
        for (json, native, ty) in [
            (
                r#"{"type":"STRING","maxLength":"20"}"#,
                "STRING(20)",
                LogicalType::text(20),
            ),
            (
                r#"{"type":"NUMERIC"}"#,
                "NUMERIC",
                LogicalType::decimal(38, 9),
            ),
            (
                r#"{"type":"BIGNUMERIC","precision":"40","scale":"20"}"#,
                "BIGNUMERIC(40, 20)",
                LogicalType::decimal(40, 20),
            ),
            (
                r#"{"type":"NUMERIC","precision":"20"}"#,
                "NUMERIC(20)",
                LogicalType::decimal(20, 0),
            ),
            (
                r#"{"type":"INTEGER","mode":"REQUIRED"}"#,
                "INT64",
                LogicalType::INT64,
            ),
            (
                r#"{"type":"STRING","mode":"REPEATED"}"#,
                "ARRAY<STRING>",
                LogicalType::Other,
            ),
            (r#"{"type":"GEOGRAPHY"}"#, "GEOGRAPHY", LogicalType::Other),
            (
                r#"{"type":"RECORD","fields":[{"name":"a","type":"FLOAT"}]}"#,
                "STRUCT<a FLOAT64>",
                LogicalType::Other,
            ),
        ] {
            let field: Field = serde_json::from_str(json).unwrap();
            assert_eq!(
                (field.native().as_str(), field.logical()),
                (native, ty),
                "{json}"
            );
        }
    }
}
