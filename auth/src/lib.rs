//! Signing in: proves who somebody is, keeps sessions and API tokens, and slows down those who guess.
//!
//! To add a sign-in method: add `methods/<id>.rs` with a function that ends in [`session::start`], and a line for it in
//! `methods/mod.rs`.
#![warn(missing_docs)]

pub mod error;
pub mod housekeeping;
pub mod methods;
pub mod passwords;
pub mod policy;
pub mod session;
pub mod start;
mod throttle;
pub mod token;

use std::sync::Arc;

use quillback_core::repo::Remembered;
use quillback_core::repo::sessions::TokenHash;
use quillback_core::{App, Result};

pub use error::AuthError;
pub use methods::password::{SignIn, sign_in};
pub use session::{Client, Signed, authenticate, look};
pub use throttle::network;

use passwords::{Cost, Passwords};
use session::Known;

/// Callers that are remembered where the repository allows it; each takes some hundred bytes.
const CALLERS: usize = 20_000;

/// Settings of sign-in that an operator may change.
#[derive(Clone, Debug)]
pub struct Options {
    /// Seconds after which a session ends in any case.
    pub session_seconds: i64,
    /// Seconds after which a session ends that is not used.
    pub idle_seconds: i64,
    /// What hashing a password costs.
    pub cost: Cost,
    /// Passwords that are hashed at the same time, each with the memory of `cost`.
    pub hashing_threads: usize,
    /// Passwords that wait for their turn; further ones are refused as busy.
    pub hashing_queue: usize,
    /// Failures of one account before it has to wait.
    pub account_failures: i64,
    /// Failures from one address before it has to wait; offices share one.
    pub address_failures: i64,
    /// Longest wait in seconds.
    pub longest_wait_seconds: i64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            session_seconds: 12 * 3600,
            idle_seconds: 30 * 60,
            cost: Cost::default(),
            hashing_threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            hashing_queue: 64,
            account_failures: 5,
            address_failures: 50,
            longest_wait_seconds: 15 * 60,
        }
    }
}

/// What requests share to sign in; cheap to clone.
#[derive(Clone)]
pub struct Auth {
    /// Hashes passwords.
    pub passwords: Passwords,
    /// Settings.
    pub options: Arc<Options>,
    /// Who is behind tokens that were used lately.
    callers: Arc<Remembered<TokenHash, Known>>,
}

impl Auth {
    /// Gets ready; the repository must be migrated and its key checked.
    ///
    /// # Errors
    /// `Repository`, or `Keyring` when the pepper of the passwords does not open.
    pub async fn open(app: &App, options: Options) -> Result<Self> {
        let passwords = Passwords::open(app, &options).await?;
        Ok(Self {
            passwords,
            options: Arc::new(options),
            callers: Arc::new(Remembered::new(CALLERS)),
        })
    }
}
