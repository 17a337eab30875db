//! The session cookie: its name, its attributes and the commands that set or clear it.

use std::time::Duration;

use hyper::{
    HeaderMap,
    header::{HeaderValue, InvalidHeaderValue, SET_COOKIE},
};

use crate::config::SecretText;

/// What a mutation wants done with the session cookie of its caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CookieCommand {
    /// Hand out a session token.
    Set {
        /// The opaque token.
        token: SecretText,
        /// How long the browser keeps it.
        max_age: Duration,
    },
    /// Take the token away.
    Clear,
}

/// Name and attributes of the session cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionCookie {
    secure: bool,
}

impl SessionCookie {
    /// A cookie that is sent over HTTPS only, or also over plain HTTP on this machine.
    pub fn new(secure: bool) -> Self {
        Self { secure }
    }

    /// The name; browsers accept `__Host-` only with `Secure`, `Path=/` and without a domain.
    pub fn name(self) -> &'static str {
        if self.secure {
            "__Host-quillback"
        } else {
            "quillback"
        }
    }

    /// Adds the `Set-Cookie` header that carries out `command`.
    ///
    /// # Errors
    /// The token has characters that a header cannot hold.
    pub fn apply(
        self,
        command: &CookieCommand,
        headers: &mut HeaderMap,
    ) -> Result<(), InvalidHeaderValue> {
        let (value, seconds) = match command {
            CookieCommand::Set { token, max_age } => (token.expose(), max_age.as_secs()),
            CookieCommand::Clear => ("", 0),
        };
        let secure = if self.secure { "; Secure" } else { "" };
        let name = self.name();
        let text =
            format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
        let mut value = HeaderValue::try_from(text)?;
        value.set_sensitive(true);
        headers.append(SET_COOKIE, value);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SES-01: the exact attributes.
    #[test]
    fn the_cookie_has_exactly_these_attributes() {
        let set = CookieCommand::Set {
            token: SecretText::new("abc"),
            max_age: Duration::from_mins(1),
        };
        let cases = [
            (
                true,
                &set,
                "__Host-quillback=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure",
            ),
            (
                false,
                &set,
                "quillback=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Lax",
            ),
            (
                true,
                &CookieCommand::Clear,
                "__Host-quillback=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure",
            ),
        ];
        for (secure, command, expected) in cases {
            let mut headers = HeaderMap::new();
            SessionCookie::new(secure)
                .apply(command, &mut headers)
                .unwrap();
            assert_eq!(headers[SET_COOKIE], expected);
        }
    }

    #[test]
    fn a_token_cannot_add_header_lines() {
        let command = CookieCommand::Set {
            token: SecretText::new("a\r\nset-cookie: b=c"),
            max_age: Duration::ZERO,
        };
        let mut headers = HeaderMap::new();
        assert!(
            SessionCookie::new(true)
                .apply(&command, &mut headers)
                .is_err()
        );
        assert!(headers.is_empty());
    }
}
