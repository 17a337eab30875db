//! What one database of the family has of its own, as far as the shared code must know it.

use quillback_plugin_api::capabilities::Capabilities;
use quillback_plugin_api::dialect::Dialect;
use quillback_plugin_api::{Category, DriverError, Ident};

use crate::catalog::Rows;
use crate::names::Names;
use crate::plan::Means;
use crate::types::Spelled;

/// The number of parameters travels in 16 bits.
pub const MAX_PARAMS: u32 = 65_535;

/// A dialect that notes the names it prints.
pub trait Printer: Dialect {
    /// The names that were printed.
    fn names(&self) -> &Names;
}

/// One database of the family.
#[derive(Clone, Copy, Debug)]
pub struct Flavor {
    /// What the database is called in messages.
    pub product: &'static str,
    /// What it can do.
    pub capabilities: fn() -> Capabilities,
    /// A new printer, for one batch or one list of changes.
    pub printer: fn() -> Box<dyn Printer>,
    /// The question that sets up a session. Its parameters are the schema and the time-out of statements in
    /// milliseconds, each empty when it is not given; the last column says whether the schema may be used.
    pub session: &'static str,
    /// What a batch may make use of at first.
    pub means: Means,
    /// Who sees to it that keys are unique.
    pub keys: Keys,
    /// Whether changes of tables are one transaction.
    pub ddl: Changes,
    /// How values travel, and what columns keep of them.
    pub values: Values,
    /// What an error means that the shared table of codes does not know, or knows otherwise.
    pub explain: Explain,
}

/// What an error means; `None` leaves it to the shared table of codes.
pub type Explain = fn(&Report<'_>) -> Option<Meaning>;

/// Who sees to it that keys are unique.
#[derive(Clone, Copy, Debug)]
pub enum Keys {
    /// The server, as its catalog promises.
    Enforced,
    /// Nobody but the driver: before rows are added to a table, it is locked, and looked at for their keys.
    Checked {
        /// The question for the columns of a table's declared keys. Its parameters are schema, empty for the search
        /// path, and table.
        question: &'static str,
        /// Reads the columns of each key off the answer.
        read: fn(&Rows) -> Result<Vec<Vec<Ident>>, DriverError>,
    },
}

/// Whether a list of changes of tables takes effect together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changes {
    /// All or none.
    Together,
    /// One after the other: some of them refuse to be part of a transaction.
    OneByOne,
}

/// How values travel, and what columns keep of them.
#[derive(Clone, Copy, Debug)]
pub struct Values {
    /// In which form parameters are sent.
    pub params: Params,
    /// Types by their numbers that have no binary form, or another one than `PostgreSQL`: how their texts are read.
    pub spelled: &'static [(u32, Spelled)],
    /// The names of types.
    pub names: TypeNames,
    /// What the length of a `varchar` counts.
    pub length: Length,
    /// The question for the columns of a table whose types have a modifier: name, number of the type, modifier. Its
    /// parameters are schema, empty for the search path, and table.
    pub limits: &'static str,
}

/// In which form parameters are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Params {
    /// Binary, where the type of the parameter has such a form here.
    Binary,
    /// As text, which every type reads; bytes as hexadecimal digits.
    Text,
}

/// How the text of a type is found, for headings of results.
#[derive(Clone, Copy, Debug)]
pub enum TypeNames {
    /// The catalog is asked, also for what users and extensions made.
    Asked,
    /// From its number and modifier: nobody makes types.
    Known(fn(u32, i32) -> String),
}

/// What the length of a `varchar` counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    Characters,
    Bytes,
}

/// An error as the server sent it. Its texts may hold values of rows, and must not be repeated.
#[derive(Clone, Copy, Debug)]
pub struct Report<'e> {
    /// SQLSTATE.
    pub code: &'e str,
    /// The main message.
    pub message: &'e str,
    /// The detail; empty when there is none.
    pub detail: &'e str,
}

/// What an error means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// The kind of failure.
    pub category: Category,
    /// What is told instead of the server's own words; `None` repeats them, where they hold no values.
    pub words: Option<&'static str>,
    /// The vendor's own number, if there is one.
    pub vendor_code: Option<String>,
    /// The column that it is about, if it is known.
    pub column: Option<String>,
}
