//! What every driver does with a batch, without doing any input or output itself: plan the statements, tally the answers.
//!
//! A driver sends each planned statement and hands its answer to the [`Tally`]; the tally says whether to go on.

use crate::batch::{Batch, BatchOutcome, Expect, RenderedStep, Step, StepOutcome};
use crate::capabilities::Capabilities;
use crate::dialect::{self, Dialect};
use crate::error::{Category, DriverError};
use crate::rows::{RowSet, Rows};
use crate::sql::{Insert, Rendered, Select, Statement};

/// What a planned statement answers with.
#[derive(Clone, Debug, PartialEq)]
pub enum Action<'b> {
    /// Rows.
    Query(Rendered),
    /// One row with one number.
    Count(Rendered),
    /// The number of rows touched.
    Execute(Rendered),
    /// The rows added, with their generated columns (see [`Insert::returning`]).
    Returning {
        /// The insert as text.
        statement: Rendered,
        /// The insert it was printed from.
        insert: &'b Insert,
    },
    /// A large insert that the driver sends its own way (COPY, bulk load); it answers with the rows added.
    Bulk(&'b Insert),
}

impl Action<'_> {
    /// What is sent; `None` for what the driver sends its own way.
    pub fn statement(&self) -> Option<&Rendered> {
        match self {
            Self::Query(statement)
            | Self::Count(statement)
            | Self::Execute(statement)
            | Self::Returning { statement, .. } => Some(statement),
            Self::Bulk(_) => None,
        }
    }
}

/// One statement of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned<'b> {
    /// Position in the batch of the step it belongs to.
    pub step: usize,
    /// What to send, and what comes back.
    pub action: Action<'b>,
}

/// The limits that a plan keeps.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Most parameters of one statement; 0 is no limit.
    pub max_params: usize,
    /// Most rows of one insert statement.
    pub max_insert_rows: usize,
    /// Inserts of at least this many rows become [`Action::Bulk`]; 0 is never.
    pub bulk_from: usize,
}

impl Limits {
    /// The limits of these capabilities, with inserts of up to 1,000 rows and no bulk action.
    pub fn of(capabilities: &Capabilities) -> Self {
        Self {
            max_params: capabilities.max_params as usize,
            max_insert_rows: 1_000,
            bulk_from: 0,
        }
    }

    /// Most rows of one insert statement with so many columns; at least one.
    pub fn insert_rows(self, columns: usize) -> usize {
        let by_params = self
            .max_params
            .checked_div(columns.max(1))
            .filter(|most| *most > 0);
        by_params
            .unwrap_or(usize::MAX)
            .min(self.max_insert_rows)
            .max(1)
    }
}

/// Prints every statement of the batch.
///
/// # Errors
/// `Unsupported` where the dialect cannot express a step; `Resource` where a statement needs more parameters than the
/// database takes.
pub fn plan<'b>(
    batch: &'b Batch,
    dialect: &dyn Dialect,
    limits: Limits,
) -> Result<Vec<Planned<'b>>, DriverError> {
    let mut planned = Vec::with_capacity(batch.steps.len());
    for (step, what) in batch.steps.iter().enumerate() {
        plan_step(&mut planned, step, what, dialect, limits)
            .map_err(|error| error.at_step(step))?;
    }
    Ok(planned)
}

fn plan_step<'b>(
    planned: &mut Vec<Planned<'b>>,
    step: usize,
    what: &'b Step,
    dialect: &dyn Dialect,
    limits: Limits,
) -> Result<(), DriverError> {
    let action = match what {
        Step::Read { select, .. } => Action::Query(dialect::select(dialect, select)?),
        Step::Check { table, filter, .. } => Action::Count(dialect::select(
            dialect,
            &Select::count(table.clone(), filter.clone()),
        )?),
        Step::Write {
            statement: Statement::Insert(insert),
            ..
        } => {
            return plan_insert(planned, step, insert, dialect, limits);
        }
        Step::Write {
            statement: Statement::Update(update),
            ..
        } => Action::Execute(dialect::update(dialect, update)?),
        Step::Write {
            statement: Statement::Delete(delete),
            ..
        } => Action::Execute(dialect::delete(dialect, delete)?),
    };
    check_params(&action, limits.max_params)?;
    planned.push(Planned { step, action });
    Ok(())
}

fn check_params(action: &Action<'_>, most: usize) -> Result<(), DriverError> {
    let (Action::Query(statement) | Action::Count(statement) | Action::Execute(statement)) = action
    else {
        return Ok(());
    };
    let needed = statement.params.len();
    if most == 0 || needed <= most {
        return Ok(());
    }
    let message = format!(
        "the statement needs {needed} parameters, this database takes {most}: \
         narrow the filter or write fewer rows at once"
    );
    Err(DriverError::new(Category::Resource, message))
}

fn plan_insert<'b>(
    planned: &mut Vec<Planned<'b>>,
    step: usize,
    insert: &'b Insert,
    dialect: &dyn Dialect,
    limits: Limits,
) -> Result<(), DriverError> {
    let rows = insert.rows.len();
    if insert.rows.width() != insert.columns.len() {
        return Err(DriverError::new(
            Category::Protocol,
            "an insert has rows of another width than its columns",
        ));
    }
    if limits.bulk_from > 0 && rows >= limits.bulk_from && insert.returning.is_empty() {
        planned.push(Planned {
            step,
            action: Action::Bulk(insert),
        });
        return Ok(());
    }
    let chunk = limits.insert_rows(insert.columns.len());
    let mut source = insert.rows.iter();
    let mut left = rows;
    while left > 0 {
        let size = chunk.min(left);
        let statement = insert_chunk(dialect, insert, &mut source, size)?;
        let action = if insert.returning.is_empty() {
            Action::Execute(statement)
        } else {
            Action::Returning { statement, insert }
        };
        planned.push(Planned { step, action });
        left -= size;
    }
    Ok(())
}

fn insert_chunk(
    dialect: &dyn Dialect,
    insert: &Insert,
    source: &mut Rows<'_>,
    size: usize,
) -> Result<Rendered, DriverError> {
    let rows: Vec<_> = source.by_ref().take(size).collect();
    Ok(dialect::insert(dialect, insert, &rows)?)
}

/// The plan as text for people, without the driver's bulk action.
///
/// # Errors
/// As [`plan`].
pub fn render(
    batch: &Batch,
    dialect: &dyn Dialect,
    limits: Limits,
) -> Result<Vec<RenderedStep>, DriverError> {
    let planned = plan(
        batch,
        dialect,
        Limits {
            bulk_from: 0,
            ..limits
        },
    )?;
    Ok(rendered(&planned))
}

/// A plan as text for people.
pub fn rendered(planned: &[Planned<'_>]) -> Vec<RenderedStep> {
    planned
        .iter()
        .filter_map(|Planned { step, action }| {
            Some(RenderedStep {
                step: u32::try_from(*step).unwrap_or(u32::MAX),
                statement: action.statement()?.clone(),
            })
        })
        .collect()
}

/// What a planned statement came back with.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Rows of [`Action::Query`], [`Action::Count`] or [`Action::Returning`].
    Rows(RowSet),
    /// Rows touched, of [`Action::Execute`] or [`Action::Bulk`].
    Affected(u64),
}

/// Adds the answers of a batch up and checks the expectations.
#[derive(Debug)]
pub struct Tally<'b> {
    batch: &'b Batch,
    done: Vec<StepOutcome>,
}

/// Whether to go on with a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// Send the next statement, or commit.
    GoOn,
    /// Roll back and answer [`Tally::refused`].
    Refuse,
}

impl<'b> Tally<'b> {
    /// Nothing done yet.
    pub fn new(batch: &'b Batch) -> Self {
        Self {
            batch,
            done: Vec::with_capacity(batch.steps.len()),
        }
    }

    /// Takes the answer of a statement of step `step`; `last` tells whether it is the last statement of that step.
    pub fn record(
        &mut self,
        step: usize,
        last: bool,
        action: &Action<'_>,
        answer: Answer,
    ) -> Verdict {
        if self.done.len() <= step {
            self.done.resize_with(step + 1, StepOutcome::default);
        }
        if let Some(outcome) = self.done.get_mut(step) {
            add(outcome, action, answer);
        }
        if last && !self.holds(step) {
            Verdict::Refuse
        } else {
            Verdict::GoOn
        }
    }

    fn holds(&self, step: usize) -> bool {
        let found = self.done.get(step).map_or(0, |outcome| outcome.found);
        self.batch
            .steps
            .get(step)
            .is_none_or(|step| expectation(step).holds(found))
    }

    /// The outcome after a roll-back.
    pub fn refused(self) -> BatchOutcome {
        let step = self.done.len().saturating_sub(1);
        let found = self.done.last().map_or(0, |outcome| outcome.found);
        BatchOutcome::Refused {
            step: u32::try_from(step).unwrap_or(u32::MAX),
            found,
            done: self.done,
        }
    }

    /// The outcome after a commit.
    pub fn committed(mut self) -> BatchOutcome {
        self.done
            .resize_with(self.batch.steps.len(), StepOutcome::default);
        BatchOutcome::Committed(self.done)
    }
}

fn add(outcome: &mut StepOutcome, action: &Action<'_>, answer: Answer) {
    match answer {
        Answer::Affected(rows) => outcome.found += rows,
        Answer::Rows(rows) if matches!(action, Action::Count(_)) => {
            let count = rows
                .rows
                .first()
                .map(crate::value::ValueRef::to_owned)
                .and_then(|value| value.as_i64());
            outcome.found += count
                .and_then(|count| u64::try_from(count).ok())
                .unwrap_or(0);
        }
        Answer::Rows(rows) => {
            outcome.found += rows.rows.len() as u64;
            match &mut outcome.rows {
                Some(known) => known.rows.append(&rows.rows),
                none => *none = Some(rows),
            }
        }
    }
}

fn expectation(step: &Step) -> Expect {
    match step {
        Step::Read { expect, .. } | Step::Write { expect, .. } | Step::Check { expect, .. } => {
            *expect
        }
    }
}
