//! Golden statements as parsers of others read them: sqlglot and sqlfluff, from `PyPI`.
//!
//! Each file `drivers/<id>/tests/golden/*.sql` has a section in the `readers.toml` beside it, with the dialects and the
//! forms that a parser cannot read though the database does. Those must go on failing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

use crate::db::peer;
use crate::workspace;

/// Newer ones may read more or less: the lists of known faults go with these.
const REQUIREMENTS: [&str; 2] = ["sqlglot==30.30.0", "sqlfluff==4.5.0"];

/// Reads jobs and prints faults.
const SCRIPT: &str = include_str!("../readers/read.py");

/// A file of statements.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Statements {
    /// Dialect of sqlglot.
    sqlglot: String,
    /// Dialect of sqlfluff.
    sqlfluff: String,
    #[serde(default)]
    beyond: Vec<Beyond>,
}

/// Forms that a parser cannot read.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Beyond {
    reader: String,
    forms: Vec<String>,
    /// For people.
    #[serde(rename = "why")]
    _why: String,
}

#[derive(Debug, Serialize)]
struct Job<'a> {
    file: &'a str,
    sqlglot: &'a str,
    sqlfluff: &'a str,
}

#[derive(Debug, Deserialize)]
struct Fault {
    file: String,
    reader: String,
    form: String,
    message: String,
}

/// Has all statements of all drivers read.
///
/// # Errors
/// When the parsers cannot be installed or run; when one cannot read a form that is not listed, or reads one that is.
pub(crate) fn check(root: &Path) -> Result<()> {
    let files = files(root)?;
    let found = read(root, &files)?;
    let lines = surprises(&files, &found);
    for line in &lines {
        println!("{line}");
    }
    if !lines.is_empty() {
        bail!(
            "{} surprises; the lists are drivers/<id>/tests/golden/readers.toml",
            lines.len()
        );
    }
    println!(
        "readers: {} files are read, {} known faults",
        files.len(),
        found.len()
    );
    Ok(())
}

/// All files with their sections, by path from the root.
fn files(root: &Path) -> Result<BTreeMap<String, Statements>> {
    let mut files = BTreeMap::new();
    for id in workspace::drivers(root)? {
        let folder = format!("drivers/{id}/tests/golden");
        let Ok(entries) = std::fs::read_dir(root.join(&folder)) else {
            continue;
        };
        let list = format!("{folder}/readers.toml");
        let text = std::fs::read_to_string(root.join(&list))
            .with_context(|| format!("cannot read {list}"))?;
        let sections: BTreeMap<String, Statements> =
            toml::from_str(&text).with_context(|| format!("{list} is wrong"))?;
        for entry in entries {
            let path = entry?.path();
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            if path.extension().is_some_and(|extension| extension == "sql") {
                let section = sections.get(&*stem);
                let section = section.with_context(|| format!("{list} has no [{stem}]"))?;
                files.insert(format!("{folder}/{stem}.sql"), section.clone());
            }
        }
    }
    Ok(files)
}

fn read(root: &Path, files: &BTreeMap<String, Statements>) -> Result<Vec<Fault>> {
    let requirements = REQUIREMENTS.map(str::to_owned);
    let venv = peer::environment("readers", &requirements, &[], |_| Ok(()))?;
    let jobs: Vec<Job<'_>> = files
        .iter()
        .map(|(file, statements)| Job {
            file,
            sqlglot: &statements.sqlglot,
            sqlfluff: &statements.sqlfluff,
        })
        .collect();
    let mut python = Command::new(venv.join("bin/python"))
        .args(["-c", SCRIPT])
        .current_dir(root)
        .env("HOME", &venv)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start Python")?;
    if let Some(input) = python.stdin.take() {
        serde_json::to_writer(input, &jobs)?;
    }
    let output = python.wait_with_output()?;
    if !output.status.success() {
        bail!("the parsers ended with {}", output.status);
    }
    serde_json::from_slice(&output.stdout).context("the parsers printed something unexpected")
}

/// What a list does not say.
fn surprises(files: &BTreeMap<String, Statements>, found: &[Fault]) -> Vec<String> {
    let key = |fault: &Fault| (fault.file.clone(), fault.reader.clone(), fault.form.clone());
    let found_keys: BTreeSet<_> = found.iter().map(key).collect();
    let mut known = BTreeSet::new();
    for (file, statements) in files {
        for beyond in &statements.beyond {
            let forms = beyond.forms.iter();
            known.extend(forms.map(|form| (file.clone(), beyond.reader.clone(), form.clone())));
        }
    }
    let mut lines = Vec::new();
    for fault in found.iter().filter(|fault| !known.contains(&key(fault))) {
        let Fault {
            file,
            reader,
            form,
            message,
        } = fault;
        lines.push(format!(
            "{file}: {reader} does not read `{form}`: {message}"
        ));
    }
    for (file, reader, form) in known.difference(&found_keys) {
        lines.push(format!(
            "{file}: {reader} reads `{form}`, or it is gone: take it off the list"
        ));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{Fault, files, surprises};
    use crate::workspace;
    use std::collections::BTreeMap;

    fn fault(form: &str) -> Fault {
        Fault {
            file: "a.sql".into(),
            reader: "sqlglot".into(),
            form: form.into(),
            message: "why".into(),
        }
    }

    #[test]
    fn only_known_faults_pass_and_they_must_go_on() {
        let section = "[a]\nsqlglot = 'x'\nsqlfluff = 'x'\n[[a.beyond]]\nreader = 'sqlglot'\nforms = ['known']\nwhy = ''";
        let sections: BTreeMap<String, super::Statements> = toml::from_str(section).unwrap();
        let files = BTreeMap::from([("a.sql".to_owned(), sections["a"].clone())]);
        assert!(surprises(&files, &[fault("known")]).is_empty());
        let new = surprises(&files, &[fault("known"), fault("new")]);
        assert_eq!(new, ["a.sql: sqlglot does not read `new`: why"]);
        let gone = surprises(&files, &[]);
        assert_eq!(gone.len(), 1, "{gone:?}");
        let other = Fault {
            reader: "sqlfluff".into(),
            ..fault("known")
        };
        assert_eq!(surprises(&files, &[fault("known"), other]).len(), 1);
    }

    #[test]
    fn every_file_of_statements_has_a_section() {
        let files = files(&workspace::root()).unwrap();
        assert!(files.len() > 10, "{}", files.len());
    }
}
