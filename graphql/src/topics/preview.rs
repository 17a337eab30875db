//! What a change would do to rows, before it is made.

use async_graphql::{Enum, Object, Result, SimpleObject};
use quillback_core::plan::RowAction as StoredAction;
use quillback_core::write::{Preview, PreviewRow as Row, WriteState};

use super::write::RowStatus;
use crate::error::public;
use crate::scalars::Json;

/// Most rows of a preview.
const MOST: u32 = 500;

/// What a change would do to rows.
#[derive(SimpleObject)]
pub(super) struct PreviewPayload {
    /// Whether it would take effect, as things are now.
    would_apply: bool,
    /// Number of rows that it is about.
    count: u64,
    /// Rows, those that stand in the way first.
    rows: Vec<PreviewRow>,
}

impl PreviewPayload {
    pub(super) fn new(preview: Preview, first: u32) -> Result<Self> {
        if !(1..=MOST).contains(&first) {
            let message = format!("Ask for 1 to {MOST} rows at once.");
            return Err(public(quillback_core::Error::invalid(
                "first", "COUNT", message,
            )));
        }
        Ok(Self {
            would_apply: preview.state == WriteState::Applied,
            count: preview.count(),
            rows: preview
                .sample(first as usize)
                .into_iter()
                .map(PreviewRow)
                .collect(),
        })
    }
}

/// What is done to a row.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "StoredAction")]
enum RowAction {
    /// The row is added.
    Add,
    /// The row is changed.
    Edit,
    /// The row is removed.
    Delete,
}

/// What a change would do to a row.
struct PreviewRow(Row);

#[Object]
impl PreviewRow {
    /// What would be done.
    async fn action(&self) -> RowAction {
        self.0.action.into()
    }

    /// What would come of it; APPLIED means that it would be written.
    async fn status(&self) -> RowStatus {
        self.0.outcome.status.into()
    }

    /// Key.
    async fn key(&self) -> Option<Json> {
        self.0.outcome.key.clone().map(Json)
    }

    /// The row as it is now, with the fields that you see.
    async fn before(&self) -> Option<Json> {
        self.0.before.clone().map(Json)
    }

    /// The row as it would be; missing when it would go, or not be written.
    async fn after(&self) -> Option<Json> {
        let is_written = self.0.outcome.status == quillback_core::write::RowStatus::Applied;
        self.0.outcome.row.clone().filter(|_| is_written).map(Json)
    }

    /// In a conflict: the values that the change would write.
    async fn wanted(&self) -> Option<Json> {
        self.0.outcome.wanted.clone().map(Json)
    }

    /// Code of what is in the way.
    async fn code(&self) -> Option<&str> {
        self.0.outcome.code.as_deref()
    }

    /// What is in the way, for people.
    async fn message(&self) -> Option<&str> {
        self.0.outcome.message.as_deref()
    }
}
