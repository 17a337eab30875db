//! The unit of work: a transaction as a value, built completely, sent once, answered once.

use serde::{Deserialize, Serialize};

use crate::ident::TableRef;
use crate::rows::RowSet;
use crate::sql::{Expr, Rendered, Select, Statement};

/// How much concurrent transactions may see of each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Isolation {
    /// The database's usual level, at least read committed.
    #[default]
    Default,
    /// One snapshot for the whole batch.
    RepeatableRead,
    /// As if batches ran one after the other.
    Serializable,
}

/// How many rows a step must find.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expect {
    /// Any number.
    #[default]
    Any,
    /// Exactly this many.
    Rows(u64),
    /// No more than this many.
    AtMost(u64),
}

impl Expect {
    /// Whether `found` rows are as expected.
    pub fn holds(self, found: u64) -> bool {
        match self {
            Self::Any => true,
            Self::Rows(wanted) => found == wanted,
            Self::AtMost(most) => found <= most,
        }
    }
}

/// One step of a batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Reads rows that are wanted in the answer.
    Read {
        /// What to read.
        select: Select,
        /// Rows it must find.
        #[serde(default)]
        expect: Expect,
    },
    /// Writes rows.
    Write {
        /// What to write.
        statement: Statement,
        /// Rows it must touch.
        expect: Expect,
    },
    /// Counts rows and demands a number, such as "these n keys satisfy the row filter now".
    Check {
        /// Table.
        table: TableRef,
        /// Which rows count.
        filter: Expr,
        /// Rows that must count.
        expect: Expect,
    },
}

/// An ordered list of steps that take effect together or not at all.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    /// Isolation asked for.
    #[serde(default)]
    pub isolation: Isolation,
    /// Milliseconds after which the driver gives up and rolls back; 0 is no limit.
    #[serde(default)]
    pub deadline_ms: u32,
    /// The sender can find out later whether the batch took effect, as with a marker among its rows. A driver may then
    /// send the commit together with the statements: a connection that breaks, or a call that is dropped, leaves it open
    /// whether everything or nothing took effect. Expectations and the deadline mean the same as ever.
    #[serde(default)]
    pub traceable: bool,
    /// The steps.
    pub steps: Vec<Step>,
}

impl Batch {
    /// A batch of these steps with the default isolation and no deadline.
    pub fn of(steps: Vec<Step>) -> Self {
        Self {
            steps,
            ..Self::default()
        }
    }

    /// Appends a step that reads.
    pub fn read(&mut self, select: Select) -> &mut Self {
        self.steps.push(Step::Read {
            select,
            expect: Expect::Any,
        });
        self
    }

    /// Appends a step that writes and must touch as many rows as expected.
    pub fn write(&mut self, statement: Statement, expect: Expect) -> &mut Self {
        self.steps.push(Step::Write { statement, expect });
        self
    }

    /// Appends a step that counts.
    pub fn check(&mut self, table: TableRef, filter: Expr, expect: Expect) -> &mut Self {
        self.steps.push(Step::Check {
            table,
            filter,
            expect,
        });
        self
    }

    /// Whether no step writes, and none locks rows.
    pub fn is_read_only(&self) -> bool {
        self.steps.iter().all(|step| match step {
            Step::Read { select, .. } => select.lock == crate::sql::Lock::None,
            Step::Check { .. } => true,
            Step::Write { .. } => false,
        })
    }
}

/// What one step did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepOutcome {
    /// Rows read, touched or counted.
    pub found: u64,
    /// Rows of a read, or the generated keys of an insert.
    pub rows: Option<RowSet>,
}

/// What became of a batch. A failure of the database is a [`crate::DriverError`] instead, and nothing took effect then
/// unless it says `outcome_unknown`.
#[derive(Clone, Debug, PartialEq)]
pub enum BatchOutcome {
    /// Everything took effect; one outcome for each step.
    Committed(Vec<StepOutcome>),
    /// A step found another number of rows than expected; nothing took effect.
    Refused {
        /// Position of the step in the batch.
        step: u32,
        /// Rows it found.
        found: u64,
        /// Outcomes of the steps up to and including that one.
        done: Vec<StepOutcome>,
    },
}

/// The SQL of one step, for people.
#[derive(Clone, Debug, PartialEq)]
pub struct RenderedStep {
    /// Position of the step in the batch; large inserts take several statements.
    pub step: u32,
    /// The statement.
    pub statement: Rendered,
}
