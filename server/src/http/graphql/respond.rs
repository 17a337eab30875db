//! Writes answers: which status, and whether there is a `data` member.

use std::collections::BTreeMap;

use async_graphql::{Response as Executed, Value};
use axum::{body::Body, response::Response};
use hyper::{
    StatusCode,
    header::{self, HeaderValue},
};
use serde::Serialize;

use super::{
    Media,
    mask::{ShownError, mask},
};
use crate::http::{Level, PublicError};

#[derive(Serialize)]
struct Answer {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<ShownError>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    extensions: BTreeMap<String, Value>,
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
    match serde_json::to_vec(&answer) {
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
    let text = serde_json::to_string(&answer).unwrap_or_else(|error| {
        let incident = crate::ids::incident();
        tracing::error!(incident, %error, "an event could not be written");
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
