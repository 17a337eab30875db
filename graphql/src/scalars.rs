//! Scalars that GraphQL does not have: moments in time and JSON.

use std::borrow::Cow;

use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::{
    ContextSelectionSet, InputValueError, InputValueResult, Name, OutputType, Positioned, Scalar,
    ScalarType, ServerResult, Value,
};
use bytes::Bytes;
use quillback_core::plugin_api::civil::Timestamp;
use quillback_core::row_json;

/// A moment in time, UTC, as ISO 8601 text such as `2026-11-22T08:30:00Z`.
#[derive(Clone, Copy)]
pub(crate) struct DateTime(pub(crate) Timestamp);

#[Scalar]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else {
            return Err(InputValueError::expected_type(value));
        };
        row_json::parse_instant(text)
            .map(Self)
            .ok_or_else(|| InputValueError::custom("not a moment in time"))
    }

    fn to_value(&self) -> Value {
        Value::String(format!("{}Z", self.0))
    }
}

/// Any JSON value. In rows, whole numbers beyond 2^53 and all decimals are strings, so that no digit is lost on the way;
/// dates and times are ISO 8601 texts.
#[derive(Clone)]
pub(crate) struct Json(pub(crate) serde_json::Value);

#[Scalar(name = "JSON")]
impl ScalarType for Json {
    fn parse(value: Value) -> InputValueResult<Self> {
        value
            .into_json()
            .map(Self)
            .map_err(|_| InputValueError::custom("not a JSON value"))
    }

    fn to_value(&self) -> Value {
        value_of(&self.0)
    }
}

/// The same scalar, of JSON that is text already: pages have hundreds of them. It travels as bytes, which no client can
/// send, and whoever writes the response puts them in as they are.
pub(crate) struct JsonText(Bytes);

impl From<Vec<u8>> for JsonText {
    fn from(text: Vec<u8>) -> Self {
        Self(text.into())
    }
}

impl OutputType for JsonText {
    fn type_name() -> Cow<'static, str> {
        <Json as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <Json as OutputType>::create_type_info(registry)
    }

    async fn resolve(
        &self,
        _cx: &ContextSelectionSet<'_>,
        _field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        Ok(Value::Binary(self.0.clone()))
    }
}

/// A JSON value as GraphQL writes it, made in one go.
fn value_of(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(flag) => Value::Boolean(*flag),
        serde_json::Value::Number(number) => Value::Number(number.clone()),
        serde_json::Value::String(text) => Value::String(text.clone()),
        serde_json::Value::Array(items) => Value::List(items.iter().map(value_of).collect()),
        serde_json::Value::Object(members) => {
            let member = |(name, value): (&String, _)| (Name::new(name), value_of(value));
            Value::Object(members.iter().map(member).collect())
        }
    }
}

impl Json {
    /// The members of a JSON object.
    pub(crate) fn into_object(
        self,
        path: &str,
    ) -> async_graphql::Result<serde_json::Map<String, serde_json::Value>> {
        match self.0 {
            serde_json::Value::Object(members) => Ok(members),
            _ => Err(crate::error::public(quillback_core::Error::invalid(
                path,
                "WRONG_TYPE",
                "An object of names and values is expected.",
            ))),
        }
    }
}

/// An identifier as GraphQL writes it.
pub(crate) fn id(id: impl std::fmt::Display) -> async_graphql::ID {
    async_graphql::ID(id.to_string())
}
