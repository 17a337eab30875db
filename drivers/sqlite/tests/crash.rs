//! What was answered is there after the process was killed in the middle of its writes.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, ExitCode, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};
use quillback_driver_sqlite::{Instance, Sqlite};
use quillback_plugin_api::batch::{Batch, Expect};
use quillback_plugin_api::driver::{Context, Driver, Instance as _};
use quillback_plugin_api::sql::{ColumnDef, CreateTable, Ddl, Insert, Statement};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::{DriverError, Ident, RowBuffer, TableRef};

/// The argument that makes this program the one that is killed.
const WRITER: &str = "--writer-of-the-test";
const CALLERS: i64 = 8;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    if let (Some(WRITER), Some(path)) = (arguments.next().as_deref(), arguments.next()) {
        return write_until_killed(&path).map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS);
    }
    let trial = Trial::test("answered_writes_survive_a_kill", || {
        survive().map_err(|error| Failed::from(error.to_string()))
    });
    libtest_mimic::run(&Arguments::from_args(), vec![trial]).exit_code()
}

fn survive() -> Result<(), Failure> {
    for answered in [1, 40, 400] {
        let folder = tempfile::TempDir::new()?;
        let path = folder.path().join("crash.sqlite");
        let mut writer = Command::new(std::env::current_exe()?)
            .arg(WRITER)
            .arg(&path)
            .stdout(Stdio::piped())
            .spawn()?;
        let answers = BufReader::new(writer.stdout.take().ok_or("no pipe")?);
        let mut lines = answers.lines();
        let mut ids: Vec<i64> = Vec::new();
        for line in lines.by_ref().take(answered) {
            ids.push(line?.parse()?);
        }
        writer.kill()?;
        writer.wait()?;
        // Answers that were on their way count too; the last line may be cut off.
        ids.extend(
            lines
                .map_while(Result::ok)
                .filter_map(|line| line.parse::<i64>().ok()),
        );
        if ids.len() < answered {
            return Err("the writer ended by itself".into());
        }
        check(&path, &ids)?;
    }
    Ok(())
}

/// Each batch adds two rows, so that half of one would show.
fn check(path: &std::path::Path, answered: &[i64]) -> Result<(), Failure> {
    let connection = rusqlite::Connection::open(path)?;
    let sound: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    let halves: i64 = connection.query_row(
        "SELECT count(*) FROM (SELECT batch FROM t GROUP BY batch HAVING count(*) <> 2)",
        [],
        |row| row.get(0),
    )?;
    let mut find = connection.prepare("SELECT count(*) FROM t WHERE batch = ?1")?;
    let mut lost = 0;
    for id in answered {
        lost += i64::from(find.query_row([id], |row| row.get::<_, i64>(0))? != 2);
    }
    if sound == "ok" && halves == 0 && lost == 0 {
        Ok(())
    } else {
        Err(format!(
            "integrity {sound}, {halves} halves, {lost} of {} lost",
            answered.len()
        )
        .into())
    }
}

fn write_until_killed(path: &str) -> Result<(), Failure> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let options = serde_json::json!({ "path": path });
        let opened = Sqlite::new(Context::default())?.open(options).await?;
        let instance = std::sync::Arc::new(opened);
        instance.define(vec![table()?]).await?;
        let mut callers = Vec::new();
        for caller in 0..CALLERS {
            let instance = std::sync::Arc::clone(&instance);
            callers.push(tokio::spawn(async move {
                for number in 0.. {
                    let id = caller + number * CALLERS;
                    add(&instance, id).await?;
                    writeln!(std::io::stdout(), "{id}")?;
                }
                Ok::<(), Failure>(())
            }));
        }
        for caller in callers {
            caller.await??;
        }
        Ok(())
    })
}

fn table() -> Result<Ddl, Failure> {
    let columns = ["row", "batch"]
        .map(|column| ColumnDef::required(Ident::literal(column), LogicalType::INT64));
    Ok(Ddl::CreateTable(CreateTable {
        table: TableRef::new(Ident::new("t")?),
        columns: columns.to_vec(),
        primary_key: vec![Ident::new("row")?],
        if_not_exists: false,
    }))
}

async fn add(instance: &Instance, id: i64) -> Result<(), DriverError> {
    let rows = [
        vec![(id * 2).into(), id.into()],
        vec![(id * 2 + 1).into(), id.into()],
    ];
    let mut batch = Batch::default();
    for row in rows {
        let insert = Insert {
            table: TableRef::new(Ident::literal("t")),
            columns: vec![Ident::literal("row"), Ident::literal("batch")],
            rows: RowBuffer::from_rows(2, &[row])?,
            returning: Vec::new(),
        };
        batch.write(Statement::Insert(insert), Expect::Rows(1));
    }
    instance.apply(batch).await.map(drop)
}
