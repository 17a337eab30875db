//! What a column of the database is, in neutral types.

use quillback_plugin_api::types::LogicalType;

/// What the catalog says about the type of a column.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Described<'a> {
    /// `DATA_TYPE`, such as `TIMESTAMP(6) WITH TIME ZONE`.
    pub(crate) data_type: &'a str,
    /// `DATA_LENGTH`: bytes.
    pub(crate) bytes: Option<u32>,
    /// `CHAR_LENGTH`: characters.
    pub(crate) characters: Option<u32>,
    /// `DATA_PRECISION`.
    pub(crate) precision: Option<u32>,
    /// `DATA_SCALE`.
    pub(crate) scale: Option<i32>,
}

/// The neutral type of a column.
pub(crate) fn from_catalog(column: &Described<'_>) -> LogicalType {
    match column.data_type {
        "NUMBER" => number(column.precision, column.scale),
        "FLOAT" => LogicalType::Decimal {
            precision: None,
            scale: None,
        },
        "BINARY_FLOAT" => LogicalType::Float { bits: 32 },
        "BINARY_DOUBLE" => LogicalType::Float { bits: 64 },
        "VARCHAR2" | "NVARCHAR2" | "CHAR" | "NCHAR" => LogicalType::Text {
            length: column.characters,
        },
        "CLOB" | "NCLOB" | "LONG" => LogicalType::Text { length: None },
        "RAW" if column.bytes == Some(16) => LogicalType::Uuid,
        "RAW" => LogicalType::Bytes {
            length: column.bytes,
        },
        "BLOB" | "LONG RAW" => LogicalType::Bytes { length: None },
        // It carries a time of day, which must not get lost.
        "DATE" => LogicalType::Timestamp { precision: 0 },
        other if other.starts_with("TIMESTAMP") => {
            let precision = u8::try_from(column.scale.unwrap_or(6)).unwrap_or(6);
            if other.ends_with(" WITH TIME ZONE") {
                LogicalType::Instant { precision }
            } else if other.ends_with(" WITH LOCAL TIME ZONE") {
                LogicalType::Other
            } else {
                LogicalType::Timestamp { precision }
            }
        }
        _ => LogicalType::Other,
    }
}

/// Integers are recognised by the digits that the driver creates them with; others by what holds them all.
fn number(precision: Option<u32>, scale: Option<i32>) -> LogicalType {
    let int = |bits, unsigned| LogicalType::Int { bits, unsigned };
    match (precision, scale) {
        (None, None) => LogicalType::Decimal {
            precision: None,
            scale: None,
        },
        // INTEGER is a number of 38 digits without a fraction.
        (None, scale) => LogicalType::Decimal {
            precision: Some(38),
            scale,
        },
        (Some(1), Some(0)) => LogicalType::Bool,
        (Some(2..=3), Some(0)) => int(8, false),
        (Some(4..=5), Some(0)) => int(16, false),
        (Some(6..=10), Some(0)) => int(32, false),
        (Some(11..=19), Some(0)) => int(64, false),
        (Some(20), Some(0)) => int(64, true),
        (precision, scale) => LogicalType::Decimal { precision, scale },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::create::to_create;

    fn described(native: &str) -> LogicalType {
        let (name, rest) = native.split_once('(').unwrap_or((native, ""));
        let (inside, after) = rest.split_once(')').unwrap_or(("", ""));
        let mut numbers = inside
            .split([',', ' '])
            .map_while(|part| part.parse::<i32>().ok());
        let (first, second) = (numbers.next(), numbers.next());
        let is_moment = name == "TIMESTAMP";
        let unsigned = first.and_then(|number| u32::try_from(number).ok());
        from_catalog(&Described {
            data_type: &if is_moment {
                format!("{name}({inside}){after}")
            } else {
                name.to_owned()
            },
            bytes: unsigned,
            characters: unsigned,
            precision: unsigned.filter(|_| name == "NUMBER"),
            scale: if is_moment {
                first
            } else {
                second.or(first.map(|_| 0))
            },
        })
    }

    #[test]
    fn what_is_created_is_read_as_what_it_was() {
        for ty in [
            LogicalType::Bool,
            LogicalType::Int {
                bits: 8,
                unsigned: false,
            },
            LogicalType::Int {
                bits: 16,
                unsigned: false,
            },
            LogicalType::Int {
                bits: 32,
                unsigned: false,
            },
            LogicalType::INT64,
            LogicalType::Int {
                bits: 64,
                unsigned: true,
            },
            LogicalType::decimal(38, 10),
            LogicalType::Decimal {
                precision: None,
                scale: None,
            },
            LogicalType::Float { bits: 32 },
            LogicalType::Float { bits: 64 },
            LogicalType::text(40),
            LogicalType::Text { length: None },
            LogicalType::Bytes { length: Some(20) },
            LogicalType::Bytes { length: None },
            LogicalType::Uuid,
            LogicalType::Timestamp { precision: 3 },
            LogicalType::INSTANT,
        ] {
            let native = to_create(&ty).unwrap();
            assert_eq!(described(&native), ty, "{native}");
        }
    }

    #[test]
    fn a_date_keeps_its_time_of_day() {
        let native = to_create(&LogicalType::Date).unwrap();
        assert_eq!(described(&native), LogicalType::Timestamp { precision: 0 });
    }

    #[test]
    fn what_no_column_holds_is_refused() {
        for ty in [
            LogicalType::Json,
            LogicalType::Time { precision: 0 },
            LogicalType::Interval,
            LogicalType::decimal(39, 0),
            LogicalType::Timestamp { precision: 10 },
            LogicalType::Other,
        ] {
            assert!(to_create(&ty).is_err(), "{ty:?}");
        }
    }
}
