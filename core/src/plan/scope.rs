//! Row changes become one batch: marker, rows before, writes, rows after, checks of new rows.

use std::sync::Arc;

use quillback_plugin_api::batch::{Batch, Expect, Step};
use quillback_plugin_api::civil::Timestamp;
use quillback_plugin_api::sql::{
    Assignment, Delete, Expr, Insert, Lock, Select, Statement, Update,
};
use quillback_plugin_api::{Ident, RowBuffer, Value};

use super::Purpose;
use super::marker::write_marker;
use super::page::{KEYS_PER_READ, key_filter, key_filters};
use crate::catalog::Loaded;
use crate::error::{Error, Result};
use crate::field::FieldKind;
use crate::ids::ChangeId;
use crate::policy::{Action, Demand, Grant};
use crate::schema::{Definition, KeyMaker};

/// What to do with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowAction {
    /// Add it.
    Add,
    /// Change it.
    Edit,
    /// Remove it.
    Delete,
}

impl RowAction {
    /// The name in the audit trail.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Edit => "edit",
            Self::Delete => "delete",
        }
    }

    /// The right that it needs when the caller names the row.
    pub fn right(self) -> Action {
        match self {
            Self::Add => Action::Add,
            Self::Edit => Action::Edit,
            Self::Delete => Action::Delete,
        }
    }
}

/// One checked change of one row.
#[derive(Clone, Debug, PartialEq)]
pub struct RowChange {
    /// What to do.
    pub action: RowAction,
    /// Key, one value for each key part; empty for an add whose key the database makes.
    pub key: Vec<Value>,
    /// Fields by position, with their new values.
    pub set: Vec<(usize, Value)>,
    /// Fields by position, with the values that the user saw; nothing is written when one is different now.
    pub seen: Vec<(usize, Value)>,
}

/// What a step of the batch is about; changes are named by their positions in the command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The marker.
    Marker,
    /// Rows as they are before.
    Before,
    /// Keys of the rows that satisfy a demand before they are written.
    Unlocked(Demand),
    /// Writes these changes.
    Write(Vec<usize>),
    /// Keys of these changes' rows that satisfy a demand now that they are written: it must be all of them.
    Check(Demand, Vec<usize>),
    /// These changes' rows as they are after; where row rules limit the user, all of them must be among those seen.
    After(Vec<usize>),
    /// The end of a batch that shall not take effect.
    Rehearsal,
}

/// A batch that a grant allows.
#[derive(Clone, Debug)]
pub struct ScopedBatch {
    batch: Batch,
    meanings: Vec<Meaning>,
}

impl ScopedBatch {
    pub(crate) fn batch(&self) -> &Batch {
        &self.batch
    }

    /// The same, with a last step that never finds what it demands: everything is carried out, and nothing takes effect.
    pub(crate) fn rehearsed(mut self, loaded: &Loaded) -> Self {
        let table = loaded.whole.schema.definition.table.clone();
        self.batch.check(table, Expr::False, Expect::Rows(1));
        self.meanings.push(Meaning::Rehearsal);
        self
    }

    /// What each step is about.
    pub fn meanings(&self) -> &[Meaning] {
        &self.meanings
    }
}

/// How a batch is run.
pub struct Terms<'a> {
    /// What marks it in the target, where there is a marker.
    pub(crate) mark: Option<&'a Mark<'a>>,
    /// How long it may take, in milliseconds.
    pub(crate) deadline_ms: u32,
    /// Whether the database finds the row again whose key it made last.
    pub(crate) last_key: bool,
}

/// What marks a change in the target.
pub struct Mark<'a> {
    pub(crate) change: &'a ChangeId,
    pub(crate) now: Timestamp,
}

/// Makes the batch of these changes: the only way to make one.
///
/// # Errors
/// `Denied` without the rights; `Invalid` for what this schema cannot express safely.
pub fn scope(
    loaded: &Arc<Loaded>,
    grant: &Grant,
    purpose: &Purpose,
    changes: &[RowChange],
    terms: &Terms<'_>,
) -> Result<ScopedBatch> {
    for change in changes {
        grant.require(purpose.right(change.action))?;
    }
    let batch = Batch {
        deadline_ms: terms.deadline_ms,
        // Who finds the marker knows that the rest took effect as well.
        traceable: terms.mark.is_some(),
        ..Batch::default()
    };
    let definition = &loaded.whole.schema.definition;
    let mut builder = Builder {
        definition,
        grant,
        purpose,
        changes,
        numbered: numbered(definition).filter(|_| terms.last_key),
        batch,
        meanings: Vec::new(),
    };
    if let Some(mark) = terms.mark {
        builder.write(Meaning::Marker, write_marker(mark.change, mark.now), 1);
    }
    builder.before();
    builder.unlocked();
    builder.deletes();
    builder.edits();
    builder.adds()?;
    builder.single_keys()?;
    builder.after()?;
    builder.conditions()?;
    Ok(ScopedBatch {
        batch: builder.batch,
        meanings: builder.meanings,
    })
}

/// Whether the database makes the key, and the fields that are given: what rows of one insert have in common.
type Alike = (bool, Vec<usize>);

/// The column that the database numbers, where that is the whole key.
fn numbered(definition: &Definition) -> Option<&Ident> {
    match definition.key.as_slice() {
        [part] if part.maker == KeyMaker::Database && part.kind == FieldKind::Integer => {
            Some(&part.column)
        }
        _ => None,
    }
}

struct Builder<'a> {
    definition: &'a Definition,
    grant: &'a Grant,
    purpose: &'a Purpose,
    changes: &'a [RowChange],
    /// The column by which a row is found whose key the database has just made.
    numbered: Option<&'a Ident>,
    batch: Batch,
    meanings: Vec<Meaning>,
}

impl Builder<'_> {
    fn write(&mut self, meaning: Meaning, statement: Statement, rows: u64) {
        self.batch.write(statement, Expect::Rows(rows));
        self.meanings.push(meaning);
    }

    fn of(&self, wanted: impl Fn(&RowChange) -> bool) -> Vec<usize> {
        self.changes
            .iter()
            .enumerate()
            .filter(|(_, change)| wanted(change))
            .map(|(position, _)| position)
            .collect()
    }

    fn keys(&self, positions: &[usize]) -> Vec<&[Value]> {
        positions
            .iter()
            .filter_map(|position| self.changes.get(*position))
            .map(|change| change.key.as_slice())
            .collect()
    }

    fn look(&mut self, meaning: Meaning, select: Select, expect: Expect) {
        self.batch.steps.push(Step::Read { select, expect });
        self.meanings.push(meaning);
    }

    /// All columns of the rows that hold `filter`.
    fn rows(&self, filter: Expr) -> Select {
        let columns = self.definition.columns().cloned();
        Select::columns(self.definition.table.clone(), columns, filter)
    }

    /// The keys of the rows that hold `filter`.
    fn row_keys(&self, filter: Expr) -> Select {
        let columns = self.definition.key.iter().map(|part| part.column.clone());
        Select::columns(self.definition.table.clone(), columns, filter)
    }

    /// Reads the keys of rows that are among `positions` and satisfy a demand.
    fn keys_that(&mut self, meaning: &Meaning, positions: &[usize], demanded: &Expr, all: bool) {
        for filter in key_filters(self.definition, &self.keys(positions)) {
            let expect = if all {
                Expect::Rows(positions.len() as u64)
            } else {
                Expect::Any
            };
            let select = self.row_keys(filter.and(demanded.clone()));
            self.look(meaning.clone(), select, expect);
        }
    }

    /// The statements demand the same; this read says which demand a row does not satisfy.
    fn unlocked(&mut self) {
        for action in [RowAction::Edit, RowAction::Delete] {
            let positions = self.of(|change| change.action == action);
            let grant = self.grant;
            for (demand, demanded) in grant.locks(self.purpose.right(action)) {
                let demanded = demanded.clone().and(grant.using().clone());
                self.keys_that(&Meaning::Unlocked(demand), &positions, &demanded, false);
            }
        }
    }

    fn before(&mut self) {
        let positions = self.of(|change| change.action != RowAction::Add);
        for filter in key_filters(self.definition, &self.keys(&positions)) {
            let filter = filter.and(self.grant.using().clone());
            let select = Select {
                lock: Lock::Update,
                ..self.rows(filter)
            };
            self.look(Meaning::Before, select, Expect::Any);
        }
    }

    /// Looks for the rows that were written among those that the user sees. That is also the check of the row rules: a
    /// row that is not found there is outside, a NULL never lets one through.
    fn after(&mut self) -> Result<()> {
        for action in [RowAction::Edit, RowAction::Add] {
            if self.grant.is_limited() {
                let is_ours = |change: &RowChange| change.action == action;
                self.must_have_keys(
                    &self.of(|change| is_ours(change) && !self.is_numbered(change)),
                )?;
            }
            let named = self.of(|change| change.action == action && !change.key.is_empty());
            for chunk in named.chunks(KEYS_PER_READ) {
                let expect = if self.grant.is_limited() {
                    Expect::Rows(chunk.len() as u64)
                } else {
                    Expect::Any
                };
                for filter in key_filters(self.definition, &self.keys(chunk)) {
                    let select = self.rows(filter.and(self.grant.using().clone()));
                    self.look(Meaning::After(chunk.to_vec()), select, expect);
                }
            }
        }
        Ok(())
    }

    /// Whether the row is looked at as soon as the database has numbered it.
    fn is_numbered(&self, change: &RowChange) -> bool {
        change.key.is_empty() && self.numbered.is_some()
    }

    fn must_have_keys(&self, positions: &[usize]) -> Result<()> {
        if self.keys(positions).iter().any(|key| key.is_empty()) {
            return Err(Error::invalid(
                "changes",
                "UNSUPPORTED",
                "Rows cannot be added here: the database makes the key, so the row rules could not be checked.",
            ));
        }
        Ok(())
    }

    fn guard(&self, change: &RowChange) -> Expr {
        let fields = &self.definition.fields;
        let seen = change.seen.iter().filter_map(|(position, value)| {
            let field = fields.get(*position)?;
            field.kind.is_comparable().then(|| Expr::Same {
                column: field.column.clone(),
                value: value.clone(),
            })
        });
        key_filter(self.definition, &change.key)
            .and(Expr::all(seen))
            .and(self.grant.using().clone())
            .and(Expr::all(
                self.grant
                    .locks(self.purpose.right(change.action))
                    .into_iter()
                    .map(|(_, demanded)| demanded.clone()),
            ))
    }

    fn deletes(&mut self) {
        for position in self.of(|change| change.action == RowAction::Delete) {
            let Some(change) = self.changes.get(position) else {
                continue;
            };
            let delete = Delete {
                table: self.definition.table.clone(),
                filter: self.guard(change),
            };
            self.write(Meaning::Write(vec![position]), Statement::Delete(delete), 1);
        }
    }

    fn edits(&mut self) {
        for position in self.of(|change| change.action == RowAction::Edit) {
            let Some(change) = self.changes.get(position) else {
                continue;
            };
            let set = change.set.iter().filter_map(|(field, value)| {
                let field = self.definition.fields.get(*field)?;
                Some(Assignment::set(&field.column, value.clone()))
            });
            let update = Update {
                table: self.definition.table.clone(),
                set: set.collect(),
                filter: self.guard(change),
            };
            self.write(Meaning::Write(vec![position]), Statement::Update(update), 1);
        }
    }

    /// Adds that give the same fields go into one statement.
    fn adds(&mut self) -> Result<()> {
        let mut groups: Vec<(Alike, Vec<usize>)> = Vec::new();
        for position in self.of(|change| change.action == RowAction::Add) {
            let Some(change) = self.changes.get(position) else {
                continue;
            };
            let fields: Vec<usize> = change.set.iter().map(|(field, _)| *field).collect();
            if change.key.is_empty()
                && let Some(column) = self.numbered
            {
                self.add_numbered(column, &fields, position)?;
                continue;
            }
            let alike = (change.key.is_empty(), fields);
            match groups.iter_mut().find(|(known, _)| *known == alike) {
                Some((_, positions)) => positions.push(position),
                None => groups.push((alike, vec![position])),
            }
        }
        for ((_, fields), positions) in groups {
            let insert = self.insert(&fields, &positions)?;
            let rows = positions.len() as u64;
            self.write(Meaning::Write(positions), Statement::Insert(insert), rows);
        }
        Ok(())
    }

    /// Adds one row and looks at it at once: nothing but being the last one tells it from others.
    fn add_numbered(&mut self, column: &Ident, fields: &[usize], position: usize) -> Result<()> {
        let insert = self.insert(fields, &[position])?;
        self.write(Meaning::Write(vec![position]), Statement::Insert(insert), 1);
        let last = Expr::LastKey {
            table: self.definition.table.clone(),
            column: column.clone(),
        };
        let grant = self.grant;
        for (demand, demanded) in grant.added(self.purpose.right(RowAction::Add)) {
            let select = self.row_keys(last.clone().and(demanded.clone()));
            let meaning = Meaning::Check(demand, vec![position]);
            self.look(meaning, select, Expect::Rows(1));
        }
        self.look(Meaning::After(vec![position]), self.rows(last), Expect::Any);
        Ok(())
    }

    fn insert(&self, fields: &[usize], positions: &[usize]) -> Result<Insert> {
        let definition = self.definition;
        // A row that comes back has its own key, also where the database makes those of new rows.
        let mut inserted = positions.iter().filter_map(|at| self.changes.get(*at));
        let made_by_database = inserted.all(|change| change.key.is_empty());
        let keys = definition
            .key
            .iter()
            .map(|part| part.column.clone())
            .filter(|_| !made_by_database);
        let given = fields
            .iter()
            .filter_map(|field| definition.fields.get(*field))
            .map(|field| field.column.clone());
        let columns: Vec<Ident> = keys.chain(given).collect();
        let mut rows = RowBuffer::new(columns.len());
        for change in positions
            .iter()
            .filter_map(|position| self.changes.get(*position))
        {
            let values = change
                .key
                .iter()
                .chain(change.set.iter().map(|(_, value)| value));
            let row: Vec<Value> = values.cloned().collect();
            rows.push_row(&row)
                .map_err(|error| Error::Internal(error.to_string()))?;
        }
        let returning = definition
            .key
            .iter()
            .filter(|_| made_by_database)
            .map(|part| part.column.clone())
            .collect();
        Ok(Insert {
            table: definition.table.clone(),
            columns,
            rows,
            returning,
        })
    }

    /// Demands that no other row has the key of one that is added, where the database itself does not see to that.
    fn single_keys(&mut self) -> Result<()> {
        if self.definition.loose_key && self.changes.iter().all(|change| !change.key.is_empty()) {
            self.check_all(&[(Demand::SingleKey, &Expr::True)])?;
        }
        Ok(())
    }

    /// Demands that all rows added satisfy what new rows must, besides the row rules.
    fn conditions(&mut self) -> Result<()> {
        let grant = self.grant;
        let mut added = grant.added(self.purpose.right(RowAction::Add));
        added.retain(|(demand, _)| *demand != Demand::RowRules);
        self.check_all(&added)
    }

    fn check_all(&mut self, demands: &[(Demand, &Expr)]) -> Result<()> {
        let is_added = |change: &RowChange| change.action == RowAction::Add;
        let positions = self.of(|change| is_added(change) && !self.is_numbered(change));
        if demands.is_empty() || positions.is_empty() {
            return Ok(());
        }
        self.must_have_keys(&positions)?;
        for (demand, demanded) in demands {
            for chunk in positions.chunks(KEYS_PER_READ) {
                let meaning = Meaning::Check(*demand, chunk.to_vec());
                self.keys_that(&meaning, chunk, demanded, true);
            }
        }
        Ok(())
    }
}
