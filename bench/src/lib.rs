//! Measurements of Quillback, each a function that a program or a test can call.

pub mod boundary;
pub mod whole;
