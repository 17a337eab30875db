//! Samples become medians with their spread, and ratios between contenders of the same round.

use std::fmt;
use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::Result;
use serde::Serialize;

use super::load::Measured;
use super::scenario::Scenario;
use super::{Options, Surroundings};

/// One run of one contender.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Sample {
    /// What it did.
    pub scenario: Scenario,
    /// Who.
    pub contender: &'static str,
    /// Requests under way.
    pub concurrency: usize,
    /// In which round.
    pub round: usize,
    /// What it came to.
    #[serde(flatten)]
    pub measured: Measured,
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Measured {
            per_second, p99_ms, ..
        } = self.measured;
        write!(
            f,
            "{:<9} c{:<3} round {} {:<24} {per_second:>9.0}/s  p99 {p99_ms:>8.2} ms",
            format!("{:?}", self.scenario),
            self.concurrency,
            self.round + 1,
            self.contender,
        )
    }
}

/// What a server's process took.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Server {
    /// Which.
    pub contender: &'static str,
    /// Milliseconds from its start until it said that it is ready.
    pub start_ms: u128,
    /// The same once more at the end, with everything that is stored by then.
    pub start_again_ms: Option<u128>,
    /// MiB before any load.
    pub idle_mib: u64,
    /// MiB after all of it.
    pub loaded_mib: u64,
}

/// All figures.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    rows: u32,
    rounds: usize,
    seconds: u64,
    rate: Option<u32>,
    crowd: u32,
    target: String,
    repository: String,
    samples: Vec<Sample>,
    servers: Vec<Server>,
    /// Bytes of the program and of each plugin.
    sizes: Vec<(String, u64)>,
}

/// The sizes of the server and of its plugins, in bytes.
pub(super) fn sizes(surroundings: &Surroundings) -> Result<Vec<(String, u64)>> {
    let mut files = vec![surroundings.server.clone()];
    for entry in std::fs::read_dir(&surroundings.plugins)? {
        files.push(entry?.path());
    }
    files.sort();
    let size = |file: &PathBuf| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        Ok((name.into_owned(), std::fs::metadata(file)?.len()))
    };
    files.iter().map(size).collect()
}

/// A median with its spread.
#[derive(Clone, Copy, Debug, Default)]
struct Spread {
    median: f64,
    least: f64,
    most: f64,
}

impl Spread {
    fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        Some(Self {
            median: *values.get(values.len() / 2)?,
            least: *values.first()?,
            most: *values.last()?,
        })
    }
}

impl Report {
    pub(super) fn new(
        options: &Options,
        samples: Vec<Sample>,
        servers: Vec<Server>,
        sizes: Vec<(String, u64)>,
    ) -> Self {
        Self {
            rows: options.rows,
            rounds: options.rounds,
            seconds: options.seconds,
            rate: options.rate,
            crowd: options.crowd,
            target: format!("{:?}", options.target),
            repository: format!("{:?}", options.repository),
            samples,
            servers,
            sizes,
        }
    }

    /// The tables of `bench/RESULTS.md`.
    pub fn markdown(&self) -> String {
        let mut text = format!(
            "{} rows in {}, repository in {}, {} rounds of {} s each, all contenders in every round. Medians; \
             in brackets the smallest and the largest round.\n",
            self.rows, self.target, self.repository, self.rounds, self.seconds,
        );
        if let Some(rate) = self.rate {
            let _ = writeln!(
                text,
                "An open loop: {rate} requests begin in each second, and their time counts from then on."
            );
        }
        if self.crowd > 0 {
            let _ = writeln!(
                text,
                "Besides, {0} users and {0} schemas in Quillback, and ten times as many entitlements.",
                self.crowd
            );
        }
        let mut groups: Vec<(Scenario, usize)> = self
            .samples
            .iter()
            .map(|sample| (sample.scenario, sample.concurrency))
            .collect();
        groups.dedup();
        for (scenario, concurrency) in groups {
            self.table(&mut text, scenario, concurrency);
        }
        text.push_str(
            "\n| server | start ms | start again ms | idle MiB | loaded MiB |\n|---|---|---|---|---|\n",
        );
        for server in &self.servers {
            let again = server.start_again_ms.map(|ms| ms.to_string());
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} |",
                server.contender,
                server.start_ms,
                again.unwrap_or_default(),
                server.idle_mib,
                server.loaded_mib
            );
        }
        text.push_str("\n| file | MiB |\n|---|---|\n");
        for (file, bytes) in &self.sizes {
            let _ = writeln!(
                text,
                "| {file} | {}.{} |",
                bytes >> 20,
                ((bytes % (1 << 20)) * 10) >> 20
            );
        }
        text
    }

    fn table(&self, text: &mut String, scenario: Scenario, concurrency: usize) {
        let _ = write!(
            text,
            "\n### {scenario:?}, {concurrency} at a time\n\n| contender | requests/s | p50 ms | p99 ms | server CPU µs \
             | load CPU µs | quillback against it |\n|---|---|---|---|---|---|---|\n"
        );
        let of = |contender: &str| {
            let same = self.samples.iter().filter(move |sample| {
                sample.scenario == scenario && sample.concurrency == concurrency
            });
            let contender = contender.to_owned();
            same.filter(move |sample| sample.contender == contender)
                .collect::<Vec<_>>()
        };
        let ours = of("quillback");
        let mut names: Vec<&str> = Vec::new();
        for sample in &self.samples {
            if !names.contains(&sample.contender) {
                names.push(sample.contender);
            }
        }
        for name in names {
            let theirs = of(name);
            let figure = |read: fn(&Measured) -> f64| {
                let values = theirs.iter().map(|sample| read(&sample.measured));
                Spread::of(values.collect()).unwrap_or_default()
            };
            if theirs.is_empty() {
                continue;
            }
            let ratios = ours.iter().filter_map(|mine| {
                let other = theirs.iter().find(|other| other.round == mine.round)?;
                Some(mine.measured.per_second / other.measured.per_second)
            });
            let ratio = Spread::of(ratios.collect()).unwrap_or_default();
            let speed = figure(|measured| measured.per_second);
            let _ = writeln!(
                text,
                "| {name} | {:.0} ({:.0} to {:.0}) | {:.2} | {:.2} | {:.0} | {:.0} | {:.2} ({:.2} to {:.2}) |",
                speed.median,
                speed.least,
                speed.most,
                figure(|measured| measured.p50_ms).median,
                figure(|measured| measured.p99_ms).median,
                figure(|measured| measured.server_cpu_us.unwrap_or_default()).median,
                figure(|measured| measured.load_cpu_us).median,
                ratio.median,
                ratio.least,
                ratio.most,
            );
        }
    }
}
