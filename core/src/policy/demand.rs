//! What a row must satisfy before it may be touched and after it was written, and how a refusal says which of it fails.

use quillback_plugin_api::sql::Expr;

use super::{Action, Grant};
use crate::error::Problem;

/// A condition that a row must satisfy to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Demand {
    /// The row rules: what is written must stay among the rows that the user sees.
    RowRules,
    /// The row was added by the user: the user's groups give the right for own rows only.
    OwnRow,
    /// The schema's condition "allow edit when", on the row as it is before.
    EditCondition,
    /// The schema's condition "allow add when", on the new row.
    AddCondition,
    /// No other row has the key, where the database itself does not see to that.
    SingleKey,
}

impl Demand {
    /// The code of a refusal.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::RowRules => "CHECK_FAILED",
            Self::OwnRow => "NOT_OWN_ROW",
            Self::EditCondition => "EDIT_CONDITION",
            Self::AddCondition => "ADD_CONDITION",
            Self::SingleKey => "DUPLICATE_KEY",
        }
    }

    /// What the user is told whose row does not satisfy it.
    pub(crate) fn problem(self) -> Problem {
        let message = match self {
            Self::RowRules => "The row would be outside of what you may write.",
            Self::OwnRow => {
                "Someone else added this row, and you may change only rows that you added."
            }
            Self::EditCondition => "The schema does not allow a row in this state to be changed.",
            Self::AddCondition => "The schema does not allow a row with these values to be added.",
            Self::SingleKey => "A row with this key exists already.",
        };
        Problem::new("", self.code(), message)
    }
}

impl Grant {
    /// What rows that are changed or removed with the right to do `action` must satisfy beforehand, apart from being
    /// seen at all.
    pub(crate) fn locks(&self, action: Action) -> Vec<(Demand, &Expr)> {
        demands([
            (Demand::OwnRow, self.own(action)),
            (Demand::EditCondition, &self.edit_when),
        ])
    }

    /// What rows that are added with the right to do `action` must satisfy afterwards.
    pub(crate) fn added(&self, action: Action) -> Vec<(Demand, &Expr)> {
        demands([
            (Demand::RowRules, &self.using),
            (Demand::AddCondition, &self.add_when),
            (Demand::OwnRow, self.own(action)),
        ])
    }

    /// The rows that count as the user's own for `action`; every row where no group limits it.
    fn own(&self, action: Action) -> &Expr {
        if self.own_only.contains(&action) {
            &self.own
        } else {
            &Expr::True
        }
    }
}

fn demands<'a>(all: impl IntoIterator<Item = (Demand, &'a Expr)>) -> Vec<(Demand, &'a Expr)> {
    all.into_iter()
        .filter(|(_, demanded)| **demanded != Expr::True)
        .collect()
}
