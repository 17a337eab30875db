//! Connections: each on a thread of its own, with the settings that every session needs, lent and given back.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use oracledb::{Config, Connection};
use quillback_plugin_api::blocking::{Cancel, Worker};
use quillback_plugin_api::{Category, DriverError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::errors::translate;
use crate::options::Settings;

/// What makes a session behave the same everywhere: texts compare byte by byte, moments are in UTC.
const SESSION: &str = "ALTER SESSION SET NLS_COMP = BINARY NLS_SORT = BINARY TIME_ZONE = '+00:00' \
     NLS_NUMERIC_CHARACTERS = '.,' NLS_LENGTH_SEMANTICS = CHAR";
/// A connection that waited longer than this is asked whether it still lives before it is used.
const FRESH: Duration = Duration::from_secs(5);

/// A connection that nobody else uses.
pub(crate) struct Lent<'a> {
    pool: &'a Pool,
    worker: Worker<Connection>,
    permit: OwnedSemaphorePermit,
}

impl Lent<'_> {
    /// As [`Pool::run`].
    ///
    /// # Errors
    /// Those of `work`.
    pub(crate) async fn run<R: Send + 'static>(
        self,
        work: impl FnOnce(&mut Connection, &Cancel) -> Result<R, DriverError> + Send + 'static,
    ) -> Result<R, DriverError> {
        let Self {
            pool,
            worker,
            permit,
        } = self;
        let done = worker
            .run(move |connection, cancel| {
                // Held as long as the work lasts, not only as long as somebody waits for it.
                let _permit = permit;
                work(connection, cancel)
            })
            .await;
        let is_good = done
            .as_ref()
            .err()
            .is_none_or(|error| !error.connection_lost);
        if is_good && !worker.is_broken() && !pool.permits.is_closed() {
            pool.idle().push((worker, Instant::now()));
        }
        done
    }
}

/// A bounded number of connections to one server.
pub(crate) struct Pool {
    settings: Arc<Settings>,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<(Worker<Connection>, Instant)>>,
}

impl Pool {
    /// A pool without connections.
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(settings.pool_size as usize)),
            settings: Arc::new(settings),
            idle: Mutex::default(),
        }
    }

    /// Runs `work` on a connection. It runs to its end on the connection's thread even when nobody waits any more, so it
    /// looks at its [`Cancel`] and leaves no transaction open.
    ///
    /// # Errors
    /// Those of opening a connection, those of `work`, and `Cancelled` once the pool is closed.
    pub(crate) async fn run<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection, &Cancel) -> Result<R, DriverError> + Send + 'static,
    ) -> Result<R, DriverError> {
        self.lend().await?.run(work).await
    }

    /// A connection of one's own, as soon as there is one.
    ///
    /// # Errors
    /// Those of opening a connection, and `Cancelled` once the pool is closed.
    pub(crate) async fn lend(&self) -> Result<Lent<'_>, DriverError> {
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
    async fn living(&self) -> Option<Worker<Connection>> {
        loop {
            let (worker, since) = self.idle().pop()?;
            if since.elapsed() < FRESH {
                return Some(worker);
            }
            let limit = self.settings.connect_timeout;
            let answer = worker.run(move |connection, _| {
                let asked = connection
                    .set_call_timeout(Some(limit))
                    .and_then(|()| connection.ping());
                asked.map_err(|error| translate(&error))
            });
            if answer.await.is_ok() {
                return Some(worker);
            }
        }
    }

    /// Opens a connection within the time limit. The client cannot be stopped while it waits for a server that never
    /// answers: its thread is left behind until the other side hangs up.
    async fn open(&self) -> Result<Worker<Connection>, DriverError> {
        let settings = Arc::clone(&self.settings);
        let opening = Worker::start("oracle", move || connect(&settings));
        tokio::time::timeout(self.settings.connect_timeout, opening)
            .await
            .unwrap_or_else(|_| {
                let message =
                    "the server did not answer in the time of option `connect_timeout_ms`";
                Err(DriverError {
                    connection_lost: true,
                    ..DriverError::new(Category::Timeout, message)
                })
            })
    }

    /// Waits for the work under way and closes all connections.
    pub(crate) async fn close(&self) {
        let _all = self.permits.acquire_many(self.settings.pool_size).await;
        self.permits.close();
        self.idle().clear();
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<(Worker<Connection>, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn connect(settings: &Settings) -> Result<Connection, DriverError> {
    let mut config = Config::default()
        .set_transport_connect_timeout(Some(settings.connect_timeout))
        .set_credentials(&settings.user, &settings.password)
        .set_driver_name("quillback");
    if let Some(wallet) = &settings.wallet {
        config = config.set_wallet_location(wallet.as_str());
    }
    if let Some(password) = &settings.wallet_password {
        config = config.set_wallet_password(password);
    }
    let config = config
        .set_connect_string(&settings.descriptor)
        .map_err(|error| translate(&error))?;
    let connection = oracledb::connect(config).map_err(|error| translate(&error))?;
    let prepared = connection
        .set_call_timeout(Some(settings.connect_timeout))
        .and_then(|()| connection.execute(SESSION, &[]));
    prepared.map_err(|error| translate(&error))?;
    Ok(connection)
}
