//! Connections that read, each on a thread of its own that is started when it is first needed.

use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;

use quillback_plugin_api::{Category, DriverError};
use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::connect;
use crate::options::Options;
use crate::watch::Watch;
use crate::writer::closed;

/// A pool of reading connections.
#[derive(Debug)]
pub(crate) struct Readers {
    shared: Arc<Shared>,
    permits: Arc<Semaphore>,
    most: usize,
}

#[derive(Debug)]
struct Shared {
    options: Options,
    /// `None` after the end.
    idle: Mutex<Option<Vec<mpsc::Sender<Task>>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

type Work = Box<dyn FnOnce(Result<&mut Connection, DriverError>) + Send>;

/// A call, with what the thread gives back after it.
struct Task {
    work: Work,
    lane: mpsc::Sender<Task>,
    permit: OwnedSemaphorePermit,
}

impl Readers {
    /// A pool of at most `most` connections; none is opened yet.
    pub(crate) fn new(options: Options, most: usize) -> Self {
        let (idle, threads) = (Mutex::new(Some(Vec::new())), Mutex::default());
        Self {
            shared: Arc::new(Shared {
                options,
                idle,
                threads,
            }),
            permits: Arc::new(Semaphore::new(most)),
            most,
        }
    }

    /// Runs `work` on a connection as soon as one is free, and waits for its answer.
    ///
    /// # Errors
    /// What it answers.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        watch: Watch,
        work: impl FnOnce(&mut Connection) -> Result<T, DriverError> + Send + 'static,
    ) -> Result<T, DriverError> {
        let (answer, wait) = oneshot::channel();
        let patience = watch.clone();
        let work: Work = Box::new(move |connection| {
            let done = match watch.stop() {
                Some(stopped) => Err(stopped),
                None if watch.claim() => {
                    connection.and_then(|connection| watch.over(|| work(connection)))
                }
                None => return,
            };
            let _ = answer.send(done);
        });
        let call = async {
            self.start(work).await?;
            wait.await.map_err(|_| ended())?
        };
        patience.wait(call).await
    }

    /// Starts `work` on a connection as soon as one is free.
    ///
    /// # Errors
    /// `Unavailable` after the pool was closed.
    pub(crate) async fn start(&self, work: Work) -> Result<(), DriverError> {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|_| closed())?;
        let idle = locked(&self.shared.idle).as_mut().ok_or_else(closed)?.pop();
        let lane = match idle {
            Some(lane) => lane,
            None => self.shared.spawn()?,
        };
        let task = Task {
            work,
            lane: lane.clone(),
            permit,
        };
        lane.send(task).map_err(|_| ended())
    }

    /// Takes no more calls. Connections close when the calls under way end, which nobody waits for.
    pub(crate) fn end(&self) {
        self.permits.close();
        *locked(&self.shared.idle) = None;
    }

    /// Waits for the calls under way and closes all connections.
    pub(crate) async fn close(&self) {
        let all = u32::try_from(self.most).unwrap_or(u32::MAX);
        let _all = self.permits.acquire_many(all).await;
        self.end();
        for thread in std::mem::take(&mut *locked(&self.shared.threads)) {
            let _ = thread.join();
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn ended() -> DriverError {
    let mut error = DriverError::new(Category::Internal, "a thread of the database ended");
    error.connection_lost = true;
    error
}

impl Shared {
    fn spawn(self: &Arc<Self>) -> Result<mpsc::Sender<Task>, DriverError> {
        let (lane, tasks) = mpsc::channel();
        // The thread must not keep the pool alive, nor the way to itself: it ends when the pool is gone.
        let pool = Arc::downgrade(self);
        let options = self.options.clone();
        let thread = std::thread::Builder::new()
            .name("sqlite-reader".into())
            .spawn(move || {
                let mut connection = connect::open_reader(&options);
                for Task { work, lane, permit } in tasks {
                    work(connection.as_mut().map_err(|error| error.clone()));
                    let Some(pool) = pool.upgrade().filter(|_| connection.is_ok()) else {
                        return;
                    };
                    match &mut *locked(&pool.idle) {
                        Some(idle) => idle.push(lane),
                        None => return,
                    }
                    drop(permit);
                }
            })
            .map_err(|_| DriverError::new(Category::Resource, "no thread could be started"))?;
        let mut threads = locked(&self.threads);
        threads.retain(|thread| !thread.is_finished());
        threads.push(thread);
        Ok(lane)
    }
}
