//! A batch as one script: a transaction that checks each expectation itself, and answers with one row at its end.
//!
//! Every part uses what is documented for scripts and transactions:
//! <https://cloud.google.com/bigquery/docs/reference/standard-sql/procedural-language>,
//! <https://cloud.google.com/bigquery/docs/transactions>.
//!
//! Rows for a table with a declared key are added with MERGE: it finds rows with the same key, and two transactions
//! that MERGE into one table exclude each other, while plain inserts would not.

use std::fmt::Write as _;

use quillback_plugin_api::batch::{Batch, Expect, Isolation, RenderedStep, Step};
use quillback_plugin_api::dialect;
use quillback_plugin_api::sql::{Expr, Rendered, Select, SetTo, Statement};
use quillback_plugin_api::{Category, DriverError, TableRef, Value};

use crate::capabilities::{MAX_PARAMS, MAX_REQUEST, MAX_TEXT};
use crate::dialect::BigQueryDialect;
use crate::tables::Known;
use crate::types::bind::{self, Parameter};

mod insert;
mod rows;

pub(crate) use rows::parse;

/// A parameter with its name.
pub(crate) type Named = (String, Parameter);

/// A batch as text.
#[derive(Debug, Default)]
pub(crate) struct Script {
    pub(crate) text: String,
    pub(crate) params: Vec<Named>,
    /// Steps that read.
    pub(crate) reads: Vec<usize>,
    /// Lines so far, and the last line before each step.
    count: usize,
    before: Vec<usize>,
}

impl Script {
    /// The step that a line, counted from 1, belongs to.
    pub(crate) fn step_at(&self, line: usize) -> Option<usize> {
        let begun = self.before.partition_point(|before| *before < line);
        begun.checked_sub(1)
    }

    fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
        self.count += 1;
    }

    /// Ends the script with an answer unless the condition holds.
    fn end_unless(&mut self, condition: &str, state: &str) {
        let answer = self.answer(state);
        self.line(&format!(
            "IF NOT ({condition}) THEN ROLLBACK TRANSACTION; {answer} RETURN; END IF;"
        ));
    }

    /// The row that a script ends with.
    fn answer(&self, state: &str) -> String {
        let mut answer = format!("SELECT '{state}' AS state, quillback_found AS found");
        for at in &self.reads {
            let _ = write!(answer, ", quillback_r{at} AS r{at}");
        }
        answer + ";"
    }
}

/// A statement and its parameters.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) sql: String,
    pub(crate) params: Vec<Named>,
}

impl Part {
    /// `first` parameters were given before this statement was printed; where `bind` answers nothing, a literal stands
    /// in the text.
    fn new(
        statement: Rendered,
        first: usize,
        bind: impl Fn(usize, &Value) -> Result<Option<Parameter>, DriverError>,
    ) -> Result<Self, DriverError> {
        let mut params = Vec::with_capacity(statement.params.len());
        for (at, value) in statement.params.iter().enumerate() {
            if let Some(parameter) = bind(at, value)? {
                params.push((format!("p{}", first + at + 1), parameter));
            }
        }
        Ok(Self {
            sql: statement.sql,
            params,
        })
    }
}

/// Binds what is only compared.
fn compared(_at: usize, value: &Value) -> Result<Option<Parameter>, DriverError> {
    if value.is_null() {
        return Ok(None);
    }
    bind::value(value).map(Some)
}

/// Prints a read that is a job of its own.
///
/// # Errors
/// As [`batch`].
pub(crate) fn read(select: &Select) -> Result<Part, DriverError> {
    let dialect = BigQueryDialect::default();
    let part = Part::new(dialect::select(&dialect, select)?, 0, compared)?;
    within_limits(part.sql.len(), part.params.len(), size(&part.params))?;
    Ok(part)
}

/// Prints a batch of several statements.
///
/// # Errors
/// `Unsupported` for what the service cannot do, `InvalidData` for values that do not fit, `Resource` beyond its
/// limits; each with its step.
pub(crate) fn batch(batch: &Batch, known: &Known) -> Result<Script, DriverError> {
    if batch.isolation == Isolation::Serializable {
        return Err(DriverError::unsupported(
            "this database does not support serializable transactions",
        ));
    }
    let mut script = Script::default();
    let steps = batch.steps.iter().enumerate();
    let reads = steps.filter(|(_, step)| matches!(step, Step::Read { .. }));
    script.reads = reads.map(|(at, _)| at).collect();
    script.line("DECLARE quillback_n INT64 DEFAULT 0;");
    script.line("DECLARE quillback_found STRING DEFAULT '';");
    if !script.reads.is_empty() {
        let names: Vec<_> = script
            .reads
            .iter()
            .map(|at| format!("quillback_r{at}"))
            .collect();
        script.line(&format!("DECLARE {} STRING;", names.join(", ")));
    }
    script.line("BEGIN TRANSACTION;");
    let dialect = BigQueryDialect::default();
    let (mut checked, mut bytes) = (0, 0);
    for (at, step) in batch.steps.iter().enumerate() {
        script.before.push(script.count);
        add_step(&mut script, &dialect, known, at, step).map_err(|error| error.at_step(at))?;
        let added = script.params.get(checked..).unwrap_or_default();
        bytes += size(added);
        checked = script.params.len();
        within_limits(script.text.len(), checked, bytes).map_err(|error| error.at_step(at))?;
    }
    script.line("COMMIT TRANSACTION;");
    let answer = script.answer("committed");
    script.line(&answer);
    Ok(script)
}

fn add_step(
    script: &mut Script,
    dialect: &BigQueryDialect,
    known: &Known,
    at: usize,
    step: &Step,
) -> Result<(), DriverError> {
    let expect = match step {
        Step::Read { select, expect } => {
            let part = rows::read(dialect, select, known.get(&select.from))?;
            script.line(&format!("SET quillback_r{at} = ({});", part.sql));
            script.line(&format!(
                "SET quillback_n = ARRAY_LENGTH(JSON_QUERY_ARRAY(quillback_r{at}));"
            ));
            script.params.extend(part.params);
            expect
        }
        Step::Check {
            table,
            filter,
            expect,
        } => {
            let part = check(dialect, table, filter)?;
            script.line(&format!("SET quillback_n = ({});", part.sql));
            script.params.extend(part.params);
            expect
        }
        Step::Write { statement, expect } => {
            let parts = write(dialect, statement, known)?;
            script.line("SET quillback_n = 0;");
            for part in parts {
                script.line(&format!("{};", part.sql));
                // It is that of the statement just before.
                script.line("SET quillback_n = quillback_n + @@row_count;");
                script.params.extend(part.params);
            }
            expect
        }
    };
    script.line("SET quillback_found = CONCAT(quillback_found, CAST(quillback_n AS STRING), ',');");
    if let Step::Write {
        statement: Statement::Insert(insert),
        ..
    } = step
        && insert::is_keyed(insert, known.get(&insert.table))
    {
        script.end_unless(&format!("quillback_n = {}", insert.rows.len()), "duplicate");
    }
    match expect {
        Expect::Any => {}
        Expect::Rows(wanted) => script.end_unless(&format!("quillback_n = {wanted}"), "refused"),
        Expect::AtMost(most) => script.end_unless(&format!("quillback_n <= {most}"), "refused"),
    }
    Ok(())
}

fn check(dialect: &BigQueryDialect, table: &TableRef, filter: &Expr) -> Result<Part, DriverError> {
    let first = dialect.given();
    let count = Select::count(table.clone(), filter.clone());
    Part::new(dialect::select(dialect, &count)?, first, compared)
}

/// The statements of a write: large inserts take several.
fn write(
    dialect: &BigQueryDialect,
    statement: &Statement,
    known: &Known,
) -> Result<Vec<Part>, DriverError> {
    let first = dialect.given();
    Ok(match statement {
        Statement::Insert(insert) => {
            return insert::print(dialect, insert, known.get(&insert.table));
        }
        Statement::Update(update) => {
            let table = known.get(&update.table);
            let bind = |at: usize, value: &Value| {
                let set = update.set.get(at);
                let field = set.and_then(|set| match set.to {
                    SetTo::Value(_) => table?.field(&set.column),
                    SetTo::Plus(_) => None,
                });
                match field {
                    Some(field) if !value.is_null() => bind::stored(field, value).map(Some),
                    _ => compared(at, value),
                }
            };
            // The service takes no UPDATE or DELETE without a condition.
            let mut printed = dialect::update(dialect, update)?;
            if update.filter == Expr::True {
                printed.sql.push_str(" WHERE TRUE");
            }
            vec![Part::new(printed, first, bind)?]
        }
        Statement::Delete(delete) => {
            let mut printed = dialect::delete(dialect, delete)?;
            if delete.filter == Expr::True {
                printed.sql.push_str(" WHERE TRUE");
            }
            vec![Part::new(printed, first, compared)?]
        }
    })
}

/// The statements of each step, for people.
///
/// # Errors
/// As [`batch`].
pub(crate) fn render(batch: &Batch, known: &Known) -> Result<Vec<RenderedStep>, DriverError> {
    let mut rendered = Vec::new();
    for (at, step) in batch.steps.iter().enumerate() {
        let dialect = BigQueryDialect::default();
        let parts = match step {
            Step::Read { select, .. } => read(select).map(|part| vec![part]),
            Step::Check { table, filter, .. } => {
                check(&dialect, table, filter).map(|part| vec![part])
            }
            Step::Write { statement, .. } => write(&dialect, statement, known),
        };
        for part in parts.map_err(|error| error.at_step(at))? {
            within_limits(part.sql.len(), part.params.len(), size(&part.params))
                .map_err(|error| error.at_step(at))?;
            let params = part.params.into_iter().map(|(_, p)| p.value.into());
            rendered.push(RenderedStep {
                step: u32::try_from(at).unwrap_or(u32::MAX),
                statement: Rendered {
                    sql: part.sql,
                    params: params.collect(),
                },
            });
        }
    }
    Ok(rendered)
}

/// Bytes of values.
fn size(params: &[Named]) -> usize {
    let sizes = params
        .iter()
        .map(|(_, p)| p.value.as_ref().map_or(0, String::len));
    sizes.sum()
}

fn within_limits(text: usize, params: usize, bytes: usize) -> Result<(), DriverError> {
    let message = if bytes > MAX_REQUEST {
        "the values of the batch are more than the ten megabytes that this database takes"
            .to_owned()
    } else if params > MAX_PARAMS as usize {
        format!("the batch needs more than the {MAX_PARAMS} parameters that this database takes")
    } else if text > MAX_TEXT {
        "the batch is longer than the megabyte of text that this database takes".to_owned()
    } else {
        return Ok(());
    };
    let message = format!("{message}: narrow the filter or write fewer rows at once");
    Err(DriverError::new(Category::Resource, message))
}

#[cfg(test)]
mod tests;
