//! Finds the session token of a request and refuses calls that another site made with somebody's cookie.

use hyper::{
    HeaderMap, StatusCode,
    header::{self, HeaderValue},
};

use super::{Credentials, PublicError, SessionCookie};
use crate::config::SecretText;

/// Longest token that is looked up, in bytes.
const LONGEST_TOKEN: usize = 512;

/// Header that only our own pages can send, because other sites would need a CORS permission that is never given.
pub const OWN_REQUEST: &str = "x-quillback-request";

/// Which pages may use a session cookie.
#[derive(Debug, Clone)]
pub struct OriginPolicy {
    own: Vec<String>,
}

impl OriginPolicy {
    /// Allows the given origins, written as browsers send them.
    pub fn new(own: Vec<String>) -> Self {
        Self { own }
    }

    /// Refuses requests that a browser sent on behalf of another site.
    fn check(&self, headers: &HeaderMap) -> Result<(), PublicError> {
        let refused = |reason: &str| {
            let message = format!(
                "{reason}; set server.public_url to the address in the browser if this is your own page"
            );
            PublicError::http(StatusCode::FORBIDDEN, "CROSS_SITE_REQUEST", message)
        };
        for origin in headers.get_all(header::ORIGIN) {
            if !self
                .own
                .iter()
                .any(|own| own.as_bytes() == origin.as_bytes())
            {
                return Err(refused("the Origin header names another site"));
            }
        }
        for site in headers.get_all("sec-fetch-site") {
            if !matches!(site.as_bytes(), b"same-origin" | b"none") {
                return Err(refused(
                    "the browser says that another site made this request",
                ));
            }
        }
        Ok(())
    }
}

/// The session token of a request.
///
/// A bearer token wins over a cookie. Without a bearer token the request must not come from another site, and one with
/// a cookie must carry `X-Quillback-Request: 1`.
///
/// # Errors
/// 400 for credentials that cannot be read, 403 for a request from another site.
pub fn credentials(
    headers: &HeaderMap,
    cookie: &SessionCookie,
    origins: &OriginPolicy,
) -> Result<Option<Credentials>, PublicError> {
    if let Some(token) = bearer(headers)? {
        return Ok(Some(Credentials::Bearer(token)));
    }
    origins.check(headers)?;
    let Some(token) = cookie_value(headers, cookie.name())? else {
        return Ok(None);
    };
    let mut own = headers.get_all(OWN_REQUEST).iter();
    if own.next().map(HeaderValue::as_bytes) != Some(b"1") {
        let message = "a request with a session cookie needs the header X-Quillback-Request: 1";
        return Err(PublicError::http(
            StatusCode::FORBIDDEN,
            "CROSS_SITE_REQUEST",
            message,
        ));
    }
    Ok(Some(Credentials::Cookie(token)))
}

/// The session token of a request for a WebSocket. Browsers send cookies with it from any page and no header of ours, but
/// always their origin: one that is foreign is refused whatever else there is, and a cookie counts only beside ours.
///
/// # Errors
/// As [`credentials`].
pub fn socket_credentials(
    headers: &HeaderMap,
    cookie: &SessionCookie,
    origins: &OriginPolicy,
) -> Result<Option<Credentials>, PublicError> {
    origins.check(headers)?;
    if let Some(token) = bearer(headers)? {
        return Ok(Some(Credentials::Bearer(token)));
    }
    let Some(token) = cookie_value(headers, cookie.name())? else {
        return Ok(None);
    };
    if headers.get(header::ORIGIN).is_none() {
        return Err(PublicError::http(
            StatusCode::FORBIDDEN,
            "CROSS_SITE_REQUEST",
            "a WebSocket with a session cookie needs the Origin header",
        ));
    }
    Ok(Some(Credentials::Cookie(token)))
}

fn bearer(headers: &HeaderMap) -> Result<Option<SecretText>, PublicError> {
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    let Some(line) = lines.next() else {
        return Ok(None);
    };
    if lines.next().is_some() {
        return Err(PublicError::bad_request(
            "there is more than one Authorization header",
        ));
    }
    let unreadable = || {
        PublicError::bad_request("the Authorization header must be `Bearer` and a session token")
    };
    let line = line.to_str().map_err(|_| unreadable())?;
    let (scheme, token) = line.split_once(' ').unwrap_or((line, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        // Other schemes belong to proxies in front of us.
        return Ok(None);
    }
    checked(token.trim()).map(Some).ok_or_else(unreadable)
}

fn cookie_value(headers: &HeaderMap, name: &str) -> Result<Option<SecretText>, PublicError> {
    let mut found = None;
    for line in headers.get_all(header::COOKIE) {
        // A line that is not ASCII may hold other programs' cookies, never ours.
        let Ok(line) = line.to_str() else { continue };
        let values = line
            .split(';')
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(key, _)| *key == name);
        for (_, value) in values {
            let token = checked(value)
                .ok_or_else(|| PublicError::bad_request("the session cookie cannot be read"))?;
            // Two cookies of one name mean that somebody tried to plant one.
            if found.replace(token).is_some() {
                return Err(PublicError::bad_request(
                    "there is more than one session cookie",
                ));
            }
        }
    }
    Ok(found)
}

fn checked(token: &str) -> Option<SecretText> {
    let readable = !token.is_empty()
        && token.len() <= LONGEST_TOKEN
        && token.bytes().all(|byte| byte.is_ascii_graphic());
    readable.then(|| SecretText::new(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "https://own.example";

    fn find(lines: &[(&'static str, &str)]) -> Result<Option<Credentials>, u16> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        let origins = OriginPolicy::new(vec![OWN.to_owned()]);
        credentials(&headers, &SessionCookie::new(true), &origins)
            .map_err(|error| error.status.as_u16())
    }

    fn bearer_token(token: &str) -> Credentials {
        Credentials::Bearer(SecretText::new(token))
    }

    fn cookie_token(token: &str) -> Credentials {
        Credentials::Cookie(SecretText::new(token))
    }

    #[test]
    fn bearer_tokens_are_found_and_win_over_cookies() {
        let cookie = ("cookie", "__Host-quillback=c");
        let long = format!("Bearer {}", "a".repeat(LONGEST_TOKEN + 1));
        assert_eq!(find(&[]), Ok(None));
        assert_eq!(
            find(&[("authorization", "Bearer abc")]),
            Ok(Some(bearer_token("abc")))
        );
        assert_eq!(
            find(&[("authorization", "bearer abc"), cookie]),
            Ok(Some(bearer_token("abc")))
        );
        assert_eq!(find(&[("authorization", "Basic eDp5")]), Ok(None));
        assert_eq!(find(&[("authorization", "Bearer")]), Err(400));
        assert_eq!(find(&[("authorization", "Bearer a b")]), Err(400));
        assert_eq!(find(&[("authorization", &long)]), Err(400));
        let twice = [("authorization", "Bearer a"), ("authorization", "Bearer b")];
        assert_eq!(find(&twice), Err(400));
    }

    #[test]
    fn a_cookie_needs_the_own_request_header() {
        let cookie = ("cookie", "other=1; __Host-quillback=abc");
        assert_eq!(find(&[cookie]), Err(403));
        assert_eq!(
            find(&[cookie, (OWN_REQUEST, "1")]),
            Ok(Some(cookie_token("abc")))
        );
        assert_eq!(find(&[cookie, (OWN_REQUEST, "0")]), Err(403));
        assert_eq!(find(&[("cookie", "quillback=abc")]), Ok(None));
        let twice = ("cookie", "__Host-quillback=a; __Host-quillback=b");
        assert_eq!(find(&[twice, (OWN_REQUEST, "1")]), Err(400));
    }

    /// SES-11, SES-12: foreign origins, `null`, and what the browser says about the sender.
    #[test]
    fn other_sites_are_refused_unless_they_hold_a_bearer_token() {
        let cookie = ("cookie", "__Host-quillback=abc");
        let own = (OWN_REQUEST, "1");
        for (line, allowed) in [
            (("origin", OWN), true),
            (("origin", "null"), false),
            (("origin", "https://own.example.evil.test"), false),
            (("origin", "http://own.example"), false),
            (("sec-fetch-site", "same-origin"), true),
            (("sec-fetch-site", "none"), true),
            (("sec-fetch-site", "same-site"), false),
            (("sec-fetch-site", "cross-site"), false),
        ] {
            assert_eq!(find(&[cookie, own, line]).is_ok(), allowed, "{line:?}");
            assert_eq!(find(&[line]).is_ok(), allowed, "{line:?} without cookie");
            let bearer = ("authorization", "Bearer abc");
            assert_eq!(
                find(&[bearer, line]),
                Ok(Some(bearer_token("abc"))),
                "{line:?}"
            );
        }
    }
}
