//! What a client is told when a request fails before or beside GraphQL: the only place that makes such texts.

use std::fmt;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use hyper::{
    StatusCode,
    header::{self, HeaderName, HeaderValue},
};
use serde_json::{Map, Value as Json, json};

/// Which part of the exchange an error belongs to; it decides the status for clients of the older media type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// The HTTP request itself: always answered with its own status.
    Http,
    /// A well-formed GraphQL request that cannot be executed.
    /// `application/json` answers it with 200, `application/graphql-response+json` with its own status
    /// (<https://graphql.github.io/graphql-over-http/draft/#sec-Status-Codes>).
    Graphql,
}

/// An error that may be shown to everybody.
#[derive(Debug, Clone)]
pub struct PublicError {
    /// HTTP status.
    pub status: StatusCode,
    /// Part of the exchange that it belongs to.
    pub level: Level,
    /// Stable code for programs, `UPPER_SNAKE`.
    pub code: &'static str,
    /// Sentence for people: what is wrong and what to do.
    pub message: String,
    /// Further facts for programs, beside the code.
    pub details: Map<String, Json>,
    /// Headers such as `Allow` and `Retry-After`.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

impl PublicError {
    /// An error of the HTTP request.
    pub fn http(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            level: Level::Http,
            code,
            message: message.into(),
            details: Map::new(),
            headers: Vec::new(),
        }
    }

    /// A GraphQL request that cannot be executed.
    pub fn graphql(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            level: Level::Graphql,
            ..Self::http(StatusCode::BAD_REQUEST, code, message)
        }
    }

    /// A request that does not have the right form.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::http(StatusCode::BAD_REQUEST, "BAD_REQUEST", message)
    }

    /// Something that went wrong inside; the cause must have been logged under `incident`.
    pub fn internal(incident: &str) -> Self {
        let message = internal_message(incident);
        Self::http(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", message)
            .detail("incident", incident)
    }

    /// The server cannot take the request now.
    pub fn unavailable(message: impl Into<String>, retry_after_seconds: u32) -> Self {
        Self::http(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", message)
            .header(header::RETRY_AFTER, HeaderValue::from(retry_after_seconds))
    }

    /// Adds a fact for programs.
    pub fn detail(mut self, name: &str, value: impl Into<Json>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }

    /// Adds a response header.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The error in the form of a GraphQL response.
    pub fn to_json(&self) -> Json {
        let mut extensions = self.details.clone();
        extensions.insert("code".to_owned(), self.code.into());
        json!({ "errors": [{ "message": self.message, "extensions": extensions }] })
    }

    /// The answer with the given status and content type.
    pub fn into_response_as(self, status: StatusCode, content_type: &'static str) -> Response {
        let mut response = Response::new(Body::from(self.to_json().to_string()));
        *response.status_mut() = status;
        response.headers_mut().extend(self.headers);
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        response
    }
}

/// The sentence for errors whose cause is only in the log.
pub fn internal_message(incident: &str) -> String {
    format!(
        "Something went wrong on the server. An operator finds the cause in the log under incident {incident}."
    )
}

impl fmt::Display for PublicError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for PublicError {}

impl IntoResponse for PublicError {
    fn into_response(self) -> Response {
        let status = self.status;
        self.into_response_as(status, "application/json; charset=utf-8")
    }
}
