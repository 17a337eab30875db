//! The table in each database as the contenders without Quillback reach it: one prepared statement for each kind of work.

pub(super) mod postgres;
pub(super) mod sqlite;

use async_graphql::{InputObject, SimpleObject};

/// A row to add.
#[derive(Clone, Debug, InputObject)]
pub(super) struct NewRow {
    pub(super) id: String,
    pub(super) region: String,
    pub(super) product: String,
    pub(super) amount: String,
    pub(super) note: Option<String>,
    pub(super) approved: bool,
    pub(super) due: String,
    pub(super) updated_at: String,
}

/// A row that was read.
#[derive(Clone, Debug, SimpleObject)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) region: String,
    pub(super) product: String,
    pub(super) amount: String,
    pub(super) note: Option<String>,
    pub(super) approved: bool,
    pub(super) due: String,
    pub(super) updated_at: String,
}

/// The row behind which a page starts: day and id.
pub(super) type After = (String, String);

/// What is asked of a table.
#[derive(Clone, Debug)]
pub(super) enum Work {
    /// Adds these rows with one statement or in one transaction.
    Add(Vec<NewRow>),
    /// Changes amount and note of a row.
    Edit {
        /// Key.
        id: String,
        /// New amount.
        amount: String,
        /// New note.
        note: String,
    },
    /// Removes a row that must be there.
    Delete {
        /// Key.
        id: String,
    },
    /// Gives all rows of a region and of some days another note.
    EditMany {
        /// New note.
        note: String,
    },
    /// Reads 100 rows of a region in the order of day and id.
    Page {
        /// Region.
        region: String,
        /// Where to start.
        after: Option<After>,
    },
    /// The same of any of [`super::table::many_regions`].
    PageOfMany,
}
