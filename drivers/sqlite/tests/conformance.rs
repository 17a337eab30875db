//! Runs the conformance suite against this driver.

use std::process::ExitCode;
use std::time::Duration;

use quillback_conformance::{Quirks, Session, Statements, Surroundings, Target};
use serde_json::{Value, json};

fn main() -> ExitCode {
    let target = Target {
        id: "sqlite",
        options: |around: &Surroundings| {
            Some(json!({"path": around.file("conformance.sqlite"), "synchronous": "normal"}))
        },
        access: None,
        session: Some(open),
        statements: Statements {
            trigger: Some(trigger),
            ..Statements::default()
        },
        quirks: Quirks {
            keeps_nul: true,
            refuses_nan: true,
            single_writer: true,
            ..Quirks::default()
        },
    };
    quillback_conformance::main(quillback_driver_sqlite::driver_plugin(), target)
}

struct Beside(rusqlite::Connection);

fn open(options: &Value) -> Result<Box<dyn Session>, String> {
    let path = options["path"].as_str().unwrap_or_default();
    let connection = rusqlite::Connection::open(path).map_err(|error| error.to_string())?;
    connection
        .busy_timeout(Duration::from_secs(10))
        .map_err(|error| error.to_string())?;
    Ok(Box::new(Beside(connection)))
}

impl Session for Beside {
    fn run(&mut self, sql: &str) -> Result<(), String> {
        self.0.execute_batch(sql).map_err(|error| error.to_string())
    }
}

fn trigger(table: &str, log: &str) -> Vec<String> {
    vec![format!(
        "CREATE TRIGGER {table}_log AFTER INSERT ON {table} BEGIN INSERT INTO {log} (n) VALUES (NEW.n); END"
    )]
}
