//! Writes answers: which status, and whether there is a `data` member.

use std::collections::BTreeMap;

use async_graphql::{Response as Executed, Value};
use axum::{body::Body, response::Response};
use hyper::{
    StatusCode,
    header::{self, HeaderValue},
};

use super::{
    Media,
    mask::{ShownError, mask},
};
use crate::http::{Level, PublicError};

struct Answer {
    errors: Vec<ShownError>,
    data: Option<Value>,
    extensions: BTreeMap<String, Value>,
}

impl Answer {
    /// The whole as JSON.
    fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        let mut body = Vec::with_capacity(1_024);
        body.push(b'{');
        if !self.errors.is_empty() {
            body.extend_from_slice(b"\"errors\":");
            serde_json::to_writer(&mut body, &self.errors)?;
        }
        if let Some(data) = &self.data {
            separate(&mut body);
            body.extend_from_slice(b"\"data\":");
            write(data, &mut body)?;
        }
        if !self.extensions.is_empty() {
            separate(&mut body);
            body.extend_from_slice(b"\"extensions\":");
            serde_json::to_writer(&mut body, &self.extensions)?;
        }
        body.push(b'}');
        Ok(body)
    }
}

/// Puts a comma behind what came before, if anything did.
fn separate(body: &mut Vec<u8>) {
    if !matches!(body.last(), Some(b'{' | b'[')) {
        body.push(b',');
    }
}

/// Appends a value. Bytes are JSON that a resolver has written.
fn write(value: &Value, body: &mut Vec<u8>) -> serde_json::Result<()> {
    match value {
        Value::Binary(json) => body.extend_from_slice(json),
        Value::List(items) => {
            body.push(b'[');
            for item in items {
                separate(body);
                write(item, body)?;
            }
            body.push(b']');
        }
        Value::Object(members) => {
            body.push(b'{');
            for (name, member) in members {
                separate(body);
                serde_json::to_writer(&mut *body, name.as_str())?;
                body.push(b':');
                write(member, body)?;
            }
            body.push(b'}');
        }
        flat => serde_json::to_writer(body, flat)?,
    }
    Ok(())
}

/// The answer to a request that was executed or refused by validation, and its outcome for the metrics.
pub(super) fn executed(
    executed: Executed,
    media: Media,
    suggestions: bool,
) -> (Response, &'static str) {
    let (answer, refused, outcome) = shown(executed, suggestions);
    let status = match media {
        Media::GraphqlResponse if refused => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    };
    match answer.to_json() {
        Ok(body) => (json(status, media, body), outcome),
        Err(error) => {
            let incident = crate::ids::incident();
            tracing::error!(incident, %error, "an answer could not be written");
            (
                self::refused(PublicError::internal(&incident), media),
                "internal",
            )
        }
    }
}

/// One event of a subscription as JSON, and whether it says that the caller is not signed in any more.
pub(super) fn payload(executed: Executed, suggestions: bool) -> (String, bool) {
    let (answer, _, _) = shown(executed, suggestions);
    let is_signed_out = answer
        .errors
        .iter()
        .any(|error| error.code() == "UNAUTHENTICATED");
    let text = answer
        .to_json()
        .ok()
        .and_then(|body| String::from_utf8(body).ok());
    let text = text.unwrap_or_else(|| {
        let incident = crate::ids::incident();
        tracing::error!(incident, "an event could not be written");
        PublicError::internal(&incident).to_json().to_string()
    });
    (text, is_signed_out)
}

/// What is shown of an execution, whether it was refused by validation, and its outcome for the metrics.
fn shown(executed: Executed, suggestions: bool) -> (Answer, bool, &'static str) {
    // Validation answers without data, and its errors belong to no field.
    let refused = executed.data == Value::Null
        && !executed.errors.is_empty()
        && executed.errors.iter().all(|error| error.path.is_empty());
    let errors = mask(executed.errors, suggestions);
    let outcome = outcome(&errors);
    let answer = Answer {
        errors,
        data: (!refused).then_some(executed.data),
        extensions: executed.extensions,
    };
    (answer, refused, outcome)
}

fn outcome(errors: &[ShownError]) -> &'static str {
    if errors.is_empty() {
        "ok"
    } else if errors.iter().any(|error| error.code() == "INTERNAL") {
        "internal"
    } else {
        "error"
    }
}

/// The answer to a request that was not executed.
pub(super) fn refused(error: PublicError, media: Media) -> Response {
    let status = match (error.level, media) {
        (Level::Graphql, Media::Json) => StatusCode::OK,
        _ => error.status,
    };
    error.into_response_as(status, media.content_type())
}

fn json(status: StatusCode, media: Media, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(media.content_type()),
    );
    headers.insert(header::VARY, HeaderValue::from_static("Accept"));
    response
}

#[cfg(test)]
mod tests {
    use async_graphql::value;

    use super::*;

    fn json(answer: &Answer) -> String {
        String::from_utf8(answer.to_json().unwrap()).unwrap()
    }

    #[test]
    fn values_are_written_as_the_library_would() {
        let data = value!({
            "a": [], "b": {}, "c": [1, -2.5, "q\"\\\n\u{0}é", true, null, [{ "d": 1 }, {}]], "e": "x",
        });
        let plain = serde_json::to_string(&data).unwrap();
        let answer = Answer {
            errors: Vec::new(),
            data: Some(data),
            extensions: BTreeMap::new(),
        };
        assert_eq!(json(&answer), format!("{{\"data\":{plain}}}"));
    }

    #[test]
    fn written_json_goes_in_as_it_is_and_nothing_else_does() {
        let mut data = value!({ "text": "{\"$serde_json::private::RawValue\":\"1\"}" });
        let Value::Object(members) = &mut data else {
            panic!("an object");
        };
        let written = Value::Binary(b"{\"n\": 1.50}".to_vec().into());
        members.insert(async_graphql::Name::new("written"), written);
        let answer = Answer {
            errors: Vec::new(),
            data: Some(data),
            extensions: [("cost".to_owned(), value!(3))].into(),
        };
        let expected = r#"{"data":{"text":"{\"$serde_json::private::RawValue\":\"1\"}","written":{"n": 1.50}},"extensions":{"cost":3}}"#;
        assert_eq!(json(&answer), expected);
    }
}
