//! Conditions on the rows of one table.

use serde::{Deserialize, Serialize};

use super::Select;
use crate::ident::{Ident, TableRef};
use crate::value::Value;

/// Comparison of a column with a value. A NULL on either side makes it unknown, as in SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compare {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
    /// Greater.
    Gt,
    /// Greater or equal.
    Ge,
}

/// Search in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextMatch {
    /// The column has the text anywhere.
    Contains,
    /// The column starts with the text.
    StartsWith,
}

/// A condition. Values are always bound as parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expr {
    /// Every row.
    True,
    /// No row.
    False,
    /// All of them; of none, every row.
    And(Vec<Expr>),
    /// Any of them; of none, no row.
    Or(Vec<Expr>),
    /// The opposite; unknown stays unknown.
    Not(Box<Expr>),
    /// Column compared with a value.
    Compare {
        /// Column.
        column: Ident,
        /// How.
        op: Compare,
        /// Value.
        #[serde(with = "crate::message::kind")]
        value: Value,
    },
    /// Column equals the value, or both are NULL: never unknown.
    Same {
        /// Column.
        column: Ident,
        /// Value.
        #[serde(with = "crate::message::kind")]
        value: Value,
    },
    /// Column is NULL.
    IsNull(Ident),
    /// Column equals one of the values; of none, no row.
    In {
        /// Column.
        column: Ident,
        /// Values; NULL among them never matches.
        #[serde(with = "crate::message::kinds")]
        values: Vec<Value>,
    },
    /// Column equals a value of the first column of `select`.
    InSelect {
        /// Column.
        column: Ident,
        /// One column of another table.
        select: Box<Select>,
    },
    /// Column holds the number that the database gave to the row inserted just before, by this batch and into this table:
    /// no other row, whoever else inserts at the same time. For databases that claim `last_key`.
    LastKey {
        /// Table.
        table: TableRef,
        /// The column that the database numbers, which is the whole key.
        column: Ident,
    },
    /// Text search; unknown when the column is NULL.
    Match {
        /// Column.
        column: Ident,
        /// How.
        how: TextMatch,
        /// Whether upper and lower case count as the same.
        #[serde(default)]
        ignore_case: bool,
        /// Text; an empty text matches every text.
        #[serde(with = "crate::message::kind")]
        text: Value,
    },
}

impl Expr {
    /// `column op value`.
    pub fn compare(column: &Ident, op: Compare, value: impl Into<Value>) -> Self {
        Self::Compare {
            column: column.clone(),
            op,
            value: value.into(),
        }
    }

    /// `column = value`.
    pub fn eq(column: &Ident, value: impl Into<Value>) -> Self {
        Self::compare(column, Compare::Eq, value)
    }

    /// Both conditions; drops conditions that are always true.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::True, one) | (one, Self::True) => one,
            (Self::And(mut all), Self::And(more)) => {
                all.extend(more);
                Self::And(all)
            }
            (Self::And(mut all), one) => {
                all.push(one);
                Self::And(all)
            }
            (first, second) => Self::And(vec![first, second]),
        }
    }

    /// All of the conditions.
    pub fn all(conditions: impl IntoIterator<Item = Self>) -> Self {
        conditions.into_iter().fold(Self::True, Self::and)
    }

    /// The opposite of the condition.
    pub fn negate(self) -> Self {
        Self::Not(Box::new(self))
    }
}
