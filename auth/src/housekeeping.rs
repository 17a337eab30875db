//! Removes what is over: expired sessions and tokens, and counters of failures long past.

use quillback_core::plugin_api::batch::Batch;
use quillback_core::plugin_api::civil::Timestamp;
use quillback_core::repo::{commit, sessions, throttle, tokens};
use quillback_core::{App, Result};

use crate::Auth;

/// Seconds for which an expired API token is still listed, so that its user sees why a program stopped.
const TOKEN_SECONDS: i64 = 30 * 86_400;
/// Seconds after which a counter of failures is forgotten.
const COUNTER_SECONDS: i64 = 86_400;

/// Removes what is over; to be called every few minutes.
///
/// # Errors
/// `Repository`.
pub async fn sweep(app: &App, auth: &Auth) -> Result<()> {
    let now = app.surroundings.clock.now();
    let before = |seconds: i64| Timestamp {
        seconds: now.seconds - seconds,
        ..now
    };
    let mut batch = Batch::default();
    sessions::delete_expired(&mut batch, now, before(auth.options.idle_seconds));
    tokens::delete_expired(&mut batch, before(TOKEN_SECONDS));
    throttle::delete_rested(&mut batch, before(COUNTER_SECONDS));
    commit(&app.repo, &batch, "session").await.map(|_| ())
}
