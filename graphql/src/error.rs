//! The one place where an error of core becomes an answer: code, message for people, faults with their paths.

use async_graphql::{ErrorExtensions, Value};
use quillback_auth::AuthError;
use quillback_core::{Error, Problem};

/// Turns an error of core into one of GraphQL. Faults of ours are logged here, once; their text goes no further.
#[expect(
    clippy::needless_pass_by_value,
    reason = "it is what `map_err` hands over"
)]
pub(crate) fn public(error: Error) -> async_graphql::Error {
    if error.is_fault() {
        tracing::error!(code = error.code(), error = %error, "a request failed");
    }
    let problems: Vec<Value> = error.problems().iter().map(problem).collect();
    async_graphql::Error::new(error.public_message()).extend_with(|_, extensions| {
        extensions.set("code", error.code());
        if !problems.is_empty() {
            extensions.set("problems", Value::List(problems));
        }
    })
}

fn problem(problem: &Problem) -> Value {
    let text = |text: &str| Value::String(text.to_owned());
    let fields = [
        ("path", text(&problem.path)),
        ("code", text(problem.code)),
        ("message", text(&problem.message)),
    ];
    Value::Object(
        fields
            .into_iter()
            .map(|(name, value)| (async_graphql::Name::new(name), value))
            .collect(),
    )
}

/// Turns an error of signing in into one of GraphQL.
fn public_sign_in(error: AuthError) -> async_graphql::Error {
    let AuthError::Other(error) = error else {
        let code = error.code();
        return async_graphql::Error::new(error.public_message()).extend_with(|_, extensions| {
            extensions.set("code", code);
            if let AuthError::Throttled {
                retry_after_seconds,
            } = &error
            {
                extensions.set("retryAfterSeconds", *retry_after_seconds);
            }
        });
    };
    public(error)
}

impl<T> Public<T> for Result<T, AuthError> {
    fn public(self) -> async_graphql::Result<T> {
        self.map_err(public_sign_in)
    }
}

/// `?` for results of core.
pub(crate) trait Public<T> {
    fn public(self) -> async_graphql::Result<T>;
}

impl<T> Public<T> for quillback_core::Result<T> {
    fn public(self) -> async_graphql::Result<T> {
        self.map_err(public)
    }
}
