//! Runs the conformance suite on SQLite, through its ODBC driver.

mod support;

use std::process::ExitCode;

use quillback_conformance::{Exception, Quirks, Statements, Surroundings, Target};
use serde_json::json;

const EXCEPTIONS: &[Exception] = &[];

fn main() -> ExitCode {
    let target = Target {
        id: "odbc",
        options: |around: &Surroundings| {
            let driver = support::library("libsqlite3odbc.so")?;
            Some(json!({
                "dialect": "sqlite", "driver": driver, "database": around.file("conformance.sqlite"),
                "connection_string": "SyncPragma=OFF;JournalMode=WAL",
            }))
        },
        access: None,
        session: Some(support::open),
        statements: Statements {
            trigger: Some(trigger),
            loose_text: "VARCHAR(40) COLLATE NOCASE",
            instant: "'2024-02-29 12:34:56'",
            ..Statements::default()
        },
        quirks: Quirks {
            refuses_nan: true,
            single_writer: true,
            ..Quirks::default()
        },
    };
    quillback_conformance::main_except(quillback_driver_odbc::driver_plugin(), target, EXCEPTIONS)
}

fn trigger(table: &str, log: &str) -> Vec<String> {
    vec![format!(
        "CREATE TRIGGER {table}_log AFTER INSERT ON {table} BEGIN INSERT INTO {log} (n) VALUES (NEW.n); END"
    )]
}
