//! What an author of a driver implements: two traits with plain `async fn`s, and a stream of rows.

use std::future::Future;

use serde::{Deserialize, Serialize};

use crate::batch::{Batch, BatchOutcome, RenderedStep};
use crate::capabilities::Capabilities;
use crate::catalog::{Catalog, Introspect};
use crate::error::DriverError;
use crate::rows::{Column, RowBuffer};
use crate::sql::{Ddl, Select};

/// What a driver says about itself, without touching a database.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DriverInfo {
    /// Identifier, lower case letters, digits and `_`: the name of its folder and library.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Version of the driver.
    pub version: String,
    /// Version of this crate that it was built with.
    #[serde(default)]
    pub api_version: String,
    /// The compiler and target that it was built with.
    #[serde(default)]
    pub build: String,
    /// What the database can do at best; [`ServerInfo::capabilities`] says what the server at hand can.
    #[serde(default)]
    pub capabilities: Capabilities,
    /// JSON Schema of the connection options; secrets are marked `writeOnly`.
    #[serde(default)]
    pub options_schema: serde_json::Value,
    /// URL schemes that mean this driver, such as `postgresql`. A driver that names any also takes the option `url`, in
    /// place of the single options: the repository is chosen that way (`postgresql://user:secret@host/database`,
    /// `sqlite:/path/to/file`).
    #[serde(default)]
    pub url_schemes: Vec<String>,
    /// The option that names the host (or file), shown in lists of connections.
    #[serde(default)]
    pub address_options: Vec<String>,
}

/// What a server said when it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerInfo {
    /// Product name, as the server says it.
    pub product: String,
    /// Version, as the server says it.
    pub version: String,
    /// What this server can do.
    pub capabilities: Capabilities,
}

/// Facts about the host that a driver may use.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// Identifier of the driver, as [`DriverInfo::id`].
    pub driver: String,
}

/// A database driver: makes instances, each of which is one configured connection with its pool.
pub trait Driver: Send + Sync + Sized + 'static {
    /// The connection it makes.
    type Instance: Instance;

    /// Describes the driver; no side effects.
    fn info() -> DriverInfo;

    /// Makes the driver, once in a process.
    ///
    /// # Errors
    /// What keeps it from working at all, such as a client library that is not installed.
    fn new(context: Context) -> Result<Self, DriverError>;

    /// Opens a connection (a pool) with options that follow the driver's JSON Schema. It proves that the server is
    /// there and takes the credentials.
    fn open(
        &self,
        options: serde_json::Value,
    ) -> impl Future<Output = Result<Self::Instance, DriverError>> + Send;
}

/// One configured connection. Dropping a future of it stops what it does, on the server too where
/// [`Capabilities::cancel`] says so, and takes nothing into effect.
pub trait Instance: Send + Sync + Sized + 'static {
    /// A result that is read in pieces.
    type Stream: RowStream;

    /// Asks the server who it is.
    fn ping(&self) -> impl Future<Output = Result<ServerInfo, DriverError>> + Send;

    /// Looks up what is in the database.
    fn introspect(
        &self,
        what: Introspect,
    ) -> impl Future<Output = Result<Catalog, DriverError>> + Send;

    /// Runs a batch in one transaction; a batch of one read needs none.
    fn apply(&self, batch: Batch)
    -> impl Future<Output = Result<BatchOutcome, DriverError>> + Send;

    /// Starts a read whose rows come in pieces.
    fn stream(
        &self,
        select: Select,
    ) -> impl Future<Output = Result<Self::Stream, DriverError>> + Send;

    /// Changes tables, in one transaction where the database allows it. Where it does not, the error's `step` tells
    /// which change failed; those before it took effect.
    fn define(&self, changes: Vec<Ddl>) -> impl Future<Output = Result<(), DriverError>> + Send;

    /// The SQL that [`Instance::apply`] would send; no input or output.
    ///
    /// # Errors
    /// `Unsupported` where this database cannot express a step.
    fn render(&self, batch: &Batch) -> Result<Vec<RenderedStep>, DriverError>;

    /// The SQL that [`Instance::define`] would send; no input or output.
    ///
    /// # Errors
    /// `Unsupported` where this database cannot express a change.
    fn render_ddl(&self, changes: &[Ddl]) -> Result<Vec<String>, DriverError>;

    /// Closes all connections. Calls under way end first.
    fn close(&self) -> impl Future<Output = ()> + Send;
}

/// Rows of a result, in pieces. Dropping it gives the connection back.
pub trait RowStream: Send + Sized + 'static {
    /// Headings of the columns.
    fn columns(&self) -> &[Column];

    /// Appends rows to `out` until it has about a thousand or a megabyte. Answers whether there may be more.
    fn next(
        &mut self,
        out: &mut RowBuffer,
    ) -> impl Future<Output = Result<bool, DriverError>> + Send;
}
