//! What a client asks to be written.

use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::WriteContext;
use crate::ids::{ChangeId, SchemaId};
use crate::plan::{Purpose, RowAction};

/// Values by field name.
pub type Values = Map<String, Json>;

/// Changes of rows that take effect together.
#[derive(Clone, Debug, PartialEq)]
pub struct WriteCommand {
    /// Identifier that the client chose; sent again, it answers with the first outcome.
    pub change: ChangeId,
    /// Schema.
    pub schema: SchemaId,
    /// What it is for.
    pub purpose: Purpose,
    /// What the client asked for, where the changes were worked out from that: sent again, it is the same change even when
    /// the rows are other ones now.
    pub request: Option<Json>,
    /// The changes, at least one.
    pub changes: Vec<WriteChange>,
    /// What fields may be filled from that are not given.
    pub context: WriteContext,
}

impl WriteCommand {
    /// Changes that the client named one by one.
    pub fn plain(change: ChangeId, schema: SchemaId, changes: Vec<WriteChange>) -> Self {
        Self {
            change,
            schema,
            purpose: Purpose::Write,
            request: None,
            changes,
            context: WriteContext::default(),
        }
    }
}

/// What the client knows about the row it changes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Seen {
    /// The values that it saw.
    Values(Values),
    /// The version that it saw.
    Version(String),
    /// Nothing: whatever is there is overwritten.
    Anything,
}

impl WriteChange {
    /// What it does.
    pub fn action(&self) -> RowAction {
        match self {
            Self::Add { .. } => RowAction::Add,
            Self::Edit { .. } => RowAction::Edit,
            Self::Delete { .. } => RowAction::Delete,
        }
    }

    /// The values that it writes, as JSON object.
    pub fn values(&self) -> Option<Json> {
        match self {
            Self::Add { values, .. } | Self::Edit { values, .. } => {
                Some(Json::Object(values.clone()))
            }
            Self::Delete { .. } => None,
        }
    }
}

/// One change of one row.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum WriteChange {
    /// Adds a row.
    Add {
        /// Key, where the client makes it.
        key: Option<Json>,
        /// Values.
        values: Values,
    },
    /// Changes a row.
    Edit {
        /// Key.
        key: Json,
        /// New values of the fields that change.
        values: Values,
        /// What the client saw.
        seen: Seen,
    },
    /// Removes a row.
    Delete {
        /// Key.
        key: Json,
        /// What the client saw.
        seen: Seen,
    },
}
