//! What one database of the family has of its own, as far as the shared code must know it.

use quillback_plugin_api::DriverError;
use quillback_plugin_api::batch::Isolation;
use quillback_plugin_api::capabilities::Capabilities;
use quillback_plugin_api::dialect::Dialect;
use quillback_plugin_api::sql::{Ddl, Rendered};

use crate::catalog::Listing;
use crate::connect::Greeting;

/// Parameters of one statement: 2,100 of a procedure, two of which carry text and declarations.
/// <https://learn.microsoft.com/sql/sql-server/maximum-capacity-specifications-for-sql-server>
pub const MAX_PARAMS: u32 = 2_098;

/// How the server tells how many rows a statement touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// By a question that travels behind the statement and is answered with one `bigint`.
    Asked(&'static str),
    /// By what the protocol says at the end of each statement (`DONE`), added up; the session must have `NOCOUNT` off, and
    /// the database no triggers, whose counts would be taken for the statement's own.
    Told,
}

impl Counts {
    /// Has a statement tell how many rows it touched.
    pub(crate) fn ask(self, statement: &mut Rendered) {
        if let Self::Asked(question) = self {
            statement.sql.push_str(question);
        }
    }
}

/// One database of the family.
#[derive(Clone, Copy)]
pub struct Flavor {
    /// What it can do.
    pub capabilities: fn() -> Capabilities,
    /// How it spells statements.
    pub dialect: &'static dyn Dialect,
    /// The statements of one change of a table.
    pub changes: fn(&Ddl) -> Result<Vec<String>, DriverError>,
    /// Whether changes of tables may stand in a transaction.
    pub changes_in_transaction: bool,
    /// Statements that set a new session up.
    pub session: &'static str,
    /// The question that [`Greeting`] is the answer of: text of the product, text of the version, and 1 (`int`) where
    /// the database keeps row versions for transactions that want one snapshot.
    pub greeting: &'static str,
    /// The level that a batch wants, as `SET TRANSACTION ISOLATION LEVEL` takes it.
    pub level: fn(Isolation, &Greeting) -> &'static str,
    /// The level that sessions have between batches.
    pub usual_level: &'static str,
    /// How rows are counted.
    pub counts: Counts,
    /// The question behind an insert for the number that it was given, answered with one `bigint`; `None` where there
    /// is no such question.
    pub made_key: Option<&'static str>,
    /// How it lists schemas and tables.
    pub listing: Listing,
    /// The question for the columns of the table `@P1`, an `object_id`: name, type, length in bytes, precision, scale,
    /// whether it takes NULL, is numbered by the database, is computed by it, has a default, and the code page of its
    /// texts. Lengths, precision, scale and code page are `int`, the four answers are `bit`.
    pub columns: &'static str,
    /// The question for the unique keys of the table `@P1`, an `object_id`, in order: number of the index (`int`),
    /// whether it is the primary key (`bit`), name of a column.
    pub keys: &'static str,
}
