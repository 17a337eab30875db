//! Work that the server does by itself: settling changes that a crash left open, and removing what has expired.

use std::time::Duration;

use quillback_auth::{Auth, housekeeping};
use quillback_core::{App, journal, live, outbox};

use super::own_request;
use crate::http::Lifecycle;

/// Time between two looks for changes that were left open.
const SETTLE_EVERY: Duration = Duration::from_secs(30);

/// Time between two removals of what has expired.
const SWEEP_EVERY: Duration = Duration::from_mins(5);

/// How much longer than its deadline a change may be under way, in milliseconds.
const GRACE_MS: u32 = 15_000;

/// Starts the work; it ends when the server is told to stop, and the shutdown waits for what is under way.
///
/// A server that has its repository for itself settles at once what an earlier process left open.
pub(super) fn start(app: &App, auth: &Auth, is_alone: bool, lifecycle: &Lifecycle) {
    let (teller, state) = (app.clone(), lifecycle.clone());
    lifecycle.spawn(async move {
        tokio::select! {
            () = live::run(&teller) => {}
            () = state.stopping() => {}
        }
    });
    let (settler, state) = (app.clone(), lifecycle.clone());
    lifecycle.spawn(async move {
        let usual = settler.options.batch_deadline_ms.saturating_add(GRACE_MS);
        let mut older_than_ms = if is_alone { 0 } else { usual };
        loop {
            settle(&settler, older_than_ms).await;
            older_than_ms = usual;
            if has_ended(&state, jittered(&settler, SETTLE_EVERY)).await {
                return;
            }
        }
    });
    let (app, auth, state) = (app.clone(), auth.clone(), lifecycle.clone());
    lifecycle.spawn(async move {
        while !has_ended(&state, jittered(&app, SWEEP_EVERY)).await {
            let swept = housekeeping::sweep(&app, &auth).await;
            if let Err(error) = swept.and(outbox::sweep(&app).await) {
                tracing::warn!(%error, "what has expired could not be removed; it is not valid in any case");
            }
        }
    });
}

async fn settle(app: &App, older_than_ms: u32) {
    let cx = own_request(&app.surroundings, "reconciler");
    match journal::recover(&cx, app, older_than_ms).await {
        Ok(recovered) if recovered == journal::Recovered::default() => {}
        Ok(recovered) => tracing::info!(
            applied = recovered.applied,
            abandoned = recovered.abandoned,
            unknown = recovered.unknown,
            left = recovered.left,
            "changes that were left open are settled"
        ),
        Err(error) => {
            tracing::warn!(%error, "open changes could not be looked for; trying again later");
        }
    }
}

/// Waits; answers whether the server was told to stop meanwhile.
pub(super) async fn has_ended(lifecycle: &Lifecycle, pause: Duration) -> bool {
    tokio::select! {
        () = lifecycle.stopping() => true,
        () = tokio::time::sleep(pause) => false,
    }
}

/// A tenth more or less, so that several servers do not work in step.
pub(super) fn jittered(app: &App, pause: Duration) -> Duration {
    let [byte] = app.surroundings.random::<1>();
    pause.mul_f64(0.9 + 0.2 * f64::from(byte) / 255.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_pause_ends_by_time_or_at_once_with_the_server() {
        let lifecycle = Lifecycle::new();
        assert!(!has_ended(&lifecycle, SETTLE_EVERY).await);
        lifecycle.begin_stopping();
        assert!(has_ended(&lifecycle, Duration::MAX).await);
    }
}
