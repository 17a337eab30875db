//! What the plugin boundary costs: a ping, a write with five parameters, and rows of ten columns.
//!
//! The driver has no database, so that only the boundary and the encoding are measured. Each figure is taken in many
//! short rounds; the best of them says what the code needs, the median what a shared machine makes of it.

use std::fmt;
use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use quillback_plugin_api::batch::{Batch, BatchOutcome, Expect};
use quillback_plugin_api::remote::{self, RemoteInstance, Settings};
use quillback_plugin_api::sql::{Expr, Insert, Select, Statement};
use quillback_plugin_api::value::{Decimal, Value};
use quillback_plugin_api::{Ident, RowBuffer, TableRef};
use quillback_plugin_host::{Isolate, Mode, Registry, RemoteDriver, file_name};
use serde::Serialize;

/// How long to measure.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Options {
    /// Rounds of each measurement
    #[arg(long, default_value_t = 1_000)]
    pub rounds: usize,
    /// Calls in a round; a round of rows reads ten times as many
    #[arg(long, default_value_t = 500)]
    pub calls: u32,
    /// Measures only this driver
    #[arg(long, value_enum)]
    pub driver: Option<Kind>,
    /// Measures only this
    #[arg(long, value_enum)]
    pub only: Option<Figure>,
}

/// How the driver gets into the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Linked.
    Linked,
    /// Loaded from a file.
    Loaded,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// Asking who is there.
    Ping,
    /// A batch of one insert with five parameters.
    Write,
    /// A row of ten columns, every cell of it read.
    Row,
}

/// One figure.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    /// What was measured.
    pub figure: Figure,
    /// With which driver.
    pub driver: Kind,
    /// Nanoseconds of one call or row in the best round.
    pub best_ns: f64,
    /// The same in the median round.
    pub median_ns: f64,
    /// Calls or rows in a second, from the best round.
    pub per_second: f64,
    /// Nanoseconds that are wanted at most.
    pub goal_ns: f64,
    /// Whether the best round reached the goal.
    pub reached: bool,
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (driver, figure) = (format!("{:?}", self.driver), format!("{:?}", self.figure));
        let verdict = if self.reached { "reached" } else { "missed" };
        write!(
            f,
            "{driver:7} {figure:6} {:8.1} ns best {:8.1} ns median {:12.0}/s   goal {:5.1} ns {verdict}",
            self.best_ns, self.median_ns, self.per_second, self.goal_ns,
        )
    }
}

/// Measures the fixture driver, linked and loaded.
///
/// # Errors
/// When the compiled fixture is not beside this program, or answers with an error.
pub fn run(options: &Options) -> Result<Vec<Measured>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut results = Vec::new();
        for kind in [Kind::Linked, Kind::Loaded] {
            if options.driver.is_some_and(|only| only != kind) {
                continue;
            }
            let driver = match kind {
                Kind::Linked => linked()?,
                Kind::Loaded => loaded()?,
            };
            let instance = driver.open(serde_json::json!({})).await?;
            for figure in [Figure::Ping, Figure::Write, Figure::Row] {
                if options.only.is_none_or(|only| only == figure) {
                    results.push(measure(kind, figure, &instance, options).await?);
                }
            }
            instance.close().await;
        }
        Ok(results)
    })
}

fn linked() -> Result<RemoteDriver> {
    let plugin = quillback_driver_fixture::driver_plugin();
    let info = remote::describe(plugin)?;
    let settings = Settings {
        isolate: Isolate::Off,
        ..Settings::default()
    };
    Ok(RemoteDriver::start(plugin, info, settings)?)
}

fn loaded() -> Result<RemoteDriver> {
    let program = std::env::current_exe()?;
    let beside = program.parent().context("this program has no folder")?;
    let registry = Registry::load(&quillback_plugin_host::Options {
        dirs: vec![beside.to_owned(), beside.join("deps")],
        mode: Mode::Off,
        isolate: Isolate::Off,
        ..quillback_plugin_host::Options::default()
    });
    registry
        .require("fixture")
        .with_context(|| format!("{} is made with this program", file_name("fixture")))
}

async fn measure(
    driver: Kind,
    figure: Figure,
    instance: &RemoteInstance,
    options: &Options,
) -> Result<Measured> {
    let calls = options.calls;
    let (goal_ns, count, times) = match figure {
        Figure::Ping => {
            let round = async || ping(instance, calls).await;
            (200.0, calls, rounds(options.rounds, round).await?)
        }
        Figure::Write => {
            let batch = write_of_five()?;
            let round = async || write(instance, &batch, calls).await;
            (500.0, calls, rounds(options.rounds, round).await?)
        }
        Figure::Row => {
            let rows = calls.saturating_mul(10);
            let select = all_of(u64::from(rows))?;
            let round = async || read(instance, &select).await;
            (50.0, rows, rounds(options.rounds, round).await?)
        }
    };
    let each = |whole: Duration| whole.as_secs_f64() * 1e9 / f64::from(count.max(1));
    let best_ns = times.first().copied().map_or(0.0, each);
    Ok(Measured {
        figure,
        driver,
        best_ns,
        median_ns: times.get(times.len() / 2).copied().map_or(0.0, each),
        per_second: 1e9 / best_ns,
        goal_ns,
        reached: best_ns <= goal_ns,
    })
}

/// The times of the rounds, shortest first.
async fn rounds(count: usize, mut round: impl AsyncFnMut() -> Result<()>) -> Result<Vec<Duration>> {
    round().await?;
    let mut times = Vec::with_capacity(count);
    for _ in 0..count.max(1) {
        let started = Instant::now();
        round().await?;
        times.push(started.elapsed());
    }
    times.sort();
    Ok(times)
}

async fn ping(instance: &RemoteInstance, calls: u32) -> Result<()> {
    for _ in 0..calls {
        black_box(instance.ping().await?);
    }
    Ok(())
}

async fn write(instance: &RemoteInstance, batch: &Batch, calls: u32) -> Result<()> {
    for _ in 0..calls {
        let BatchOutcome::Committed(_) = black_box(instance.apply(batch).await?) else {
            bail!("the driver refused a batch");
        };
    }
    Ok(())
}

fn write_of_five() -> Result<Batch> {
    let values = vec![
        Value::Uuid([7; 16]),
        Value::Text("north".into()),
        Value::I64(42),
        Value::Decimal(Decimal::new("12345.67")?),
        Value::Bool(true),
    ];
    let columns = ["id", "region", "product", "amount", "approved"].map(Ident::new);
    let insert = Insert {
        table: TableRef::in_schema(Some(Ident::new("public")?), Ident::new("forecast")?),
        columns: columns.into_iter().collect::<Result<_, _>>()?,
        rows: RowBuffer::from_rows(5, &[values])?,
        returning: Vec::new(),
    };
    let mut batch = Batch::default();
    batch.write(Statement::Insert(insert), Expect::Rows(1));
    Ok(batch)
}

fn all_of(rows: u64) -> Result<Select> {
    let columns = [Ident::new("id")?];
    let mut select = Select::columns(TableRef::new(Ident::new("rows")?), columns, Expr::True);
    select.limit = Some(rows);
    Ok(select)
}

/// Reads every cell of a result.
async fn read(instance: &RemoteInstance, select: &Select) -> Result<()> {
    let mut stream = instance.stream(select).await?;
    let mut found = 0;
    while let Some(rows) = stream.next().await? {
        for cell in rows.cells() {
            black_box(cell?);
        }
        found += rows.len() as u64;
    }
    if Some(found) != select.limit {
        bail!("the driver answered with {found} rows");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_is_taken_for_both_drivers() {
        let options = Options {
            rounds: 2,
            calls: 3,
            driver: None,
            only: None,
        };
        let results = run(&options).unwrap();
        assert_eq!(results.len(), 6);
        assert!(results.iter().all(|one| one.best_ns > 0.0));
        assert!(results.iter().all(|one| one.best_ns <= one.median_ns));
    }
}
