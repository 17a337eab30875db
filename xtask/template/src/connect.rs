//! Opening connections: encryption, time limit, and the settings that every session needs.

use quillback_plugin_api::DriverError;
use quillback_plugin_api::driver::ServerInfo;

use crate::errors::unwritten;
use crate::options::Options;

/// A server and the connections to it.
pub(crate) struct Server {
    #[expect(dead_code, reason = "until opening a connection is written")]
    options: Options,
}

impl Server {
    /// Signs in once, which proves that the server is there and takes the credentials.
    ///
    /// # Errors
    /// `Connect`, `Auth`, `Timeout` and what the server says.
    #[expect(clippy::unused_async, reason = "until opening a connection is written")]
    pub(crate) async fn open(options: Options) -> Result<Self, DriverError> {
        let server = Self { options };
        Err(unwritten("opening a connection", "connect.rs")).map(|()| server)
    }

    /// Asks the server who it is.
    #[expect(clippy::unused_async, reason = "until opening a connection is written")]
    pub(crate) async fn ping(&self) -> Result<ServerInfo, DriverError> {
        Err(unwritten("asking for the version", "connect.rs"))
    }

    /// Closes all connections.
    #[expect(clippy::unused_async, reason = "until opening a connection is written")]
    pub(crate) async fn close(&self) {}
}
