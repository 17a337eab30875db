//! Opens connections: the file, the settings of a connection, and what can be wrong with them.

use std::path::Path;
use std::time::{Duration, Instant};

use quillback_plugin_api::{Category, DriverError};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::errors::translate;
use crate::functions;
use crate::options::{Options, Place, Synchronous, config};
use crate::watch;

/// Statements that a connection keeps prepared.
const STATEMENTS: usize = 256;
/// Pages of the write-ahead log after which it is carried over into the file: 16 MB. Pages that are written often, such as
/// those of indexes, are carried over once for many commits.
const CHECKPOINT_PAGES: u32 = 4_000;
/// Steps of the engine's machine between two looks at whether the call was cancelled: a few microseconds.
const STEPS: i32 = 1_000;

/// Opens the connection that writes. It makes the file where the options say so.
///
/// # Errors
/// `Config` naming the option, where the file cannot be what is meant; `Unavailable` when another process holds it.
pub(crate) fn open_writer(options: &Options) -> Result<Connection, DriverError> {
    let connection = match options.place()? {
        Place::Memory => Connection::open_in_memory().map_err(failed)?,
        Place::File(path) => open_file(&path, options)?,
    };
    let connection = prepare(connection, options)?;
    if let Place::File(path) = options.place()? {
        prove_writable(&connection, &path)?;
    }
    let level = match options.synchronous {
        Synchronous::Full => "FULL",
        Synchronous::Normal => "NORMAL",
    };
    connection
        .pragma_update(None, "synchronous", level)
        .map_err(failed)?;
    connection
        .pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)
        .map_err(failed)?;
    Ok(connection)
}

/// Opens a connection that reads only.
///
/// # Errors
/// As the engine says.
pub(crate) fn open_reader(options: &Options) -> Result<Connection, DriverError> {
    let Place::File(path) = options.place()? else {
        return Err(DriverError::new(
            Category::Internal,
            "a database in memory has one connection",
        ));
    };
    let connection = Connection::open_with_flags(&path, flags()).map_err(failed)?;
    let connection = prepare(connection, options)?;
    connection
        .pragma_update(None, "query_only", true)
        .map_err(failed)?;
    Ok(connection)
}

/// The file name is taken as it is, never as a URI with settings in it. Each connection stays on its thread.
fn flags() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

fn open_file(path: &Path, options: &Options) -> Result<Connection, DriverError> {
    let mut flags = flags();
    if !path.exists() {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
            return Err(config(format!(
                "`path`: there is no folder {}: make it, or correct the path",
                folder.display()
            )));
        }
        if !options.create {
            return Err(config(format!(
                "`path`: there is no file {}: correct the path, or set `create` to true",
                path.display()
            )));
        }
        flags |= OpenFlags::SQLITE_OPEN_CREATE;
    } else if path.is_dir() {
        return Err(config(format!(
            "`path`: {} is a folder: name a file",
            path.display()
        )));
    }
    Connection::open_with_flags(path, flags).map_err(|error| about(path, failed(error)))
}

/// Says which option a failure of the file is about.
fn about(path: &Path, error: DriverError) -> DriverError {
    let path = path.display();
    let message = match error.category {
        Category::Connect if error.message.contains("not an SQLite database") => {
            format!("`path`: {path} is not an SQLite database: name another file")
        }
        Category::Connect => format!(
            "`path`: {path} cannot be opened: give the server's account the right to read and write it and its folder"
        ),
        Category::Permission => format!(
            "`path`: {path} cannot be written: give the server's account the right to write it and its folder"
        ),
        _ => return error,
    };
    DriverError {
        message,
        category: Category::Config,
        ..error
    }
}

/// Settings that every connection gets.
fn prepare(mut connection: Connection, options: &Options) -> Result<Connection, DriverError> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    let patience = Duration::from_millis(options.busy_timeout_ms.into());
    let mut since = Instant::now();
    connection
        .busy_handler(Some(move |tries: i32| wait(&mut since, tries, patience)))
        .map_err(failed)?;
    connection
        .progress_handler(STEPS, Some(watch::should_stop))
        .map_err(failed)?;
    for (setting, on) in [
        (DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true),
        // A statement is not prepared again because other values are bound: https://www.sqlite.org/queryplanner-ng.html#qpstab
        (DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true),
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        // An unknown column in double quotes would be taken as a text: https://www.sqlite.org/quirks.html#dblquote
        (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DDL, false),
        // A file of others cannot make the server run functions: https://www.sqlite.org/security.html
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
    ] {
        connection.set_db_config(setting, on).map_err(failed)?;
    }
    // What a savepoint or a sort sets aside is small, and a file for it costs more than the work.
    connection
        .pragma_update(None, "temp_store", "MEMORY")
        .map_err(failed)?;
    functions::install(&connection).map_err(failed)?;
    Ok(connection)
}

/// Waits a little for another process, unless the caller has gone or waited long enough.
fn wait(since: &mut Instant, tries: i32, patience: Duration) -> bool {
    if tries == 0 {
        *since = Instant::now();
    }
    if watch::should_stop() || since.elapsed() >= patience {
        return false;
    }
    std::thread::sleep(Duration::from_millis(
        u64::from(tries.unsigned_abs()).clamp(1, 20),
    ));
    true
}

fn prove_writable(connection: &Connection, path: &Path) -> Result<(), DriverError> {
    let problem = |error| about(path, failed(error));
    connection
        .pragma_query_value(None, "schema_version", |row| row.get::<_, i64>(0))
        .map_err(problem)?;
    if connection.is_readonly("main").map_err(problem)? {
        return Err(about(
            path,
            DriverError::new(Category::Permission, "read only"),
        ));
    }
    let mode: String = connection
        .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
        .map_err(problem)?;
    if !mode.eq_ignore_ascii_case("wal") {
        return Err(config(format!(
            "`path`: {} cannot be used in write-ahead mode: put the file on a disk of this machine",
            path.display()
        )));
    }
    // Proves that the folder takes the files beside the database, and that the file takes a transaction.
    connection
        .execute_batch("BEGIN IMMEDIATE; ROLLBACK")
        .map_err(problem)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it stands where a function of an owned error is asked for"
)]
fn failed(error: rusqlite::Error) -> DriverError {
    translate(&error, None)
}
