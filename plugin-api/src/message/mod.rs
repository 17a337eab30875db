//! What crosses the plugin boundary, as bytes.
//!
//! Batches, selects and their answers have a binary form with values in the tagged encoding. What is asked seldom
//! (options, catalogs, changes of tables) is JSON. Everything that is received is checked before it is used, and what
//! cannot be read is a [`Category::Protocol`] error: nothing here panics on foreign bytes.

mod answer;
mod json;
mod latest;
mod tree;

pub use answer::{
    decode_columns, decode_outcome, decode_piece, decode_rendered, encode_columns, encode_outcome,
    encode_rendered, finish_piece,
};
pub use json::{decode_json, decode_secret_json, encode_json};
pub(crate) use latest::Latest;
pub use tree::{decode_batch, decode_select, encode_batch, encode_select};

use serde::{Deserialize, Deserializer, Serializer};

use crate::error::{Category, DriverError};
use crate::value::Value;

/// Serializes a value as its kind: a statement as JSON shows its shape without its values.
pub mod kind {
    use super::{Deserialize, Deserializer, Serializer, Value};

    pub(crate) fn serialize<S: Serializer>(value: &Value, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u8(super::tag_of(value))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Value, D::Error> {
        u8::deserialize(from).map(|_| Value::Null)
    }
}

/// Serializes values as their kinds.
pub mod kinds {
    use super::{Deserialize, Deserializer, Serializer, Value};

    pub(crate) fn serialize<S: Serializer>(values: &[Value], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(values.iter().map(super::tag_of))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Value>, D::Error> {
        Vec::<u8>::deserialize(from).map(|tags| tags.iter().map(|_| Value::Null).collect())
    }
}

fn tag_of(value: &Value) -> u8 {
    use crate::codec::tag;
    match value {
        Value::Null => tag::NULL,
        Value::Bool(false) => tag::FALSE,
        Value::Bool(true) => tag::TRUE,
        Value::I64(_) => tag::I64,
        Value::U64(_) => tag::U64,
        Value::F64(_) => tag::F64,
        Value::F32(_) => tag::F32,
        Value::Decimal(_) => tag::DECIMAL,
        Value::Text(_) => tag::TEXT,
        Value::Json(_) => tag::JSON,
        Value::Bytes(_) => tag::BYTES,
        Value::Uuid(_) => tag::UUID,
        Value::Date(_) => tag::DATE,
        Value::Time(_) => tag::TIME,
        Value::OffsetTime { .. } => tag::OFFSET_TIME,
        Value::Timestamp(_) => tag::TIMESTAMP,
        Value::Instant(_) => tag::INSTANT,
        Value::OffsetInstant { .. } => tag::OFFSET_INSTANT,
        Value::ZonedInstant { .. } => tag::ZONED_INSTANT,
        Value::Interval(_) => tag::INTERVAL,
        Value::List(_) => tag::LIST,
        Value::Struct(_) => tag::STRUCT,
        Value::Special { .. } => tag::SPECIAL,
    }
}

fn protocol(message: impl Into<String>) -> DriverError {
    DriverError::new(Category::Protocol, message)
}

fn put_u32(out: &mut Vec<u8>, number: usize) -> Result<(), DriverError> {
    let number = u32::try_from(number).map_err(|_| too_large())?;
    out.extend_from_slice(&number.to_le_bytes());
    Ok(())
}

fn put_block(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), DriverError> {
    put_u32(out, bytes.len())?;
    out.extend_from_slice(bytes);
    Ok(())
}

fn too_large() -> DriverError {
    DriverError::new(
        Category::Resource,
        "a message to or from a driver is larger than 4 GiB: send fewer rows at once",
    )
}

#[cfg(test)]
mod tests;
