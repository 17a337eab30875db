//! Connections: each on a thread of its own, with the settings that every session needs, lent and given back.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use odbc_api::handles::StatementImpl;
use odbc_api::{Connection, ConnectionOptions, Preallocated};
use quillback_plugin_api::blocking::{Cancel, Worker};
use quillback_plugin_api::{Category, DriverError};
use tokio::sync::Semaphore;

use crate::errors::Translator;
use crate::options::Settings;
use crate::spelling::Spelling;
use crate::types::{bind::Parameter, read};

/// A connection that waited longer than this is asked whether it still lives before it is used.
const FRESH: Duration = Duration::from_secs(5);
/// A letter, and a character that UTF-16 needs two units for, that must survive the way to the server and back.
const LETTERS: &str = "é🚀";

/// A connection and what is known of it.
pub(crate) struct Session {
    pub(crate) connection: Connection<'static>,
    pub(crate) spelling: &'static Spelling,
    pub(crate) errors: Translator,
    /// Whether statements may only have characters of ASCII. Values are bound, so that this is about names.
    is_narrow: bool,
}

/// Rows of texts, as catalogue functions and small queries answer them.
pub(crate) type Texts = Vec<Vec<Option<String>>>;

impl Session {
    /// Opens a connection.
    ///
    /// # Errors
    /// What the driver manager, the driver or the server says.
    pub(crate) fn open(settings: &Settings) -> Result<Self, DriverError> {
        let spelling = settings.dialect.spelling();
        let errors = Translator::new(spelling);
        let seconds = settings.connect_timeout.as_secs_f64().ceil();
        let options = ConnectionOptions {
            login_timeout_sec: Some(whole_seconds(seconds)),
            packet_size: None,
        };
        let environment = odbc_api::environment().map_err(|error| errors.translate(&error))?;
        let connection = environment
            .connect_with_connection_string(&settings.connection_string, options)
            .map_err(|error| errors.translate(&error))?;
        let mut session = Self {
            connection,
            spelling,
            errors,
            is_narrow: false,
        };
        for sql in spelling.session {
            session.run(sql, &[], None)?;
        }
        let sql = format!("SELECT {}'{LETTERS}'", spelling.types.literal_prefix);
        session.is_narrow = match session.texts(&sql, &[]) {
            Ok(rows) => rows.into_iter().flatten().next().flatten().as_deref() != Some(LETTERS),
            Err(error) if error.connection_lost => return Err(error),
            Err(_) => true,
        };
        Ok(session)
    }

    /// Refuses a statement or a name whose characters would change on their way.
    ///
    /// # Errors
    /// `Unsupported`.
    pub(crate) fn check_text(&self, text: &str) -> Result<(), DriverError> {
        if self.is_narrow && !text.is_ascii() {
            return Err(DriverError::unsupported(
                "the ODBC driver takes no names (or defaults) with characters beyond ASCII; values may have any",
            ));
        }
        Ok(())
    }

    /// A statement that may take what time is left.
    ///
    /// # Errors
    /// What the driver says.
    pub(crate) fn statement(
        &self,
        left: Option<Duration>,
    ) -> Result<Preallocated<StatementImpl<'_>>, DriverError> {
        let statement = self.connection.preallocate();
        let mut statement = statement.map_err(|error| self.errors.translate(&error))?;
        if let Some(left) = left {
            // Whole seconds; a driver that knows no limit is held by the deadline of the batch alone.
            let seconds = whole_seconds(left.as_secs_f64().ceil().max(1.0));
            let _ = statement.set_query_timeout_sec(seconds as usize);
        }
        Ok(statement)
    }

    /// Runs a statement and answers the rows that it touched, if the driver tells.
    ///
    /// # Errors
    /// What the server says.
    pub(crate) fn run(
        &self,
        sql: &str,
        params: &[Parameter],
        left: Option<Duration>,
    ) -> Result<Option<usize>, DriverError> {
        self.check_text(sql)?;
        let mut statement = self.statement(left)?;
        let has_rows = statement
            .execute(sql, params)
            .map_err(|error| self.errors.translate(&error))?
            .is_some();
        if has_rows {
            return Ok(None);
        }
        statement
            .row_count()
            .map_err(|error| self.errors.translate(&error))
    }

    /// Runs a query of the driver's own; every cell comes as text.
    ///
    /// # Errors
    /// What the server says.
    pub(crate) fn texts(&self, sql: &str, params: &[Parameter]) -> Result<Texts, DriverError> {
        let mut statement = self.statement(None)?;
        let cursor = statement
            .execute(sql, params)
            .map_err(|error| self.errors.translate(&error))?;
        match cursor {
            Some(cursor) => self.rows(cursor, usize::MAX),
            None => Ok(Vec::new()),
        }
    }

    /// All rows of a cursor as texts, with at most so many columns.
    ///
    /// # Errors
    /// What the server says.
    pub(crate) fn rows(
        &self,
        mut cursor: impl odbc_api::Cursor,
        most: usize,
    ) -> Result<Texts, DriverError> {
        let failed = |error| self.errors.translate(&error);
        let width = usize::try_from(cursor.num_result_cols().map_err(failed)?).unwrap_or(0);
        let mut wide = Vec::with_capacity(256);
        let mut rows = Vec::new();
        while let Some(mut row) = cursor.next_row().map_err(failed)? {
            let mut cells = Vec::with_capacity(width);
            for column in (1_u16..).take(width.min(most)) {
                cells.push(read::text(column, &mut row, &mut wide, self.errors)?);
            }
            rows.push(cells);
        }
        Ok(rows)
    }

    /// Some drivers do not say that the connection is lost when it is: they are asked.
    fn looked_into(&self, error: DriverError) -> DriverError {
        if error.category != Category::Other || !self.connection.is_dead().unwrap_or(true) {
            return error;
        }
        DriverError {
            category: Category::Connect,
            message: "the connection broke".into(),
            connection_lost: true,
            ..error
        }
    }

    fn is_alive(&self) -> bool {
        self.texts(self.spelling.version, &[]).is_ok()
    }
}

/// As many whole seconds as an option of ODBC takes.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to what the type holds"
)]
fn whole_seconds(seconds: f64) -> u32 {
    seconds.clamp(1.0, 1_000_000.0) as u32
}

/// A bounded number of connections to one database.
pub(crate) struct Pool {
    settings: Arc<Settings>,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<(Worker<Session>, Instant)>>,
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

    /// How its database spells SQL.
    pub(crate) fn spelling(&self) -> &'static Spelling {
        self.settings.dialect.spelling()
    }

    /// Runs `work` on a connection. It runs to its end on the connection's thread even when nobody waits any more, so it
    /// looks at its [`Cancel`] and leaves no transaction open.
    ///
    /// # Errors
    /// Those of opening a connection, those of `work`, and `Cancelled` once the pool is closed.
    pub(crate) async fn run<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Session, &Cancel) -> Result<R, DriverError> + Send + 'static,
    ) -> Result<R, DriverError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit
            .map_err(|_| DriverError::new(Category::Cancelled, "the connection was closed"))?;
        let worker = match self.living().await {
            Some(worker) => worker,
            None => self.open().await?,
        };
        let done = worker
            .run(move |session, cancel| {
                // Held as long as the work lasts, not only as long as somebody waits for it.
                let _permit = permit;
                work(session, cancel).map_err(|error| session.looked_into(error))
            })
            .await;
        let is_good = done
            .as_ref()
            .err()
            .is_none_or(|error| !error.connection_lost);
        if is_good && !worker.is_broken() && !self.permits.is_closed() {
            self.idle().push((worker, Instant::now()));
        }
        done
    }

    /// A connection that waits and still answers.
    async fn living(&self) -> Option<Worker<Session>> {
        loop {
            let (worker, since) = self.idle().pop()?;
            if since.elapsed() < FRESH {
                return Some(worker);
            }
            let asking = worker.run(|session, _| Ok(session.is_alive()));
            let answer = tokio::time::timeout(self.settings.connect_timeout, asking).await;
            if matches!(answer, Ok(Ok(true))) {
                return Some(worker);
            }
        }
    }

    /// Opens a connection within the time limit. A driver that cannot be stopped while it waits for a server keeps its
    /// thread until the server answers or hangs up.
    async fn open(&self) -> Result<Worker<Session>, DriverError> {
        let settings = Arc::clone(&self.settings);
        let opening = Worker::start("odbc", move || Session::open(&settings));
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

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<(Worker<Session>, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
