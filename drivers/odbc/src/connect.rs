//! Connections: each on a thread of its own, with the settings that every session needs.

use std::time::Duration;

use odbc_api::handles::StatementImpl;
use odbc_api::{Connection, ConnectionOptions, Preallocated};
use quillback_plugin_api::{Category, DriverError, blocking};

use crate::errors::Translator;
use crate::options::Settings;
use crate::spelling::Spelling;
use crate::types::{bind::Parameter, read};

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
pub(crate) type Pool = blocking::Pool<Settings>;

impl blocking::Connector for Settings {
    type Connection = Session;

    const THREAD: &'static str = "odbc";

    fn limit(&self) -> Duration {
        self.connect_timeout
    }

    fn connect(&self) -> Result<Session, DriverError> {
        Session::open(self)
    }

    fn is_alive(&self, session: &mut Session) -> bool {
        session.texts(session.spelling.version, &[]).is_ok()
    }

    /// Some drivers do not say that the connection is lost when it is: they are asked.
    fn explain(&self, session: &mut Session, error: DriverError) -> DriverError {
        if error.category != Category::Other || !session.connection.is_dead().unwrap_or(true) {
            return error;
        }
        DriverError {
            category: Category::Connect,
            message: "the connection broke".into(),
            connection_lost: true,
            ..error
        }
    }
}
