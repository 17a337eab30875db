//! Runs the conformance suite against this driver.

use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};
use std::time::Duration;

use quillback_conformance::{Quirks, Session, Statements, Surroundings, Target};
use serde_json::{Value, json};

/// The argument that makes this program a session instead of a test.
const SESSION: &str = "--session-of-the-test";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    if let (Some(SESSION), Some(path)) = (arguments.next().as_deref(), arguments.next()) {
        return match serve(&path) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        };
    }
    let target = Target {
        id: "sqlite",
        options: |around: &Surroundings| {
            Some(json!({"path": around.file("conformance.sqlite"), "synchronous": "normal"}))
        },
        access: None,
        session: Some(open),
        statements: Statements {
            trigger: Some(trigger),
            loose_text: "VARCHAR(40) COLLATE NOCASE",
            instant: "'2024-02-29 12:34:56'",
            ..Statements::default()
        },
        quirks: Quirks {
            keeps_nul: true,
            refuses_nan: true,
            single_writer: true,
            private_decimals: true,
            ..Quirks::default()
        },
    };
    quillback_conformance::main(quillback_driver_sqlite::driver_plugin(), target)
}

/// A session in a process of its own. Locks on files belong to processes, and a driver that is loaded brings an engine
/// of its own: two engines in one process do not see each other's locks
/// (<https://www.sqlite.org/howtocorrupt.html>, section 2.2.1).
struct Beside {
    process: Child,
    statements: ChildStdin,
    answers: BufReader<ChildStdout>,
}

fn open(options: &Value) -> Result<Box<dyn Session>, String> {
    let path = options["path"].as_str().unwrap_or_default();
    start(path)
        .map(|session| Box::new(session) as Box<dyn Session>)
        .map_err(|error| error.to_string())
}

fn start(path: &str) -> io::Result<Beside> {
    let mut process = Command::new(std::env::current_exe()?)
        .args([SESSION, path])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let lost = || io::Error::other("the session has no pipes");
    let statements = process.stdin.take().ok_or_else(lost)?;
    let answers = BufReader::new(process.stdout.take().ok_or_else(lost)?);
    Ok(Beside {
        process,
        statements,
        answers,
    })
}

impl Beside {
    fn ask(&mut self, sql: &str) -> io::Result<Result<(), String>> {
        writeln!(self.statements, "{}", json!(sql))?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        Ok(serde_json::from_str(&answer)?)
    }
}

impl Session for Beside {
    fn run(&mut self, sql: &str) -> Result<(), String> {
        self.ask(sql).map_err(|error| error.to_string())?
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs statements from the standard input, one JSON text a line, and answers each with a line.
fn serve(path: &str) -> Result<(), Box<dyn std::error::Error>> {
    let connection = rusqlite::Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    for line in io::stdin().lines() {
        let sql: String = serde_json::from_str(&line?)?;
        let done = connection
            .execute_batch(&sql)
            .map_err(|error| error.to_string());
        let mut answers = io::stdout();
        writeln!(answers, "{}", serde_json::to_string(&done)?)?;
        answers.flush()?;
    }
    Ok(())
}

fn trigger(table: &str, log: &str) -> Vec<String> {
    vec![format!(
        "CREATE TRIGGER {table}_log AFTER INSERT ON {table} BEGIN INSERT INTO {log} (n) VALUES (NEW.n); END"
    )]
}
