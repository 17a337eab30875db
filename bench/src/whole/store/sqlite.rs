//! SQLite through rusqlite, in write-ahead mode, every commit on the disk.

use std::path::Path;
use std::sync::mpsc;
use std::thread;

use anyhow::{Context as _, Result, ensure};
use rusqlite::{Connection, params};
use tokio::sync::oneshot;

use super::{Row, Work};
use crate::whole::table::{MANY_DAYS, REGION, many_regions};

const ADD: &str = "INSERT INTO forecast (id, region, product, amount, note, approved, due, updated_at) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
const EDIT: &str = "UPDATE forecast SET amount = ?2, note = ?3 WHERE id = ?1";
const DELETE: &str = "DELETE FROM forecast WHERE id = ?1";
const EDIT_MANY: &str =
    "UPDATE forecast SET note = ?1 WHERE region = ?2 AND due >= ?3 AND due < ?4";
const PAGE: &str = "SELECT id, region, product, CAST(amount AS TEXT), note, approved, due, updated_at \
    FROM forecast WHERE region = ?1 ORDER BY due, id LIMIT 100";
const PAGE_OF_MANY: &str = "SELECT id, region, product, CAST(amount AS TEXT), note, approved, due, updated_at \
    FROM forecast WHERE region IN (SELECT value FROM json_each(?1)) ORDER BY due, id LIMIT 100";
const PAGE_AFTER: &str = "SELECT id, region, product, CAST(amount AS TEXT), note, approved, due, updated_at \
    FROM forecast WHERE region = ?1 AND (due, id) > (?2, ?3) ORDER BY due, id LIMIT 100";

/// Pieces of work that one commit takes at most.
const GROUP: usize = 256;
/// Reading connections of a [`Threads`].
const READERS: usize = 2;

/// A connection.
pub(in crate::whole) struct Session(Connection);

impl Session {
    /// Opens the file.
    pub(in crate::whole) fn open(path: &Path) -> Result<Self> {
        let connection = Connection::open(path).context("cannot open the file")?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 10000",
        )?;
        Ok(Self(connection))
    }

    /// Does the work in a transaction of its own.
    pub(in crate::whole) fn run(&self, work: &Work) -> Result<Vec<Row>> {
        match work {
            Work::Add(rows) if rows.len() > 1 => self.together(|| self.step(work)),
            _ => self.step(work),
        }
    }

    fn together<T>(&self, act: impl FnOnce() -> Result<T>) -> Result<T> {
        self.0.execute_batch("BEGIN IMMEDIATE")?;
        let done = act();
        self.0
            .execute_batch(if done.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
        done
    }

    fn step(&self, work: &Work) -> Result<Vec<Row>> {
        match work {
            Work::Add(rows) => {
                let mut add = self.0.prepare_cached(ADD)?;
                for row in rows {
                    add.execute(params![
                        row.id,
                        row.region,
                        row.product,
                        row.amount,
                        row.note,
                        row.approved,
                        row.due,
                        row.updated_at,
                    ])?;
                }
                Ok(Vec::new())
            }
            Work::Edit { id, amount, note } => {
                let mut edit = self.0.prepare_cached(EDIT)?;
                edit.execute(params![id, amount, note])?;
                Ok(Vec::new())
            }
            Work::Delete { id } => {
                let gone = self.0.prepare_cached(DELETE)?.execute(params![id])?;
                ensure!(gone == 1, "the row {id} is not there");
                Ok(Vec::new())
            }
            Work::EditMany { note } => {
                let (from, until) = MANY_DAYS;
                let mut edit = self.0.prepare_cached(EDIT_MANY)?;
                edit.execute(params![note, REGION, from, until])?;
                Ok(Vec::new())
            }
            Work::PageOfMany => {
                let regions = serde_json::to_string(&many_regions())?;
                self.page(PAGE_OF_MANY, &[&regions])
            }
            Work::Page {
                region,
                after: None,
            } => self.page(PAGE, &[region]),
            Work::Page {
                region,
                after: Some((due, id)),
            } => self.page(PAGE_AFTER, &[region, due, id]),
        }
    }

    fn page(&self, statement: &str, parameters: &[&String]) -> Result<Vec<Row>> {
        let mut page = self.0.prepare_cached(statement)?;
        let rows = page.query_map(rusqlite::params_from_iter(parameters), |row| {
            Ok(Row {
                id: row.get(0)?,
                region: row.get(1)?,
                product: row.get(2)?,
                amount: row.get(3)?,
                note: row.get(4)?,
                approved: row.get(5)?,
                due: row.get(6)?,
                updated_at: row.get(7)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

struct Errand {
    work: Work,
    answer: oneshot::Sender<Result<Vec<Row>>>,
}

/// One thread that writes, many pieces of work in one commit, and a few that read.
pub(in crate::whole) struct Threads {
    writer: mpsc::Sender<Errand>,
    readers: Vec<mpsc::Sender<Errand>>,
    next: std::sync::atomic::AtomicUsize,
}

impl Threads {
    /// Starts them on the file.
    pub(in crate::whole) fn start(path: &Path) -> Result<Self> {
        let session = Session::open(path)?;
        let (writer, errands) = mpsc::channel();
        thread::spawn(move || write(&session, &errands));
        let mut readers = Vec::new();
        for _ in 0..READERS {
            let session = Session::open(path)?;
            let (reader, errands) = mpsc::channel::<Errand>();
            thread::spawn(move || {
                for errand in errands {
                    let _ = errand.answer.send(session.run(&errand.work));
                }
            });
            readers.push(reader);
        }
        Ok(Self {
            writer,
            readers,
            next: std::sync::atomic::AtomicUsize::new(0),
        })
    }

    /// Hands the work to a thread.
    pub(in crate::whole) async fn run(&self, work: Work) -> Result<Vec<Row>> {
        let (answer, answered) = oneshot::channel();
        let thread = if matches!(work, Work::Page { .. } | Work::PageOfMany) {
            let turn = self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            self.readers.get(turn % READERS).unwrap_or(&self.writer)
        } else {
            &self.writer
        };
        thread
            .send(Errand { work, answer })
            .ok()
            .context("the thread has ended")?;
        answered.await?
    }
}

fn write(session: &Session, errands: &mpsc::Receiver<Errand>) {
    while let Ok(first) = errands.recv() {
        let mut group = vec![first];
        group.extend(errands.try_iter().take(GROUP - 1));
        let done = session.together(|| {
            let each = group.iter().map(|errand| session.step(&errand.work));
            each.collect::<Result<Vec<_>>>()
        });
        match done {
            Ok(answers) => {
                for (errand, answer) in group.into_iter().zip(answers) {
                    let _ = errand.answer.send(Ok(answer));
                }
            }
            Err(error) => {
                let message = error.to_string();
                for errand in group {
                    let _ = errand.answer.send(Err(anyhow::anyhow!(message.clone())));
                }
            }
        }
    }
}
