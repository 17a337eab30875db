//! Comparisons whose failures say what was wanted and what was found.

use std::fmt::Debug;
use std::pin::Pin;
use std::task::Poll;

use anyhow::{Context, Result, bail, ensure};
use quillback_plugin_api::{Category, DriverError, Value};

/// A case that cannot run, and the declared limit that says so.
#[derive(Debug)]
pub(crate) struct Skipped(pub(crate) String);

impl std::fmt::Display for Skipped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "skipped: {}", self.0)
    }
}

impl std::error::Error for Skipped {}

/// Ends a case because of a declared limit.
pub(crate) fn skip<T>(limit: impl Into<String>) -> Result<T> {
    Err(Skipped(limit.into()).into())
}

/// Demands that two things are equal.
#[expect(
    clippy::needless_pass_by_value,
    reason = "most callers compare what a call answered with what they write down beside it"
)]
pub(crate) fn equal<T: PartialEq + Debug>(what: &str, found: T, wanted: T) -> Result<()> {
    ensure!(
        found == wanted,
        "{what}: found {}, wanted {}",
        short(&found),
        short(&wanted)
    );
    Ok(())
}

/// Demands a failure of this category, and hands the failure back.
pub(crate) fn fails<T: Debug>(
    what: &str,
    result: Result<T, DriverError>,
    wanted: Category,
) -> Result<DriverError> {
    fails_as(what, result, &[wanted])
}

/// Demands a failure of one of these categories, and hands the failure back.
pub(crate) fn fails_as<T: Debug>(
    what: &str,
    result: Result<T, DriverError>,
    wanted: &[Category],
) -> Result<DriverError> {
    match result {
        Err(error) if wanted.contains(&error.category) => {
            ensure!(
                !error.message.trim().is_empty(),
                "{what}: the failure has no message"
            );
            Ok(error)
        }
        Err(error) => bail!(
            "{what}: failed as {:?} ({error}), wanted {wanted:?}",
            error.category
        ),
        Ok(value) => bail!(
            "{what}: succeeded with {}, wanted {wanted:?}",
            short(&value)
        ),
    }
}

/// Demands that a failure shows none of these values.
pub(crate) fn keeps_secret(error: &DriverError, secrets: &[&str]) -> Result<()> {
    let shown = serde_json::to_string(error).context("a failure as JSON")?;
    for secret in secrets {
        ensure!(
            !shown.contains(secret),
            "the failure shows the value {secret:?}: {shown}"
        );
    }
    Ok(())
}

/// Whether two values are the same; NaN equals itself, and -0.0 differs from 0.0.
pub(crate) fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::F64(one), Value::F64(other)) => {
            one.to_bits() == other.to_bits() || (one.is_nan() && other.is_nan())
        }
        (Value::F32(one), Value::F32(other)) => {
            one.to_bits() == other.to_bits() || (one.is_nan() && other.is_nan())
        }
        _ => one == other,
    }
}

/// Polls a future once.
pub(crate) async fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    std::future::poll_fn(|context| Poll::Ready(Pin::new(&mut *future).poll(context))).await
}

/// Debug text that a terminal can bear.
pub(crate) fn short(value: &impl Debug) -> String {
    let text = format!("{value:?}");
    match text.char_indices().nth(600) {
        Some((cut, _)) => format!(
            "{}… ({} bytes)",
            text.get(..cut).unwrap_or_default(),
            text.len()
        ),
        None => text,
    }
}
