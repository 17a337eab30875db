//! What is known about a request before GraphQL sees it.

use std::{net::IpAddr, time::Instant};

use hyper::HeaderMap;

use crate::{config::SecretText, ids};

/// Longest request id that is taken over, in characters.
const LONGEST_ID: usize = 64;

/// Name of the header that carries the request id in both directions.
pub(super) const REQUEST_ID: &str = "x-request-id";

/// Put into every request by the outermost layer.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// Joins the answer to its log records.
    pub request_id: String,
    /// The address of the client, seen through trusted proxies.
    pub client_address: IpAddr,
}

/// Address of the other end of the connection, put into every request by the connection loop.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// What a caller proves itself with; both hold an opaque session token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// `Authorization: Bearer ..`
    Bearer(SecretText),
    /// The session cookie.
    Cookie(SecretText),
}

impl Credentials {
    /// The session token.
    pub fn token(&self) -> &SecretText {
        match self {
            Self::Bearer(token) | Self::Cookie(token) => token,
        }
    }
}

/// What the hook that prepares a GraphQL request is given.
#[derive(Debug, Clone)]
pub struct RequestMeta {
    /// Joins the answer to its log records.
    pub request_id: String,
    /// What the caller proves itself with; not verified yet.
    pub credentials: Option<Credentials>,
    /// The address of the client, seen through trusted proxies.
    pub client_address: IpAddr,
    /// When the caller is told that it took too long.
    pub deadline: Instant,
    /// The client program as it calls itself, at most 200 characters.
    pub user_agent: Option<String>,
}

/// The id that the client sent, if it is harmless in logs and headers, else a new one.
pub(super) fn request_id(headers: &HeaderMap) -> String {
    let sent = headers
        .get(REQUEST_ID)
        .and_then(|value| value.to_str().ok());
    let harmless = |id: &&str| {
        (1..=LONGEST_ID).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    sent.filter(harmless)
        .map_or_else(ids::request, str::to_owned)
}

/// The client program, cut to a length that fits into a table.
pub(super) fn user_agent(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(hyper::header::USER_AGENT)?.to_str().ok()?;
    Some(value.chars().take(200).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_harmless_request_ids_are_taken_over() {
        let longest = "a".repeat(LONGEST_ID);
        let too_long = "a".repeat(LONGEST_ID + 1);
        let cases = [
            ("abc-DEF_1.2", true),
            (longest.as_str(), true),
            (too_long.as_str(), false),
            ("", false),
            ("a b", false),
            ("a\"b", false),
            ("a;b", false),
        ];
        for (sent, taken) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, sent.parse().unwrap());
            assert_eq!(request_id(&headers) == sent, taken, "{sent}");
        }
        assert!(!request_id(&HeaderMap::new()).is_empty());
    }
}
