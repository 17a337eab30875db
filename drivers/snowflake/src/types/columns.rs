//! What the columns of a table are, from the types that DESCRIBE TABLE names.
//!
//! <https://docs.snowflake.com/en/sql-reference/sql/desc-table>

use quillback_plugin_api::Ident;
use quillback_plugin_api::types::LogicalType;

use super::create::DIGITS;
use crate::result::Heading;

/// A column of a table.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an independent fact about a column"
)]
pub(crate) struct Field {
    pub(crate) name: Ident,
    pub(crate) native: String,
    pub(crate) nullable: bool,
    pub(crate) has_default: bool,
    pub(crate) generated: bool,
    pub(crate) identity: bool,
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
    OffsetInstant,
    /// Travels as the service spells it, and is not written.
    Other,
}

/// Whole numbers of so many digits, which are made for 64 bits, are read as such; all others stay exact decimals.
const INT_DIGITS: u32 = 19;
/// Lengths from which on a column has no limit of its own: the largest that there are, and the largest that there were.
const LARGE_TEXT: u32 = 16_777_216;
const LARGE_BYTES: u32 = 8_388_608;

impl Field {
    /// Name of the type, and the numbers behind it.
    fn parts(&self) -> (&str, Vec<u32>) {
        let (name, rest) = self.native.split_once('(').unwrap_or((&self.native, ""));
        let inside = rest.split_once(')').map_or("", |(inside, _)| inside);
        let numbers = inside.split(',').filter_map(|n| n.trim().parse().ok());
        (name.trim(), numbers.collect())
    }

    /// Digits, and those after the point, of a number.
    pub(crate) fn number(&self) -> Option<(u32, u32)> {
        let (_, numbers) = self.parts();
        let is_number = matches!(
            self.logical(),
            LogicalType::Int { .. } | LogicalType::Decimal { .. }
        );
        let scale = numbers.get(1).copied().unwrap_or(0);
        is_number.then(|| (numbers.first().copied().unwrap_or(DIGITS), scale))
    }

    /// Whether its texts compare by other rules than character by character.
    pub(crate) fn is_collated(&self) -> bool {
        self.native.to_uppercase().contains("COLLATE")
    }

    /// The neutral type.
    pub(crate) fn logical(&self) -> LogicalType {
        let (name, numbers) = self.parts();
        let first = numbers.first().copied();
        let fraction = || u8::try_from(first.unwrap_or(9)).unwrap_or(9);
        match name.split_whitespace().next().unwrap_or_default() {
            "NUMBER" | "DECIMAL" | "NUMERIC" => {
                let scale = numbers.get(1).copied().unwrap_or(0);
                match first.unwrap_or(DIGITS) {
                    INT_DIGITS if scale == 0 => LogicalType::INT64,
                    precision => LogicalType::decimal(precision, i32::try_from(scale).unwrap_or(0)),
                }
            }
            "FLOAT" | "DOUBLE" | "REAL" => LogicalType::Float { bits: 64 },
            "VARCHAR" | "STRING" | "TEXT" | "CHAR" => LogicalType::Text {
                length: first.filter(|length| *length < LARGE_TEXT),
            },
            "BINARY" | "VARBINARY" => LogicalType::Bytes {
                length: first.filter(|length| *length < LARGE_BYTES),
            },
            "BOOLEAN" => LogicalType::Bool,
            "DATE" => LogicalType::Date,
            "TIME" => LogicalType::Time {
                precision: fraction(),
            },
            "TIMESTAMP_NTZ" | "DATETIME" => LogicalType::Timestamp {
                precision: fraction(),
            },
            "TIMESTAMP_LTZ" => LogicalType::Instant {
                precision: fraction(),
            },
            "TIMESTAMP_TZ" => LogicalType::OffsetInstant {
                precision: fraction(),
            },
            "VARIANT" | "OBJECT" | "ARRAY" => LogicalType::Json,
            _ => LogicalType::Other,
        }
    }

    /// What stands around the text of a value that is stored here.
    pub(crate) fn cast(&self) -> (String, String) {
        let (name, _) = self.parts();
        match self.logical() {
            LogicalType::Text { .. } | LogicalType::Other => (String::new(), String::new()),
            LogicalType::Bytes { .. } => ("TO_BINARY(".into(), ", 'HEX')".into()),
            LogicalType::Json if name == "VARIANT" => ("PARSE_JSON(".into(), ")".into()),
            LogicalType::Json => ("CAST(PARSE_JSON(".into(), format!(") AS {name})")),
            _ => ("CAST(".into(), format!(" AS {})", self.native)),
        }
    }
}

/// How the cells under a heading are read: <https://docs.snowflake.com/en/developer-guide/sql-api/handling-responses>
pub(crate) fn kind(heading: &Heading) -> Kind {
    match heading.kind.to_lowercase().as_str() {
        "fixed" => match (heading.precision, heading.scale) {
            (Some(INT_DIGITS), None | Some(0)) => Kind::Int,
            _ => Kind::Decimal,
        },
        "real" => Kind::Float,
        "text" => Kind::Text,
        "variant" | "object" | "array" => Kind::Json,
        "binary" => Kind::Bytes,
        "boolean" => Kind::Bool,
        "date" => Kind::Date,
        "time" => Kind::Time,
        "timestamp_ntz" => Kind::Timestamp,
        "timestamp_ltz" => Kind::Instant,
        "timestamp_tz" => Kind::OffsetInstant,
        _ => Kind::Other,
    }
}

/// The type under a heading, as statements spell it.
pub(crate) fn native(heading: &Heading) -> String {
    let scale = heading.scale.unwrap_or(0);
    match heading.kind.to_lowercase().as_str() {
        "fixed" => format!("NUMBER({},{scale})", heading.precision.unwrap_or(DIGITS)),
        "real" => "FLOAT".into(),
        "text" => match heading.length {
            Some(length) => format!("VARCHAR({length})"),
            None => "VARCHAR".into(),
        },
        timed if timed.starts_with("time") => format!("{}({scale})", timed.to_uppercase()),
        other => other.to_uppercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(native: &str) -> Field {
        Field {
            name: Ident::literal("c"),
            native: native.into(),
            nullable: true,
            has_default: false,
            generated: false,
            identity: false,
        }
    }

    #[test]
    fn types_are_read_as_the_service_describes_them() {
        for (native, ty) in [
            ("NUMBER(38,0)", LogicalType::decimal(38, 0)),
            ("NUMBER(19,0)", LogicalType::INT64),
            ("NUMBER(10,2)", LogicalType::decimal(10, 2)),
            ("VARCHAR(20)", LogicalType::text(20)),
            ("VARCHAR(16777216)", LogicalType::Text { length: None }),
            ("VARCHAR(134217728)", LogicalType::Text { length: None }),
            ("BINARY(8388608)", LogicalType::Bytes { length: None }),
            ("TIMESTAMP_LTZ(3)", LogicalType::Instant { precision: 3 }),
            ("VARIANT", LogicalType::Json),
            ("VECTOR(FLOAT, 3)", LogicalType::Other),
            ("GEOGRAPHY", LogicalType::Other),
        ] {
            assert_eq!(field(native).logical(), ty, "{native}");
        }
        assert!(field("VARCHAR(20) COLLATE 'en-ci'").is_collated());
    }

    #[test]
    fn stored_values_are_cast_to_their_column() {
        let cast = |native: &str| {
            let (open, close) = field(native).cast();
            format!("{open}x{close}")
        };
        assert_eq!(cast("NUMBER(10,2)"), "CAST(x AS NUMBER(10,2))");
        assert_eq!(cast("ARRAY"), "CAST(PARSE_JSON(x) AS ARRAY)");
        assert_eq!(cast("BINARY(3)"), "TO_BINARY(x, 'HEX')");
        assert_eq!(cast("VARCHAR(3)"), "x");
    }
}
