//! Connections for reads that end soon: they are used on the thread of the caller, because handing a call to another
//! thread and waiting for it costs more than most reads do.
//!
//! A read that does not end soon is stopped, and its caller asks a reading thread for it instead: whoever calls has
//! other work on the same thread, which must not wait for a long read.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use quillback_plugin_api::DriverError;
use rusqlite::Connection;
use tokio::sync::Semaphore;

use crate::connect;
use crate::options::Options;
use crate::watch::Watch;

/// Time that a read may hold up its caller's thread: some times what a page of rows or a look-up by key takes.
const SOON: Duration = Duration::from_millis(1);

/// A few connections, each opened when it is first needed.
#[derive(Debug)]
pub(crate) struct Near {
    options: Options,
    idle: Mutex<Vec<Connection>>,
    permits: Semaphore,
    most: usize,
}

impl Near {
    /// At most `most` connections; none is opened yet.
    pub(crate) fn new(options: Options, most: usize) -> Self {
        Self {
            options,
            idle: Mutex::default(),
            permits: Semaphore::new(most),
            most,
        }
    }

    /// Runs a read here and now. `None` when it did not end soon, when no connection is free, or when none can be
    /// opened: another way of asking tells what is wrong then.
    pub(crate) fn run<T>(
        &self,
        watch: &Watch,
        read: impl FnOnce(&Connection) -> Result<T, DriverError>,
    ) -> Option<Result<T, DriverError>> {
        let _permit = self.permits.try_acquire().ok()?;
        let idle = self.idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => connect::open_reader(&self.options).ok()?,
        };
        let done = watch.briefly(SOON, || read(&connection));
        if connection.is_autocommit() {
            self.idle().push(connection);
        }
        done
    }

    /// Takes no more reads, waits for those under way and closes all connections.
    pub(crate) async fn close(&self) {
        let all = u32::try_from(self.most).unwrap_or(u32::MAX);
        let all = self.permits.acquire_many(all).await;
        self.permits.close();
        self.idle().clear();
        drop(all);
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use quillback_plugin_api::Category;
    use rusqlite::Connection;
    use serde_json::json;

    use super::*;
    use crate::errors::translate;

    fn near(folder: &tempfile::TempDir, most: usize) -> Near {
        let path = folder.path().join("near.db");
        let made = Connection::open(&path).unwrap();
        made.execute_batch("CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (7)")
            .unwrap();
        let options = serde_json::from_value(json!({ "path": path })).unwrap();
        Near::new(options, most)
    }

    fn number(connection: &Connection, sql: &str) -> Result<i64, DriverError> {
        connection
            .query_row(sql, [], |row| row.get(0))
            .map_err(|error| translate(&error, None))
    }

    const ENDLESS: &str =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

    #[test]
    fn a_short_read_is_answered_and_its_failure_too() {
        let folder = tempfile::tempdir().unwrap();
        let near = near(&folder, 1);
        let (watch, _caller) = Watch::start(0);
        let read = |sql| near.run(&watch, |connection| number(connection, sql));
        assert_eq!(read("SELECT n FROM t").unwrap().unwrap(), 7);
        assert!(read("SELECT n FROM nowhere").unwrap().is_err());
        assert_eq!(read("SELECT n + 1 FROM t").unwrap().unwrap(), 8);
    }

    #[test]
    fn a_long_read_is_stopped_and_left_to_others() {
        let folder = tempfile::tempdir().unwrap();
        let near = near(&folder, 1);
        let (watch, _caller) = Watch::start(0);
        let long = near.run(&watch, |connection| number(connection, ENDLESS));
        assert!(long.is_none());
        let short = near.run(&watch, |connection| number(connection, "SELECT n FROM t"));
        assert_eq!(short.unwrap().unwrap(), 7);
    }

    #[test]
    fn a_deadline_that_passed_is_no_reason_to_ask_again() {
        let folder = tempfile::tempdir().unwrap();
        let near = near(&folder, 1);
        let (watch, caller) = Watch::start(0);
        drop(caller);
        let stopped = near.run(&watch, |connection| number(connection, ENDLESS));
        let category = stopped.unwrap().unwrap_err().category;
        assert_eq!(category, Category::Cancelled);
    }

    #[tokio::test]
    async fn nothing_is_read_while_all_are_busy_or_after_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let near = near(&folder, 1);
        let (watch, _caller) = Watch::start(0);
        let inner = near.run(&watch, |_| {
            let (watch, _caller) = Watch::start(0);
            Ok(near.run(&watch, |_| Ok(())).is_none())
        });
        assert!(inner.unwrap().unwrap());
        near.close().await;
        assert!(near.run(&watch, |_| Ok(())).is_none());
    }
}
