//! Content types: what a request may be written in and what its answer is written in.
//!
//! Follows <https://graphql.github.io/graphql-over-http/draft/#sec-Media-Types>.

use hyper::{
    HeaderMap, StatusCode,
    header::{self, HeaderValue},
};

use crate::http::PublicError;

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// `application/graphql-response+json`: the status says whether the request was executed.
    GraphqlResponse,
    /// `application/json`: every well-formed request is answered with 200.
    Json,
}

impl Media {
    /// The `Content-Type` of the answer.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }

    /// The best form that the client accepts.
    ///
    /// # Errors
    /// 406 when it accepts neither.
    pub fn negotiate(headers: &HeaderMap) -> Result<Self, PublicError> {
        let mut wanted = [Weight::default(), Weight::default()];
        let mut asked = false;
        for line in headers.get_all(header::ACCEPT) {
            for range in line.to_str().unwrap_or_default().split(',').map(str::trim) {
                if range.is_empty() {
                    continue;
                }
                asked = true;
                let [graphql, json] = &mut wanted;
                graphql.consider(range, "graphql-response+json");
                json.consider(range, "json");
            }
        }
        let [graphql, json] = wanted.map(|weight| weight.quality);
        if asked && graphql == 0 && json == 0 {
            return Err(PublicError::http(
                StatusCode::NOT_ACCEPTABLE,
                "NOT_ACCEPTABLE",
                "the Accept header must allow application/graphql-response+json or application/json",
            ));
        }
        // Who accepts anything equally gets what clients of all ages can read.
        let newer = graphql > json || (graphql == json && wanted_by_name(headers));
        Ok(if asked && newer {
            Self::GraphqlResponse
        } else {
            Self::Json
        })
    }
}

fn wanted_by_name(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT).iter();
    lines.filter_map(|line| line.to_str().ok()).any(|line| {
        line.to_ascii_lowercase()
            .contains("application/graphql-response+json")
    })
}

/// How much a media type is wanted, by the most specific range that covers it.
#[derive(Debug, Clone, Copy, Default)]
struct Weight {
    specificity: u8,
    /// Thousandths.
    quality: u16,
}

impl Weight {
    fn consider(&mut self, range: &str, subtype: &str) {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let specificity = match name.split_once('/') {
            Some(("application", own)) if own == subtype => 3,
            Some(("application", "*")) => 2,
            Some(("*", "*")) => 1,
            _ => return,
        };
        let mut quality = 1_000;
        for parameter in parts {
            match parameter.split_once('=') {
                Some((key, value)) if key.trim().eq_ignore_ascii_case("q") => {
                    quality = thousandths(value.trim());
                }
                Some((key, value))
                    if key.trim().eq_ignore_ascii_case("charset") && !is_utf8(value) =>
                {
                    return;
                }
                _ => {}
            }
        }
        if specificity >= self.specificity {
            *self = Self {
                specificity,
                quality,
            };
        }
    }
}

/// A quality such as `0.8`; what cannot be read counts as 0.
fn thousandths(text: &str) -> u16 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
    match (whole, digits.parse::<u16>()) {
        ("1", _) => 1_000,
        ("0", Ok(quality)) => quality,
        _ => 0,
    }
}

fn is_utf8(charset: &str) -> bool {
    let charset = charset.trim().trim_matches('"');
    charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8")
}

/// Checks that a body is JSON in UTF-8.
///
/// Forms and plain text, which a page of another site could send without asking, are thereby refused.
///
/// # Errors
/// 415 for anything else.
pub(in crate::http) fn require_json(headers: &HeaderMap) -> Result<(), PublicError> {
    let refused = || {
        PublicError::http(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "UNSUPPORTED_MEDIA_TYPE",
            "the Content-Type of a GraphQL request must be application/json in UTF-8",
        )
        .header(header::ACCEPT, HeaderValue::from_static("application/json"))
    };
    let mut lines = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(line), None) = (lines.next(), lines.next()) else {
        return Err(refused());
    };
    let mut parts = line
        .to_str()
        .map_err(|_| refused())?
        .split(';')
        .map(str::trim);
    let is_json = parts
        .next()
        .is_some_and(|name| name.eq_ignore_ascii_case("application/json"));
    let charset_fits = parts.all(|parameter| match parameter.split_once('=') {
        Some((key, value)) if key.trim().eq_ignore_ascii_case("charset") => is_utf8(value),
        _ => true,
    });
    let unencoded = headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .all(|value| value.as_bytes().eq_ignore_ascii_case(b"identity"));
    if is_json && charset_fits && unencoded {
        Ok(())
    } else {
        Err(refused())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_headers_choose_the_form() {
        use Media::{GraphqlResponse, Json};
        let cases: [(&[&str], Option<Media>); 17] = [
            (&[], Some(Json)),
            (&[""], Some(Json)),
            (&["*/*"], Some(Json)),
            (&["application/*"], Some(Json)),
            (&["application/json"], Some(Json)),
            (&["application/json; charset=utf-8"], Some(Json)),
            (
                &["application/graphql-response+json"],
                Some(GraphqlResponse),
            ),
            (
                &["Application/GraphQL-Response+JSON;charset=UTF-8"],
                Some(GraphqlResponse),
            ),
            (
                &["application/graphql-response+json, application/json;q=0.9"],
                Some(GraphqlResponse),
            ),
            (
                &[
                    "application/graphql-response+json; charset=utf-8, application/json; charset=utf-8",
                ],
                Some(GraphqlResponse),
            ),
            (
                &["application/graphql-response+json;q=0.5, application/json"],
                Some(Json),
            ),
            (&["application/json;q=0", "*/*"], Some(GraphqlResponse)),
            (&["text/html", "application/json"], Some(Json)),
            (&["text/html"], None),
            (&["application/json;q=0"], None),
            (&["application/json; charset=latin1"], None),
            (&["application/json;q=nonsense"], None),
        ];
        for (lines, expected) in cases {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::ACCEPT, line.parse().unwrap());
            }
            assert_eq!(Media::negotiate(&headers).ok(), expected, "{lines:?}");
        }
    }

    /// GQL-18: everything that a form of another site could send.
    #[test]
    fn only_json_bodies_are_read() {
        let cases: [(&[&str], bool); 11] = [
            (&["application/json"], true),
            (&["Application/JSON; charset=UTF-8"], true),
            (&["application/json; charset=\"utf-8\""], true),
            (&["application/json; charset=latin1"], false),
            (&[], false),
            (&["application/json", "application/json"], false),
            (&["text/plain"], false),
            (&["application/x-www-form-urlencoded"], false),
            (&["multipart/form-data; boundary=x"], false),
            (&["application/graphql"], false),
            (&["text/plain; application/json"], false),
        ];
        for (lines, expected) in cases {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::CONTENT_TYPE, line.parse().unwrap());
            }
            assert_eq!(require_json(&headers).is_ok(), expected, "{lines:?}");
        }
    }
}
