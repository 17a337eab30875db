//! Messages of the `graphql-transport-ws` protocol
//! (<https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md>).

use serde_json::{Value as Json, json};

use crate::{
    config::SecretText,
    http::{Credentials, graphql::Envelope},
};

/// Longest name of a subscription, in bytes.
const LONGEST_ID: usize = 128;

/// What a client says.
pub(super) enum Said {
    /// The first message, with a token if the client has one.
    Init(Option<Credentials>),
    /// A question whether somebody is there.
    Ping,
    /// The answer to one.
    Pong,
    /// A new subscription.
    Subscribe { id: String, envelope: Envelope },
    /// The end of one.
    Complete(String),
}

/// Why a connection is closed: code and reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Closing(pub(super) u16, pub(super) &'static str);

pub(super) const GOING_AWAY: Closing = Closing(1001, "The server is stopping");
pub(super) const TOO_BIG: Closing = Closing(1009, "Message too big");
pub(super) const INVALID: Closing = Closing(4400, "Invalid message");
pub(super) const UNAUTHORIZED: Closing = Closing(4401, "Unauthorized");
pub(super) const FORBIDDEN: Closing = Closing(4403, "Forbidden");
pub(super) const INIT_TIMEOUT: Closing = Closing(4408, "Connection initialisation timeout");
pub(super) const TAKEN: Closing = Closing(4409, "Subscriber already exists");
pub(super) const TOO_MANY_INITS: Closing = Closing(4429, "Too many initialisation requests");
pub(super) const FAILED: Closing = Closing(1011, "Something went wrong inside the server");
pub(super) const SILENT: Closing = Closing(1001, "No answer");

impl Said {
    /// Reads a message.
    ///
    /// # Errors
    /// It is none of the protocol, or its document cannot be read.
    pub(super) fn read(text: &str) -> Result<Self, Closing> {
        let message: Json = serde_json::from_str(text).map_err(|_| INVALID)?;
        let id = || -> Result<String, Closing> {
            let id = message.get("id").and_then(Json::as_str);
            let id = id.filter(|id| (1..=LONGEST_ID).contains(&id.len()));
            id.map(str::to_owned).ok_or(INVALID)
        };
        let payload = message.get("payload");
        match message.get("type").and_then(Json::as_str) {
            Some("connection_init") => credentials(payload).map(Self::Init),
            Some("ping") => Ok(Self::Ping),
            Some("pong") => Ok(Self::Pong),
            Some("complete") => id().map(Self::Complete),
            Some("subscribe") => {
                let body = payload.ok_or(INVALID)?.to_string();
                let envelope = Envelope::from_json(body.as_bytes()).map_err(|_| INVALID)?;
                Ok(Self::Subscribe {
                    id: id()?,
                    envelope,
                })
            }
            _ => Err(INVALID),
        }
    }
}

/// The token in the first message: `{"authorization": "Bearer .."}`.
fn credentials(payload: Option<&Json>) -> Result<Option<Credentials>, Closing> {
    let members = match payload {
        None | Some(Json::Null) => return Ok(None),
        Some(payload) => payload.as_object().ok_or(INVALID)?,
    };
    let found = members
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    let Some((_, value)) = found else {
        return Ok(None);
    };
    let (scheme, token) = value
        .as_str()
        .and_then(|text| text.split_once(' '))
        .ok_or(INVALID)?;
    let is_token = scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty();
    if !is_token {
        return Err(INVALID);
    }
    let token = SecretText::new(token.trim());
    Ok(Some(Credentials::Bearer(token)))
}

pub(super) fn acknowledge() -> String {
    json!({ "type": "connection_ack" }).to_string()
}

pub(super) fn pong() -> String {
    json!({ "type": "pong" }).to_string()
}

/// An event; `payload` is JSON.
pub(super) fn event(id: &str, payload: &str) -> String {
    let id = Json::from(id);
    format!(r#"{{"type":"next","id":{id},"payload":{payload}}}"#)
}

/// A document that was refused.
pub(super) fn refused(id: &str, errors: &Json) -> String {
    json!({ "type": "error", "id": id, "payload": errors }).to_string()
}

pub(super) fn complete(id: &str) -> String {
    json!({ "type": "complete", "id": id }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closing(text: &str) -> Option<Closing> {
        Said::read(text).err()
    }

    #[test]
    fn what_is_no_message_of_the_protocol_closes_the_connection() {
        let long = format!(
            r#"{{"type":"complete","id":"{}"}}"#,
            "x".repeat(LONGEST_ID + 1)
        );
        for text in [
            "",
            "[]",
            "{}",
            r#"{"type":"start"}"#,
            r#"{"type":"subscribe"}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"subscribe","id":1,"payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":"1","payload":{}}"#,
            r#"{"type":"subscribe","id":"1","payload":[{"query":"{a}"}]}"#,
            r#"{"type":"complete"}"#,
            r#"{"type":"complete","id":""}"#,
            r#"{"type":"connection_init","payload":[]}"#,
            r#"{"type":"connection_init","payload":{"authorization":"Bearer"}}"#,
            r#"{"type":"connection_init","payload":{"authorization":"Basic x"}}"#,
            &long,
        ] {
            assert_eq!(closing(text), Some(INVALID), "{text}");
        }
    }

    #[test]
    fn a_token_comes_with_the_first_message() {
        for payload in [
            r#"{"authorization":"Bearer abc"}"#,
            r#"{"Authorization":"bearer abc","other":1}"#,
        ] {
            let text = format!(r#"{{"type":"connection_init","payload":{payload}}}"#);
            let Ok(Said::Init(found)) = Said::read(&text) else {
                panic!("{text}")
            };
            assert_eq!(found, Some(Credentials::Bearer(SecretText::new("abc"))));
        }
        let without = Said::read(r#"{"type":"connection_init"}"#);
        assert!(matches!(without, Ok(Said::Init(None))));
    }

    #[test]
    fn names_of_subscriptions_cannot_break_out_of_a_message() {
        let id = "\"},{\"";
        let event: Json = serde_json::from_str(&event(id, "{}")).unwrap();
        assert_eq!(event["id"], id);
    }
}
