//! The steps of `cargo xtask test`, one row each.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::tally::{self, Counts, Verdict};
use super::{Context, tools};
use crate::db::{self, Durability, Engine, Instances};
use crate::records::Extent;
use crate::{manifest, process, workspace};

/// One step.
#[derive(Debug)]
pub(crate) struct Step {
    /// The name that `--only` takes.
    pub(crate) name: &'static str,
    /// What it does, for the reader of the log.
    pub(crate) about: &'static str,
    /// Steps that must have gone well before.
    pub(crate) needs: &'static [&'static str],
    /// Does it. An error counts as a failure and is printed.
    pub(crate) action: fn(&mut Context) -> Result<Verdict>,
}

/// All steps, quick ones first. A new check is a new row.
pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "fmt",
        about: "formatting",
        needs: &[],
        action: fmt,
    },
    Step {
        name: "tidy",
        about: "house rules",
        needs: &[],
        action: tidy,
    },
    Step {
        name: "deny",
        about: "licences and sources of dependencies",
        needs: &[],
        action: deny,
    },
    Step {
        name: "readers",
        about: "reviewed statements, as parsers of others read them",
        needs: &[],
        action: readers,
    },
    Step {
        name: "packages",
        about: "what drivers need from the operating system",
        needs: &[],
        action: packages,
    },
    Step {
        name: "clippy",
        about: "lints",
        needs: &["packages"],
        action: clippy,
    },
    Step {
        name: "build",
        about: "server, plugins and tests",
        needs: &["packages"],
        action: build,
    },
    Step {
        name: "codegen",
        about: "generated files are up to date",
        needs: &["build"],
        action: codegen,
    },
    Step {
        name: "servers",
        about: "private database servers",
        needs: &[],
        action: servers,
    },
    Step {
        name: "tests",
        about: "all tests",
        needs: &["build", "servers"],
        action: tests,
    },
    Step {
        name: "records",
        about: "as much holds on each server as is on record",
        needs: &["tests"],
        action: records,
    },
    Step {
        name: "doc-tests",
        about: "examples in the documentation",
        needs: &["build"],
        action: doc_tests,
    },
    Step {
        name: "docs",
        about: "documentation without broken links",
        needs: &[],
        action: docs,
    },
    Step {
        name: "examples",
        about: "the sample programs",
        needs: &["build"],
        action: examples,
    },
];

/// The names that `--only` accepts.
pub(crate) fn names() -> Vec<&'static str> {
    STEPS.iter().map(|step| step.name).collect()
}

fn fmt(context: &mut Context) -> Result<Verdict> {
    tools::component("fmt", "rustfmt", context.options.full)?;
    check(workspace::cargo().args(["fmt", "--all", "--check"]))
}

fn tidy(context: &mut Context) -> Result<Verdict> {
    crate::tidy::check(&context.root)?;
    Ok(Verdict::PASSED)
}

fn deny(context: &mut Context) -> Result<Verdict> {
    if !tools::has("deny") {
        if !context.options.full {
            let reason = "cargo-deny is not installed; --full installs it".to_owned();
            return Ok(Verdict::Skipped(reason));
        }
        tools::install("cargo-deny")?;
    }
    check(workspace::cargo().args(["deny", "check", "bans", "licenses", "sources"]))
}

fn readers(context: &mut Context) -> Result<Verdict> {
    db::packages::require(&[], &db::peer::all()?)?;
    crate::readers::check(&context.root)?;
    Ok(Verdict::PASSED)
}

fn packages(context: &mut Context) -> Result<Verdict> {
    db::packages::require_for(&manifest::read_all(&context.root)?)?;
    Ok(Verdict::PASSED)
}

fn clippy(context: &mut Context) -> Result<Verdict> {
    tools::component("clippy", "clippy", context.options.full)?;
    let mut command = workspace::cargo();
    command.args(["clippy", "--workspace", "--all-targets"]);
    check(locked(&mut command, context).args(["--", "-D", "warnings"]))
}

/// Builds every target at once: asking for the plugins alone would build their dependencies a
/// second time, with other features than the tests need.
fn build(context: &mut Context) -> Result<Verdict> {
    let mut command = workspace::cargo();
    command.args(["build", "--workspace", "--all-targets"]);
    check(locked(&mut command, context))
}

fn codegen(context: &mut Context) -> Result<Verdict> {
    crate::codegen::check(&context.root, &context.target.join("debug"))?;
    Ok(Verdict::PASSED)
}

fn servers(context: &mut Context) -> Result<Verdict> {
    let mut engines = vec![Engine::Postgres, Engine::Mysql];
    engines.retain(|engine| std::env::var_os(engine.variable()).is_none());
    let mut peers = db::peer::all()?;
    peers.retain(|peer| std::env::var_os(peer.variable()).is_none());
    db::packages::require(&engines, &peers)?;
    context.servers = Some(Instances::start(&engines, &peers, Durability::None)?);
    Ok(Verdict::PASSED)
}

fn tests(context: &mut Context) -> Result<Verdict> {
    if !tools::has("nextest") {
        tools::install("cargo-nextest")?;
    }
    // Nextest keeps its reports in the checkout, wherever cargo builds.
    let report = context.root.join("target/nextest/ci/junit.xml");
    if report.exists() {
        std::fs::remove_file(&report)?;
    }
    let mut command = workspace::cargo();
    command.args(["nextest", "run", "--workspace", "--profile", "ci"]);
    locked(&mut command, context);
    command
        .args(&context.options.nextest)
        .args(&context.options.filter);
    environment(&mut command, context)?;
    let notes = notes(context);
    if notes.exists() {
        std::fs::remove_dir_all(&notes)?;
    }
    std::fs::create_dir_all(&notes)?;
    command.env("QUILLBACK_RECORD", &notes);
    let succeeded = command.status().context("cannot start cargo")?.success();
    let counts = match std::fs::read_to_string(&report) {
        Ok(text) => tally::junit(&text),
        Err(_) => Counts::default(),
    };
    Ok(Verdict::of(succeeded, counts))
}

/// The folder in which tests note what ran.
fn notes(context: &Context) -> PathBuf {
    context.target.join("notes")
}

/// The CI writes nothing: there, less than is on record is a failure, and more is welcome.
fn records(context: &mut Context) -> Result<Verdict> {
    if !context.options.filter.is_empty() || !context.options.nextest.is_empty() {
        return Ok(Verdict::Skipped("only some tests ran".to_owned()));
    }
    let changed = crate::records::compare(&context.root, &notes(context), Extent::All)?;
    if !context.options.full {
        crate::records::write(&context.root, &changed)?;
    }
    Ok(Verdict::PASSED)
}

fn doc_tests(context: &mut Context) -> Result<Verdict> {
    let mut command = workspace::cargo();
    command.args(["test", "--doc", "--workspace", "--no-fail-fast"]);
    tally::libtest(locked(&mut command, context))
}

fn docs(context: &mut Context) -> Result<Verdict> {
    let mut command = workspace::cargo();
    command
        .args(["doc", "--workspace", "--no-deps"])
        .env("RUSTDOCFLAGS", "-D warnings");
    check(locked(&mut command, context))
}

/// Each example is a workspace of its own, as it would be in someone else's repository.
fn examples(context: &mut Context) -> Result<Verdict> {
    let mut verdict = Verdict::PASSED;
    for manifest in example_manifests(context)? {
        let mut command = workspace::cargo();
        command
            .args(["test", "--no-fail-fast", "--manifest-path"])
            .arg(&manifest);
        command
            .arg("--target-dir")
            .arg(context.target.join("examples"));
        // The program that was built for the other tests, so that no example builds another.
        let program = format!("debug/quillback{}", std::env::consts::EXE_SUFFIX);
        command.env("QUILLBACK_TEST_SERVER", context.target.join(program));
        environment(&mut command, context)?;
        verdict = verdict.and(&tally::libtest(locked(&mut command, context))?);
    }
    Ok(verdict)
}

fn example_manifests(context: &Context) -> Result<Vec<PathBuf>> {
    let folder = context.root.join("examples");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&folder).context("cannot read examples/")? {
        let manifest = entry?.path().join("Cargo.toml");
        if manifest.is_file() {
            found.push(manifest);
        }
    }
    found.sort();
    Ok(found)
}

/// Leads the tests to the servers, and makes a driver that cannot be tested a failure, unless only
/// its vendor has a server for it.
fn environment(command: &mut Command, context: &Context) -> Result<()> {
    let drivers = manifest::read_all(&context.root)?;
    let required = drivers
        .iter()
        .filter(|driver| !driver.needs_vendor || std::env::var_os(driver.variable()).is_some());
    let required: Vec<&str> = required.map(|driver| driver.id.as_str()).collect();
    command.env("QUILLBACK_REQUIRE_DRIVERS", required.join(","));
    if let Some(servers) = &context.servers {
        command.envs(servers.exports().iter());
    }
    Ok(())
}

fn locked<'a>(command: &'a mut Command, context: &Context) -> &'a mut Command {
    if context.options.full {
        command.arg("--locked")
    } else {
        command
    }
}

fn check(command: &mut Command) -> Result<Verdict> {
    process::run(command)?;
    Ok(Verdict::PASSED)
}
