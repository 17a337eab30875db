//! A batch as statements, each with what it must find.

use quillback_plugin_api::batch::{Batch, Expect, Isolation, Step};
use quillback_plugin_api::dialect;
use quillback_plugin_api::sql::{Rendered, Select, SetTo, Statement, Update};
use quillback_plugin_api::{DriverError, Value};

use crate::dialect::SnowflakeDialect;
use crate::insert;
use crate::session::Prepared;
use crate::tables::Known;
use crate::types::bind;

/// What the number that a statement answers with is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// It is a read whose rows are wanted.
    Rows,
    /// It counts for its step.
    Counted,
    /// It counts for its step, and anything else is a key that is there already.
    AllOf(u64),
    /// It does not count, and anything else is a key that is there already.
    Alone(u64),
}

/// One statement of a step.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) statement: Prepared,
    pub(crate) wanted: Wanted,
}

impl Part {
    /// # Errors
    /// What `bind` refuses, and the limits of one statement.
    pub(crate) fn new(
        printed: Rendered,
        bind: impl Fn(usize, &Value) -> Result<String, DriverError>,
        wanted: Wanted,
    ) -> Result<Self, DriverError> {
        Ok(Self {
            statement: insert::prepare(printed, bind)?,
            wanted,
        })
    }
}

/// The statements of one step.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) parts: Vec<Part>,
    pub(crate) expect: Expect,
}

fn compared(_at: usize, value: &Value) -> Result<String, DriverError> {
    bind::value(value)
}

/// Prints a read.
///
/// # Errors
/// What the dialect cannot express.
pub(crate) fn read(select: &Select) -> Result<Part, DriverError> {
    let printed = dialect::select(&SnowflakeDialect, select)?;
    Part::new(printed, compared, Wanted::Rows)
}

/// Prints a batch.
///
/// # Errors
/// `Unsupported` for what the service cannot do, `InvalidData` for values that do not fit, `Resource` beyond its
/// limits; each with its step.
pub(crate) fn batch(batch: &Batch, known: &Known) -> Result<Vec<Planned>, DriverError> {
    // READ COMMITTED is the only level: https://docs.snowflake.com/en/sql-reference/transactions#isolation-level
    if batch.isolation != Isolation::Default && batch.steps.len() > 1 {
        return Err(DriverError::unsupported(
            "this database has no isolation beyond READ COMMITTED",
        ));
    }
    let steps = batch.steps.iter().enumerate();
    steps
        .map(|(at, step)| plan(step, known).map_err(|error| error.at_step(at)))
        .collect()
}

fn plan(step: &Step, known: &Known) -> Result<Planned, DriverError> {
    let (parts, expect) = match step {
        Step::Read { select, expect } => (vec![read(select)?], expect),
        Step::Check {
            table,
            filter,
            expect,
        } => {
            let count = Select::count(table.clone(), filter.clone());
            let printed = dialect::select(&SnowflakeDialect, &count)?;
            (vec![Part::new(printed, compared, Wanted::Counted)?], expect)
        }
        Step::Write { statement, expect } => (write(statement, known)?, expect),
    };
    Ok(Planned {
        parts,
        expect: *expect,
    })
}

fn write(statement: &Statement, known: &Known) -> Result<Vec<Part>, DriverError> {
    let (printed, update) = match statement {
        Statement::Insert(insert) => return insert::print(insert, known.get(&insert.table)),
        Statement::Update(update) => (dialect::update(&SnowflakeDialect, update)?, Some(update)),
        Statement::Delete(delete) => (dialect::delete(&SnowflakeDialect, delete)?, None),
    };
    if let Some(update) = update {
        required(update, known)?;
    }
    let bind = |at: usize, value: &Value| {
        let field = update.and_then(|update| {
            let set = update.set.get(at)?;
            match set.to {
                SetTo::Value(_) => known.get(&update.table)?.field(&set.column),
                SetTo::Plus(_) => None,
            }
        });
        match field {
            Some(field) => bind::stored(field, value),
            None => bind::value(value),
        }
    };
    Ok(vec![Part::new(printed, bind, Wanted::Counted)?])
}

fn required(update: &Update, known: &Known) -> Result<(), DriverError> {
    let table = known.get(&update.table);
    let emptied = update
        .set
        .iter()
        .filter(|set| matches!(&set.to, SetTo::Value(value) if value.is_null()));
    let mut fields = emptied.filter_map(|set| table?.field(&set.column));
    match fields.find(|field| !field.nullable) {
        Some(field) => Err(bind::missing(field)),
        None => Ok(()),
    }
}
