//! Measures batches of one row, side by side with the ready client on the same server:
//! `QUILLBACK_TEST_POSTGRES_URL=.. cargo run --release -p quillback-driver-postgres --example measure`.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use quillback_driver_postgres::{Postgres, PostgresInstance};
use quillback_plugin_api::batch::{Batch, BatchOutcome, Expect};
use quillback_plugin_api::civil::{Date, Timestamp};
use quillback_plugin_api::driver::{Context, Driver, Instance};
use quillback_plugin_api::sql::{Expr, Insert, Statement};
use quillback_plugin_api::{Ident, RowBuffer, TableRef, Value};
use tokio_postgres::{Client, NoTls};

type Failure = Box<dyn std::error::Error + Send + Sync>;

const TASKS: usize = 16;
const CONNECTIONS: usize = 8;
const ROUNDS: usize = 5;
const RUN: Duration = Duration::from_secs(2);

const SETUP: &str = "DROP TABLE IF EXISTS measure_marker, measure_row; \
     CREATE TABLE measure_marker (id text PRIMARY KEY, at timestamptz NOT NULL); \
     CREATE TABLE measure_row (id bigint PRIMARY KEY, region text NOT NULL, amount numeric(12, 2) NOT NULL, \
       note text, approved boolean NOT NULL, due date NOT NULL, updated_at timestamptz NOT NULL)";
const CLEAN: &str = "TRUNCATE measure_marker, measure_row";
const MARK: &str = "INSERT INTO measure_marker (id, at) VALUES ($1, $2::text::timestamptz)";
const ADD: &str = "INSERT INTO measure_row (id, region, amount, note, approved, due, updated_at) \
     VALUES ($1, $2, $3::text::numeric, $4, $5, $6::text::date, $7::text::timestamptz)";
const CHECK: &str = "SELECT count(*) FROM measure_row WHERE id = $1 AND region = $2";
const COLUMNS: [&str; 7] = [
    "id",
    "region",
    "amount",
    "note",
    "approved",
    "due",
    "updated_at",
];

static NEXT: AtomicI64 = AtomicI64::new(1);

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement finds its server through the environment and prints what it found"
)]
async fn main() -> Result<(), Failure> {
    let url = std::env::var("QUILLBACK_TEST_POSTGRES_URL")?;
    let options =
        serde_json::json!({ "url": url, "tls": "disable", "max_connections": CONNECTIONS });
    let instance = Postgres::new(Context::default())?.open(options).await?;
    let clean = connect(&url).await?;
    clean.batch_execute(SETUP).await?;
    let mut ready = Vec::new();
    for _ in 0..CONNECTIONS {
        ready.push(Arc::new(Ready::connect(&url).await?));
    }
    println!(
        "batches of marker, insert and check; {TASKS} tasks, {CONNECTIONS} connections; a second"
    );
    for round in 1..=ROUNDS {
        let mut line = format!("round {round}");
        for contender in Contender::ALL {
            clean.batch_execute(CLEAN).await?;
            let before = processor_time(&clean).await?;
            let (done, micros) = run(contender, &instance, &ready).await?;
            let after = processor_time(&clean).await?;
            let each = |after: u32, before: u32| {
                f64::from(after - before) * 10_000.0 / done / RUN.as_secs_f64()
            };
            let (client, server) = (each(after.0, before.0), each(after.1, before.1));
            write!(
                line,
                "\n  {contender:?}: {done:.0}, p50 {micros} us, processor {client:.0} + {server:.0} us"
            )?;
        }
        println!("{line}");
    }
    Ok(())
}

/// Hundredths of a second that this process and the server's have run, where Linux tells for both.
async fn processor_time(client: &Client) -> Result<(u32, u32), Failure> {
    let sql = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()";
    let mut server = 0;
    for row in client.query(sql, &[]).await? {
        server += ticks(&row.get::<_, i32>(0).to_string());
    }
    Ok((ticks("self"), server))
}

fn ticks(process: &str) -> u32 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let (_, fields) = stat.rsplit_once(')').unwrap_or_default();
    let used = fields.split_whitespace().skip(11).take(2);
    used.filter_map(|field| field.parse::<u32>().ok()).sum()
}

#[derive(Clone, Copy, Debug)]
enum Contender {
    DriverTraceable,
    Driver,
    ReadyTwoFlights,
    ReadyOneFlight,
}

impl Contender {
    const ALL: [Self; 4] = [
        Self::DriverTraceable,
        Self::Driver,
        Self::ReadyTwoFlights,
        Self::ReadyOneFlight,
    ];
}

async fn run(
    contender: Contender,
    instance: &PostgresInstance,
    ready: &[Arc<Ready>],
) -> Result<(f64, u64), Failure> {
    let end = Instant::now() + RUN;
    let total = Arc::new(AtomicU64::new(0));
    let mut tasks = Vec::new();
    for (_, client) in (0..TASKS).zip(ready.iter().cycle()) {
        let (instance, client, total) = (instance.clone(), Arc::clone(client), Arc::clone(&total));
        tasks.push(tokio::spawn(async move {
            let mut times = Vec::new();
            while Instant::now() < end {
                let started = Instant::now();
                let id = NEXT.fetch_add(1, Ordering::Relaxed);
                match contender {
                    Contender::DriverTraceable => apply(&instance, id, true).await?,
                    Contender::Driver => apply(&instance, id, false).await?,
                    Contender::ReadyTwoFlights => client.two_flights(id).await?,
                    Contender::ReadyOneFlight => client.one_flight(id).await?,
                }
                times.push(started.elapsed().as_micros());
                total.fetch_add(1, Ordering::Relaxed);
            }
            Ok::<_, Failure>(times)
        }));
    }
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await??);
    }
    times.sort_unstable();
    let median = times.get(times.len() / 2).copied().unwrap_or(0);
    let done = u32::try_from(total.load(Ordering::Relaxed))?;
    Ok((f64::from(done) / RUN.as_secs_f64(), u64::try_from(median)?))
}

async fn apply(instance: &PostgresInstance, id: i64, traceable: bool) -> Result<(), Failure> {
    let now = Timestamp::from_micros(1_700_000_000_000_000 + id);
    let due = Date {
        year: 2027,
        month: 3,
        day: 14,
    };
    let mark = vec![id.to_string().into(), Value::Instant(now)];
    let row = vec![
        id.into(),
        "north".into(),
        Value::Decimal("1234.50".to_owned().try_into()?),
        "a note".into(),
        Value::Bool(true),
        Value::Date(due),
        Value::Instant(now),
    ];
    let mut batch = Batch {
        traceable,
        ..Batch::default()
    };
    batch
        .write(
            insert("measure_marker", &["id", "at"], mark)?,
            Expect::Rows(1),
        )
        .write(insert("measure_row", &COLUMNS, row)?, Expect::Rows(1));
    let filter =
        Expr::eq(&Ident::literal("id"), id).and(Expr::eq(&Ident::literal("region"), "north"));
    batch.check(
        TableRef::new(Ident::literal("measure_row")),
        filter,
        Expect::Rows(1),
    );
    match instance.apply(batch).await? {
        BatchOutcome::Committed(_) => Ok(()),
        refused @ BatchOutcome::Refused { .. } => Err(format!("{refused:?}").into()),
    }
}

fn insert(
    table: &'static str,
    columns: &[&'static str],
    row: Vec<Value>,
) -> Result<Statement, Failure> {
    Ok(Statement::Insert(Insert {
        table: TableRef::new(Ident::literal(table)),
        columns: columns.iter().copied().map(Ident::literal).collect(),
        rows: RowBuffer::from_rows(columns.len(), &[row])?,
        returning: Vec::new(),
    }))
}

/// The ready client, one transaction at a time on each connection.
struct Ready {
    client: Client,
    turn: tokio::sync::Mutex<()>,
    statements: [tokio_postgres::Statement; 5],
}

async fn connect(url: &str) -> Result<Client, Failure> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

impl Ready {
    async fn connect(url: &str) -> Result<Self, Failure> {
        let client = connect(url).await?;
        let statements = [
            client.prepare("BEGIN").await?,
            client.prepare(MARK).await?,
            client.prepare(ADD).await?,
            client.prepare(CHECK).await?,
            client.prepare("COMMIT").await?,
        ];
        Ok(Self {
            client,
            turn: tokio::sync::Mutex::default(),
            statements,
        })
    }

    async fn two_flights(&self, id: i64) -> Result<(), Failure> {
        let _turn = self.turn.lock().await;
        let [begin, mark, add, check, commit] = &self.statements;
        let row = Row::new(id);
        let (mark_with, add_with, check_with) = (row.mark(), row.add(), row.check());
        tokio::try_join!(
            self.client.execute(begin, &[]),
            self.client.execute(mark, &mark_with),
            self.client.execute(add, &add_with),
            self.client.query(check, &check_with),
        )?;
        self.client.execute(commit, &[]).await?;
        Ok(())
    }

    async fn one_flight(&self, id: i64) -> Result<(), Failure> {
        let _turn = self.turn.lock().await;
        let [begin, mark, add, check, commit] = &self.statements;
        let row = Row::new(id);
        let (mark_with, add_with, check_with) = (row.mark(), row.add(), row.check());
        tokio::try_join!(
            self.client.execute(begin, &[]),
            self.client.execute(mark, &mark_with),
            self.client.execute(add, &add_with),
            self.client.query(check, &check_with),
            self.client.execute(commit, &[]),
        )?;
        Ok(())
    }
}

/// The parameters of one batch.
struct Row {
    id: i64,
    name: String,
}

type Param<'r> = &'r (dyn tokio_postgres::types::ToSql + Sync);

impl Row {
    fn new(id: i64) -> Self {
        Self {
            id,
            name: id.to_string(),
        }
    }

    fn mark(&self) -> [Param<'_>; 2] {
        [&self.name, &"2026-11-22 04:00:00+00"]
    }

    fn add(&self) -> [Param<'_>; 7] {
        [
            &self.id,
            &"north",
            &"1234.50",
            &"a note",
            &true,
            &"2027-03-14",
            &"2026-11-22 04:00:00+00",
        ]
    }

    fn check(&self) -> [Param<'_>; 2] {
        [&self.id, &"north"]
    }
}
