//! Reads a request body of limited size within a limited time.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::{HeaderMap, StatusCode, header};

use super::PublicError;

/// Reads the whole body.
///
/// # Errors
/// 413 when it is or says to be longer than `limit` bytes, 408 when it takes longer than `arrival`, 400 when it breaks off.
pub(super) async fn read(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
    arrival: Duration,
) -> Result<Bytes, PublicError> {
    let too_large = || {
        let message = format!(
            "the request body is larger than the {limit} bytes that limits.body_bytes allows"
        );
        PublicError::http(StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", message)
            .detail("maximum", limit)
    };
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(too_large());
    }
    match tokio::time::timeout(arrival, Limited::new(body, limit).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(PublicError::bad_request("the request body broke off")),
        Err(_) => {
            let message = format!(
                "the request body did not arrive within {} ms",
                arrival.as_millis()
            );
            Err(PublicError::http(
                StatusCode::REQUEST_TIMEOUT,
                "REQUEST_TIMEOUT",
                message,
            ))
        }
    }
}
