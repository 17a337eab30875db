//! Seals the books while the server runs, and removes from them what is older than it is to be kept.

use std::time::Duration;

use quillback_core::{
    App,
    audit::{
        retention::{self, Removed},
        sealing,
    },
};

use super::upkeep::{has_ended, jittered};
use crate::http::Lifecycle;

/// Time between two seals; for so long the removal of a whole change leaves no trace.
const SEAL_EVERY: Duration = Duration::from_mins(1);

/// Time between two removals of what is old.
const REMOVE_EVERY: Duration = Duration::from_hours(1);

/// Starts the work; it ends with a last seal when the server is told to stop.
pub(super) fn start(app: &App, keep_days: Option<u32>, lifecycle: &Lifecycle) {
    let (sealer, state) = (app.clone(), lifecycle.clone());
    lifecycle.spawn(async move {
        loop {
            seal(&sealer).await;
            if has_ended(&state, jittered(&sealer, SEAL_EVERY)).await {
                return seal(&sealer).await;
            }
        }
    });
    let Some(days) = keep_days else {
        return;
    };
    let (app, state) = (app.clone(), lifecycle.clone());
    lifecycle.spawn(async move {
        loop {
            remove_old(&app, days).await;
            if has_ended(&state, jittered(&app, REMOVE_EVERY)).await {
                return;
            }
        }
    });
}

async fn seal(app: &App) {
    // Each seal is logged where it is made.
    if let Err(error) = sealing::seal(app).await {
        tracing::warn!(%error, "the books could not be sealed; trying again later");
    }
}

async fn remove_old(app: &App, days: u32) {
    match retention::remove_old(app, days).await {
        Ok(removed) if removed == Removed::default() => {}
        Ok(removed) => tracing::info!(
            seals = removed.seals,
            changes = removed.changes,
            rows = removed.rows,
            events = removed.events,
            "old records of the books are removed"
        ),
        Err(error) => {
            tracing::warn!(%error, "old records of the books could not be removed; trying again later");
        }
    }
}
