//! How each dialect spells SQL, as data: one constant for each, in a file of its own, which states what is not as usual.
//!
//! A new dialect is a new file here and a line in [`Dialect::spelling`]; `dialect.rs` prints what the data says.

mod databricks;
mod mariadb;
mod mysql;
mod postgresql;
mod sqlite;
mod teradata;
mod tsql;
mod usual;

use quillback_plugin_api::Category;
use quillback_plugin_api::capabilities::Capabilities;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A family of databases that understand the same SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Dialect {
    /// `PostgreSQL` and what follows it closely.
    Postgresql,
    /// `MySQL`.
    Mysql,
    /// `MariaDB`.
    Mariadb,
    /// `SQLite`.
    Sqlite,
    /// Microsoft SQL Server.
    Tsql,
    /// Databricks SQL.
    Databricks,
    /// Teradata.
    Teradata,
}

impl Dialect {
    /// Every dialect.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 7] = [
        Self::Postgresql,
        Self::Mysql,
        Self::Mariadb,
        Self::Sqlite,
        Self::Tsql,
        Self::Databricks,
        Self::Teradata,
    ];

    /// What it looks like.
    pub(crate) fn spelling(self) -> &'static Spelling {
        match self {
            Self::Postgresql => &postgresql::SPELLING,
            Self::Mysql => &mysql::SPELLING,
            Self::Mariadb => &mariadb::SPELLING,
            Self::Sqlite => &sqlite::SPELLING,
            Self::Tsql => &tsql::SPELLING,
            Self::Databricks => &databricks::SPELLING,
            Self::Teradata => &teradata::SPELLING,
        }
    }
}

/// What stands before and after something.
pub(crate) type Wrap = (&'static str, &'static str);

/// Nothing around it.
pub(crate) const BARE: Wrap = ("", "");

/// One dialect.
pub(crate) struct Spelling {
    /// Attributes of the connection string without which the rest does not hold.
    pub(crate) attributes: &'static str,
    /// Statements that every session begins with.
    pub(crate) session: &'static [&'static str],
    /// Statements that limit the time of those that follow, for drivers that do not keep the limit of ODBC, and that lift
    /// the limit again; `{s}` and `{ms}` stand for the time. Empty where the driver keeps it.
    pub(crate) time_limit: [&'static str; 2],
    /// Isolation levels beyond the usual one.
    pub(crate) isolation: Isolation,
    /// The query for the server's version.
    pub(crate) version: &'static str,
    /// What the database can do through ODBC.
    pub(crate) capabilities: Capabilities,
    /// The quotes around a name; the second is doubled inside.
    pub(crate) quotes: (char, char),
    /// Characters that an ODBC driver takes for something else even inside a name.
    pub(crate) misread: &'static [char],
    /// Conditions that never and always hold.
    pub(crate) constants: [&'static str; 2],
    /// What makes a text compare character by character: around the column, and around the value. `None` where `=`
    /// does so.
    pub(crate) exact: Option<(Wrap, Wrap)>,
    /// The operator that takes NULL for a value; `None` where there is none.
    pub(crate) same: Option<&'static str>,
    /// Around a JSON column, and a JSON value, that are compared.
    pub(crate) json: Wrap,
    /// How a text is searched.
    pub(crate) search: Search,
    /// What makes NULL sort as the smallest value: ascending, descending.
    pub(crate) nulls: [&'static str; 2],
    /// How rows are limited and passed over.
    pub(crate) paging: Paging,
    /// How rows are locked.
    pub(crate) locking: Locking,
    /// How a key that the database made comes back.
    pub(crate) keys: Keys,
    /// Most rows of one insert.
    pub(crate) insert_rows: usize,
    /// How values are sent.
    pub(crate) values: Values,
    /// What columns are made of.
    pub(crate) types: Types,
    /// Names of types, in lower case and without what stands in parentheses, that ODBC's own numbers of types do not
    /// tell apart.
    pub(crate) natives: &'static [(&'static str, Native)],
    /// Changes of tables.
    pub(crate) changes: Changes,
    /// Where tables are.
    pub(crate) place: Place,
    /// What the catalogue functions of ODBC do not tell.
    pub(crate) beyond: Beyond,
    /// What the database's own error numbers mean where its SQLSTATE says too little.
    pub(crate) numbers: &'static [(i32, Category)],
    /// What words in a message mean, for drivers that give neither.
    pub(crate) words: &'static [(&'static str, Category)],
    /// Where a message has the names of things.
    pub(crate) naming: Naming,
}

/// What stands before a name in a message about a violated constraint; its last character, or the bracket that belongs to
/// it, ends the name.
pub(crate) struct Naming {
    /// Whether the last such place counts, because values of the row stand before it; else the first.
    pub(crate) from_end: bool,
    pub(crate) constraint: &'static [&'static str],
    pub(crate) table: &'static [&'static str],
    pub(crate) column: &'static [&'static str],
    /// What stands before `table.column`, or the name of a constraint, at the end of the message.
    pub(crate) path: &'static str,
}

/// A message has no names, or nobody knows where.
pub(crate) const NAMELESS: Naming = Naming {
    from_end: false,
    constraint: &[],
    table: &[],
    column: &[],
    path: "",
};

/// How a transaction gets another isolation level; `None` where it cannot, empty where it has it already.
pub(crate) struct Isolation {
    pub(crate) repeatable: Option<&'static str>,
    pub(crate) serializable: Option<&'static str>,
    /// Whether this is the first statement of the transaction; else it stands before it.
    pub(crate) is_inside: bool,
    /// What leads back to the usual level, where the level stays with the session.
    pub(crate) usual: &'static str,
}

/// The search for a text in another, taken literally.
pub(crate) struct Search {
    /// The function, with its parenthesis.
    pub(crate) function: &'static str,
    /// Whether the text that is searched comes first.
    pub(crate) column_first: bool,
    /// Around the column where case counts.
    pub(crate) plain: Wrap,
    /// Around the column where it does not.
    pub(crate) folded: Wrap,
    /// Around the needle where case does not count.
    pub(crate) needle: Wrap,
    /// Around the column: a condition that holds for every text, where the function does not find an empty one.
    pub(crate) empty: Option<Wrap>,
}

/// Limits on rows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paging {
    /// `LIMIT n OFFSET m`; the text stands for no limit where OFFSET needs one.
    Limit(Option<&'static str>),
    /// `TOP (n)`, and `OFFSET m ROWS FETCH NEXT n ROWS ONLY` after an order.
    TopAndFetch,
    /// `TOP n` only.
    Top,
}

/// Locks on rows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Locking {
    /// At the end of the statement.
    Clause(&'static str),
    /// After the table.
    Hint(&'static str),
    /// Not in a way that can be printed.
    No,
}

/// Keys that the database makes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keys {
    /// `INSERT .. RETURNING`.
    Returning,
    /// Before VALUES: `OUTPUT INSERTED.column`.
    Output,
    /// A query afterwards, and the same number as an expression.
    Ask(&'static str, &'static str),
    /// They do not come back.
    No,
}

/// How values are sent: the placeholder, and what is bound to it. In a placeholder for an exact number `{p}` and `{s}`
/// stand for its digits.
pub(crate) struct Values {
    pub(crate) bool: Slot,
    pub(crate) whole: Slot,
    /// Whole numbers beyond 64 bits with a sign.
    pub(crate) large: Slot,
    pub(crate) decimal: Slot,
    pub(crate) double: Slot,
    pub(crate) float: Slot,
    pub(crate) text: Slot,
    pub(crate) json: Slot,
    pub(crate) bytes: Slot,
    pub(crate) uuid: Slot,
    pub(crate) date: Slot,
    pub(crate) time: Slot,
    pub(crate) timestamp: Slot,
    pub(crate) instant: Slot,
    /// Most digits of an exact number, and most of them after the point; 0 is no limit.
    pub(crate) digits: (usize, usize),
    /// Whether floats may be infinite or no number at all.
    pub(crate) infinity: bool,
    pub(crate) nan: bool,
    /// The last character that survives the ODBC driver.
    pub(crate) last_character: char,
}

/// A placeholder and what is bound to it.
pub(crate) type Slot = (&'static str, Form);

/// What a value is bound as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A whole number of 64 bits; booleans as 0 and 1.
    Whole,
    /// A float of 64 bits.
    Double,
    /// Bytes.
    Bytes,
    /// Text in UTF-16.
    Text,
    /// The same without a type, so that the server takes it for whatever stands beside it.
    Untyped,
    /// The text of a moment in UTC with `+00:00` behind it.
    ZonedText,
    /// Bytes as hexadecimal digits.
    Hex,
    /// Not at all.
    Refused,
}

/// What columns are made of; `{n}` stands for a length, `{p}` and `{s}` for digits. What is empty does not exist.
pub(crate) struct Types {
    pub(crate) bool: &'static str,
    /// Of 8, 16, 32 and 64 bits.
    pub(crate) signed: [&'static str; 4],
    pub(crate) unsigned: [&'static str; 4],
    /// The type, most digits, most digits after the point.
    pub(crate) decimal: (&'static str, u32, u32),
    pub(crate) unlimited: &'static str,
    pub(crate) float: [&'static str; 2],
    /// The longest text that has the first type; others have the second.
    pub(crate) text: (u32, &'static str, &'static str),
    /// What makes a text compare character by character, where that is not so by itself.
    pub(crate) exact_text: &'static str,
    pub(crate) json: &'static str,
    pub(crate) bytes: (u32, &'static str, &'static str),
    pub(crate) uuid: &'static str,
    pub(crate) date: &'static str,
    pub(crate) time: &'static str,
    pub(crate) timestamp: &'static str,
    pub(crate) instant: &'static str,
    /// Most digits of a second.
    pub(crate) fraction: u8,
    /// The type of a column that the database numbers, and the clause after it; `None` where there is no such thing.
    pub(crate) identity: Option<(&'static str, &'static str)>,
    /// What follows the columns of a table.
    pub(crate) options: &'static str,
    /// Truth as a default.
    pub(crate) truth: [&'static str; 2],
    /// Whether a backslash in a literal stands for itself.
    pub(crate) plain_backslash: bool,
    /// What stands for a quote in a literal.
    pub(crate) quote_in_literal: &'static str,
    /// What stands before a literal.
    pub(crate) literal_prefix: &'static str,
}

/// What a type of the database is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Native {
    Bool,
    Int(u8),
    Unsigned(u8),
    Decimal,
    Float(u8),
    Text,
    /// Text and bytes without a length.
    LongText,
    LongBytes,
    Json,
    Uuid,
    Time,
    Timestamp,
    Instant,
    Other,
}

/// How tables are changed.
pub(crate) struct Changes {
    /// `IF NOT EXISTS `; empty where the driver passes over "it exists already" instead.
    pub(crate) if_not_exists: &'static str,
    /// `COLUMN ` or nothing.
    pub(crate) add: &'static str,
    /// Whether a column that may be NULL is followed by that word.
    pub(crate) says_null: bool,
    /// Whether a column that is added to a table may be required or have a default.
    pub(crate) adds_filled: bool,
    /// How a column gets another type.
    pub(crate) alter: Alter,
    /// Whether a column is renamed by a procedure instead of `ALTER TABLE .. RENAME COLUMN`.
    pub(crate) renames_by_procedure: bool,
}

/// How a column gets another type.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alter {
    /// `ALTER COLUMN c TYPE t, ALTER COLUMN c SET NOT NULL`.
    Parts,
    /// `MODIFY COLUMN` and the whole definition.
    Modify,
    /// `ALTER COLUMN c t [NOT] NULL`.
    Whole,
    /// Not at all.
    No,
}

/// Where tables are.
pub(crate) struct Place {
    /// What stands around a table.
    pub(crate) around: Around,
    /// The query for what a table without a schema is in; empty where there are no schemas.
    pub(crate) current: &'static str,
    /// Whether the catalog that the connection is in has to be named to the catalogue functions.
    pub(crate) names_catalog: bool,
    /// Schemas of the database itself, in lower case.
    pub(crate) own: &'static [&'static str],
    /// What names of tables of the database itself begin with.
    pub(crate) own_tables: &'static str,
}

/// What ODBC calls the thing around a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Around {
    Nothing,
    Schema,
    Catalog,
}

/// Queries for what the catalogue functions of the client do not tell. Each is given the schema, where there are such,
/// and the table; an empty one is not asked.
pub(crate) struct Beyond {
    /// Names of columns, and `identity`, `always` (numbered, and closed to others), `computed` or `unlimited` (an exact
    /// number of any number of digits). Where `SQLColumns` leaves computed ones out: their type, and their place from 0.
    pub(crate) columns: &'static str,
    /// Columns of the primary key in order, where `SQLPrimaryKeys` puts them in the order of the table.
    pub(crate) primary: &'static str,
    /// Names of unique indexes and their columns, in order.
    pub(crate) keys: &'static str,
    /// Whether digits of a second are to be learned from the description of an empty result.
    pub(crate) fractions: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_and_its_spelling_go_together() {
        use quillback_plugin_api::capabilities::GeneratedKeys;
        for dialect in Dialect::ALL {
            let it = dialect.spelling();
            let claimed = &it.capabilities;
            assert_eq!(claimed.row_locks, it.locking != Locking::No, "{dialect:?}");
            assert_eq!(
                claimed.generated_keys == GeneratedKeys::No,
                it.keys == Keys::No,
                "{dialect:?}"
            );
            assert_eq!(
                claimed.schemas,
                it.place.around != Around::Nothing,
                "{dialect:?}"
            );
            assert_eq!(
                claimed.ddl.alter_column,
                it.changes.alter != Alter::No,
                "{dialect:?}"
            );
        }
    }
}
