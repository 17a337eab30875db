//! What is known of the columns that batches read and write: their types tell how cells are read and which values fit.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use quillback_plugin_api::batch::{Batch, Step};
use quillback_plugin_api::catalog::ColumnInfo;
use quillback_plugin_api::sql::{Insert, Select, SelectItem, SetTo, Statement, Update};
use quillback_plugin_api::{Column, DriverError, Ident, TableRef};

use crate::connect::Session;
use crate::introspect;
use crate::types::{fit, read};

/// How long a description counts. Whatever fails drops all descriptions, so that the next try sees what is there.
const FRESH: Duration = Duration::from_secs(30);
/// Tables that are remembered at the same time.
const MOST: usize = 500;

/// The columns of one table.
pub(crate) type Known = Arc<Vec<ColumnInfo>>;

/// Descriptions of tables, shared by the connections of one pool.
#[derive(Default)]
pub(crate) struct Tables {
    known: Mutex<HashMap<TableRef, (Instant, Known)>>,
}

impl Tables {
    /// The columns of a table; none when there is no such table.
    ///
    /// # Errors
    /// What the server says.
    pub(crate) fn columns(
        &self,
        session: &Session,
        table: &TableRef,
    ) -> Result<Known, DriverError> {
        if let Some((since, known)) = self.known().get(table)
            && since.elapsed() < FRESH
        {
            return Ok(Arc::clone(known));
        }
        let found = Arc::new(introspect::known_columns(session, table)?);
        let mut known = self.known();
        if known.len() >= MOST {
            known.clear();
        }
        // A table that is not there may be made at any time.
        if !found.is_empty() {
            known.insert(table.clone(), (Instant::now(), Arc::clone(&found)));
        }
        Ok(found)
    }

    /// Forgets everything.
    pub(crate) fn forget(&self) {
        self.known().clear();
    }

    /// Learns about all tables of a batch, before its transaction begins.
    ///
    /// # Errors
    /// What the server says; `InvalidData`, with the step, for values that do not fit their columns.
    pub(crate) fn learn(
        &self,
        session: &Session,
        batch: &Batch,
    ) -> Result<Vec<Known>, DriverError> {
        let mut all = Vec::with_capacity(batch.steps.len());
        for (at, step) in batch.steps.iter().enumerate() {
            let known = self
                .step(session, step)
                .map_err(|error| error.at_step(at))?;
            all.push(known);
        }
        Ok(all)
    }

    fn step(&self, session: &Session, step: &Step) -> Result<Known, DriverError> {
        let statement = match step {
            Step::Read { select, .. } => return self.columns(session, &select.from),
            Step::Check { .. } => return Ok(Known::default()),
            Step::Write { statement, .. } => statement,
        };
        let table = match statement {
            Statement::Insert(insert) => &insert.table,
            Statement::Update(update) => &update.table,
            Statement::Delete(_) => return Ok(Known::default()),
        };
        let known = self.columns(session, table)?;
        if fits(statement, &known).is_ok() {
            return Ok(known);
        }
        // The column may have become wider a moment ago.
        self.known().remove(table);
        let known = self.columns(session, table)?;
        fits(statement, &known)?;
        Ok(known)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<TableRef, (Instant, Known)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn fits(statement: &Statement, known: &[ColumnInfo]) -> Result<(), DriverError> {
    match statement {
        Statement::Insert(insert) => inserted(insert, known),
        Statement::Update(update) => updated(update, known),
        Statement::Delete(_) => Ok(()),
    }
}

fn inserted(insert: &Insert, known: &[ColumnInfo]) -> Result<(), DriverError> {
    let columns: Vec<_> = insert
        .columns
        .iter()
        .map(|name| find(known, name))
        .collect();
    for row in &insert.rows {
        for (cell, column) in row.zip(&columns) {
            if let (Ok(cell), Some(column)) = (cell, column) {
                fit::check(&cell.to_owned(), &column.ty)?;
            }
        }
    }
    Ok(())
}

fn updated(update: &Update, known: &[ColumnInfo]) -> Result<(), DriverError> {
    for assignment in &update.set {
        let (SetTo::Value(value) | SetTo::Plus(value)) = &assignment.to;
        if let Some(column) = find(known, &assignment.column) {
            fit::check(value, &column.ty)?;
        }
    }
    Ok(())
}

fn find<'a>(known: &'a [ColumnInfo], name: &Ident) -> Option<&'a ColumnInfo> {
    known.iter().find(|column| column.name == *name)
}

/// The heading of what is selected, and how its cells are read if that is known.
pub(crate) fn headings(select: &Select, known: &[ColumnInfo]) -> Vec<(Column, Option<read::Cell>)> {
    let of = |name: &Ident| {
        let column = find(known, name);
        let heading = Column {
            name: name.as_str().to_owned(),
            native: column
                .map(|column| column.native.clone())
                .unwrap_or_default(),
        };
        (heading, column.and_then(|column| read::by_type(&column.ty)))
    };
    let items = select.items.iter().map(|item| match item {
        SelectItem::Column(name) | SelectItem::Aggregate(_, name) => of(name),
        SelectItem::CountRows => {
            let heading = Column {
                name: "count".to_owned(),
                native: String::new(),
            };
            (heading, Some(read::Cell::Whole))
        }
    });
    items.collect()
}
