//! Batches: a script each; a single read is a statement of its own, whose result has no limit.

use std::time::Duration;

use quillback_plugin_api::batch::{Batch, BatchOutcome, RenderedStep, Step, StepOutcome};
use quillback_plugin_api::keys::duplicate;
use quillback_plugin_api::rows::RowSet;
use quillback_plugin_api::sql::Select;
use quillback_plugin_api::{Category, DriverError, RowBuffer, TableRef};
use tokio::time::Instant;

use crate::Server;
use crate::jobs::{self, Page};
use crate::script::{self, Script};
use crate::stream::{self, append};
use crate::tables::Known;

/// Runs a batch.
///
/// # Errors
/// What the service says, with the step that failed; `Timeout` after the deadline.
pub(crate) async fn apply(server: &Server, mut batch: Batch) -> Result<BatchOutcome, DriverError> {
    crate::names::qualify(&mut batch, &server.dataset);
    let limit = Duration::from_millis(batch.deadline_ms.into());
    let deadline = (batch.deadline_ms > 0).then(|| Instant::now() + limit);
    let is_open = !batch.is_read_only();
    let work = run(server, &batch, deadline);
    let Some(deadline) = deadline else {
        return work.await;
    };
    tokio::time::timeout_at(deadline, work)
        .await
        .unwrap_or_else(|_| {
            let message = "the deadline of the batch passed; the service was asked to stop it";
            Err(DriverError {
                // Dropping the work stops the job, unless it has committed just now.
                outcome_unknown: is_open,
                ..DriverError::new(Category::Timeout, message)
            })
        })
}

async fn run(
    server: &Server,
    batch: &Batch,
    deadline: Option<Instant>,
) -> Result<BatchOutcome, DriverError> {
    if batch.steps.is_empty() {
        return Ok(BatchOutcome::Committed(Vec::new()));
    }
    if let [Step::Read { select, expect }] = batch.steps.as_slice() {
        let rows = read(server, select)
            .await
            .map_err(|error| error.at_step(0))?;
        let found = rows.rows.len() as u64;
        let done = vec![StepOutcome {
            found,
            rows: Some(rows),
        }];
        return Ok(if expect.holds(found) {
            BatchOutcome::Committed(done)
        } else {
            BatchOutcome::Refused {
                step: 0,
                found,
                done,
            }
        });
    }
    let mut known = known(server, crate::names::tables(batch)).await?;
    let mut printed = script::batch(batch, &known);
    if printed.is_err() {
        // What is remembered may be out of date: only the tables as they are now refuse a value.
        server.tables.forget();
        known = self::known(server, crate::names::tables(batch)).await?;
        printed = script::batch(batch, &known);
    }
    let script = printed?;
    let answered = jobs::run(&server.service, &script.text, &script.params, deadline).await;
    let page = answered.map_err(|failed| {
        let step = failed.line.and_then(|line| script.step_at(line));
        let error = DriverError {
            outcome_unknown: failed.is_open && !batch.is_read_only(),
            ..failed.error
        };
        match step.filter(|step| *step < batch.steps.len()) {
            Some(step) => error.at_step(step),
            None => error,
        }
    })?;
    outcome(batch, &script, &known, &page)
}

async fn read(server: &Server, select: &Select) -> Result<RowSet, DriverError> {
    let part = script::read(select)?;
    let mut reading = jobs::read(&server.service, &part.sql, &part.params).await?;
    let (columns, kinds) = stream::shape(&reading.fields);
    let mut rows = RowBuffer::new(kinds.len());
    while let Some(page) = reading.next().await? {
        append(&kinds, &page.rows, &mut rows);
    }
    Ok(RowSet { columns, rows })
}

/// What is known of these tables; one that is not there is left out, and the service says so.
async fn known(server: &Server, tables: Vec<&TableRef>) -> Result<Known, DriverError> {
    let mut known = Known::default();
    for table in tables {
        if let Some(found) = server.tables.get(&server.service, table).await? {
            known.insert(table.clone(), found);
        }
    }
    Ok(known)
}

/// Reads the row that a script ends with.
fn outcome(
    batch: &Batch,
    script: &Script,
    known: &Known,
    page: &Page,
) -> Result<BatchOutcome, DriverError> {
    let unreadable = || DriverError {
        outcome_unknown: !batch.is_read_only(),
        ..DriverError::new(
            Category::Protocol,
            "the answer of the script cannot be read",
        )
    };
    let row = page.rows.first().ok_or_else(unreadable)?;
    let cell = |at: usize| row.cells.get(at).and_then(|cell| cell.value.as_str());
    let state = cell(0).ok_or_else(unreadable)?;
    let found: Vec<u64> = cell(1)
        .unwrap_or_default()
        .split_terminator(',')
        .map(|number| number.parse().map_err(|_| unreadable()))
        .collect::<Result<_, _>>()?;
    let mut done: Vec<_> = found
        .into_iter()
        .map(|found| StepOutcome { found, rows: None })
        .collect();
    for (position, at) in script.reads.iter().enumerate() {
        let (Some(outcome), Some(Step::Read { select, .. })) =
            (done.get_mut(*at), batch.steps.get(*at))
        else {
            continue;
        };
        let text = cell(position + 2).ok_or_else(unreadable)?;
        let rows = script::parse(text, select, known.get(&select.from));
        outcome.rows = Some(rows.ok_or_else(unreadable)?);
    }
    let last = done.len().saturating_sub(1);
    match state {
        "committed" if done.len() == batch.steps.len() => Ok(BatchOutcome::Committed(done)),
        "refused" => Ok(BatchOutcome::Refused {
            step: u32::try_from(last).unwrap_or(u32::MAX),
            found: done.last().map_or(0, |outcome| outcome.found),
            done,
        }),
        "duplicate" => Err(duplicate().at_step(last)),
        _ => Err(unreadable()),
    }
}

/// The statements of a batch, for people. Keys are looked for in what is known of the tables at the moment.
///
/// # Errors
/// `Unsupported` where a step cannot be expressed.
pub(crate) fn render(server: &Server, batch: &Batch) -> Result<Vec<RenderedStep>, DriverError> {
    let mut batch = batch.clone();
    crate::names::qualify(&mut batch, &server.dataset);
    let tables = crate::names::tables(&batch).into_iter();
    let known = tables.filter_map(|table| Some((table.clone(), server.tables.remembered(table)?)));
    script::render(&batch, &known.collect())
}
