//! The repository database, and until when what was read of it may be served again.
//!
//! Where this process is the only one that writes, as with an embedded repository, a record stays true until this process
//! writes another one. So who calls and what a schema is need not be read for every request, and yet what an admin takes
//! away is gone with the next request. Where others write as well, everything is read each time.

use std::collections::HashMap;
use std::hash::Hash;
use std::ops::Deref;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use quillback_plugin_api::batch::{Batch, Step};
use quillback_plugin_api::remote::RemoteInstance;
use quillback_plugin_api::sql::Statement;

/// How long nothing is remembered after a write that was given up: it may take effect a little later.
const DOUBT: Duration = Duration::from_mins(1);

/// Tables of which nothing is ever remembered: writing them makes nothing untrue.
const NOT_REMEMBERED: [&str; 7] = [
    "_audit_events",
    "_audit_rows",
    "_audit_seals",
    "_changes",
    "_outbox",
    "_settings",
    "_throttle",
];

/// Columns that say when something was used, and nothing about what it is good for.
const NOTES: [&str; 2] = ["last_seen_at", "last_used_at"];

/// How often programs beside this one wrote into the repository; `None` while one does.
pub type Neighbours = Arc<dyn Fn() -> Option<u64> + Send + Sync>;

/// The repository database.
#[derive(Clone)]
pub struct Repository {
    instance: RemoteInstance,
    alone: Option<Arc<Alone>>,
}

impl Deref for Repository {
    type Target = RemoteInstance;

    fn deref(&self) -> &RemoteInstance {
        &self.instance
    }
}

/// What a process knows that writes alone.
struct Alone {
    neighbours: Neighbours,
    /// Writes that ended.
    writes: AtomicU64,
    under_way: AtomicU32,
    doubtful_until: Mutex<Option<Instant>>,
}

/// A state of the repository. What was read in a state is true as long as it is the present one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    writes: u64,
    neighbours: u64,
}

impl Repository {
    /// A database that other servers may write into at any time.
    pub fn shared(instance: RemoteInstance) -> Self {
        Self {
            instance,
            alone: None,
        }
    }

    /// A database that nobody writes into but this process, and those that `neighbours` tells of.
    ///
    /// Entitlements are an exception: other programs may write them at any time, so they are never remembered.
    pub fn exclusive(instance: RemoteInstance, neighbours: Neighbours) -> Self {
        let alone = Alone {
            neighbours,
            writes: AtomicU64::new(0),
            under_way: AtomicU32::new(0),
            doubtful_until: Mutex::default(),
        };
        Self {
            instance,
            alone: Some(Arc::new(alone)),
        }
    }

    /// The present state, to be taken before reading what is to be remembered; `None` while nothing may be.
    pub fn stamp(&self) -> Option<Stamp> {
        self.alone.as_ref()?.stamp()
    }

    /// Tells of a write for as long as the answer is kept.
    pub(super) fn writing(&self, batch: &Batch) -> Option<Writing<'_>> {
        let alone = self.alone.as_deref()?;
        batch.steps.iter().any(is_remembered).then(|| {
            alone.under_way.fetch_add(1, Ordering::SeqCst);
            Writing {
                alone,
                is_answered: false,
            }
        })
    }
}

impl Alone {
    fn stamp(&self) -> Option<Stamp> {
        if self.under_way.load(Ordering::SeqCst) != 0 {
            return None;
        }
        // Counted before `under_way` falls: whoever sees no write under way sees every one that ended.
        let writes = self.writes.load(Ordering::SeqCst);
        let mut doubtful = self.doubt();
        if doubtful.is_some_and(|until| Instant::now() < until) {
            return None;
        }
        *doubtful = None;
        drop(doubtful);
        let neighbours = (self.neighbours)()?;
        Some(Stamp { writes, neighbours })
    }

    fn doubt(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.doubtful_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_remembered(step: &Step) -> bool {
    let Step::Write { statement, .. } = step else {
        return false;
    };
    let (table, is_note) = match statement {
        // Nobody remembers that there is no such session.
        Statement::Insert(insert) => (&insert.table, insert.table.name.as_str() == "_sessions"),
        Statement::Update(update) => {
            let mut columns = update.set.iter().map(|set| set.column.as_str());
            (&update.table, columns.all(|column| NOTES.contains(&column)))
        }
        Statement::Delete(delete) => (&delete.table, false),
    };
    !is_note && !NOT_REMEMBERED.contains(&table.name.as_str())
}

/// A write under way. Dropped before it was answered, it leaves doubt: nothing is remembered for a while.
pub(super) struct Writing<'a> {
    alone: &'a Alone,
    is_answered: bool,
}

impl Writing<'_> {
    /// It is known whether the write took effect.
    pub(super) fn answered(mut self) {
        self.is_answered = true;
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        if !self.is_answered {
            *self.alone.doubt() = Instant::now().checked_add(DOUBT);
        }
        self.alone.writes.fetch_add(1, Ordering::SeqCst);
        self.alone.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

/// What was read of the repository, by key, each with the state in which it was read.
pub struct Remembered<K, V> {
    entries: Mutex<HashMap<K, (Stamp, V)>>,
    most: usize,
}

impl<K: Eq + Hash, V: Clone> Remembered<K, V> {
    /// Room for `most` entries.
    pub fn new(most: usize) -> Self {
        Self {
            entries: Mutex::default(),
            most,
        }
    }

    /// What is known by that key, if it is still true.
    pub fn get(&self, now: Option<Stamp>, key: &K) -> Option<V> {
        let now = now?;
        let entries = self.entries();
        let (stamp, value) = entries.get(key)?;
        (*stamp == now).then(|| value.clone())
    }

    /// Keeps what was read after `stamp` was taken.
    pub fn put(&self, stamp: Option<Stamp>, key: K, value: V) {
        let Some(stamp) = stamp else { return };
        let mut entries = self.entries();
        if entries.len() >= self.most && !entries.contains_key(&key) {
            entries.retain(|_, (of, _)| *of == stamp);
            // All of them are true: forgetting is always right, and rare here.
            if entries.len() >= self.most {
                entries.clear();
            }
        }
        entries.insert(key, (stamp, value));
    }

    /// Forgets what is known by that key.
    pub fn forget(&self, key: &K) {
        self.entries().remove(key);
    }

    fn entries(&self) -> std::sync::MutexGuard<'_, HashMap<K, (Stamp, V)>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
