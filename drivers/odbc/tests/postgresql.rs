//! Runs the conformance suite on PostgreSQL, through psqlodbc.

#[path = "support/server.rs"]
mod server;
mod support;

use std::process::ExitCode;

use quillback_conformance::{Access, Exception, Quirks, Statements, Surroundings, Target};
use serde_json::json;

const EXCEPTIONS: &[Exception] = &[Exception {
    case: "render::what_is_shown_is_what_is_sent",
    why: "psqlodbc writes `$1` where a statement has `?` before it sends it",
    fails: true,
}];

fn main() -> ExitCode {
    let target = Target {
        id: "odbc",
        options: |_: &Surroundings| {
            let driver = support::driver("PostgreSQL Unicode", "psqlodbcw.so")?;
            let [user, password, host, port, database] =
                server::address("QUILLBACK_TEST_POSTGRES_URL")?;
            Some(json!({
                "dialect": "postgresql", "driver": driver, "host": host, "port": port.parse::<u16>().ok()?,
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
            trigger: Some(trigger),
            ..Statements::default()
        },
        quirks: Quirks {
            reformats_json: true,
            ..Quirks::default()
        },
    };
    quillback_conformance::main_except(quillback_driver_odbc::driver_plugin(), target, EXCEPTIONS)
}

fn trigger(table: &str, log: &str) -> Vec<String> {
    vec![
        format!(
            "CREATE FUNCTION {table}_log() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN INSERT INTO {log} (n) VALUES (NEW.n); RETURN NULL; END $$"
        ),
        format!(
            "CREATE TRIGGER {table}_log AFTER INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_log()"
        ),
    ]
}
