//! The parameters of a GraphQL request, from a JSON body or the query string, with strict types.

use async_graphql::{Name, Value, Variables, indexmap::IndexMap};
use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess, Visitor},
};
use std::{collections::HashSet, fmt};

use crate::http::PublicError;

/// The parameters of a GraphQL request.
#[derive(Debug)]
pub struct Envelope {
    /// The document.
    pub query: String,
    /// The operation to execute, when the document has several.
    pub operation_name: Option<String>,
    /// Values of the variables.
    pub variables: Variables,
}

impl Envelope {
    /// Reads a JSON body.
    ///
    /// # Errors
    /// 400 for anything but one object with members of the right types, for a member that comes twice (two readers
    /// could take different ones), and for nesting beyond 128 levels.
    pub fn from_json(body: &[u8]) -> Result<Self, PublicError> {
        let draft: Draft = serde_json::from_slice(body).map_err(|error| {
            PublicError::bad_request(format!("the request body cannot be used: {error}"))
        })?;
        draft.finish()
    }

    /// Reads the parameters of a query string.
    ///
    /// # Errors
    /// 400 for a parameter that comes twice or that is not of the right type.
    pub fn from_query_string(text: &str) -> Result<Self, PublicError> {
        let mut draft = Draft::default();
        let mut seen = HashSet::new();
        for (key, value) in form_urlencoded::parse(text.as_bytes()) {
            if !seen.insert(key.clone()) {
                return Err(PublicError::bad_request(
                    "a parameter of the query string comes twice",
                ));
            }
            match key.as_ref() {
                "query" => draft.query = Some(value.into_owned()),
                "operationName" if !value.is_empty() => {
                    draft.operation_name = Some(value.into_owned());
                }
                "variables" if !value.is_empty() => {
                    draft.variables = json_parameter("variables", &value)?;
                }
                "extensions" if !value.is_empty() => {
                    json_parameter("extensions", &value)?;
                }
                _ => {}
            }
        }
        draft.finish()
    }
}

/// Reads a parameter that is a JSON object or null.
fn json_parameter(name: &str, text: &str) -> Result<Object, PublicError> {
    let object: Option<Object> = serde_json::from_str(text).map_err(|error| {
        PublicError::bad_request(format!("the parameter `{name}` cannot be used: {error}"))
    })?;
    Ok(object.unwrap_or_default())
}

#[derive(Default)]
struct Draft {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Object,
}

impl Draft {
    fn finish(self) -> Result<Envelope, PublicError> {
        let query = self
            .query
            .ok_or_else(|| PublicError::bad_request("the parameter `query` is missing"))?;
        Ok(Envelope {
            query,
            operation_name: self.operation_name,
            variables: Variables::from_value(Value::Object(self.variables.0)),
        })
    }
}

impl<'de> Deserialize<'de> for Draft {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DraftVisitor)
    }
}

struct DraftVisitor;

impl<'de> Visitor<'de> for DraftVisitor {
    type Value = Draft;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one object with the member `query`; batches are not offered")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Draft, A::Error> {
        let mut draft = Draft::default();
        let mut seen = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "query" => draft.query = map.next_value::<Option<String>>()?,
                "operationName" => draft.operation_name = map.next_value()?,
                "variables" => {
                    draft.variables = map.next_value::<Option<Object>>()?.unwrap_or_default();
                }
                "extensions" => {
                    map.next_value::<Option<Object>>()?;
                }
                _ => {
                    map.next_value::<Strict>()?;
                }
            }
            if !seen.insert(key) {
                return Err(de::Error::custom("a member comes twice"));
            }
        }
        Ok(draft)
    }
}

/// A JSON object without duplicate members.
#[derive(Default)]
struct Object(IndexMap<Name, Value>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
        let mut object = IndexMap::new();
        while let Some((key, Strict(value))) = map.next_entry::<String, Strict>()? {
            if object.insert(Name::new(key), value).is_some() {
                return Err(de::Error::custom("a member comes twice"));
            }
        }
        Ok(Object(object))
    }
}

/// A JSON value whose objects have no duplicate members.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Boolean(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(value)) = seq.next_element()? {
            list.push(value);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value, A::Error> {
        ObjectVisitor
            .visit_map(map)
            .map(|object| Value::Object(object.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &str) -> String {
        Envelope::from_json(body.as_bytes()).unwrap_err().message
    }

    #[test]
    fn all_parameters_are_read() {
        let body = r#"{"query":"{a}","operationName":"x","variables":{"n":[1,{"m":null}]},"extensions":{},"more":1}"#;
        let envelope = Envelope::from_json(body.as_bytes()).unwrap();
        assert_eq!(envelope.query, "{a}");
        assert_eq!(envelope.operation_name.as_deref(), Some("x"));
        assert_eq!(
            serde_json::to_string(&envelope.variables).unwrap(),
            r#"{"n":[1,{"m":null}]}"#
        );
        let query = "query=%7Ba%7D&operationName=x&variables=%7B%22n%22%3A1%7D";
        let envelope = Envelope::from_query_string(query).unwrap();
        assert_eq!(envelope.query, "{a}");
        assert_eq!(
            serde_json::to_string(&envelope.variables).unwrap(),
            r#"{"n":1}"#
        );
    }

    #[test]
    fn null_and_missing_parameters_are_the_same() {
        let body = r#"{"query":"{a}","operationName":null,"variables":null,"extensions":null}"#;
        let envelope = Envelope::from_json(body.as_bytes()).unwrap();
        assert!(envelope.operation_name.is_none() && envelope.variables.is_empty());
        assert!(refused("{}").contains("`query` is missing"));
        assert!(refused(r#"{"query":null}"#).contains("`query` is missing"));
        assert!(Envelope::from_query_string("variables=%7B%7D").is_err());
    }

    /// GQL-04 and GQL-19: batches, duplicates at every level, broken texts, numbers out of range.
    #[test]
    fn anything_but_one_typed_object_is_refused() {
        for body in [
            "",
            "null",
            "[]",
            r#"[{"query":"{a}"}]"#,
            r#""{a}""#,
            "{a}",
            r#"{"query":1}"#,
            r#"{"query":["{a}"]}"#,
            r#"{"query":"{a}","operationName":1}"#,
            r#"{"query":"{a}","variables":[]}"#,
            r#"{"query":"{a}","variables":"{}"}"#,
            r#"{"query":"{a}","extensions":0}"#,
            r#"{"query":"{a}"} {}"#,
            r#"{"query":"{a}","query":"{a}"}"#,
            r#"{"query":"{a}","x":1,"x":1}"#,
            r#"{"query":"{a}","variables":{"n":1,"n":2}}"#,
            r#"{"query":"{a}","variables":{"n":[{"m":1,"m":1}]}}"#,
            r#"{"query":"{a}","extensions":{"n":{"m":1,"m":1}}}"#,
            r#"{"query":"\ud800"}"#,
            r#"{"query":"{a}","variables":{"n":1e400}}"#,
        ] {
            assert!(Envelope::from_json(body.as_bytes()).is_err(), "{body}");
        }
        assert!(Envelope::from_json(b"{\"query\":\"\xff\"}").is_err());
        assert!(Envelope::from_query_string("query=a&query=b").is_err());
        assert!(Envelope::from_query_string("query=a&variables=1").is_err());
        assert!(Envelope::from_query_string("query=a&extensions=%5B%5D").is_err());
    }

    /// GQL-09: deep JSON ends in an answer, not in a stack overflow.
    #[test]
    fn deep_json_is_refused() {
        let depth = 100_000;
        let lists = format!(
            r#"{{"query":"a","variables":{{"n":{}{}}}}}"#,
            "[".repeat(depth),
            "]".repeat(depth)
        );
        assert!(refused(&lists).contains("recursion limit"));
        let ignored = format!(
            r#"{{"query":"a","other":{}{}}}"#,
            "[".repeat(depth),
            "]".repeat(depth)
        );
        assert!(refused(&ignored).contains("recursion limit"));
    }

    #[test]
    fn numbers_keep_their_value() {
        let body = r#"{"query":"a","variables":{"a":9223372036854775807,"b":18446744073709551615,"c":-1.5}}"#;
        let envelope = Envelope::from_json(body.as_bytes()).unwrap();
        let printed = serde_json::to_string(&envelope.variables).unwrap();
        assert_eq!(
            printed,
            r#"{"a":9223372036854775807,"b":18446744073709551615,"c":-1.5}"#
        );
    }
}
