//! Checks records of the books one by one: against their keyed hashes, and against what their seal says about them.

use std::collections::{HashMap, HashSet};

use super::block::{Contents, Growing, walk_rows};
use super::fault::{Fault, FaultKind};
use super::mac::{Form, MacKeys, Verdict};
use crate::app::App;
use crate::error::Result;
use crate::repo::books::{BookedChange, BookedEvent, BookedRow};
use crate::repo::seals::Numbers;

/// What checking a block found.
#[derive(Default)]
pub(super) struct Block {
    pub(super) numbers: Numbers,
    pub(super) faults: Vec<Fault>,
}

/// What a seal says, by identifier; what was compared is taken out.
pub(super) struct Told {
    changes: HashMap<String, (String, u64)>,
    events: HashMap<String, String>,
}

impl Told {
    pub(super) fn new(contents: Contents) -> Self {
        let changes = contents.changes.into_iter();
        Self {
            changes: changes
                .map(|(id, digest, rows)| (id, (digest, rows)))
                .collect(),
            events: contents.events.into_iter().collect(),
        }
    }
}

/// Checks records one by one.
pub(super) struct Check<'a> {
    app: &'a App,
    seal: Option<i64>,
    /// Whether records may be without keyed hashes.
    is_before: bool,
    pub(super) told: Option<Told>,
    pub(super) block: Block,
    pub(super) without_hash: u64,
}

impl<'a> Check<'a> {
    pub(super) fn new(app: &'a App, seal: Option<i64>, is_before: bool) -> Self {
        Self {
            app,
            seal,
            is_before,
            told: None,
            block: Block::default(),
            without_hash: 0,
        }
    }

    fn fault(&mut self, kind: FaultKind, record: String) {
        self.block.faults.push(Fault::new(kind, record, self.seal));
    }

    /// Checks the hash of one record; `false` when it is faulty.
    fn hash(&mut self, form: &Form, mac: Option<&str>, name: impl Fn() -> String) -> bool {
        if mac.is_none() && self.is_before {
            return true;
        }
        match judge(&self.app.surroundings.books, form, mac) {
            None => true,
            Some(kind) => {
                self.fault(kind, name());
                false
            }
        }
    }

    pub(super) async fn changes(&mut self, changes: &[BookedChange]) -> Result<()> {
        let mut rows = Rows::default();
        let app = self.app;
        let grown = walk_rows(&app.repo, changes, |row| {
            rows.note(row);
            if !self.hash(&row.form(), row.mac.as_deref(), || row_name(row)) {
                rows.faulty.insert(row.change.clone());
            }
        })
        .await?;
        for change in changes {
            let growing = grown.get(&change.id).cloned().unwrap_or_default();
            self.change(change, growing, &rows);
        }
        Ok(())
    }

    fn change(&mut self, change: &BookedChange, growing: Growing, rows: &Rows) {
        self.block.numbers.changes += 1;
        self.block.numbers.rows += growing.rows;
        self.without_hash += u64::from(self.is_before && change.mac.is_none());
        let told = self
            .told
            .as_mut()
            .map(|told| told.changes.remove(&change.id));
        let is_whole = self.hash(&change.form(), change.mac.as_deref(), || {
            change_name(change)
        });
        if !is_whole || rows.faulty.contains(&change.id) {
            return;
        }
        let sealed = told.as_ref().and_then(|told| told.as_ref());
        let booked = change.audited.and_then(|rows| u64::try_from(rows).ok());
        let expected = booked.or(sealed.map(|(_, rows)| *rows));
        if let Some(position) = rows.missing(&change.id, expected) {
            let name = format!("row {position} of change {}", change.id);
            return self.fault(FaultKind::Removed, name);
        }
        if expected.is_some_and(|expected| growing.rows > expected) {
            return self.fault(FaultKind::Added, format!("a row of change {}", change.id));
        }
        match told {
            Some(None) => self.fault(FaultKind::Added, change_name(change)),
            Some(Some((digest, _))) if digest != growing.finish() => {
                self.fault(FaultKind::Altered, change_name(change));
            }
            _ => {}
        }
    }

    pub(super) fn events(&mut self, events: &[BookedEvent]) {
        for event in events {
            self.event(event);
        }
    }

    fn event(&mut self, event: &BookedEvent) {
        self.block.numbers.events += 1;
        self.without_hash += u64::from(self.is_before && event.mac.is_none());
        let told = self.told.as_mut().map(|told| told.events.remove(&event.id));
        if !self.hash(&event.form(), event.mac.as_deref(), || event_name(event)) {
            return;
        }
        match told {
            Some(None) => self.fault(FaultKind::Added, event_name(event)),
            Some(Some(digest)) if digest != Growing::of_event(event) => {
                self.fault(FaultKind::Altered, event_name(event));
            }
            _ => {}
        }
    }

    /// What the seal tells of and was not there is missing.
    pub(super) fn finish(mut self) -> Block {
        let Some(told) = self.told.take() else {
            return self.block;
        };
        let mut changes: Vec<_> = told.changes.into_keys().collect();
        let mut events: Vec<_> = told.events.into_keys().collect();
        changes.sort_unstable();
        events.sort_unstable();
        for id in changes {
            self.fault(FaultKind::Removed, format!("change {id}"));
        }
        for id in events {
            self.fault(FaultKind::Removed, format!("event {id}"));
        }
        self.block
    }
}

/// Which rows of which changes were there.
#[derive(Default)]
struct Rows {
    /// The position that comes next, by change, and the first one that was missing.
    next: HashMap<String, (i64, Option<i64>)>,
    /// Changes with a row that is not as it was written.
    faulty: HashSet<String>,
}

impl Rows {
    fn note(&mut self, row: &BookedRow) {
        let (next, missing) = self.next.entry(row.change.clone()).or_default();
        if row.position != *next && missing.is_none() {
            *missing = Some(*next);
        }
        *next = row.position + 1;
    }

    fn missing(&self, change: &str, expected: Option<u64>) -> Option<i64> {
        let (next, missing) = self.next.get(change).copied().unwrap_or_default();
        let is_short =
            expected.is_some_and(|expected| u64::try_from(next).is_ok_and(|n| n < expected));
        missing.or(is_short.then_some(next))
    }
}

/// What the keyed hash of a record says against it.
pub(super) fn judge(keys: &MacKeys, form: &Form, mac: Option<&str>) -> Option<FaultKind> {
    let Some(mac) = mac else {
        return Some(FaultKind::NoHash);
    };
    match keys.verify(form, mac) {
        Verdict::Genuine => None,
        Verdict::Forged => Some(FaultKind::Altered),
        Verdict::UnknownKey(key) => Some(FaultKind::UnknownKey(key)),
    }
}

pub(super) fn change_name(change: &BookedChange) -> String {
    format!("change {}", change.id)
}

pub(super) fn row_name(row: &BookedRow) -> String {
    format!("row {} of change {}", row.position, row.change)
}

pub(super) fn event_name(event: &BookedEvent) -> String {
    format!("event {}", event.id)
}
