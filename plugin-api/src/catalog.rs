//! What is in a database: schemas, tables, columns, keys.

use serde::{Deserialize, Serialize};

use crate::ident::{Ident, TableRef};
use crate::types::LogicalType;

/// What to look up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Introspect {
    /// Names of all schemas that the account sees, without the database's own.
    Schemas,
    /// Tables and views.
    Tables {
        /// Only of this schema; `None` is every schema but the database's own.
        #[serde(default)]
        schema: Option<Ident>,
        /// Only names that contain this text, upper and lower case being the same; empty is every name.
        #[serde(default)]
        search: String,
        /// Tables to pass over, in the order of schema and name.
        #[serde(default)]
        offset: u32,
        /// Most tables to answer, 1 to 1,000.
        limit: u32,
    },
    /// One table in full.
    Table(TableRef),
}

/// The answer, by the question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Catalog {
    /// Names in ascending order.
    Schemas(Vec<Ident>),
    /// One page of tables.
    Tables {
        /// Tables in the order of schema and name.
        tables: Vec<TableSummary>,
        /// Whether there are more.
        more: bool,
    },
    /// The table; `None` when there is none of that name, or the account does not see it.
    Table(Option<TableInfo>),
}

/// What kind of table it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TableKind {
    /// A table.
    Table,
    /// A view, or anything else that can be read but hardly written.
    View,
}

/// A table in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableSummary {
    /// Where it is.
    pub table: TableRef,
    /// What it is.
    pub kind: TableKind,
}

/// A table in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableInfo {
    /// Where it is.
    pub table: TableRef,
    /// What it is.
    pub kind: TableKind,
    /// Columns in the table's order.
    pub columns: Vec<ColumnInfo>,
    /// Columns of the primary key in key order; empty when there is none.
    pub primary_key: Vec<Ident>,
    /// Other unique keys without conditions or expressions.
    #[serde(default)]
    pub unique_keys: Vec<Vec<Ident>>,
}

/// A column in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an independent fact about a column"
)]
pub struct ColumnInfo {
    /// Name.
    pub name: Ident,
    /// Neutral type.
    pub ty: LogicalType,
    /// The database's own type text, such as `numeric(18,4)`.
    pub native: String,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// Whether the database fills it in when it is not given.
    pub has_default: bool,
    /// Whether the database alone writes it (generated, row version, identity that refuses values).
    pub generated: bool,
    /// Whether the database numbers the rows in it.
    #[serde(default)]
    pub identity: bool,
}

impl TableInfo {
    /// The column called `name`.
    pub fn column(&self, name: &Ident) -> Option<&ColumnInfo> {
        self.columns.iter().find(|column| column.name == *name)
    }
}
