//! Lists the cases twice, linked and loaded, and runs each on its own.

use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use quillback_plugin_api::abi::Plugin;
use quillback_plugin_api::remote::RemoteDriver;

use crate::case::{Bare, Case, Run};
use crate::lab::Lab;
use crate::surroundings::Surroundings;
use crate::verify::Skipped;
use crate::{Target, cases, library, record, samples};

/// A case that takes longer hangs. Stand-ins for services do one thing at a time, so that a short case may wait for a
/// hundred thousand rows of another one.
const LONGEST: Duration = Duration::from_mins(5);

/// How the driver got into the process.
#[derive(Clone, Copy, Debug)]
enum Mode {
    Linked,
    Loaded,
}

/// A case that cannot hold, and why: a limit of the database that no capability tells, or a fault of the stand-in that
/// the tests run against.
#[derive(Clone, Copy, Debug)]
pub struct Exception {
    /// Topic and name, such as `types::booleans`.
    pub case: &'static str,
    /// Whose fault it is, and what happens.
    pub why: &'static str,
    /// It is run all the same, and must fail as long as it is listed; else it is a matter of speed, and not run.
    pub fails: bool,
}

/// Runs the suite with the arguments of the process, which are those of every Rust test.
pub fn main(plugin: &'static Plugin, target: Target) -> ExitCode {
    main_except(plugin, target, &[])
}

/// As [`main`], with cases that are known to fail.
pub fn main_except(
    plugin: &'static Plugin,
    target: Target,
    exceptions: &'static [Exception],
) -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for (mode, prefix) in [(Mode::Linked, "linked"), (Mode::Loaded, "loaded")] {
        for (topic, cases) in cases::all() {
            for case in cases {
                let short = format!("{topic}::{}", case.name);
                let exception = exceptions.iter().find(|known| known.case == short);
                trials.push(Trial::ignorable_test(
                    format!("{prefix}::{short}"),
                    move || {
                        let result = match exception {
                            Some(exception) if !exception.fails => {
                                Ok(Completion::ignored_with(exception.why))
                            }
                            Some(exception) => {
                                must_fail(run(mode, plugin, target, case), exception)
                            }
                            None => run(mode, plugin, target, case),
                        };
                        record::note(target.id, prefix, &short, exception.is_some(), &result)?;
                        result
                    },
                ));
            }
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn must_fail(
    result: Result<Completion, Failed>,
    exception: &Exception,
) -> Result<Completion, Failed> {
    match result {
        Err(_) => Ok(Completion::ignored_with(exception.why)),
        Ok(Completion::Completed) => {
            let message = "the case holds now: take it off the list of exceptions";
            Err(Failed::from(message))
        }
        Ok(skipped) => Ok(skipped),
    }
}

fn run(
    mode: Mode,
    plugin: &'static Plugin,
    target: Target,
    case: Case,
) -> Result<Completion, Failed> {
    match attempt(mode, plugin, target, case) {
        Ok(()) => Ok(Completion::Completed),
        Err(error) => match error.downcast::<Skipped>() {
            Ok(skipped) => Ok(Completion::ignored_with(skipped.0)),
            Err(error) => Err(format!("{error:#}").into()),
        },
    }
}

fn attempt(mode: Mode, plugin: &'static Plugin, target: Target, case: Case) -> Result<()> {
    let scratch = tempfile::tempdir().context("a folder for the case")?;
    let surroundings = Surroundings::new(target.id, scratch.path());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("a runtime for the case")?;
    let bare = Bare {
        driver: driver(mode, plugin, target)?,
        plugin,
        target,
        options: (target.options)(&surroundings),
    };
    let is_required = surroundings.is_required();
    let work = async {
        tokio::time::timeout(LONGEST, start(bare, case, is_required))
            .await
            .unwrap_or_else(|_| bail!("the case did not end within {LONGEST:?}"))
    };
    let result = runtime.block_on(work);
    runtime.shutdown_timeout(Duration::from_secs(5));
    result
}

fn driver(mode: Mode, plugin: &'static Plugin, target: Target) -> Result<RemoteDriver> {
    static LOADED: OnceLock<Result<RemoteDriver, String>> = OnceLock::new();
    static LINKED: OnceLock<Result<RemoteDriver, String>> = OnceLock::new();
    let known = match mode {
        Mode::Linked => LINKED.get_or_init(|| {
            RemoteDriver::link(plugin).map_err(|error| format!("linking the driver: {error}"))
        }),
        Mode::Loaded => LOADED.get_or_init(|| {
            library::load(target.id).map_err(|error| format!("loading the driver: {error:#}"))
        }),
    };
    known.clone().map_err(|message| anyhow!(message))
}

async fn start(bare: Bare, case: Case, is_required: bool) -> Result<()> {
    if let Run::Bare(run) = case.run {
        return watched(async move { run(&bare).await }).await;
    }
    let Some(options) = bare.options.clone() else {
        let variable = format!("QUILLBACK_TEST_{}_URL", bare.target.id.to_uppercase());
        if is_required {
            bail!("this driver is required, and {variable} is not set");
        }
        return Err(Skipped(format!("no database: set {variable}")).into());
    };
    let lab = Arc::new(Lab::open(bare, options).await?);
    let missing = case
        .needs
        .iter()
        .find(|need| !(need.holds)(&lab.capabilities));
    let result = match missing {
        Some(need) => Err(Skipped(format!("the capability {} is not claimed", need.name)).into()),
        None => watched(on(Arc::clone(&lab), case)).await,
    };
    let cleared = lab.clear().await;
    result.and(cleared)
}

async fn on(lab: Arc<Lab>, case: Case) -> Result<()> {
    match case.run {
        Run::Live(run) => run(&lab).await,
        Run::Column(sample) => samples::check(&lab, sample).await,
        Run::Rows(sample) => samples::check_many(&lab, sample).await,
        Run::Bare(_) => bail!("a case without a database was given one"),
    }
}

/// Runs a case so that a panic in it is a failure like any other, and what it made is removed all the same.
async fn watched(case: impl Future<Output = Result<()>> + Send + 'static) -> Result<()> {
    match tokio::spawn(case).await {
        Ok(result) => result,
        Err(error) => Err(anyhow!("the case panicked: {error}")),
    }
}
