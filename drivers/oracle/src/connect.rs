//! Connections: each on a thread of its own, with the settings that every session needs.

use std::time::Duration;

use oracledb::{Config, Connection};
use quillback_plugin_api::{DriverError, blocking};

use crate::errors::translate;
use crate::options::Settings;

/// What makes a session behave the same everywhere: texts compare byte by byte, moments are in UTC.
const SESSION: &str = "ALTER SESSION SET NLS_COMP = BINARY NLS_SORT = BINARY TIME_ZONE = '+00:00' \
     NLS_NUMERIC_CHARACTERS = '.,' NLS_LENGTH_SEMANTICS = CHAR";

/// A bounded number of connections to one server.
pub(crate) type Pool = blocking::Pool<Settings>;

impl blocking::Connector for Settings {
    type Connection = Connection;

    const THREAD: &'static str = "oracle";

    fn limit(&self) -> Duration {
        self.connect_timeout
    }

    fn connect(&self) -> Result<Connection, DriverError> {
        connect(self)
    }

    fn is_alive(&self, connection: &mut Connection) -> bool {
        let asked = connection
            .set_call_timeout(Some(self.connect_timeout))
            .and_then(|()| connection.ping());
        asked.is_ok()
    }
}

fn connect(settings: &Settings) -> Result<Connection, DriverError> {
    let mut config = Config::default()
        .set_transport_connect_timeout(Some(settings.connect_timeout))
        .set_credentials(&settings.user, &settings.password)
        .set_driver_name("quillback");
    if let Some(wallet) = &settings.wallet {
        config = config.set_wallet_location(wallet.as_str());
    }
    if let Some(password) = &settings.wallet_password {
        config = config.set_wallet_password(password);
    }
    let config = config
        .set_connect_string(&settings.descriptor)
        .map_err(|error| translate(&error))?;
    let connection = oracledb::connect(config).map_err(|error| translate(&error))?;
    let prepared = connection
        .set_call_timeout(Some(settings.connect_timeout))
        .and_then(|()| connection.execute(SESSION, &[]));
    prepared.map_err(|error| translate(&error))?;
    Ok(connection)
}
