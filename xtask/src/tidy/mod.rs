//! `cargo xtask tidy`: the house rules that no compiler checks.
//!
//! Every rule is a function on a text. To add one, write the function with a test for a hit and a
//! miss, and add it to the list in `rules`.

mod architecture;
mod arrows;
mod cases;
mod lexer;
mod names;
mod paths;
mod shape;
mod source;
mod words;

use std::fmt;
use std::path::Path;

use anyhow::{Result, bail};

use source::Source;

/// One broken rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    path: String,
    line: usize,
    message: String,
}

impl Finding {
    fn new(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            message: message.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

/// The rules that look at one file at a time.
fn rules() -> [fn(&Source) -> Vec<Finding>; 10] {
    [
        shape::head,
        shape::size,
        shape::todo,
        shape::ignored_test,
        names::file_name,
        names::machine_path,
        words::sql,
        words::database_name,
        words::unsafe_code,
        arrows::outside_world,
    ]
}

/// Checks every rule on the whole checkout and prints what is broken.
///
/// # Errors
/// When a rule is broken or a file cannot be read.
pub(crate) fn check(root: &Path) -> Result<()> {
    let sources = source::read_all(root)?;
    let mut findings: Vec<Finding> = Vec::new();
    for source in &sources {
        findings.extend(rules().iter().flat_map(|rule| rule(source)));
    }
    findings.extend(arrows::manifests(&crate::workspace::metadata()?, root));
    for document in ["ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let Some(source) = sources.iter().find(|source| source.path == document) else {
            continue;
        };
        findings.extend(architecture::named_paths(source, &|path| {
            paths::exists(root, path)
        }));
    }
    if let Some(index) = sources.iter().find(|one| one.path == cases::DOCUMENT) {
        findings.extend(cases::named_tests(index, &sources));
    }
    findings.sort();
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => {
            println!("tidy: {} files are in order", sources.len());
            Ok(())
        }
        1 => bail!("tidy: one rule is broken (see above)"),
        count => bail!("tidy: {count} rules are broken (see above)"),
    }
}
