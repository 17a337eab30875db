//! `drivers/<id>/verified.toml`: on which servers a driver ran, and what held there.
//!
//! Tests leave notes in the folder that `QUILLBACK_RECORD` names. They become the records from which the table of drivers
//! is made; a run in which less holds than is on record is refused.

mod notes;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::manifest::{self, Manifest};

/// What one driver did on one server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Run {
    /// The server, by the name that `driver.toml` has for it.
    pub(crate) server: String,
    /// Name and version, as the server tells them.
    pub(crate) told: String,
    /// The conformance suite with the driver linked.
    pub(crate) linked: Option<Tally>,
    /// The conformance suite with the driver loaded from its file.
    pub(crate) loaded: Option<Tally>,
    /// Steps of the story that held.
    #[serde(default)]
    pub(crate) steps: Vec<String>,
    /// Steps that the server refused, as the driver says that it must.
    #[serde(default)]
    pub(crate) refused: Vec<String>,
}

/// Cases of the suite.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tally {
    pub(crate) held: u32,
    /// Known not to hold, each with its reason in the driver's test.
    pub(crate) excepted: u32,
    /// About something that the driver does not claim.
    pub(crate) skipped: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    run: Vec<Run>,
}

/// Options of `records`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The folder that `QUILLBACK_RECORD` named while the tests ran
    folder: PathBuf,
}

/// How much of all tests left the notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Some: what did not run stays on record.
    Some,
    /// All: what did not run is missing, except on servers that only the vendor has.
    All,
}

/// Takes notes into the records.
///
/// # Errors
/// As [`compare`], and when a record cannot be written.
pub(crate) fn run(options: &Options) -> Result<()> {
    write(
        &crate::workspace::root(),
        &compare(&crate::workspace::root(), &options.folder, Extent::Some)?,
    )
}

/// What the records of the drivers become by the notes in a folder: drivers and texts of those that change.
///
/// # Errors
/// When something failed, when less holds than is on record, or when a server has no name in `driver.toml`.
pub(crate) fn compare(root: &Path, folder: &Path, extent: Extent) -> Result<Vec<(String, String)>> {
    let notes = notes::read(folder)?;
    let (mut changed, mut less) = (Vec::new(), Vec::new());
    for manifest in manifest::read_all(root)? {
        let id = &manifest.id;
        let old = read(root, id)?;
        let new = notes::runs(&notes, &manifest)?;
        let may_miss = extent == Extent::Some || manifest.needs_vendor;
        less.extend(missing(&old, &new, may_miss).map(|line| format!("{}: {line}", path(id))));
        let text = print(&merged(&old, new));
        if text != print(&old) {
            changed.push((id.clone(), text));
        }
    }
    if !less.is_empty() {
        bail!(
            "less ran than is on record; whoever means that takes it out of the record:\n{}",
            less.join("\n")
        );
    }
    Ok(changed)
}

/// Writes records.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn write(root: &Path, changed: &[(String, String)]) -> Result<()> {
    for (id, text) in changed {
        let path = path(id);
        std::fs::write(root.join(&path), text).with_context(|| format!("cannot write {path}"))?;
        println!("{path}: written; `cargo xtask codegen` takes it into the table of drivers");
    }
    Ok(())
}

/// The record of a driver; empty where it never ran.
///
/// # Errors
/// When it cannot be understood.
pub(crate) fn read(root: &Path, id: &str) -> Result<Vec<Run>> {
    let path = path(id);
    let Ok(text) = std::fs::read_to_string(root.join(&path)) else {
        return Ok(Vec::new());
    };
    let file: File = toml::from_str(&text).with_context(|| format!("{path} is wrong"))?;
    Ok(file.run)
}

/// A driver must have run on what it names, and name what it ran on.
///
/// # Errors
/// The servers of which only one of the two is true.
pub(crate) fn agree(manifest: &Manifest, runs: &[Run]) -> Result<()> {
    let id = &manifest.id;
    for server in manifest.verified.keys() {
        if runs.iter().all(|run| run.server != *server) {
            bail!("drivers/{id}/driver.toml names `{server}`, and no run on it is on record");
        }
    }
    for run in runs {
        if !manifest.verified.contains_key(&run.server) {
            bail!(
                "drivers/{id}/driver.toml does not say what `{}` is, on which a run is on record",
                run.server
            );
        }
    }
    Ok(())
}

fn path(id: &str) -> String {
    format!("drivers/{id}/verified.toml")
}

/// What is on record and no longer holds.
fn missing(old: &[Run], new: &[Run], may_miss: bool) -> impl Iterator<Item = String> {
    let mut lines = Vec::new();
    for old in old {
        let server = &old.server;
        let Some(new) = new.iter().find(|new| new.server == *server) else {
            if !may_miss {
                lines.push(format!("nothing ran on {server}"));
            }
            continue;
        };
        let suites = [
            ("linked", old.linked, new.linked),
            ("loaded", old.loaded, new.loaded),
        ];
        for (mode, old, new) in suites {
            let (old, is_there) = (old.unwrap_or_default(), new.is_some() || !may_miss);
            let held = new.unwrap_or_default().held;
            if is_there && held < old.held {
                let was = old.held;
                lines.push(format!("{server}, {mode}: {held} cases hold, {was} did"));
            }
        }
        let is_there = !new.steps.is_empty() || !may_miss;
        for step in old
            .steps
            .iter()
            .filter(|step| is_there && !new.steps.contains(step))
        {
            lines.push(format!("{server}: `{step}` does not hold"));
        }
    }
    lines.into_iter()
}

/// The old runs with what the new ones know better.
fn merged(old: &[Run], new: Vec<Run>) -> Vec<Run> {
    let mut runs = old.to_vec();
    for new in new {
        let Some(run) = runs.iter_mut().find(|run| run.server == new.server) else {
            runs.push(new);
            continue;
        };
        run.told = new.told;
        run.linked = new.linked.or(run.linked);
        run.loaded = new.loaded.or(run.loaded);
        if !new.steps.is_empty() {
            (run.steps, run.refused) = (new.steps, new.refused);
        }
    }
    runs.sort_by(|one, other| one.server.cmp(&other.server));
    runs
}

fn print(runs: &[Run]) -> String {
    let mut text = String::from(
        "# What ran, written by `cargo xtask test`; `driver.toml` says what each server is.\n",
    );
    let quoted = |text: &String| toml::Value::from(text.as_str()).to_string();
    for run in runs {
        let _ = write!(
            text,
            "\n[[run]]\nserver = {}\ntold = {}\n",
            quoted(&run.server),
            quoted(&run.told)
        );
        for (mode, tally) in [("linked", run.linked), ("loaded", run.loaded)] {
            if let Some(Tally {
                held,
                excepted,
                skipped,
            }) = tally
            {
                let _ = writeln!(
                    text,
                    "{mode} = {{ held = {held}, excepted = {excepted}, skipped = {skipped} }}"
                );
            }
        }
        for (name, steps) in [("steps", &run.steps), ("refused", &run.refused)] {
            if !steps.is_empty() {
                let steps: Vec<String> = steps.iter().map(quoted).collect();
                let _ = writeln!(text, "{name} = [{}]", steps.join(", "));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests;
