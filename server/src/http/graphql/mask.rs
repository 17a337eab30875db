//! Decides what clients see of the errors of an execution: what was made for them, and nothing else.

use async_graphql::{PathSegment, Pos, ServerError, Value};
use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::{http::internal_message, ids};

/// Longest message of the library that is passed on, in characters; some quote what the client sent.
const LONGEST_MESSAGE: usize = 500;

/// Errors of one answer that are logged.
const MOST_LOGGED: usize = 10;

/// An error as it is shown.
#[derive(Debug, Serialize)]
pub(super) struct ShownError {
    message: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Pos>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    path: Vec<PathSegment>,
    extensions: Map<String, Json>,
}

impl ShownError {
    /// The stable code.
    pub(super) fn code(&self) -> &str {
        self.extensions
            .get("code")
            .and_then(Json::as_str)
            .unwrap_or_default()
    }
}

/// Masks the errors of one answer; `suggestions` keeps the spelling suggestions, which give names of the schema away.
///
/// All inner errors of an answer are one incident, because a failure under a list repeats for every row.
pub(super) fn mask(errors: Vec<ServerError>, suggestions: bool) -> Vec<ShownError> {
    let inner: Vec<_> = errors.iter().filter(|error| is_inner(error)).collect();
    let incident = if inner.is_empty() {
        String::new()
    } else {
        report(&inner)
    };
    let shown = errors
        .into_iter()
        .map(|error| shown(error, suggestions, &incident));
    shown.collect()
}

/// Logs inner errors and gives the incident.
fn report(errors: &[&ServerError]) -> String {
    let incident = ids::incident();
    let count = errors.len();
    for error in errors.iter().take(MOST_LOGGED) {
        let path = path_text(&error.path);
        tracing::error!(
            incident,
            path,
            count,
            error = error.message,
            "a resolver failed"
        );
    }
    incident
}

fn shown(error: ServerError, suggestions: bool, incident: &str) -> ShownError {
    let mut extensions = Map::new();
    let message;
    if is_inner(&error) {
        extensions.insert("code".to_owned(), "INTERNAL".into());
        extensions.insert("incident".to_owned(), incident.into());
        message = internal_message(incident);
    } else if is_ours(&error) {
        let values = serde_json::to_value(&error.extensions).unwrap_or_default();
        if let Json::Object(values) = values {
            extensions = values;
        }
        message = error.message;
    } else {
        extensions.insert("code".to_owned(), "BAD_REQUEST".into());
        message = library_message(&error.message, suggestions);
    }
    ShownError {
        message,
        locations: error.locations,
        path: error.path,
        extensions,
    }
}

/// Whether the text of the error is not meant for clients.
fn is_inner(error: &ServerError) -> bool {
    !is_ours(error) && !is_fault_of_client(error)
}

/// Only errors that were made for clients carry a code.
fn is_ours(error: &ServerError) -> bool {
    let code = error
        .extensions
        .as_ref()
        .and_then(|extensions| extensions.get("code"));
    matches!(code, Some(Value::String(code)) if !code.is_empty())
}

/// Whether the library refused the request itself: validation has no path, and arguments that do not fit their type
/// are found on the way to a resolver. Their texts are about the request only; nothing else marks them.
fn is_fault_of_client(error: &ServerError) -> bool {
    let coercion = [
        "Expected input type \"",
        "Failed to parse \"",
        "Invalid value for argument \"",
    ];
    let is_coercion = || {
        coercion
            .iter()
            .any(|start| error.message.starts_with(start))
    };
    error.source.is_none() && (error.path.is_empty() || is_coercion())
}

fn library_message(message: &str, suggestions: bool) -> String {
    let end = if suggestions {
        None
    } else {
        message.find(" Did you mean ")
    };
    let kept = message
        .get(..end.unwrap_or(message.len()))
        .unwrap_or_default();
    kept.chars().take(LONGEST_MESSAGE).collect()
}

fn path_text(path: &[PathSegment]) -> String {
    let parts = path.iter().map(|segment| match segment {
        PathSegment::Field(name) => name.clone(),
        PathSegment::Index(index) => index.to_string(),
    });
    parts.collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use async_graphql::{Error, ErrorExtensionValues};

    use super::*;

    fn at_field(error: Error) -> ServerError {
        error
            .into_server_error(Pos::default())
            .with_path(vec![PathSegment::Field("a".to_owned())])
    }

    fn one(error: ServerError, suggestions: bool) -> ShownError {
        mask(vec![error], suggestions).remove(0)
    }

    #[test]
    fn errors_with_a_code_are_shown_whole() {
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", "CONFLICT");
        extensions.set("field", "price");
        let mut error = Error::new("somebody else changed the row");
        error.extensions = Some(extensions);
        let shown = one(at_field(error), false);
        assert_eq!(shown.message, "somebody else changed the row");
        assert_eq!(
            Json::from(shown.extensions),
            serde_json::json!({"code": "CONFLICT", "field": "price"})
        );
    }

    /// GQL-14: the text of an inner error is replaced by an incident.
    #[test]
    fn errors_without_a_code_are_hidden() {
        let plain = at_field(Error::new("password=hunter2"));
        let converted = at_field(Error::from(std::fmt::Error));
        let source_without_path = Error::from(std::fmt::Error).into_server_error(Pos::default());
        let lookalike = at_field(Error::new_with_source("Failed to parse \"x\": hunter2"));
        for error in [plain, converted, source_without_path, lookalike] {
            let shown = one(error, true);
            assert_eq!(shown.code(), "INTERNAL");
            assert!(
                !shown.message.contains("hunter2") && !shown.message.contains("formatt"),
                "{}",
                shown.message
            );
            let incident = shown.extensions["incident"].as_str().unwrap();
            assert!(shown.message.contains(incident));
        }
    }

    #[test]
    fn faults_of_the_request_are_shown_and_cut() {
        let validation = ServerError::new("Unknown field \"x\". Did you mean \"y\"?", None);
        assert_eq!(
            one(validation.clone(), true).message,
            "Unknown field \"x\". Did you mean \"y\"?"
        );
        let hidden = one(validation, false);
        assert_eq!(
            (hidden.message.as_str(), hidden.code()),
            ("Unknown field \"x\".", "BAD_REQUEST")
        );
        let coercion = at_field(Error::new("Failed to parse \"Int\": out of range"));
        assert_eq!(one(coercion, true).code(), "BAD_REQUEST");
        let long = ServerError::new("é".repeat(10_000), None);
        assert_eq!(one(long, true).message.chars().count(), LONGEST_MESSAGE);
    }
}
