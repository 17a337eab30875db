//! Connections that are lent and given back. One that was left in the middle of something never comes back.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use quillback_plugin_api::{Category, DriverError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;

use crate::connect::{self, Connector, Session};

/// A connection that nobody used for so long is closed: firewalls forget it.
const IDLE: Duration = Duration::from_mins(10);

/// How long anybody waits for the server to stop.
const MOMENT: Duration = Duration::from_secs(1);

/// A bounded number of connections to one server.
pub(crate) struct Pool {
    shared: Arc<Shared>,
    size: u32,
}

struct Shared {
    connector: Connector,
    permits: Arc<Semaphore>,
    idle: Mutex<VecDeque<Idle>>,
}

struct Idle {
    session: Session,
    since: Instant,
}

/// A connection on loan. Dropped without [`Lease::give_back`] it is taken to be in the middle of something: the server
/// is told to stop and roll back, and the connection is closed.
pub(crate) struct Lease {
    session: Option<Session>,
    is_reused: bool,
    shared: Arc<Shared>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Pool {
    /// A pool of at most `size` connections, none of which is open yet.
    pub(crate) fn new(connector: Connector, size: u32) -> Self {
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
    pub(crate) async fn lease(&self) -> Result<Lease, DriverError> {
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
    pub(crate) async fn sure_lease(&self) -> Result<Lease, DriverError> {
        let mut lease = self.lease().await?;
        if lease.is_reused {
            let answer = connect::run(&mut lease.session()?.conn, "SELECT 1").await;
            if answer.is_err() {
                lease.renew().await?;
            }
        }
        Ok(lease)
    }

    /// Waits for the connections on loan and closes all.
    pub(crate) async fn close(&self) {
        let _all = self.shared.permits.acquire_many(self.size).await;
        self.shared.permits.close();
        let idle: Vec<_> = self.shared.idle().drain(..).collect();
        for idle in idle {
            let _ = tokio::time::timeout(MOMENT, idle.session.conn.close()).await;
        }
    }
}

impl Shared {
    fn idle(&self) -> std::sync::MutexGuard<'_, VecDeque<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection used last, as long as it is fresh; older ones are closed.
    fn take_idle(&self) -> Option<Session> {
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

impl Lease {
    /// The connection.
    ///
    /// # Errors
    /// `Connect` after it was lost and could not be replaced.
    pub(crate) fn session(&mut self) -> Result<&mut Session, DriverError> {
        self.session.as_mut().ok_or_else(|| {
            let message = "the connection to the server was lost";
            DriverError {
                connection_lost: true,
                ..DriverError::new(Category::Connect, message)
            }
        })
    }

    /// Whether the connection was used before: the server may have closed it meanwhile.
    pub(crate) fn is_reused(&self) -> bool {
        self.is_reused
    }

    /// Opens a new connection instead of one that the server closed. The others that wait are as old: they go too.
    ///
    /// # Errors
    /// Those of opening a connection.
    pub(crate) async fn renew(&mut self) -> Result<(), DriverError> {
        self.session = None;
        self.shared.idle().clear();
        self.session = Some(self.shared.connector.connect().await?);
        self.is_reused = false;
        Ok(())
    }

    /// Gives the connection back, clean, for the next user.
    pub(crate) fn give_back(mut self) {
        if let Some(session) = self.session.take() {
            let idle = Idle {
                session,
                since: Instant::now(),
            };
            self.shared.idle().push_back(idle);
        }
    }

    /// Closes the connection; nothing runs on it, or the server closed it.
    pub(crate) fn discard(mut self) {
        self.session = None;
    }

    /// Gives the connection back after a call of no transaction, unless it was lost.
    pub(crate) fn settle<T>(self, result: Result<T, DriverError>) -> Result<T, DriverError> {
        if result.as_ref().is_err_and(|error| error.connection_lost) {
            self.discard();
        } else {
            self.give_back();
        }
        result
    }

    /// Stops what runs on the connection, and gives the server a moment to do so before the caller goes on.
    pub(crate) async fn stop(mut self) {
        if let Some(stopping) = self.abandon() {
            let _ = tokio::time::timeout(MOMENT, stopping).await;
        }
    }

    /// Has the server told to stop what runs on the connection. The place in the pool stays taken until then.
    fn abandon(&mut self) -> Option<JoinHandle<()>> {
        let session = self.session.take()?;
        // Without a runtime there is nobody to tell the server: closing the connection has to do.
        let runtime = tokio::runtime::Handle::try_current().ok()?;
        let permit = self.permit.take();
        Some(runtime.spawn(async move {
            let mut session = session;
            // The attention stops the statement at once; that the connection ends rolls the transaction back. Where in
            // an answer the caller left off is unknown, so that the connection is not used again.
            let _ = tokio::time::timeout(MOMENT, session.conn.cancel_query()).await;
            drop((session, permit));
        }))
    }
}

impl Drop for Lease {
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
