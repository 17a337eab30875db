//! Stops what a connection is doing, over a connection of its own
//! (<https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS>).

use std::sync::Arc;
use std::time::Duration;

use postgres_protocol::message::frontend;
use tokio::io::AsyncReadExt as _;

use super::dial;
use crate::settings::Settings;

/// How long asking may take before it is given up.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the server wants to hear before it cancels.
#[derive(Clone, Debug)]
pub(crate) struct CancelKey {
    pub(crate) settings: Arc<Settings>,
    pub(crate) process: i32,
    pub(crate) secret: i32,
}

impl CancelKey {
    /// Asks the server to stop what the connection is doing; encrypted like the connection itself. The server does not
    /// say whether there was anything to stop.
    pub(crate) async fn cancel(&self) {
        // There is nobody to tell of a failure: the caller has its answer already, and the server's own time-outs remain.
        let _ = tokio::time::timeout(PATIENCE, self.ask()).await;
    }

    async fn ask(&self) -> Result<(), quillback_plugin_api::DriverError> {
        let mut wire = dial(&self.settings).await?;
        frontend::cancel_request(self.process, self.secret, wire.out());
        wire.send()
            .await
            .map_err(|error| crate::errors::lost(&error))?;
        // The server closes when it has passed the request on.
        if let Some(mut stream) = wire.into_stream() {
            let _ = stream.read(&mut [0; 1]).await;
        }
        Ok(())
    }

    /// Asks in the background.
    pub(crate) fn cancel_soon(self) {
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { self.cancel().await });
        }
    }
}
