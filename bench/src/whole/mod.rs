//! The whole server under load, beside the raw database and a bare server, in one interleaved run.
//!
//! Every contender does the same work on the same table of the same database. *Raw* is the client library alone with
//! one prepared statement and one commit each; *thin* is the same HTTP and GraphQL libraries with that statement behind
//! them and none of Quillback's guarantees; *thin with row security* lets PostgreSQL check the user's rows; *echo* has no
//! database at all and shows what the load generator can do.

mod contender;
mod http;
mod load;
mod peer;
mod process;
mod quillback;
mod raw;
mod report;
mod scenario;
mod store;
mod table;
pub mod thin;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};

pub use report::Report;
pub use scenario::Scenario;

use contender::Contender;
use load::Plan;
use report::Sample;
use table::Table;

/// What to measure and for how long.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Scenarios; all of them when none is named
    #[arg(value_enum)]
    pub scenarios: Vec<Scenario>,
    /// Rounds; every contender runs once in each
    #[arg(long, default_value_t = 5)]
    pub rounds: usize,
    /// Seconds of one run
    #[arg(long, default_value_t = 4)]
    pub seconds: u64,
    /// Requests under way at the same time
    #[arg(long, value_delimiter = ',', default_values_t = [16])]
    pub concurrency: Vec<usize>,
    /// Requests that begin in each second whatever the answers do (an open loop), instead of one after the other
    #[arg(long)]
    pub rate: Option<u32>,
    /// Users and schemas besides those that are measured, and ten times as many entitlements
    #[arg(long, default_value_t = 0)]
    pub crowd: u32,
    /// Rows in the table
    #[arg(long, default_value_t = 1_000_000)]
    pub rows: u32,
    /// Little of everything: to see that it works, not to quote
    #[arg(long)]
    pub quick: bool,
    /// The database of the table
    #[arg(long, value_enum, default_value_t = Target::Postgres)]
    pub target: Target,
    /// Also measure other products, which `cargo xtask bench --peers` installs
    #[arg(long)]
    pub peers: bool,
    /// Only those whose names begin with one of these; all when none is named
    #[arg(long = "contender", value_name = "NAME")]
    pub contenders: Vec<String>,
    /// Where Quillback keeps its records
    #[arg(long, value_enum, default_value_t = RepositoryKind::Sqlite)]
    pub repository: RepositoryKind,
}

/// The database of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Target {
    /// The server that `cargo xtask bench` starts.
    Postgres,
    /// A file in the temporary folder.
    Sqlite,
}

/// The database of Quillback's own records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum RepositoryKind {
    /// The embedded one.
    Sqlite,
    /// A database of its own on the server of the target.
    Postgres,
}

/// Where things are, from the environment that `cargo xtask bench` sets.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The server program.
    pub server: PathBuf,
    /// The folder with every driver plugin.
    pub plugins: PathBuf,
    /// A PostgreSQL that keeps what it commits.
    pub postgres: String,
    /// The same server as its administrator.
    pub postgres_admin: String,
    /// The folder with the other products, each installed in a folder of its own.
    pub peers: Option<PathBuf>,
}

impl Surroundings {
    /// Reads the environment.
    ///
    /// # Errors
    /// A variable is missing.
    #[expect(
        clippy::disallowed_methods,
        reason = "the program is told where things are by the environment"
    )]
    pub fn of_environment() -> Result<Self> {
        let variable = |name: &str| {
            std::env::var(name)
                .with_context(|| format!("{name} is not set: run `cargo xtask bench`"))
        };
        Ok(Self {
            server: variable("QUILLBACK_BENCH_SERVER")?.into(),
            plugins: variable("QUILLBACK_BENCH_PLUGINS")?.into(),
            postgres: variable("QUILLBACK_TEST_POSTGRES_URL")?,
            postgres_admin: variable("QUILLBACK_TEST_POSTGRES_ADMIN_URL")?,
            peers: std::env::var_os("QUILLBACK_BENCH_PEERS").map(PathBuf::from),
        })
    }
}

/// Prepares everything, measures, and answers the figures.
///
/// # Errors
/// Something does not start, or a contender answered a request with an error: then no figure is worth anything.
pub async fn run(options: &Options, surroundings: &Surroundings) -> Result<Report> {
    let options = options.clone().settled();
    told(&format!(
        "preparing {} rows in {:?}",
        options.rows, options.target
    ));
    let table = Table::prepare(surroundings, options.target, options.rows).await?;
    let contenders = Contender::start_all(surroundings, &table, &options).await?;
    let mut samples = Vec::new();
    for scenario in &options.scenarios {
        for concurrency in &options.concurrency {
            let plan = Plan {
                concurrency: scenario.concurrency(*concurrency),
                time: Duration::from_secs(options.seconds),
                warm_up: options.warm_up(),
                rate: options.rate,
            };
            for round in 0..options.rounds {
                let wanted = |one: &&Contender| one.does(*scenario) && options.wants(one.name);
                for contender in contenders.iter().filter(wanted) {
                    let sample = Sample {
                        scenario: *scenario,
                        contender: contender.name,
                        concurrency: plan.concurrency,
                        round,
                        measured: contender.run(*scenario, &table, plan).await?,
                    };
                    told(&sample.to_string());
                    samples.push(sample);
                }
                table.tidy().await?;
            }
        }
    }
    let mut servers: Vec<_> = contenders.iter().filter_map(Contender::server).collect();
    for contender in contenders {
        let name = contender.name;
        let again = contender.started_again()?;
        for server in servers.iter_mut().filter(|server| server.contender == name) {
            server.start_again_ms = again.map(|time| time.as_millis());
        }
    }
    table.remove().await?;
    let sizes = report::sizes(surroundings)?;
    Ok(Report::new(&options, samples, servers, sizes))
}

impl Options {
    fn settled(mut self) -> Self {
        if self.quick {
            self.rounds = self.rounds.min(2);
            self.seconds = 1;
            self.rows = self.rows.min(20_000);
        }
        if self.scenarios.is_empty() {
            self.scenarios = Scenario::ALL.to_vec();
        }
        self
    }

    fn wants(&self, contender: &str) -> bool {
        let named = |name: &String| contender.to_lowercase().starts_with(&name.to_lowercase());
        self.contenders.is_empty() || self.contenders.iter().any(named)
    }

    /// The time before the clock runs: products on a virtual machine compile while they work.
    fn warm_up(&self) -> Duration {
        Duration::from_millis(if self.quick { 500 } else { 2_000 })
    }
}

#[expect(clippy::print_stderr, reason = "progress of a program that runs long")]
fn told(line: &str) {
    eprintln!("{line}");
}
