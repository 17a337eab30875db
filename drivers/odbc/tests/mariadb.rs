//! Runs the conformance suite on MariaDB, through its ODBC driver.

#[path = "support/server.rs"]
mod server;
mod support;

use std::process::ExitCode;

use quillback_conformance::{Access, Exception, Quirks, Statements, Surroundings, Target};
use serde_json::json;

const EXCEPTIONS: &[Exception] = &[Exception {
    case: "outage::a_lost_answer_to_a_commit_is_an_unknown_outcome",
    why: "the ODBC driver begins transactions with `SET AUTOCOMMIT`, in which the proxy sees the commit that it waits for",
    fails: true,
}];

fn main() -> ExitCode {
    let target = Target {
        id: "odbc",
        options: |_: &Surroundings| {
            let driver = support::driver("MariaDB Unicode", "libmaodbc.so")?;
            let [user, password, host, port, database] =
                server::address("QUILLBACK_TEST_MYSQL_URL")?;
            Some(json!({
                "dialect": "mariadb", "driver": driver, "host": host, "port": port.parse::<u16>().ok()?,
                "database": database, "user": user, "password": password,
            }))
        },
        access: Some(Access {
            host: "host",
            port: "port",
            password: "password",
            hurry: |options| options["connect_timeout_ms"] = json!(1_000),
        }),
        session: Some(support::open),
        statements: Statements {
            instant: "'2024-02-29 12:34:56'",
            trigger: Some(trigger),
            loose_text: "VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
            ..Statements::default()
        },
        quirks: Quirks {
            refuses_nan: true,
            refuses_infinity: true,
            ..Quirks::default()
        },
    };
    quillback_conformance::main_except(quillback_driver_odbc::driver_plugin(), target, EXCEPTIONS)
}

fn trigger(table: &str, log: &str) -> Vec<String> {
    vec![format!(
        "CREATE TRIGGER {table}_log AFTER INSERT ON {table} FOR EACH ROW INSERT INTO {log} (n) VALUES (NEW.n)"
    )]
}
