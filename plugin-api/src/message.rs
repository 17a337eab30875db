//! What crosses the plugin boundary: trees as JSON, values beside them in the tagged encoding.
//!
//! Inside a tree a value is written as the number of its kind; the values themselves follow in the order of the walk.

use serde::{Deserialize, Deserializer, Serializer};

use crate::value::Value;

/// Serializes a value as its kind.
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
    let mut bytes = Vec::with_capacity(1);
    match value {
        Value::List(_) => bytes.push(crate::codec::tag::LIST),
        Value::Struct(_) => bytes.push(crate::codec::tag::STRUCT),
        flat => crate::codec::put(&mut bytes, flat.flat()),
    }
    bytes.first().copied().unwrap_or_default()
}
