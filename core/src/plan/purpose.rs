//! What a change is for: it decides which right the change needs and what is written down about it.

use super::RowAction;
use crate::error::{Error, Result};
use crate::ids::ChangeId;
use crate::policy::Action;

/// What a change is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// Rows that the caller named one by one.
    #[default]
    Write,
    /// Takes back what an earlier change did.
    RollBack {
        /// The earlier change.
        reverts: ChangeId,
    },
    /// Brings a row back to what it was after an earlier change.
    Restore {
        /// The earlier change.
        to: ChangeId,
    },
    /// Gives the same values to all rows of a filter.
    BulkEdit,
    /// Fills gaps between known values.
    Interpolation,
}

impl Purpose {
    /// The right that it needs to do `action` to a row.
    pub fn right(&self, action: RowAction) -> Action {
        match self {
            Self::Write => action.right(),
            Self::RollBack { .. } | Self::Restore { .. } => Action::RollBack,
            Self::BulkEdit => Action::BulkEdit,
            Self::Interpolation => Action::Interpolate,
        }
    }

    /// Whether it brings back values that were in the rows before. They were good once: what the fields demand today is
    /// not asked of them, only what the types and the database demand.
    pub fn is_return(&self) -> bool {
        matches!(self, Self::RollBack { .. } | Self::Restore { .. })
    }

    /// The name in the repository; a plain write has none.
    pub fn as_str(&self) -> Option<&'static str> {
        match self {
            Self::Write => None,
            Self::RollBack { .. } => Some("roll_back"),
            Self::Restore { .. } => Some("restore"),
            Self::BulkEdit => Some("bulk_edit"),
            Self::Interpolation => Some("interpolation"),
        }
    }

    /// The earlier change that it goes back to, or takes back.
    pub fn earlier(&self) -> Option<&ChangeId> {
        match self {
            Self::RollBack { reverts } => Some(reverts),
            Self::Restore { to } => Some(to),
            Self::Write | Self::BulkEdit | Self::Interpolation => None,
        }
    }

    /// The purpose of that name.
    ///
    /// # Errors
    /// `Internal` for one that no version wrote.
    pub(crate) fn stored(name: Option<&str>, earlier: Option<ChangeId>) -> Result<Self> {
        match (name, earlier) {
            (None, _) => Ok(Self::Write),
            (Some("roll_back"), Some(reverts)) => Ok(Self::RollBack { reverts }),
            (Some("restore"), Some(to)) => Ok(Self::Restore { to }),
            (Some("bulk_edit"), _) => Ok(Self::BulkEdit),
            (Some("interpolation"), _) => Ok(Self::Interpolation),
            _ => Err(Error::Internal("a stored purpose is unknown".into())),
        }
    }
}
