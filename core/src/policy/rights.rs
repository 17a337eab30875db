//! The permission matrix: what a group may do with a schema, and with which of its fields.

use serde::{Deserialize, Serialize};

/// Something that can be done with the rows of a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// See rows.
    View,
    /// Add rows.
    Add,
    /// Change rows.
    Edit,
    /// Remove rows.
    Delete,
    /// Change many rows at once.
    BulkEdit,
    /// Fill gaps between known values.
    Interpolate,
    /// See the history of rows.
    History,
    /// Bring earlier versions of rows back.
    RollBack,
    /// Take rows out as a file.
    Export,
}

impl Action {
    /// All actions.
    pub const ALL: [Self; 9] = [
        Self::View,
        Self::Add,
        Self::Edit,
        Self::Delete,
        Self::BulkEdit,
        Self::Interpolate,
        Self::History,
        Self::RollBack,
        Self::Export,
    ];

    /// Whether rows are other ones afterwards: tokens for reading do not give it.
    pub(crate) fn changes_rows(self) -> bool {
        match self {
            Self::View | Self::History | Self::Export => false,
            Self::Add
            | Self::Edit
            | Self::Delete
            | Self::BulkEdit
            | Self::Interpolate
            | Self::RollBack => true,
        }
    }

    /// Whether it gives fields new values.
    pub(crate) fn writes_fields(self) -> bool {
        self.changes_rows() && self != Self::Delete
    }

    /// Whether a group may have it for the user's own rows only.
    pub(crate) fn can_be_limited_to_own_rows(self) -> bool {
        self.changes_rows() && self != Self::Add
    }

    /// How a refusal names it: "You do not have the right to ...".
    pub(crate) fn phrase(self) -> &'static str {
        match self {
            Self::View => "see rows of this schema",
            Self::Add => "add rows to this schema",
            Self::Edit => "edit rows of this schema",
            Self::Delete => "delete rows of this schema",
            Self::BulkEdit => "edit many rows of this schema at once",
            Self::Interpolate => "fill gaps in rows of this schema",
            Self::History => "see the history of this schema",
            Self::RollBack => "roll changes of this schema back",
            Self::Export => "export rows of this schema",
        }
    }
}

/// What one group may do with one schema.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rights {
    /// What the group may do. Nothing of it counts without `View` among it.
    pub actions: Vec<Action>,
    /// Fields that it does not see.
    pub hidden: Vec<String>,
    /// Fields that it sees and does not write.
    pub read_only: Vec<String>,
    /// Whether it changes and removes only rows that the user added; what it may see is not limited by this.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub own_only: bool,
}

impl Rights {
    /// Everything.
    pub fn all() -> Self {
        Self {
            actions: Action::ALL.to_vec(),
            ..Self::default()
        }
    }

    /// Whether there is no right at all.
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }

    /// Whether it has the right to do `action`.
    pub fn allows(&self, action: Action) -> bool {
        self.actions.contains(&action)
    }

    pub(crate) fn sees(&self, field: &str) -> bool {
        self.allows(Action::View) && !self.hidden.iter().any(|hidden| hidden == field)
    }

    /// Whether it writes the field when it does `action`.
    pub(crate) fn writes(&self, action: Action, field: &str) -> bool {
        action.writes_fields()
            && self.allows(action)
            && self.sees(field)
            && !self.read_only.iter().any(|fixed| fixed == field)
    }
}
