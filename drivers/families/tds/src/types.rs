//! Values and types, both ways.

pub(crate) mod bind;
pub(crate) mod columns;
pub mod create;
pub mod decimal;
pub(crate) mod read;
