//! The audit trail: what happened to rows, and what happened to things of the console.

mod block;
pub mod certain;
mod check;
pub mod events;
pub mod fault;
mod forms;
pub mod history;
mod mac;
pub mod retention;
pub mod sealing;
mod sight;
pub mod verify;

pub(crate) use forms::{ChangeForm, EventForm, RowForm};
pub(crate) use mac::Form;
pub use mac::MacKeys;
