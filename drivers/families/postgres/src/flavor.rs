//! What one database of the family has of its own, as far as the shared code must know it.

use quillback_plugin_api::capabilities::Capabilities;
use quillback_plugin_api::dialect::Dialect;

use crate::names::Names;
use crate::plan::Means;

/// The number of parameters travels in 16 bits.
pub const MAX_PARAMS: u32 = 65_535;

/// A dialect that notes the names it prints.
pub trait Printer: Dialect {
    /// The names that were printed.
    fn names(&self) -> &Names;
}

/// One database of the family.
#[derive(Clone, Copy, Debug)]
pub struct Flavor {
    /// What the database is called in messages.
    pub product: &'static str,
    /// What it can do.
    pub capabilities: fn() -> Capabilities,
    /// A new printer, for one batch or one list of changes.
    pub printer: fn() -> Box<dyn Printer>,
    /// The question that sets up a session. Its parameters are the schema and the time-out of statements in
    /// milliseconds, each empty when it is not given; the last column says whether the schema may be used.
    pub session: &'static str,
    /// What a batch may make use of at first.
    pub means: Means,
}
