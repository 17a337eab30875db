//! Rules on the names of files and on paths that exist on one machine only.

use super::Finding;
use super::source::Source;

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &[
    "util", "utils", "helper", "helpers", "common", "misc", "manager", "service", "base",
];

/// A file or folder of code is named after its main type or verb.
pub(crate) fn file_name(source: &Source) -> Vec<Finding> {
    if !["rs", "ts", "tsx"]
        .iter()
        .any(|ending| source.has_ending(ending))
    {
        return Vec::new();
    }
    let parts = source
        .path
        .split('/')
        .map(|part| part.split('.').next().unwrap_or(part));
    let bad = parts.filter(|part| EMPTY_NAMES.contains(&part.to_ascii_lowercase().as_str()));
    bad.map(|part| {
        let message = format!("`{part}` says nothing; name it after its main type or verb");
        Finding::new(&source.path, 1, message)
    })
    .collect()
}

/// Folders of a particular machine. Written in two parts so that this file passes its own rule.
const MACHINE: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
];

/// Nothing names a folder that exists on one machine only.
pub(crate) fn machine_path(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, line) in source.text.lines().enumerate() {
        for folder in MACHINE {
            if line
                .match_indices(folder)
                .any(|(start, _)| is_absolute(line, start))
            {
                let message = format!("`{folder}` exists on one machine only");
                findings.push(Finding::new(&source.path, at + 1, message));
            }
        }
    }
    findings
}

/// Whether the slash at `start` begins a path rather than continuing one.
fn is_absolute(line: &str, start: usize) -> bool {
    let before = line.get(..start).and_then(|head| head.chars().next_back());
    !before.is_some_and(|c| c.is_alphanumeric() || "._-~}>*)".contains(c))
}

#[cfg(test)]
mod tests {
    use super::{MACHINE, file_name, machine_path};
    use crate::tidy::source::Source;

    #[test]
    fn empty_names_are_found_anywhere_in_the_path() {
        for path in [
            "core/src/utils.rs",
            "core/src/helpers/text.rs",
            "console/src/common.test.ts",
        ] {
            assert_eq!(file_name(&Source::of(path, "")).len(), 1, "{path}");
        }
        for path in [
            "core/src/database.rs",
            "docs/common.md",
            "server/tests/support/mod.rs",
        ] {
            assert!(file_name(&Source::of(path, "")).is_empty(), "{path}");
        }
    }

    #[test]
    fn absolute_folders_of_a_machine_are_found_and_relative_ones_are_not() {
        for folder in MACHINE {
            let text = format!("fine\nsee {folder}x\nsrc{folder}x ..{folder}y\n");
            let found = machine_path(&Source::of("a.md", &text));
            assert_eq!(found.iter().map(|f| f.line).collect::<Vec<_>>(), [2]);
        }
    }
}
