//! Row changes and page requests become batches, with the grant's conditions in every statement.
//!
//! [`ScopedBatch`], [`ScopedPage`] and [`Fence`] can only be made here, and target databases take nothing else.

mod marker;
mod options;
mod page;
mod purpose;
mod scope;

pub(crate) use marker::MARKER;
pub use marker::{Fence, marker_table};
pub(crate) use options::{OptionColumns, OptionPlan, cells_of_rows};
pub use page::{PagePlan, ScopedPage, SortKey, page};
pub(crate) use page::{key_filter, rows_by_key, total_sort};
pub use purpose::Purpose;
pub use scope::{Mark, Meaning, RowAction, RowChange, ScopedBatch, Terms, scope};
