//! Schemas, tables, columns and keys.

use quillback_plugin_api::DriverError;
use quillback_plugin_api::catalog::{Catalog, Introspect};

use crate::connect::Server;
use crate::errors::unwritten;

/// Answers a question about what is in the database. Searching, sorting and paging happen in the database.
///
/// # Errors
/// What the server says.
#[expect(clippy::unused_async, reason = "until looking up is written")]
pub(crate) async fn introspect(_: &Server, what: Introspect) -> Result<Catalog, DriverError> {
    let topic = match what {
        Introspect::Schemas => "listing schemas",
        Introspect::Tables { .. } => "listing tables",
        Introspect::Table(_) => "describing a table",
    };
    Err(unwritten(topic, "introspect.rs"))
}
