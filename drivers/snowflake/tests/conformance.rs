//! Runs the conformance suite against this driver, linked and loaded.

use std::process::ExitCode;

use quillback_conformance::{Exception, Quirks, Statements, Target};
use serde_json::json;

const EXCEPTIONS: &[Exception] = &[];

fn main() -> ExitCode {
    let target = Target {
        id: "snowflake",
        options: |around| {
            let server = around.server(8084)?;
            Some(json!({
                "endpoint": format!("http://{}:{}", server.host, server.port),
                "account": "quillback", "user": server.user, "password": "none", "database": server.database,
                "retry_ms": 0,
            }))
        },
        access: None,
        session: None,
        statements: Statements::default(),
        quirks: Quirks {
            reformats_json: true,
            keeps_nul: true,
            ..Quirks::default()
        },
    };
    quillback_conformance::main_except(
        quillback_driver_snowflake::driver_plugin(),
        target,
        EXCEPTIONS,
    )
}
