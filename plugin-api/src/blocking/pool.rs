//! Connections of a blocking client, each on a thread of its own, lent and given back.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Cancel, Worker};
use crate::error::{Category, DriverError};
use crate::pool::within;

/// A connection that waited longer than this is asked whether it still lives before it is used.
const FRESH: Duration = Duration::from_secs(5);

/// What a pool does not know about the connections of one client library. Everything but the time limit is called on
/// the thread of the connection.
pub trait Connector: Send + Sync + 'static {
    /// A connection that is ready for use.
    type Connection: 'static;

    /// What the threads are called.
    const THREAD: &'static str;

    /// How long opening a connection may take, or the answer of one that waited.
    fn limit(&self) -> Duration;

    /// Opens a connection.
    ///
    /// # Errors
    /// What the client or the server says.
    fn connect(&self) -> Result<Self::Connection, DriverError>;

    /// Whether a connection that waited still answers.
    fn is_alive(&self, connection: &mut Self::Connection) -> bool;

    /// Looks again at the error of a call, for clients that do not say when the connection is lost.
    fn explain(&self, _connection: &mut Self::Connection, error: DriverError) -> DriverError {
        error
    }
}

/// A bounded number of connections to one server.
pub struct Pool<C: Connector> {
    connector: Arc<C>,
    size: u32,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Idle<C::Connection>>>,
}

type Idle<T> = (Worker<T>, Instant);

/// A connection that nobody else uses.
pub struct Lent<'a, C: Connector> {
    pool: &'a Pool<C>,
    worker: Worker<C::Connection>,
    permit: OwnedSemaphorePermit,
}

impl<C: Connector> Lent<'_, C> {
    /// As [`Pool::run`].
    ///
    /// # Errors
    /// Those of `work`.
    pub async fn run<R: Send + 'static>(
        self,
        work: impl FnOnce(&mut C::Connection, &Cancel) -> Result<R, DriverError> + Send + 'static,
    ) -> Result<R, DriverError> {
        let Self {
            pool,
            worker,
            permit,
        } = self;
        let connector = Arc::clone(&pool.connector);
        let running = worker.run(move |connection, cancel| {
            let done = work(connection, cancel);
            // The permit goes with the work, which may last longer than somebody waits for it.
            Ok((
                done.map_err(|error| connector.explain(connection, error)),
                permit,
            ))
        });
        let (done, _permit) = running.await?;
        let is_lost = done.as_ref().is_err_and(|error| error.connection_lost);
        if !is_lost && !pool.permits.is_closed() {
            pool.idle().push((worker, Instant::now()));
        }
        done
    }
}

impl<C: Connector> Pool<C> {
    /// A pool of at most `size` connections, none of which is open yet.
    pub fn new(connector: C, size: u32) -> Self {
        Self {
            connector: Arc::new(connector),
            size,
            permits: Arc::new(Semaphore::new(size as usize)),
            idle: Mutex::default(),
        }
    }

    /// What opens the connections.
    pub fn connector(&self) -> &C {
        &self.connector
    }

    /// Runs `work` on a connection. It runs to its end on the connection's thread even when nobody waits any more, so it
    /// looks at its [`Cancel`] and leaves no transaction open.
    ///
    /// # Errors
    /// Those of opening a connection, those of `work`, and `Cancelled` once the pool is closed.
    pub async fn run<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut C::Connection, &Cancel) -> Result<R, DriverError> + Send + 'static,
    ) -> Result<R, DriverError> {
        self.lend().await?.run(work).await
    }

    /// A connection of one's own, as soon as there is one.
    ///
    /// # Errors
    /// Those of opening a connection, and `Cancelled` once the pool is closed.
    pub async fn lend(&self) -> Result<Lent<'_, C>, DriverError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit
            .map_err(|_| DriverError::new(Category::Cancelled, "the connection was closed"))?;
        let worker = match self.living().await {
            Some(worker) => worker,
            None => self.open().await?,
        };
        Ok(Lent {
            pool: self,
            worker,
            permit,
        })
    }

    /// A connection that waits and still answers.
    async fn living(&self) -> Option<Worker<C::Connection>> {
        loop {
            let (worker, since) = self.idle().pop()?;
            if since.elapsed() < FRESH {
                return Some(worker);
            }
            let connector = Arc::clone(&self.connector);
            let asking = worker.run(move |connection, _| Ok(connector.is_alive(connection)));
            let answer = tokio::time::timeout(self.connector.limit(), asking).await;
            if matches!(answer, Ok(Ok(true))) {
                return Some(worker);
            }
        }
    }

    /// Opens a connection within the time limit. A client that cannot be stopped while it waits for a server keeps its
    /// thread until the server answers or hangs up.
    async fn open(&self) -> Result<Worker<C::Connection>, DriverError> {
        let connector = Arc::clone(&self.connector);
        let opening = Worker::start(C::THREAD, move || connector.connect());
        within(self.connector.limit(), opening).await
    }

    /// Waits for the work under way and closes all connections.
    pub async fn close(&self) {
        let _all = self.permits.acquire_many(self.size).await;
        self.permits.close();
        self.idle().clear();
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle<C::Connection>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
