//! Runs the conformance suite against this driver, where `QUILLBACK_TEST_ORACLE_URL` names a server.

use std::process::ExitCode;

use quillback_conformance::{Access, Quirks, Statements, Surroundings, Target};
use serde_json::json;

fn main() -> ExitCode {
    let target = Target {
        id: "oracle",
        options: |around: &Surroundings| {
            let server = around.server(1521)?;
            Some(json!({
                "host": server.host, "port": server.port, "user": server.user, "password": server.password,
                "service": server.database,
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
            rounds_decimals: true,
            rounds_fractions: true,
            keeps_nul: true,
            ..Quirks::default()
        },
    };
    quillback_conformance::main(quillback_driver_oracle::driver_plugin(), target)
}
