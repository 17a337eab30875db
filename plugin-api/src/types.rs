//! Neutral column types: what a column is, whatever the database calls it.

use serde::{Deserialize, Serialize};

/// The type of a column. Each driver's README lists what it creates for which, and what it reads as which.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogicalType {
    /// True or false.
    Bool,
    /// Integer of 8, 16, 32 or 64 bits.
    Int {
        /// Width in bits.
        bits: u8,
        /// Whether negative numbers are excluded.
        #[serde(default)]
        unsigned: bool,
    },
    /// Exact number.
    Decimal {
        /// Significant digits; `None` is the database's unlimited number.
        precision: Option<u32>,
        /// Digits after the point.
        scale: Option<i32>,
    },
    /// Binary float of 32 or 64 bits.
    Float {
        /// Width in bits.
        bits: u8,
    },
    /// Text.
    Text {
        /// Longest value in characters; `None` is the database's large text.
        length: Option<u32>,
    },
    /// JSON document.
    Json,
    /// Bytes.
    Bytes {
        /// Longest value in bytes; `None` is the database's large binary.
        length: Option<u32>,
    },
    /// UUID.
    Uuid,
    /// Calendar date.
    Date,
    /// Time of day.
    Time {
        /// Digits of the fraction of a second.
        precision: u8,
    },
    /// Time of day with an offset.
    OffsetTime {
        /// Digits of the fraction of a second.
        precision: u8,
    },
    /// Civil time stamp.
    Timestamp {
        /// Digits of the fraction of a second.
        precision: u8,
    },
    /// Moment in time, UTC.
    Instant {
        /// Digits of the fraction of a second.
        precision: u8,
    },
    /// Moment in time that remembers an offset.
    OffsetInstant {
        /// Digits of the fraction of a second.
        precision: u8,
    },
    /// Calendar interval.
    Interval,
    /// One of a fixed list of texts.
    Enum {
        /// The texts, in the database's order.
        labels: Vec<String>,
    },
    /// Array of one type.
    List {
        /// Type of the elements.
        element: Box<LogicalType>,
    },
    /// A type that only this database has; values travel as the driver's README says.
    Other,
}

impl LogicalType {
    /// A 64-bit signed integer.
    pub const INT64: Self = Self::Int {
        bits: 64,
        unsigned: false,
    };

    /// Text of at most `length` characters.
    pub fn text(length: u32) -> Self {
        Self::Text {
            length: Some(length),
        }
    }

    /// An exact number of `precision` digits, `scale` of them after the point.
    pub fn decimal(precision: u32, scale: i32) -> Self {
        Self::Decimal {
            precision: Some(precision),
            scale: Some(scale),
        }
    }

    /// A moment in time with microseconds.
    pub const INSTANT: Self = Self::Instant { precision: 6 };
}
