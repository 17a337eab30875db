//! Connections that are lent and given back. One that was left in the middle of something never comes back.
//!
//! For clients that are asynchronous; [`crate::blocking::Pool`] is the one for those that block.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;

use crate::error::{Category, DriverError};

/// A connection that nobody used for so long is closed: firewalls forget it.
const IDLE: Duration = Duration::from_mins(10);

/// How long anybody waits for the server to stop, or to say goodbye.
const MOMENT: Duration = Duration::from_secs(1);

/// What a pool does not know about the connections of one client library.
pub trait Connector: Send + Sync + 'static {
    /// A connection that is ready for use.
    type Session: Send + 'static;

    /// Opens a connection, within a time limit of its own.
    ///
    /// # Errors
    /// `Connect`, `Auth`, `Timeout` and what the server says.
    fn connect(&self) -> impl Future<Output = Result<Self::Session, DriverError>> + Send;

    /// Whether a connection that waited in the pool still answers.
    fn is_alive(&self, session: &mut Self::Session) -> impl Future<Output = bool> + Send;

    /// Has the server stop what runs on the connection and take it back, and closes the connection. It ends within a
    /// time limit of its own: the place in the pool stays taken until then.
    fn stop(&self, session: Self::Session) -> impl Future<Output = ()> + Send;

    /// Closes a connection on which nothing runs.
    fn close(&self, session: Self::Session) -> impl Future<Output = ()> + Send;
}

/// Runs `work` for no longer than opening a connection may take, which the option `connect_timeout_ms` says in every
/// driver that has one.
///
/// # Errors
/// `Timeout`, and those of `work`.
pub async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, DriverError>>,
) -> Result<T, DriverError> {
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
        let message = "the server did not answer in the time of option `connect_timeout_ms`";
        Err(DriverError {
            connection_lost: true,
            ..DriverError::new(Category::Timeout, message)
        })
    })
}

/// A bounded number of connections to one server.
pub struct Pool<C: Connector> {
    shared: Arc<Shared<C>>,
    size: u32,
}

struct Shared<C: Connector> {
    connector: C,
    permits: Arc<Semaphore>,
    idle: Mutex<VecDeque<Idle<C::Session>>>,
}

struct Idle<S> {
    session: S,
    since: Instant,
}

/// A connection on loan. Dropped without [`Lease::give_back`] it is taken to be in the middle of something: the server
/// is told to stop and roll back, and the connection is closed.
pub struct Lease<C: Connector> {
    session: Option<C::Session>,
    is_reused: bool,
    shared: Arc<Shared<C>>,
    permit: Option<OwnedSemaphorePermit>,
}

impl<C: Connector> Pool<C> {
    /// A pool of at most `size` connections, none of which is open yet.
    pub fn new(connector: C, size: u32) -> Self {
        let permits = Arc::new(Semaphore::new(size as usize));
        let shared = Shared {
            connector,
            permits,
            idle: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
            size,
        }
    }

    /// Borrows a connection; waits while all are out.
    ///
    /// # Errors
    /// Those of opening a connection, and `Cancelled` once the pool is closed.
    pub async fn lease(&self) -> Result<Lease<C>, DriverError> {
        let permit = Arc::clone(&self.shared.permits).acquire_owned().await;
        let permit = permit.map_err(|_| closed())?;
        let reused = self.shared.take_idle();
        let is_reused = reused.is_some();
        let session = match reused {
            Some(session) => session,
            None => self.shared.connector.connect().await?,
        };
        Ok(Lease {
            session: Some(session),
            is_reused,
            shared: Arc::clone(&self.shared),
            permit: Some(permit),
        })
    }

    /// Borrows a connection that has just answered: for calls that cannot simply be sent again on another.
    ///
    /// # Errors
    /// Those of [`Pool::lease`].
    pub async fn sure_lease(&self) -> Result<Lease<C>, DriverError> {
        let mut lease = self.lease().await?;
        if lease.is_reused && !self.shared.connector.is_alive(lease.session()?).await {
            lease.renew().await?;
        }
        Ok(lease)
    }

    /// Waits for the connections on loan and closes all.
    pub async fn close(&self) {
        let _all = self.shared.permits.acquire_many(self.size).await;
        self.shared.permits.close();
        let idle: Vec<_> = self.shared.idle().drain(..).collect();
        for Idle { session, .. } in idle {
            let closing = self.shared.connector.close(session);
            let _ = tokio::time::timeout(MOMENT, closing).await;
        }
    }
}

impl<C: Connector> Shared<C> {
    fn idle(&self) -> MutexGuard<'_, VecDeque<Idle<C::Session>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection used last, as long as it is fresh; older ones are closed.
    fn take_idle(&self) -> Option<C::Session> {
        let mut idle = self.idle();
        while idle
            .front()
            .is_some_and(|oldest| oldest.since.elapsed() > IDLE)
        {
            idle.pop_front();
        }
        idle.pop_back().map(|idle| idle.session)
    }
}

impl<C: Connector> Lease<C> {
    /// The connection.
    ///
    /// # Errors
    /// `Connect` after it was lost and could not be replaced.
    pub fn session(&mut self) -> Result<&mut C::Session, DriverError> {
        self.session.as_mut().ok_or_else(|| {
            let message = "the connection to the server was lost";
            DriverError {
                connection_lost: true,
                ..DriverError::new(Category::Connect, message)
            }
        })
    }

    /// Whether the connection was used before: the server may have closed it meanwhile.
    pub fn is_reused(&self) -> bool {
        self.is_reused
    }

    /// Opens a new connection instead of one that the server closed. The others that wait are as old: they go too.
    ///
    /// # Errors
    /// Those of opening a connection.
    pub async fn renew(&mut self) -> Result<(), DriverError> {
        self.session = None;
        self.shared.idle().clear();
        self.session = Some(self.shared.connector.connect().await?);
        self.is_reused = false;
        Ok(())
    }

    /// Gives the connection back, clean, for the next user.
    pub fn give_back(mut self) {
        if let Some(session) = self.session.take() {
            let since = Instant::now();
            self.shared.idle().push_back(Idle { session, since });
        }
    }

    /// Closes the connection; nothing runs on it, or the server closed it.
    pub fn discard(mut self) {
        self.session = None;
    }

    /// Gives the connection back after a call of no transaction, unless it was lost.
    ///
    /// # Errors
    /// Those of `result`.
    pub fn settle<T>(self, result: Result<T, DriverError>) -> Result<T, DriverError> {
        if result.as_ref().is_err_and(|error| error.connection_lost) {
            self.discard();
        } else {
            self.give_back();
        }
        result
    }

    /// Stops what runs on the connection, and gives the server a moment to do so before the caller goes on.
    pub async fn stop(mut self) {
        if let Some(stopping) = self.abandon() {
            let _ = tokio::time::timeout(MOMENT, stopping).await;
        }
    }

    /// Has the server told to stop what runs on the connection. The place in the pool stays taken until then.
    fn abandon(&mut self) -> Option<JoinHandle<()>> {
        let session = self.session.take()?;
        // Without a runtime there is nobody to tell the server: closing the connection has to do.
        let runtime = tokio::runtime::Handle::try_current().ok()?;
        let (shared, permit) = (Arc::clone(&self.shared), self.permit.take());
        Some(runtime.spawn(async move {
            shared.connector.stop(session).await;
            drop(permit);
        }))
    }
}

impl<C: Connector> Drop for Lease<C> {
    fn drop(&mut self) {
        self.abandon();
    }
}

fn closed() -> DriverError {
    DriverError::new(
        Category::Cancelled,
        "the connection was closed while the call waited",
    )
}

#[cfg(test)]
pub(crate) mod tests;
