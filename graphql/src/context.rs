//! What resolvers find in a request besides its arguments.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::{Context, Result};
use quillback_auth::Auth;
use quillback_core::{App, Cx};
use zeroize::Zeroizing;

/// Who calls, as the connection shows it.
#[derive(Clone, Default)]
pub struct Caller {
    /// Address of the client.
    pub address: Option<IpAddr>,
    /// What kind of client it is, such as `console` or `api`.
    pub client: String,
    /// The token that the request came with.
    pub token: Option<Zeroizing<String>>,
}

/// What a resolver wants done with the session cookie.
#[derive(Clone)]
pub enum SessionCookie {
    /// Set it.
    Set {
        /// The session's token.
        token: Zeroizing<String>,
        /// Seconds until it ends.
        max_age_seconds: u64,
    },
    /// Remove it.
    Clear,
}

/// Where a resolver leaves its wish about the cookie, and the HTTP side finds it.
#[derive(Clone, Default)]
pub struct CookieHandle(Arc<Mutex<Option<SessionCookie>>>);

impl CookieHandle {
    pub(crate) fn put(&self, cookie: SessionCookie) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(cookie);
    }

    /// The wish, if there is one.
    pub fn take(&self) -> Option<SessionCookie> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A driver that was loaded at start-up.
#[derive(Clone, Debug)]
pub struct LoadedDriver {
    /// Identifier.
    pub id: String,
    /// Where its library is; missing for one that is built in.
    pub path: Option<String>,
    /// SHA-256 of the library, in hexadecimal.
    pub sha256: Option<String>,
}

/// A file that looked like a driver and was not loaded.
#[derive(Clone, Debug)]
pub struct RefusedDriver {
    /// Where it is.
    pub path: String,
    /// Why not.
    pub reason: String,
}

/// Facts about the running server.
#[derive(Clone, Debug, Default)]
pub struct ServerFacts {
    /// Version of the server.
    pub version: &'static str,
    /// Drivers that were loaded.
    pub drivers: Vec<LoadedDriver>,
    /// Files that were not.
    pub refused: Vec<RefusedDriver>,
}

/// Short ways to what every resolver needs.
pub(crate) trait Env {
    fn cx(&self) -> Result<&Cx>;
    fn app(&self) -> Result<&App>;
    fn auth(&self) -> Result<&Auth>;
    fn caller(&self) -> Result<&Caller>;
    fn cookie(&self) -> Result<&CookieHandle>;
    fn facts(&self) -> Result<&ServerFacts>;
}

impl Env for Context<'_> {
    fn cx(&self) -> Result<&Cx> {
        self.data()
    }

    fn app(&self) -> Result<&App> {
        self.data()
    }

    fn auth(&self) -> Result<&Auth> {
        self.data()
    }

    fn caller(&self) -> Result<&Caller> {
        self.data()
    }

    fn cookie(&self) -> Result<&CookieHandle> {
        self.data()
    }

    fn facts(&self) -> Result<&ServerFacts> {
        self.data()
    }
}
