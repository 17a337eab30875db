//! The latest message of a kind, for answers that are nearly always the same: they are translated once.

use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{decode_json, encode_json};
use crate::error::DriverError;

/// A message and its JSON.
#[derive(Debug)]
pub(crate) struct Latest<T>(Mutex<Option<(T, Vec<u8>)>>);

impl<T> Default for Latest<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone + PartialEq + Serialize + DeserializeOwned> Latest<T> {
    /// As [`encode_json`].
    pub(crate) fn encode(&self, message: T) -> Result<Vec<u8>, DriverError> {
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*latest {
            Some((known, json)) if *known == message => Ok(json.clone()),
            _ => {
                let json = encode_json(&message)?;
                *latest = Some((message, json.clone()));
                Ok(json)
            }
        }
    }

    /// As [`decode_json`].
    pub(crate) fn decode(&self, json: &[u8]) -> Result<T, DriverError> {
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*latest {
            Some((message, known)) if known == json => Ok(message.clone()),
            _ => {
                let message: T = decode_json(json)?;
                *latest = Some((message.clone(), json.to_vec()));
                Ok(message)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_that_change_are_translated_again() {
        let (there, back) = (Latest::<String>::default(), Latest::<String>::default());
        for text in ["a", "a", "b", "a"] {
            let json = there.encode(text.to_owned()).unwrap();
            assert_eq!(back.decode(&json).unwrap(), text);
        }
        assert!(back.decode(b"{").is_err());
    }
}
