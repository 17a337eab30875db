//! Statements that read and write rows of one table.

use serde::{Deserialize, Serialize};

use super::Expr;
use crate::ident::{Ident, TableRef};
use crate::rows::RowBuffer;
use crate::value::Value;

/// Order of a sort. NULL sorts before every value when ascending and after when descending, on every database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Smallest first.
    Asc,
    /// Largest first.
    Desc,
}

/// One column to sort by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// Column.
    pub column: Ident,
    /// Direction.
    pub direction: Direction,
    /// Whether the column may be NULL; a dialect leaves the NULL ordering out where it may not, so that indexes serve.
    #[serde(default)]
    pub nullable: bool,
}

/// An aggregate over a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregate {
    /// Smallest value; NULL of none.
    Min,
    /// Largest value; NULL of none.
    Max,
}

/// One thing to select.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SelectItem {
    /// A column.
    Column(Ident),
    /// Number of rows.
    CountRows,
    /// An aggregate over a column.
    Aggregate(Aggregate, Ident),
}

/// Whether rows that are read stay locked until the batch ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lock {
    /// No lock.
    #[default]
    None,
    /// Locked against change; a database with one writer at a time prints nothing.
    Update,
}

/// Reads rows of one table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Select {
    /// What to select, at least one.
    pub items: Vec<SelectItem>,
    /// Whether equal rows count once.
    #[serde(default)]
    pub distinct: bool,
    /// Table.
    pub from: TableRef,
    /// Condition.
    pub filter: Expr,
    /// Sort, most important first.
    #[serde(default)]
    pub order: Vec<Order>,
    /// Most rows to read.
    #[serde(default)]
    pub limit: Option<u64>,
    /// Rows to pass over; only with a sort.
    #[serde(default)]
    pub offset: u64,
    /// Lock on the rows.
    #[serde(default)]
    pub lock: Lock,
}

impl Select {
    /// All rows of `from` that hold `filter`, with these columns.
    pub fn columns(from: TableRef, columns: impl IntoIterator<Item = Ident>, filter: Expr) -> Self {
        let items = columns.into_iter().map(SelectItem::Column).collect();
        Self {
            items,
            distinct: false,
            from,
            filter,
            order: Vec::new(),
            limit: None,
            offset: 0,
            lock: Lock::None,
        }
    }

    /// The number of rows of `from` that hold `filter`.
    pub fn count(from: TableRef, filter: Expr) -> Self {
        Self {
            items: vec![SelectItem::CountRows],
            ..Self::columns(from, [], filter)
        }
    }
}

/// Adds rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Insert {
    /// Table.
    pub table: TableRef,
    /// Columns that are given.
    pub columns: Vec<Ident>,
    /// Values, as wide as `columns`. They travel beside the tree, not in it.
    #[serde(skip)]
    pub rows: RowBuffer,
    /// Columns whose values the database makes and the answer must hold, one row for each row added. Planning asks the
    /// capabilities (`generated_keys`) first.
    #[serde(default)]
    pub returning: Vec<Ident>,
}

/// The new value of a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SetTo {
    /// This value.
    Value(#[serde(with = "crate::message::kind")] Value),
    /// The column's own value plus this.
    Plus(#[serde(with = "crate::message::kind")] Value),
}

/// Sets one column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
    /// Column.
    pub column: Ident,
    /// New value.
    pub to: SetTo,
}

impl Assignment {
    /// Sets `column` to `value`.
    pub fn set(column: &Ident, value: impl Into<Value>) -> Self {
        Self {
            column: column.clone(),
            to: SetTo::Value(value.into()),
        }
    }
}

/// Changes rows. The number of rows touched counts rows found, whether or not a value differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Update {
    /// Table.
    pub table: TableRef,
    /// What to set, at least one.
    pub set: Vec<Assignment>,
    /// Which rows.
    pub filter: Expr,
}

/// Removes rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delete {
    /// Table.
    pub table: TableRef,
    /// Which rows.
    pub filter: Expr,
}

/// A statement that writes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Statement {
    /// Adds rows.
    Insert(Insert),
    /// Changes rows.
    Update(Update),
    /// Removes rows.
    Delete(Delete),
}
