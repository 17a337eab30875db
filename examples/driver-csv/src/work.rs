//! What one call works on: the tables that it has read, which of them it changed, and until when it may work.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use quillback_plugin_api::blocking::Cancel;
use quillback_plugin_api::{DriverError, TableRef};

use crate::errors;
use crate::folder::{Folder, file_names};
use crate::journal::{self, Change, Failure};
use crate::table::Table;

/// When a call that may take so many milliseconds ends; 0 is never.
pub(crate) fn deadline(milliseconds: u32) -> Option<Instant> {
    let time = Duration::from_millis(milliseconds.into());
    (milliseconds > 0).then(|| Instant::now() + time)
}

/// Until when a call may work.
pub(crate) struct Until<'a> {
    cancel: &'a Cancel,
    deadline: Option<Instant>,
}

impl<'a> Until<'a> {
    /// Until the caller has gone or the time is over.
    pub(crate) fn new(cancel: &'a Cancel, deadline: Option<Instant>) -> Self {
        Self { cancel, deadline }
    }

    /// Until the caller has gone.
    pub(crate) fn never(cancel: &'a Cancel) -> Self {
        Self::new(cancel, None)
    }

    /// Ends the work when it must end.
    ///
    /// # Errors
    /// `Cancelled` and `Timeout`.
    pub(crate) fn check(&self) -> Result<(), DriverError> {
        self.cancel.check()?;
        match self.deadline {
            Some(deadline) if Instant::now() >= deadline => Err(errors::timeout()),
            _ => Ok(()),
        }
    }
}

/// What was changed about a table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Changed {
    /// Nothing.
    Nothing,
    /// Its rows: the description beside the file stays as it is.
    Rows,
    /// Its columns.
    Columns,
}

/// A table of the call; `None` when there is no such table (any more).
struct Slot {
    table: Option<Table>,
    changed: Changed,
}

/// The tables of a call. Nothing is written before [`Work::commit`].
pub(crate) struct Work<'a> {
    folder: &'a Folder,
    until: &'a Until<'a>,
    slots: BTreeMap<String, Slot>,
}

impl<'a> Work<'a> {
    /// Nothing read yet. The caller holds the folder's lock.
    pub(crate) fn new(folder: &'a Folder, until: &'a Until<'a>) -> Self {
        Self {
            folder,
            until,
            slots: BTreeMap::new(),
        }
    }

    /// Ends the work when it must end.
    ///
    /// # Errors
    /// `Cancelled` and `Timeout`.
    pub(crate) fn check(&self) -> Result<(), DriverError> {
        self.until.check()
    }

    fn slot(&mut self, table: &TableRef) -> Result<&mut Slot, DriverError> {
        // There are no schemas here: a table in one does not exist.
        if table.schema.is_some() || table.catalog.is_some() {
            return Err(errors::no_table(&table.to_string()));
        }
        let name = table.name.as_str();
        if !self.slots.contains_key(name) {
            let table = self.folder.read(name)?;
            self.slots.insert(
                name.to_owned(),
                Slot {
                    table,
                    changed: Changed::Nothing,
                },
            );
        }
        self.slots
            .get_mut(name)
            .ok_or_else(|| errors::no_table(name))
    }

    /// Whether there is such a table.
    ///
    /// # Errors
    /// What reading it answers.
    pub(crate) fn has(&mut self, table: &TableRef) -> Result<bool, DriverError> {
        Ok(self.slot(table)?.table.is_some())
    }

    /// A table to read.
    ///
    /// # Errors
    /// `NotFound`; what reading it answers.
    pub(crate) fn table(&mut self, table: &TableRef) -> Result<&Table, DriverError> {
        self.slot(table)?
            .table
            .as_ref()
            .ok_or_else(|| errors::no_table(table.name.as_str()))
    }

    /// A table to change.
    ///
    /// # Errors
    /// As [`Work::table`].
    pub(crate) fn change(
        &mut self,
        table: &TableRef,
        what: Changed,
    ) -> Result<&mut Table, DriverError> {
        let slot = self.slot(table)?;
        let found = slot
            .table
            .as_mut()
            .ok_or_else(|| errors::no_table(table.name.as_str()))?;
        slot.changed = slot.changed.max(what);
        Ok(found)
    }

    /// Puts a table in the place of another, or of none; `None` removes it.
    ///
    /// # Errors
    /// What reading the place answers.
    pub(crate) fn put(
        &mut self,
        place: &TableRef,
        table: Option<Table>,
    ) -> Result<(), DriverError> {
        *self.slot(place)? = Slot {
            table,
            changed: Changed::Columns,
        };
        Ok(())
    }

    /// Writes all tables that were changed, together or not at all.
    ///
    /// # Errors
    /// `Cancelled` and `Timeout`, when nothing was written; what the operating system refuses.
    pub(crate) fn commit(self) -> Result<(), DriverError> {
        let mut changes = Vec::new();
        for (name, slot) in self
            .slots
            .into_iter()
            .filter(|(_, slot)| slot.changed != Changed::Nothing)
        {
            let (file, sidecar) = file_names(&name);
            let (text, description) = slot.table.map(|table| table.print()).unzip();
            changes.push(Change {
                file,
                content: text,
            });
            if slot.changed == Changed::Columns {
                changes.push(Change {
                    file: sidecar,
                    content: description,
                });
            }
        }
        self.until.check()?;
        journal::commit(self.folder.path(), &changes).map_err(|failure| match failure {
            Failure::Before(error) => errors::io("write the files", &error),
            Failure::Unknown(error) => {
                let mut error = errors::io("make the new files last", &error);
                error.outcome_unknown = true;
                error
            }
        })
    }
}
