//! Messages where neither speed nor size matters: options, catalogs, changes of tables.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::protocol;
use crate::error::DriverError;

/// A message as JSON.
///
/// # Errors
/// `Protocol` when it cannot be written as JSON.
pub fn encode_json(message: &impl Serialize) -> Result<Vec<u8>, DriverError> {
    serde_json::to_vec(message)
        .map_err(|error| protocol(format!("a message cannot be written: {error}")))
}

/// The message that [`encode_json`] wrote.
///
/// # Errors
/// `Protocol` when it is not what was expected.
pub fn decode_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DriverError> {
    serde_json::from_slice(bytes)
        .map_err(|error| protocol(format!("a message cannot be understood: {error}")))
}

/// As [`decode_json`], but the error tells only where the message is wrong: it may hold secrets.
///
/// # Errors
/// As [`decode_json`].
pub fn decode_secret_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DriverError> {
    serde_json::from_slice(bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        protocol(format!(
            "a message cannot be understood at line {line}, column {column}"
        ))
    })
}
