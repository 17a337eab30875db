//! The tagged encoding of values: one tag byte, then the value, little-endian, lengths checked on reading.
//!
//! Tags 0 to 31 are frozen for version 1 of the plugin interface. New tags are 128 and above and always carry a
//! `u32` length after the tag, so that an old reader can skip them.

mod check;
mod put;
mod read;

use std::fmt;

pub use put::{put, put_value};
pub use read::Reader;

/// Lists and structs nest at most this deep.
pub const MAX_DEPTH: usize = 32;

/// The bytes are not what the encoding allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodecError(pub &'static str);

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed row data: {}", self.0)
    }
}

impl std::error::Error for CodecError {}

/// The bytes end before the value does.
const EARLY: CodecError = CodecError("it ends too early");

/// Tag bytes.
pub mod tag {
    #![expect(
        missing_docs,
        reason = "each constant is the tag of the variant of `Value` with its name"
    )]
    pub const NULL: u8 = 0;
    pub const FALSE: u8 = 1;
    pub const TRUE: u8 = 2;
    pub const I64: u8 = 3;
    pub const U64: u8 = 4;
    pub const F64: u8 = 5;
    pub const F32: u8 = 6;
    pub const DECIMAL: u8 = 7;
    pub const TEXT: u8 = 8;
    pub const BYTES: u8 = 9;
    pub const UUID: u8 = 10;
    pub const DATE: u8 = 11;
    pub const TIME: u8 = 12;
    pub const OFFSET_TIME: u8 = 13;
    pub const TIMESTAMP: u8 = 14;
    pub const INSTANT: u8 = 15;
    pub const OFFSET_INSTANT: u8 = 16;
    pub const ZONED_INSTANT: u8 = 17;
    pub const INTERVAL: u8 = 18;
    pub const JSON: u8 = 19;
    pub const LIST: u8 = 20;
    pub const STRUCT: u8 = 21;
    pub const SPECIAL: u8 = 22;
}

#[cfg(test)]
mod tests;
