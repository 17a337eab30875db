//! Runs the conformance suite against this driver, linked and loaded.

use std::process::ExitCode;

use quillback_conformance::{Quirks, Statements, Target};
use serde_json::json;

fn main() -> ExitCode {
    let target = Target {
        id: "__ID__",
        // A server for the tests: QUILLBACK_TEST___ENV___URL=__ID__://user:password@host:port/database
        options: |around| {
            let server = around.server(1)?;
            Some(json!({
                "host": server.host,
                "port": server.port,
                "database": server.database,
                "user": server.user,
                "password": server.password,
            }))
        },
        access: None,
        session: None,
        statements: Statements::default(),
        quirks: Quirks::default(),
    };
    quillback_conformance::main(quillback_driver___ID__::driver_plugin(), target)
}
