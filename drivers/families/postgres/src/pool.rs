//! The connections of an instance: so many at the same time, handed out in the order of asking, opened when needed.
//!
//! A connection is given back only when nothing is under way on it; any other is closed, and what it was doing is
//! cancelled. No connection is tested with a question before use: one that the server closed shows it by itself.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use quillback_plugin_api::{Category, DriverError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::connect;
use crate::connection::Connection;
use crate::flavor::Flavor;
use crate::settings::Settings;

/// Connections that were not used for so long are closed: firewalls forget them without telling either side.
const MAX_IDLE: Duration = Duration::from_mins(4);

/// The pool.
#[derive(Debug)]
pub(crate) struct Pool {
    settings: Arc<Settings>,
    flavor: &'static Flavor,
    permits: Arc<Semaphore>,
    /// The one used last is on top: the server has most of it in its caches. Each with the time of its last use.
    idle: Mutex<Vec<(Connection, Instant)>>,
    closed: AtomicBool,
}

/// A connection in use. Dropping it closes the connection; see [`Pool::put_back`].
#[derive(Debug)]
pub(crate) struct Lease {
    pub(crate) connection: Connection,
    /// Whether somebody had it before.
    pub(crate) reused: bool,
    _permit: OwnedSemaphorePermit,
}

impl Pool {
    pub(crate) fn new(settings: Settings, flavor: &'static Flavor) -> Self {
        Self {
            flavor,
            permits: Arc::new(Semaphore::new(settings.max_connections)),
            settings: Arc::new(settings),
            idle: Mutex::default(),
            closed: AtomicBool::new(false),
        }
    }

    /// Waits for a turn and answers with a connection.
    ///
    /// # Errors
    /// `Unavailable` when the pool is closed, and what opening a connection answers.
    pub(crate) async fn get(&self) -> Result<Lease, DriverError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit.map_err(|_| closed())?;
        if self.closed.load(Ordering::Acquire) {
            return Err(closed());
        }
        while let Some(mut connection) = self.pop() {
            if !connection.is_stale() {
                return Ok(Lease {
                    connection,
                    reused: true,
                    _permit: permit,
                });
            }
        }
        Ok(Lease {
            connection: connect::open(&self.settings, self.flavor).await?,
            reused: false,
            _permit: permit,
        })
    }

    fn pop(&self) -> Option<Connection> {
        let (connection, since) = self.idle.lock().ok()?.pop()?;
        (since.elapsed() < MAX_IDLE).then_some(connection)
    }

    /// Takes a connection back, if it is clean.
    pub(crate) fn put_back(&self, lease: Lease) {
        let Lease {
            connection,
            _permit,
            ..
        } = lease;
        if connection.is_clean()
            && !self.closed.load(Ordering::Acquire)
            && let Ok(mut idle) = self.idle.lock()
        {
            idle.retain(|(_, since)| since.elapsed() < MAX_IDLE);
            idle.push((connection, Instant::now()));
        }
    }

    /// Waits for the calls under way and closes all connections; later calls fail.
    pub(crate) async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        let all = u32::try_from(self.settings.max_connections).unwrap_or(u32::MAX);
        // An error means that it was closed before.
        let _all = self.permits.acquire_many(all).await;
        self.permits.close();
        while let Some(connection) = self.pop() {
            connection.close().await;
        }
    }
}

fn closed() -> DriverError {
    DriverError::new(Category::Unavailable, "the connection was closed")
}
