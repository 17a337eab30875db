//! What the runs of the suite share: where ODBC drivers are, and a session beside the driver under test.

use std::fmt::Write as _;
use std::path::PathBuf;

use odbc_api::{Connection, ConnectionOptions, environment};
use quillback_conformance::Session;
use serde_json::Value;

/// The name under which Debian sets up the ODBC driver of this library; `None` when it is not installed.
pub(crate) fn driver(name: &'static str, library: &str) -> Option<&'static str> {
    let machine = std::env::consts::ARCH;
    let file = PathBuf::from(format!("/usr/lib/{machine}-linux-gnu/odbc/{library}"));
    file.is_file().then_some(name)
}

/// A connection through the driver manager, without anything of the driver under test.
struct Beside(Connection<'static>);

/// Opens a session with the options of a connection.
pub(crate) fn open(options: &Value) -> Result<Box<dyn Session>, String> {
    let attributes = [
        ("driver", "Driver"),
        ("host", "Server"),
        ("port", "Port"),
        ("database", "Database"),
        ("user", "UID"),
        ("password", "PWD"),
        ("connection_string", ""),
    ];
    let mut text = String::new();
    for (option, attribute) in attributes {
        match &options[option] {
            Value::Null => {}
            Value::String(value) if attribute.is_empty() => text.push_str(value),
            Value::String(value) => drop(write!(text, "{attribute}={value};")),
            value => drop(write!(text, "{attribute}={value};")),
        }
    }
    let environment = environment().map_err(|error| error.to_string())?;
    let connection =
        environment.connect_with_connection_string(&text, ConnectionOptions::default());
    let connection = connection.map_err(|error| error.to_string())?;
    Ok(Box::new(Beside(connection)))
}

impl Session for Beside {
    fn run(&mut self, sql: &str) -> Result<(), String> {
        let done = self.0.execute(sql, (), None);
        done.map(drop).map_err(|error| error.to_string())
    }
}
