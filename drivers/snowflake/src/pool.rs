//! The sessions of an instance: so many at the same time, opened when needed.
//!
//! A session is given back only when nothing is under way on it; any other is ended, and what it was doing is stopped.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use quillback_plugin_api::{Category, DriverError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::connect::Service;
use crate::session::Session;

/// Sessions that were not used for so long are ended. They would be good for four hours
/// (<https://docs.snowflake.com/en/user-guide/session-policies>), so that no heartbeat is needed.
const MAX_IDLE: Duration = Duration::from_mins(10);

/// The pool.
pub(crate) struct Pool {
    service: Arc<Service>,
    permits: Arc<Semaphore>,
    most: usize,
    idle: Mutex<Vec<(Session, Instant)>>,
    is_closed: AtomicBool,
}

/// A session in use. Dropping it ends the session, unless it was given back.
pub(crate) struct Lease {
    session: Option<Session>,
    pool: Arc<Pool>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Pool {
    pub(crate) fn new(service: Arc<Service>, most: usize) -> Self {
        Self {
            service,
            permits: Arc::new(Semaphore::new(most)),
            most,
            idle: Mutex::default(),
            is_closed: AtomicBool::new(false),
        }
    }

    /// Waits for a turn and answers with a session.
    ///
    /// # Errors
    /// `Unavailable` when the pool is closed, and what signing in answers.
    pub(crate) async fn get(self: &Arc<Self>) -> Result<Lease, DriverError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit.map_err(|_| closed())?;
        if self.is_closed.load(Ordering::Acquire) {
            return Err(closed());
        }
        let session = match self.pop() {
            Some(session) => session,
            None => Session::open(Arc::clone(&self.service)).await?,
        };
        Ok(Lease {
            session: Some(session),
            pool: Arc::clone(self),
            permit: Some(permit),
        })
    }

    fn pop(&self) -> Option<Session> {
        loop {
            let (session, since) = self.lock().pop()?;
            if since.elapsed() < MAX_IDLE {
                return Some(session);
            }
            end_soon(session, None);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(Session, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the calls under way and ends all sessions; later calls fail.
    pub(crate) async fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
        let all = u32::try_from(self.most).unwrap_or(u32::MAX);
        // An error means that it was closed before.
        let _all = self.permits.acquire_many(all).await;
        self.permits.close();
        let idle = std::mem::take(&mut *self.lock());
        for (session, _) in idle {
            session.end().await;
        }
    }
}

impl Lease {
    /// The session.
    ///
    /// # Errors
    /// None while it is leased.
    pub(crate) fn session(&mut self) -> Result<&mut Session, DriverError> {
        self.session.as_mut().ok_or_else(closed)
    }

    /// Gives the session back, if it is clean.
    pub(crate) fn give_back(mut self) {
        if self.session.as_ref().is_some_and(Session::is_clean)
            && let Some(session) = self.session.take()
        {
            self.pool.lock().push((session, Instant::now()));
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            end_soon(session, self.permit.take());
        }
    }
}

/// Ends a session beside what comes next. Its place is free only then, so that there are never more than allowed.
fn end_soon(session: Session, permit: Option<OwnedSemaphorePermit>) {
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(async move {
            session.end().await;
            drop(permit);
        });
    }
}

fn closed() -> DriverError {
    DriverError::new(Category::Unavailable, "the connection was closed")
}
