//! The `SQLite` driver: the embedded database that needs no server, and the default for Quillback's own data.
#![forbid(unsafe_code)]

mod calendar;
mod capabilities;
mod checks;
mod connect;
mod create_sql;
mod decimal;
mod define;
mod dialect;
mod errors;
mod execute;
mod functions;
#[cfg(test)]
mod golden;
mod guard;
mod instance;
mod introspect;
mod near;
mod options;
mod plan;
mod readers;
mod rebuild;
mod stream;
mod types;
mod values;
mod watch;
mod writer;

use quillback_plugin_api::DriverError;
use quillback_plugin_api::driver::{Context, Driver, DriverInfo};
use quillback_plugin_api::export_driver;

pub use instance::Instance;
pub use stream::Stream;

use options::Options;

/// The driver.
#[derive(Debug)]
pub struct Sqlite;

impl Driver for Sqlite {
    type Instance = Instance;

    fn info() -> DriverInfo {
        DriverInfo {
            id: "sqlite".into(),
            name: "SQLite".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            api_version: String::new(),
            build: String::new(),
            capabilities: capabilities::capabilities(),
            options_schema: schemars::schema_for!(Options).to_value(),
            url_schemes: vec!["sqlite".into()],
            address_options: vec!["path".into()],
        }
    }

    fn new(_context: Context) -> Result<Self, DriverError> {
        Ok(Self)
    }

    async fn open(&self, options: serde_json::Value) -> Result<Instance, DriverError> {
        Instance::open(Options::parse(options)?).await
    }
}

export_driver!(Sqlite);
