//! Runs the conformance suite against this driver, linked and loaded, where a server is at hand.

use std::process::ExitCode;

use quillback_conformance::{Access, Quirks, Statements, Surroundings, Target};
use serde_json::json;

fn main() -> ExitCode {
    let target = Target {
        id: "mssql",
        options: |around: &Surroundings| {
            let server = around.server(1433)?;
            Some(json!({
                "host": server.host, "port": server.port, "user": server.user, "password": server.password,
                "database": server.database, "tls": "require",
            }))
        },
        access: Some(Access {
            host: "host",
            port: "port",
            password: "password",
            hurry: |options| options["connect_timeout_ms"] = json!(1_000),
        }),
        session: None,
        statements: Statements::default(),
        quirks: Quirks {
            keeps_nul: true,
            refuses_nan: true,
            refuses_infinity: true,
            ..Quirks::default()
        },
    };
    quillback_conformance::main(quillback_driver_mssql::driver_plugin(), target)
}
