//! Tokens: 256 random bits in base64url, with a head that tells sessions from API tokens and that scanners find in
//! places where no token belongs.

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use quillback_core::admin::people::tokens::{self, TokenDraft};
use quillback_core::cx::Random;
use quillback_core::repo::sessions::TokenHash;
use quillback_core::repo::tokens::ApiToken;
use quillback_core::{App, Cx, Result};
use zeroize::Zeroizing;

const SESSION_HEAD: &str = "qbs_";
const API_HEAD: &str = "qbt_";
/// Length of 32 bytes in base64url.
const BODY: usize = 43;

/// A token to hand out once; prints as `***`.
pub struct Token(Zeroizing<String>);

impl Token {
    pub(crate) fn session(random: &dyn Random) -> Self {
        Self::new(SESSION_HEAD, random)
    }

    pub(crate) fn api(random: &dyn Random) -> Self {
        Self::new(API_HEAD, random)
    }

    fn new(head: &str, random: &dyn Random) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        random.fill(&mut *bytes);
        let body = Zeroizing::new(Base64UrlUnpadded::encode_string(&*bytes));
        Self(Zeroizing::new([head, &body].concat()))
    }

    /// The text that the client keeps and sends.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn hash(&self) -> TokenHash {
        TokenHash::of(&self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}

/// Makes an API token of the caller and hands it out, once.
///
/// # Errors
/// As [`tokens::create`].
pub async fn create_api_token(cx: &Cx, app: &App, draft: TokenDraft) -> Result<(ApiToken, Token)> {
    let token = Token::api(&*cx.surroundings.random);
    let stored = tokens::create(cx, app, draft, token.hash()).await?;
    Ok((stored, token))
}

/// What a client sent as its token, by kind.
pub(crate) enum Presented {
    Session(TokenHash),
    Api(TokenHash),
}

impl Presented {
    /// `None` for what cannot be a token of ours.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (head, body) = text.split_at_checked(SESSION_HEAD.len())?;
        let is_body = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if body.len() != BODY || !body.bytes().all(is_body) {
            return None;
        }
        match head {
            SESSION_HEAD => Some(Self::Session(TokenHash::of(text))),
            API_HEAD => Some(Self::Api(TokenHash::of(text))),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Ones;
    impl Random for Ones {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0xff);
        }
    }

    #[test]
    fn a_token_is_read_as_what_it_was_made() {
        let (session, api) = (Token::session(&Ones), Token::api(&Ones));
        assert!(
            matches!(Presented::parse(session.as_str()), Some(Presented::Session(hash)) if hash == session.hash())
        );
        assert!(
            matches!(Presented::parse(api.as_str()), Some(Presented::Api(hash)) if hash == api.hash())
        );
        assert_eq!(format!("{session:?}"), "Token(***)");
    }

    #[test]
    fn what_is_no_token_is_not_looked_up() {
        let good = Token::session(&Ones).as_str().to_owned();
        let bad = [
            "",
            "qbs_",
            "é",
            &good[1..],
            &format!("{good}x"),
            &good.replace("qbs_", "qbx_"),
            &good.replace('_', "'"),
        ];
        for text in bad {
            assert!(Presented::parse(text).is_none(), "{text}");
        }
    }
}
