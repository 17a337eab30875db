//! Values and column types, both ways.

pub(crate) mod bind;
pub(crate) mod columns;
pub(crate) mod create;
pub(crate) mod read;
