//! The audit trail: what happened to rows, and what happened to things of the console.

pub mod events;
pub mod history;
