//! `[session]`: how long a sign-in lasts and how its cookie is set.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{PublicUrl, problem::SectionProblems};

/// How long a sign-in lasts and how its cookie is set.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SessionSection {
    /// Time after which a session ends in any case, in minutes.
    pub absolute_minutes: u32,

    /// Time without a request after which a session ends, in minutes.
    pub idle_minutes: u32,

    /// Whether the cookie is marked `Secure` and named `__Host-quillback`.
    /// Without it: yes when `server.public_url` begins with `https`, no on plain HTTP on a loopback address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cookie_secure: Option<bool>,
}

impl Default for SessionSection {
    fn default() -> Self {
        Self {
            absolute_minutes: 12 * 60,
            idle_minutes: 30,
            cookie_secure: None,
        }
    }
}

impl SessionSection {
    pub(super) fn validate(&self, public_url: Option<&PublicUrl>, problems: &mut SectionProblems) {
        for (key, minutes) in [
            ("session.absolute_minutes", self.absolute_minutes),
            ("session.idle_minutes", self.idle_minutes),
        ] {
            if minutes == 0 {
                problems.add(key, "must be at least 1 minute".to_owned());
            }
        }
        if self.idle_minutes > self.absolute_minutes {
            problems.add(
                "session.idle_minutes",
                format!(
                    "must not be longer than session.absolute_minutes ({})",
                    self.absolute_minutes
                ),
            );
        }
        let Some(url) = public_url else { return };
        if url.is_https() && self.cookie_secure == Some(false) {
            problems.add(
                "session.cookie_secure",
                "must not be false when server.public_url begins with https".to_owned(),
            );
        }
        if !url.is_https() && !url.is_loopback() && self.cookie_secure.is_none() {
            problems.add(
                "server.public_url",
                "begins with http, so that passwords and session cookies would travel readable; \
                 use https, or accept the risk with session.cookie_secure = false"
                    .to_owned(),
            );
        }
    }
}
