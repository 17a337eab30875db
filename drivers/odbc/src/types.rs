//! Values and column types, both ways.

pub(crate) mod bind;
pub(crate) mod columns;
pub(crate) mod create;
pub(crate) mod fit;
pub(crate) mod moments;
pub(crate) mod read;
