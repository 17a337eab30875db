//! What a driver tells the suite about itself: how to reach a database, and the limits it declares.

use serde_json::Value as Json;

use crate::Surroundings;

/// One driver under test.
#[derive(Clone, Copy)]
pub struct Target {
    /// Identifier of the driver, as in its `driver.toml`.
    pub id: &'static str,
    /// Connection options of a database to test with; `None` when there is none, and the cases that need one are
    /// skipped.
    pub options: fn(&Surroundings) -> Option<Json>,
    /// How the server is reached; `None` for a database that is part of the driver.
    pub access: Option<Access>,
    /// A session beside the driver, through a client of the test's own: it makes what the contract cannot make (views,
    /// foreign keys) and holds locks. `None` skips the cases that need it.
    pub session: Option<OpenSession>,
    /// SQL of this database for that session.
    pub statements: Statements,
    /// Declared limits.
    pub quirks: Quirks,
}

/// The connection options that the suite changes to reach a server that is wrong, silent or behind a proxy.
#[derive(Clone, Copy)]
pub struct Access {
    /// Name of the option that holds the host.
    pub host: &'static str,
    /// Name of the option that holds the port, a number.
    pub port: &'static str,
    /// Name of the option that holds the password.
    pub password: &'static str,
    /// Sets the time that opening a connection may take to one second.
    pub hurry: fn(&mut Json),
}

/// Opens a session with the options of a connection; the error is the database's message.
pub type OpenSession = fn(&Json) -> Result<Box<dyn Session>, String>;

/// A connection of the test's own, used from a blocking thread. Dropping it rolls back what is open.
pub trait Session: Send {
    /// Runs one statement without parameters.
    ///
    /// # Errors
    /// The database's message.
    fn run(&mut self, sql: &str) -> Result<(), String>;
}

/// SQL that databases spell differently. Names are made of lower case letters, digits and `_` and need no quotes.
#[derive(Clone, Copy)]
pub struct Statements {
    /// Starts a transaction in a [`Session`].
    pub begin: &'static str,
    /// Type of a whole number column.
    pub integer: &'static str,
    /// Type of a text column of at least 40 characters as other programs make it: where texts can ignore case or
    /// trailing spaces, one that does.
    pub loose_text: &'static str,
    /// Type of a column that refers to a whole number key of 64 bits, made by the driver.
    pub key_of_64_bits: &'static str,
    /// The moment 2024-02-29T12:34:56Z as a literal for a column of instants that the driver made.
    pub instant: &'static str,
    /// Definition of a column called `doubled` that the database computes from the column `n`; `None` where there is
    /// no such thing.
    pub computed_column: Option<&'static str>,
    /// Statements that make every insert into the first table also write a row into the column `n` of the second, whose
    /// key is numbered by the database; `None` where there are no triggers.
    pub trigger: Option<fn(table: &str, log: &str) -> Vec<String>>,
}

impl Default for Statements {
    fn default() -> Self {
        Self {
            begin: "BEGIN",
            integer: "INTEGER",
            loose_text: "VARCHAR(40)",
            key_of_64_bits: "BIGINT",
            instant: "'2024-02-29 12:34:56+00'",
            computed_column: Some("doubled INTEGER GENERATED ALWAYS AS (n * 2) STORED"),
            trigger: None,
        }
    }
}

/// Limits that a driver declares because its database leaves it no choice. Each is checked to be true where it can be:
/// a limit that is declared without need fails too.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an independent fact about a database"
)]
pub struct Quirks {
    /// JSON comes back equal, but not with the same white space and order of members.
    pub reformats_json: bool,
    /// Texts may hold NUL characters; else they are refused.
    pub keeps_nul: bool,
    /// The length of a text column counts units of UTF-16, of which characters beyond the basic plane take two.
    pub counts_utf16: bool,
    /// Float columns hold no NaN; it is refused.
    pub refuses_nan: bool,
    /// Float columns hold no infinities; they are refused.
    pub refuses_infinity: bool,
    /// The database rounds digits beyond the scale of a decimal column instead of refusing them.
    pub rounds_decimals: bool,
    /// The database rounds or cuts fractions of a second beyond the precision of a column instead of refusing them.
    pub rounds_fractions: bool,
    /// The database cuts spaces off that exceed the length of a text column instead of refusing them.
    pub cuts_trailing_spaces: bool,
    /// Columns do not refuse values beyond their type; such values are kept as they are.
    pub keeps_ill_typed: bool,
    /// Decimal columns that the driver makes compare by rules that only the driver brings: other programs read and write
    /// them, but cannot compare them.
    pub private_decimals: bool,
    /// There is one writer at a time: whoever writes waits for the whole database, so that deadlocks cannot happen.
    pub single_writer: bool,
    /// Digits of the largest decimal column that the suite makes; 0 is 38.
    pub decimal_digits: u32,
}
