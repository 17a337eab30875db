//! Runs the conformance suite against this driver, linked and loaded.

use std::process::ExitCode;

use quillback_conformance::{Quirks, Statements, Target};
use serde_json::json;

fn main() -> ExitCode {
    let target = Target {
        id: "bigquery",
        options: |around| {
            let server = around.server(9050)?;
            Some(json!({
                "endpoint": format!("http://{}:{}", server.host, server.port),
                "project": "quillback", "dataset": server.database, "authentication": "none",
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
    quillback_conformance::main(quillback_driver_bigquery::driver_plugin(), target)
}
