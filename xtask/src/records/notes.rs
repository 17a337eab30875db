//! The notes that tests leave, and the runs that they tell of.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use super::{Run, Tally};
use crate::manifest::Manifest;

/// A note.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Note {
    driver: String,
    /// The test, or the place of a story.
    place: String,
    /// Name and version of the server; missing in what needs none.
    server: Option<String>,
    #[serde(flatten)]
    what: What,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum What {
    Case {
        mode: String,
        case: String,
        outcome: String,
    },
    Story {
        steps: Vec<Step>,
    },
}

#[derive(Debug, Clone, Deserialize)]
struct Step {
    name: String,
    outcome: String,
}

/// Reads all notes in a folder.
///
/// # Errors
/// When one cannot be read.
pub(super) fn read(folder: &Path) -> Result<Vec<Note>> {
    let shown = folder.display();
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {shown}"))?;
    let mut notes = Vec::new();
    for entry in entries {
        let file = entry?.path();
        if file
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            let text = std::fs::read_to_string(&file)?;
            let note = serde_json::from_str(&text);
            notes.push(note.with_context(|| format!("{} is no note", file.display()))?);
        }
    }
    Ok(notes)
}

/// What the notes tell of one driver, one run for each server.
///
/// # Errors
/// When something failed, or a server has no name in `driver.toml`.
pub(super) fn runs(notes: &[Note], manifest: &Manifest) -> Result<Vec<Run>> {
    let notes: Vec<&Note> = notes
        .iter()
        .filter(|note| note.driver == manifest.id)
        .collect();
    let mut runs: BTreeMap<&str, Run> = BTreeMap::new();
    for note in &notes {
        let Some(told) = server_of(note, &notes) else {
            continue;
        };
        let names = manifest.verified.keys();
        let Some(name) = names.into_iter().find(|name| told.contains(name.as_str())) else {
            bail!(
                "drivers/{}/driver.toml does not say what `{told}` is, on which it ran",
                manifest.id
            );
        };
        let run = runs.entry(name).or_insert_with(|| Run {
            server: name.clone(),
            told: without_repetition(told).to_owned(),
            ..Run::default()
        });
        count(note, run)?;
    }
    Ok(runs.into_values().collect())
}

/// The server of a note. Cases without a server belong to the one that others of the same test had.
fn server_of<'a>(note: &'a Note, notes: &[&'a Note]) -> Option<&'a str> {
    let is_case = |note: &Note| matches!(note.what, What::Case { .. });
    let mut others = notes
        .iter()
        .filter(|other| is_case(note) && is_case(other) && other.place == note.place);
    let told = others.find_map(|other| other.server.as_deref());
    note.server.as_deref().or(told)
}

/// Some servers tell their version in their name, too.
fn without_repetition(told: &str) -> &str {
    let (name, version) = told.rsplit_once(' ').unwrap_or((told, ""));
    if name.ends_with(version) { name } else { told }
}

fn count(note: &Note, run: &mut Run) -> Result<()> {
    let (driver, place) = (&note.driver, &note.place);
    match &note.what {
        What::Case {
            mode,
            case,
            outcome,
        } => {
            let suite = if mode == "linked" {
                &mut run.linked
            } else {
                &mut run.loaded
            };
            let tally = suite.get_or_insert_with(Tally::default);
            match outcome.as_str() {
                "held" => tally.held += 1,
                "excepted" => tally.excepted += 1,
                "skipped" => tally.skipped += 1,
                other => bail!("{driver}, {place}: {mode}::{case} {other}"),
            }
        }
        What::Story { steps } => {
            for step in steps {
                let list = match step.outcome.as_str() {
                    "held" => &mut run.steps,
                    "refused" => &mut run.refused,
                    other => bail!("{driver}, {place}: the step `{}` {other}", step.name),
                };
                list.push(step.name.clone());
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::without_repetition;

    #[test]
    fn a_version_is_told_once() {
        assert_eq!(without_repetition("X for Y - 12.0 12.0"), "X for Y - 12.0");
        assert_eq!(without_repetition("X 12.0"), "X 12.0");
        assert_eq!(without_repetition("X"), "X");
    }
}
