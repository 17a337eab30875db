//! The audit trail: what happened to rows, and what happened to things of the console.

pub mod events;
mod forms;
pub mod history;
mod mac;

pub(crate) use forms::{ChangeForm, EventForm, RowForm};
pub use mac::MacKeys;
