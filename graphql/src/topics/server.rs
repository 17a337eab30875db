//! The server itself: version and drivers.

use async_graphql::{Context, Object, Result, SimpleObject};
use quillback_core::permit;
use quillback_core::plugin_api::driver::DriverInfo;

use crate::context::{Env, LoadedDriver};
use crate::error::Public;
use crate::scalars::Json;

#[derive(Default)]
pub(crate) struct ServerQuery;

#[Object]
impl ServerQuery {
    /// The running server, for people who use the console.
    async fn server(&self, ctx: &Context<'_>) -> Result<Server> {
        permit::console(ctx.cx()?).public()?;
        Ok(Server)
    }
}

/// The running server.
struct Server;

#[Object]
impl Server {
    /// Version of the server.
    async fn version(&self, ctx: &Context<'_>) -> Result<&'static str> {
        Ok(ctx.facts()?.version)
    }

    /// Database drivers that were loaded at start-up, by id.
    async fn drivers(&self, ctx: &Context<'_>) -> Result<Vec<Driver>> {
        let facts = ctx.facts()?;
        let drivers = ctx.app()?.drivers.iter().map(|driver| {
            let info = driver.info().clone();
            let file = facts
                .drivers
                .iter()
                .find(|file| file.id == info.id)
                .cloned();
            Driver { info, file }
        });
        Ok(drivers.collect())
    }

    /// Files in the plugin folders that were not loaded, and why.
    async fn refused_drivers(&self, ctx: &Context<'_>) -> Result<Vec<RefusedDriver>> {
        let refused = ctx.facts()?.refused.iter();
        Ok(refused
            .map(|file| RefusedDriver {
                path: file.path.clone(),
                reason: file.reason.clone(),
            })
            .collect())
    }
}

/// A database driver.
struct Driver {
    info: DriverInfo,
    file: Option<LoadedDriver>,
}

#[Object]
impl Driver {
    /// Identifier, as connections name it.
    async fn id(&self) -> &str {
        &self.info.id
    }

    /// Name for people.
    async fn name(&self) -> &str {
        &self.info.name
    }

    /// Version of the driver.
    async fn version(&self) -> &str {
        &self.info.version
    }

    /// Compiler and target that it was built with.
    async fn build(&self) -> &str {
        &self.info.build
    }

    /// File it was loaded from; missing when it is built into the server.
    async fn path(&self) -> Option<&str> {
        self.file.as_ref()?.path.as_deref()
    }

    /// SHA-256 of that file, in hexadecimal.
    async fn sha256(&self) -> Option<&str> {
        self.file.as_ref()?.sha256.as_deref()
    }

    /// JSON Schema of the options of a connection; secrets are marked `writeOnly`.
    async fn options_schema(&self) -> Json {
        Json(self.info.options_schema.clone())
    }

    /// What the database can do at best.
    async fn capabilities(&self) -> Json {
        Json(serde_json::to_value(&self.info.capabilities).unwrap_or_default())
    }
}

/// A file that looked like a driver and was not loaded.
#[derive(SimpleObject)]
struct RefusedDriver {
    /// Where it is.
    path: String,
    /// Why it was not loaded.
    reason: String,
}
