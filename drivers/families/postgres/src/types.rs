//! What the catalog says about the types of columns, and the values that travel in them.

pub(crate) mod array;
pub(crate) mod decode;
pub(crate) mod fit;
pub(crate) mod limits;
pub(crate) mod literal;
pub(crate) mod lookup;
pub(crate) mod numeric;
pub(crate) mod oid;
pub(crate) mod put;
pub(crate) mod spelled;

use quillback_plugin_api::types::LogicalType;

pub use spelled::Spelled;

/// Most digits of the fraction of a second.
const MAX_FRACTION: u8 = 6;

/// What the catalog says about the type of a column, after domains are resolved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NativeType {
    /// Number of the type.
    pub oid: u32,
    /// Name of the type.
    pub name: String,
    /// Its modifier; -1 is none.
    pub modifier: i32,
    /// Labels, when it is an enum.
    pub labels: Vec<String>,
    /// Type of the elements, when it is an array.
    pub element: Option<Box<NativeType>>,
}

impl NativeType {
    /// The neutral type; values of `Other` travel as text.
    pub fn logical(&self) -> LogicalType {
        if !self.labels.is_empty() {
            return LogicalType::Enum {
                labels: self.labels.clone(),
            };
        }
        if let Some(element) = &self.element {
            return LogicalType::List {
                element: Box::new(element.logical()),
            };
        }
        let precision = u8::try_from(self.modifier).unwrap_or(MAX_FRACTION);
        match self.oid {
            oid::BOOL => LogicalType::Bool,
            oid::INT2 => int(16),
            oid::INT4 => int(32),
            oid::INT8 => int(64),
            oid::OID => LogicalType::Int {
                bits: 32,
                unsigned: true,
            },
            oid::FLOAT4 => LogicalType::Float { bits: 32 },
            oid::FLOAT8 => LogicalType::Float { bits: 64 },
            oid::NUMERIC => self.numeric(),
            oid::MONEY => LogicalType::Decimal {
                precision: Some(19),
                scale: None,
            },
            oid::TEXT | oid::NAME | oid::UNKNOWN => LogicalType::Text { length: None },
            oid::VARCHAR | oid::BPCHAR => LogicalType::Text {
                length: u32::try_from(self.modifier - 4).ok(),
            },
            oid::CHAR => LogicalType::Text { length: Some(1) },
            oid::JSON | oid::JSONB => LogicalType::Json,
            oid::BYTEA => LogicalType::Bytes { length: None },
            oid::UUID => LogicalType::Uuid,
            oid::DATE => LogicalType::Date,
            oid::TIME => LogicalType::Time { precision },
            oid::TIMETZ => LogicalType::OffsetTime { precision },
            oid::TIMESTAMP => LogicalType::Timestamp { precision },
            oid::TIMESTAMPTZ => LogicalType::Instant { precision },
            oid::INTERVAL => LogicalType::Interval,
            _ if self.name == "citext" => LogicalType::Text { length: None },
            _ => LogicalType::Other,
        }
    }

    fn numeric(&self) -> LogicalType {
        let digits = numeric_digits(self.modifier);
        LogicalType::Decimal {
            precision: digits.map(|(precision, _)| precision),
            scale: digits.map(|(_, scale)| scale),
        }
    }
}

/// The digits that the modifier of an exact number holds: how many there are, how many of them after the point; `None`
/// is unlimited (<https://github.com/postgres/postgres/blob/master/src/backend/utils/adt/numeric.c>,
/// `make_numeric_typmod`).
pub(crate) fn numeric_digits(modifier: i32) -> Option<(u32, i32)> {
    let packed = u32::try_from(modifier.checked_sub(4)?).ok()?;
    let scale = i32::try_from(packed & 0x7FF).ok()?;
    Some((packed >> 16, (scale ^ 1_024) - 1_024))
}

fn int(bits: u8) -> LogicalType {
    LogicalType::Int {
        bits,
        unsigned: false,
    }
}
