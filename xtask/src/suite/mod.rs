//! `cargo xtask test`: everything that must hold before a change is taken, in one command.
//!
//! The steps are a table in `steps.rs`. A step that fails does not stop the others; a step whose
//! groundwork failed is reported as not run. The private servers are stopped at the end, also
//! after a failure or a Ctrl-C.

mod steps;
mod tally;
mod tools;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::db::Instances;
use crate::workspace;
use steps::{STEPS, Step};
use tally::{Counts, Report, Verdict};

/// Options of `test`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Run only tests whose name contains one of these, and leave the other checks out
    #[arg(value_name = "FILTER")]
    filter: Vec<String>,
    /// Run only these steps and what they need
    #[arg(long, value_delimiter = ',', value_name = "STEPS", value_parser = steps::names())]
    only: Vec<String>,
    /// Install every tool that is missing and demand an up-to-date lock file, as the CI does
    #[arg(long)]
    full: bool,
    /// More arguments for `cargo nextest run`, after `--`
    #[arg(last = true)]
    nextest: Vec<String>,
}

/// What the steps share.
#[derive(Debug)]
pub(crate) struct Context {
    root: PathBuf,
    target: PathBuf,
    options: Options,
    servers: Option<Instances>,
}

/// Runs the chosen steps, prints a summary and says whether everything is well.
///
/// # Errors
/// When the workspace cannot be read; a failing step is part of the answer, not an error.
pub(crate) fn run(options: Options) -> Result<bool> {
    let chosen = choose(&options);
    let mut context = Context {
        root: workspace::root(),
        target: workspace::target()?,
        options,
        servers: None,
    };
    let started = Instant::now();
    let mut reports: Vec<Report> = Vec::new();
    for step in chosen {
        let report = attempt(step, &reports, &mut context);
        println!("--- {report}");
        reports.push(report);
    }
    drop(context.servers.take());
    Ok(finish(&reports, started.elapsed()))
}

/// The steps to run, in the order of the table, with everything they need.
fn choose(options: &Options) -> Vec<&'static Step> {
    let mut wanted: Vec<&str> = options.only.iter().map(String::as_str).collect();
    let is_narrowed = !options.filter.is_empty() || !options.nextest.is_empty();
    if wanted.is_empty() && is_narrowed {
        wanted.push("tests");
    }
    if wanted.is_empty() {
        return STEPS.iter().collect();
    }
    for step in STEPS.iter().rev() {
        if wanted.contains(&step.name) {
            wanted.extend(step.needs);
        }
    }
    STEPS
        .iter()
        .filter(|step| wanted.contains(&step.name))
        .collect()
}

fn attempt(step: &Step, before: &[Report], context: &mut Context) -> Report {
    let broken = |need: &&str| {
        before
            .iter()
            .any(|r| r.name == *need && r.verdict.is_failure())
    };
    if let Some(need) = step.needs.iter().copied().find(|need| broken(need)) {
        let reason = format!("because `{need}` failed");
        return Report::new(step.name, Verdict::NotRun(reason), Duration::ZERO);
    }
    println!("\n=== {}: {}", step.name, step.about);
    let started = Instant::now();
    let verdict = match (step.action)(context) {
        Ok(verdict) => verdict,
        Err(error) => {
            eprintln!("error: {error:#}");
            Verdict::Failed(Counts::default())
        }
    };
    Report::new(step.name, verdict, started.elapsed())
}

/// Prints the summary. The counts come last, where a reader of a long log looks first.
fn finish(reports: &[Report], took: Duration) -> bool {
    println!("\n=== summary after {:.0} s", took.as_secs_f64());
    for report in reports {
        println!("{report}");
    }
    let total = tally::total(reports);
    println!("{total}");
    total.failed == 0
}

#[cfg(test)]
mod tests {
    use super::{Options, STEPS, choose};

    fn names(only: &[&str], filter: &[&str]) -> Vec<&'static str> {
        let own = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect();
        let options = Options {
            filter: own(filter),
            only: own(only),
            full: false,
            nextest: Vec::new(),
        };
        choose(&options).into_iter().map(|step| step.name).collect()
    }

    #[test]
    fn nothing_chosen_means_every_step() {
        assert_eq!(names(&[], &[]).len(), STEPS.len());
    }

    #[test]
    fn a_chosen_step_brings_what_it_needs_in_order() {
        assert_eq!(
            names(&["tests"], &[]),
            ["packages", "build", "servers", "tests"]
        );
        assert_eq!(names(&["tidy"], &[]), ["tidy"]);
    }

    #[test]
    fn a_filter_leaves_the_other_checks_out() {
        assert_eq!(
            names(&[], &["apply"]),
            ["packages", "build", "servers", "tests"]
        );
    }

    #[test]
    fn every_need_is_an_earlier_step() {
        for (place, step) in STEPS.iter().enumerate() {
            for need in step.needs {
                let earlier = STEPS.iter().take(place).any(|other| other.name == *need);
                assert!(earlier, "{} needs {need}", step.name);
            }
        }
    }
}
