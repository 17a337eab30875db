//! Decides how a batch travels: in one flight that commits, or in two with a look at the answers between them.

use quillback_plugin_api::batch::{Batch, Expect, Isolation, Step};
use quillback_plugin_api::dialect::Dialect;
use quillback_plugin_api::run::{self, Action, Limits};
use quillback_plugin_api::sql::Statement;
use quillback_plugin_api::{DriverError, Value};

use crate::bulk::{BULK_FROM, Copy};
use crate::flavor::Flavor;
use crate::guard::{self, Shape};
use crate::keys::{self, KeysOfBatch};
use crate::statements::Text;
use crate::types::limits::Written;

/// What a batch may make use of; an attempt that fails for lack of one is repeated without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Means {
    /// Statements check their own row counts; rules on a table forbid it.
    pub use_guards: bool,
    /// Large inserts go through COPY; views and row security of the database forbid it.
    pub use_copy: bool,
}

/// How a batch ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Nothing is written, or the sender can find out what became of the batch and the server checks every
    /// expectation: the first flight commits.
    FirstFlight,
    /// The answers decide whether a second flight commits or rolls back.
    SecondFlight,
}

/// One statement of a plan.
#[derive(Debug)]
pub(crate) struct Part<'b> {
    pub(crate) step: usize,
    pub(crate) role: Role,
    /// Whether it is the last statement of its step.
    pub(crate) last: bool,
    pub(crate) action: Action<'b>,
    pub(crate) shape: Shape,
    /// The text with its guard; `None` is the action's own.
    guarded: Option<String>,
    /// The texts of a large insert.
    pub(crate) copy: Option<Copy>,
    /// Where its values go.
    written: Option<Written<'b>>,
}

/// What a statement of a plan is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It is one of its step's own.
    Own,
    /// It keeps others from adding rows meanwhile.
    Lock,
    /// It counts rows that would have the same key as another; there must be none.
    Unique,
}

/// A batch ready to travel.
#[derive(Debug)]
pub struct Plan<'b> {
    pub(crate) parts: Vec<Part<'b>>,
    pub ending: Ending,
    /// The statement that begins a transaction; a flight alone is one already.
    pub begin: Option<&'static str>,
    /// Whether there is something to commit.
    pub(crate) writes: bool,
}

/// Ends a transaction that [`Plan::begin`] began.
pub(crate) const COMMIT: &str = "COMMIT";

impl<'b> Part<'b> {
    /// A statement that the step did not ask for.
    fn extra(step: usize, role: Role, action: Action<'b>) -> Self {
        Self {
            step,
            role,
            last: false,
            action,
            shape: Shape::Plain,
            guarded: None,
            copy: None,
            written: None,
        }
    }
}

impl Part<'_> {
    /// The text to prepare.
    pub(crate) fn sql(&self) -> &str {
        if let Some(sql) = &self.guarded {
            return sql;
        }
        match &self.action {
            Action::Query(statement)
            | Action::Count(statement)
            | Action::Execute(statement)
            | Action::Returning { statement, .. } => &statement.sql,
            Action::Bulk(_) => self.copy.as_ref().map_or("", |copy| &copy.probe),
        }
    }

    /// Whether the server checks what it finds.
    pub(crate) fn is_guarded(&self) -> bool {
        self.guarded.is_some()
    }

    /// The values of the text's parameters.
    pub(crate) fn params(&self) -> &[Value] {
        match &self.action {
            Action::Query(statement)
            | Action::Count(statement)
            | Action::Execute(statement)
            | Action::Returning { statement, .. } => &statement.params,
            Action::Bulk(_) => &[],
        }
    }
}

impl<'b> Plan<'b> {
    /// Plans a batch.
    ///
    /// # Errors
    /// What cannot be expressed, and names that are too long.
    pub fn of(batch: &'b Batch, flavor: &Flavor, means: Means) -> Result<Self, DriverError> {
        Self::with_keys(batch, flavor, means, &KeysOfBatch::default())
    }

    /// Plans a batch with the checks of keys that the server does not enforce.
    ///
    /// # Errors
    /// As [`Plan::of`], and `Unique` when two rows to be added have the same key.
    pub(crate) fn with_keys(
        batch: &'b Batch,
        flavor: &Flavor,
        means: Means,
        keys: &KeysOfBatch,
    ) -> Result<Self, DriverError> {
        let capabilities = (flavor.capabilities)();
        if batch.isolation == Isolation::Serializable && !capabilities.serializable {
            let message = "this database does not promise that transactions are serializable";
            return Err(DriverError::unsupported(message));
        }
        let printer = (flavor.printer)();
        let dialect: &dyn Dialect = &*printer;
        let mut limits = Limits::of(&capabilities);
        if means.use_copy {
            limits.bulk_from = BULK_FROM;
        }
        let planned = printer
            .names()
            .checked(run::plan(batch, dialect, limits)?)?;
        let mut parts = Vec::with_capacity(planned.len());
        if let Some((step, lock)) = keys::lock(batch, keys, dialect) {
            parts.push(Part::extra(step, Role::Lock, Action::Execute(lock)));
        }
        let mut planned = planned.into_iter().peekable();
        let mut current = None;
        while let Some(run::Planned { step, action }) = planned.next() {
            let copy = match &action {
                Action::Bulk(insert) => Some(Copy::of(insert, dialect)?),
                _ => None,
            };
            if current.replace(step) != Some(step) {
                parts.extend(checks(When::Before, batch, step, (keys, dialect))?);
            }
            parts.push(Part {
                step,
                role: Role::Own,
                last: planned.peek().is_none_or(|next| next.step != step),
                action,
                shape: Shape::Plain,
                guarded: None,
                copy,
                written: batch.steps.get(step).and_then(written),
            });
            parts.extend(checks(When::After, batch, step, (keys, dialect))?);
        }
        printer.names().checked(())?;
        let writes = !batch.is_read_only();
        let may_be_early = batch.traceable && means.use_guards;
        let ending = if !writes || may_be_early && guard_all(&mut parts, batch) {
            Ending::FirstFlight
        } else {
            Ending::SecondFlight
        };
        let begin = begin(batch.isolation, ending, parts.len());
        Ok(Self {
            parts,
            ending,
            begin,
            writes,
        })
    }

    /// The texts of its statements, in order.
    pub fn texts(&self) -> Vec<&str> {
        let statements = self.statements();
        statements.into_iter().map(|(_, text)| text.sql).collect()
    }

    /// Whether a large insert is among the statements.
    pub(crate) fn has_copy(&self) -> bool {
        self.parts.iter().any(|part| part.copy.is_some())
    }

    /// The statement that begins the transaction in the first flight; a batch with a large insert has begun before.
    pub(crate) fn begin_in_flight(&self) -> Option<&'static str> {
        self.begin.filter(|_| !self.has_copy())
    }

    /// The texts to prepare, each with its step.
    pub(crate) fn statements(&self) -> Vec<(Option<usize>, Text<'_>)> {
        let bare = |sql| Text { sql, written: None };
        let begin = self.begin_in_flight().map(|begin| (None, bare(begin)));
        let parts = self.parts.iter().map(|part| {
            let written = part.written.as_ref();
            (
                Some(part.step),
                Text {
                    sql: part.sql(),
                    written,
                },
            )
        });
        let commits = self.ending == Ending::FirstFlight && self.begin.is_some();
        let commit = commits.then_some((None, bare(COMMIT)));
        begin.into_iter().chain(parts).chain(commit).collect()
    }
}

/// The looks for keys before the statements of a step, or after them.
fn checks<'b>(
    when: When,
    batch: &Batch,
    step: usize,
    (keys, dialect): (&KeysOfBatch, &dyn Dialect),
) -> Result<Vec<Part<'b>>, DriverError> {
    let Some(Step::Write { statement, .. }) = batch.steps.get(step) else {
        return Ok(Vec::new());
    };
    let checks = match (when, statement) {
        (When::Before, Statement::Insert(insert)) => keys::before_insert(insert, keys, dialect),
        (When::After, Statement::Update(update)) => {
            keys::after_update(update, keys, dialect).map_err(DriverError::from)
        }
        _ => return Ok(Vec::new()),
    };
    let checks = checks.map_err(|error| error.at_step(step))?;
    let parts = checks
        .into_iter()
        .map(|check| Part::extra(step, Role::Unique, Action::Count(check)));
    Ok(parts.collect())
}

/// When keys are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Before,
    After,
}

/// The columns that a step writes; what a delete or a read compares with may be rounded.
fn written(step: &Step) -> Option<Written<'_>> {
    let Step::Write { statement, .. } = step else {
        return None;
    };
    let (table, columns, repeats): (_, Vec<_>, _) = match statement {
        Statement::Insert(insert) => (&insert.table, insert.columns.iter().collect(), true),
        Statement::Update(update) => {
            let columns = update.set.iter().map(|assignment| &assignment.column);
            (&update.table, columns.collect(), false)
        }
        Statement::Delete(_) => return None,
    };
    Some(Written {
        table,
        columns,
        repeats,
    })
}

/// Gives every statement that needs one its guard; answers whether all that need one have it, else none has.
fn guard_all(parts: &mut [Part<'_>], batch: &Batch) -> bool {
    let mut guards = Vec::with_capacity(parts.len());
    for part in parts.iter() {
        // Data of a large insert is under way for long; being stopped then must mean that nothing was done.
        if part.copy.is_some() {
            return false;
        }
        let guard = match expectation(part, batch) {
            Some(Expect::Any) => None,
            Some(expect) => match guard::guarded(&part.action, expect) {
                Some(guard) => Some(guard),
                None => return false,
            },
            None => return false,
        };
        guards.push(guard);
    }
    for (part, guard) in parts.iter_mut().zip(guards) {
        if let Some((sql, shape)) = guard {
            part.guarded = Some(sql);
            part.shape = shape;
        }
    }
    true
}

/// What a statement must find by itself; `None` when only the whole step tells.
fn expectation(part: &Part<'_>, batch: &Batch) -> Option<Expect> {
    let (expect, rows) = match batch.steps.get(part.step)? {
        Step::Write {
            statement: Statement::Insert(insert),
            expect,
        } => (*expect, Some((insert.rows.len(), insert.columns.len()))),
        Step::Read { expect, .. } | Step::Write { expect, .. } | Step::Check { expect, .. } => {
            (*expect, None)
        }
    };
    let Some((rows, columns)) = rows else {
        return Some(expect);
    };
    // One of several inserts of a step adds its own rows.
    let own = part.params().len().checked_div(columns)?;
    match expect {
        Expect::Any => Some(Expect::Any),
        expect if own == rows => Some(expect),
        Expect::Rows(wanted) if usize::try_from(wanted) == Ok(rows) => {
            u64::try_from(own).ok().map(Expect::Rows)
        }
        _ => None,
    }
}

fn begin(isolation: Isolation, ending: Ending, statements: usize) -> Option<&'static str> {
    let alone = ending == Ending::FirstFlight && statements <= 1;
    match isolation {
        Isolation::Default if ending == Ending::FirstFlight => None,
        Isolation::RepeatableRead if alone => None,
        Isolation::Default => Some("BEGIN"),
        Isolation::RepeatableRead => Some("BEGIN ISOLATION LEVEL REPEATABLE READ"),
        Isolation::Serializable => Some("BEGIN ISOLATION LEVEL SERIALIZABLE"),
    }
}
