//! A batch with its statements printed, in a form that can travel to the thread that runs it.

use quillback_plugin_api::batch::{Batch, RenderedStep, Step};
use quillback_plugin_api::dialect;
use quillback_plugin_api::run::{self, Action, Limits};
use quillback_plugin_api::sql::{Assignment, Insert, Rendered, Select, SetTo, Statement, Update};
use quillback_plugin_api::{Category, DriverError};

use crate::capabilities::capabilities;
use crate::dialect::{Sqlite, adding_update};

/// A batch and what to send for it.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The batch.
    pub(crate) batch: Batch,
    /// The statements, in order.
    pub(crate) statements: Vec<Planned>,
}

/// One statement of a plan.
#[derive(Debug)]
pub(crate) struct Planned {
    /// Position in the batch of its step.
    pub(crate) step: usize,
    /// Whether it is the last statement of its step.
    pub(crate) last: bool,
    /// What it answers with.
    pub(crate) answers: Answers,
    /// The text, and the parameters unless they are in the rows of the step's insert.
    pub(crate) statement: Rendered,
}

/// What a statement answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answers {
    /// Rows.
    Rows,
    /// One row with one number.
    Count,
    /// The number of rows touched.
    Affected,
    /// The number of rows touched; the statement is run once for each row of the step's insert.
    AffectedByRow,
}

impl Plan {
    /// Prints every statement of the batch.
    ///
    /// # Errors
    /// As [`run::plan`].
    pub(crate) fn new(batch: Batch) -> Result<Self, DriverError> {
        let mut statements = Vec::with_capacity(batch.steps.len());
        for planned in run::plan(&batch, &Sqlite, limits(1))? {
            let (answers, statement) = match planned.action {
                Action::Query(statement) | Action::Returning { statement, .. } => {
                    (Answers::Rows, statement)
                }
                Action::Count(statement) => (Answers::Count, statement),
                Action::Execute(statement) => (Answers::Affected, statement),
                Action::Bulk(insert) => (Answers::AffectedByRow, one_row(insert)?),
            };
            statements.push(Planned {
                step: planned.step,
                last: true,
                answers,
                statement,
            });
        }
        mark_last(&mut statements);
        for planned in &mut statements {
            if let Some(update) = adding(&batch, planned.step) {
                planned.statement = printed(update, planned.step)?;
            }
        }
        Ok(Self { batch, statements })
    }

    /// The select of a step that reads.
    pub(crate) fn select(&self, step: usize) -> Option<&Select> {
        match self.batch.steps.get(step) {
            Some(Step::Read { select, .. }) => Some(select),
            _ => None,
        }
    }

    /// The insert of a step that adds rows.
    pub(crate) fn insert(&self, step: usize) -> Option<&Insert> {
        match self.batch.steps.get(step) {
            Some(Step::Write {
                statement: Statement::Insert(insert),
                ..
            }) => Some(insert),
            _ => None,
        }
    }

    /// The update of a step that changes rows.
    pub(crate) fn update(&self, step: usize) -> Option<&Update> {
        update_of(&self.batch, step)
    }

    /// Name of the table that a step is about.
    pub(crate) fn table(&self, step: usize) -> Option<&str> {
        let table = match self.batch.steps.get(step)? {
            Step::Read { select, .. } => &select.from,
            Step::Check { table, .. } => table,
            Step::Write { statement, .. } => match statement {
                Statement::Insert(insert) => &insert.table,
                Statement::Update(update) => &update.table,
                Statement::Delete(delete) => &delete.table,
            },
        };
        Some(table.name.as_str())
    }
}

/// The statements as text for people.
///
/// # Errors
/// As [`run::render`].
pub(crate) fn render(batch: &Batch) -> Result<Vec<RenderedStep>, DriverError> {
    let mut steps = run::render(batch, &Sqlite, limits(0))?;
    for rendered in &mut steps {
        if let Some(update) = adding(batch, rendered.step as usize) {
            rendered.statement = printed(update, rendered.step as usize)?;
        }
    }
    Ok(steps)
}

/// One prepared statement run for each row beats one statement of many rows here, and answers keys in the order of the
/// rows, which `RETURNING` of several rows does not promise (<https://www.sqlite.org/lang_returning.html>).
fn limits(bulk_from: usize) -> Limits {
    Limits {
        max_insert_rows: 1,
        bulk_from,
        ..Limits::of(&capabilities())
    }
}

fn one_row(insert: &Insert) -> Result<Rendered, DriverError> {
    let row: Vec<_> = insert.rows.iter().take(1).collect();
    let statement = dialect::insert(&Sqlite, insert, &row)?;
    let most = capabilities().max_params as usize;
    if statement.params.len() > most {
        let message = format!("a row of more than {most} columns cannot be added");
        return Err(DriverError::new(Category::Resource, message));
    }
    Ok(Rendered {
        params: Vec::new(),
        ..statement
    })
}

fn mark_last(statements: &mut [Planned]) {
    let mut next = None;
    for planned in statements.iter_mut().rev() {
        planned.last = next != Some(planned.step);
        next = Some(planned.step);
    }
}

fn update_of(batch: &Batch, step: usize) -> Option<&Update> {
    match batch.steps.get(step)? {
        Step::Write {
            statement: Statement::Update(update),
            ..
        } => Some(update),
        _ => None,
    }
}

fn adding(batch: &Batch, step: usize) -> Option<&Update> {
    let is_plus = |set: &Assignment| matches!(set.to, SetTo::Plus(_));
    update_of(batch, step).filter(|update| update.set.iter().any(is_plus))
}

fn printed(update: &Update, step: usize) -> Result<Rendered, DriverError> {
    adding_update(update).map_err(|error| DriverError::from(error).at_step(step))
}
