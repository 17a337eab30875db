//! Whether the server takes requests, and the background work that must be finished before it stops.

use std::sync::Arc;

use tokio::{sync::watch, task::JoinHandle};

/// Shared state of one running server; clones are the same server.
#[derive(Debug, Clone)]
pub struct Lifecycle {
    stopping: Arc<watch::Sender<bool>>,
    running: Arc<watch::Sender<usize>>,
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self::new()
    }
}

impl Lifecycle {
    /// A server that takes requests and has no work.
    pub fn new() -> Self {
        Self {
            stopping: Arc::new(watch::Sender::new(false)),
            running: Arc::new(watch::Sender::new(0)),
        }
    }

    /// Whether the server has been told to stop.
    pub fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Makes `/readyz` fail from now on, and ends tasks that repeat.
    pub fn begin_stopping(&self) {
        self.stopping.send_replace(true);
    }

    /// Waits until the server is told to stop.
    pub async fn stopping(&self) {
        // The sender lives in `self`, so waiting cannot fail.
        let _ = self
            .stopping
            .subscribe()
            .wait_for(|stopping| *stopping)
            .await;
    }

    /// Starts a task that shutting down waits for; dropping the handle does not stop it.
    pub fn spawn<F>(&self, work: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let counted = Counted::new(Arc::clone(&self.running));
        tokio::spawn(async move {
            let _counted = counted;
            work.await
        })
    }

    /// Tasks that are running.
    pub fn running(&self) -> usize {
        *self.running.borrow()
    }

    /// Waits until no task is running.
    pub async fn idle(&self) {
        // The sender lives in `self`, so waiting cannot fail.
        let _ = self
            .running
            .subscribe()
            .wait_for(|running| *running == 0)
            .await;
    }
}

/// Counts one task for as long as it exists, whether it ends, is aborted or panics.
struct Counted(Arc<watch::Sender<usize>>);

impl Counted {
    fn new(running: Arc<watch::Sender<usize>>) -> Self {
        running.send_modify(|running| *running = running.saturating_add(1));
        Self(running)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0
            .send_modify(|running| *running = running.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn idle_waits_for_tasks_whose_handles_were_dropped() {
        let lifecycle = Lifecycle::new();
        let (finish, finished) = oneshot::channel::<()>();
        drop(lifecycle.spawn(finished));
        let idle = lifecycle.idle();
        tokio::pin!(idle);
        assert_eq!(lifecycle.running(), 1);
        assert!(futures_util::poll!(&mut idle).is_pending());
        finish.send(()).unwrap();
        idle.await;
        assert_eq!(lifecycle.running(), 0);
    }

    #[tokio::test]
    async fn aborted_and_panicked_tasks_are_not_counted_any_more() {
        let lifecycle = Lifecycle::new();
        lifecycle.spawn(std::future::pending::<()>()).abort();
        let panicked = lifecycle.spawn(async { panic!("on purpose") });
        lifecycle.idle().await;
        assert!(panicked.await.is_err());
    }
}
