//! The rule that the index of security cases is not stale: every test it names is in the file beside it.

use super::Finding;
use super::source::Source;

/// The document that this rule is about.
pub(crate) const DOCUMENT: &str = "docs/security-cases.md";

/// Finds rows of a table that name a file, and tests that are not in it.
pub(crate) fn named_tests(document: &Source, sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let rows = document.text.lines().enumerate();
    for (at, line) in rows.filter(|(_, line)| line.starts_with("| ")) {
        let mut spans = line.split('`').skip(1).step_by(2).peekable();
        let mut missing = |message: String| {
            findings.push(Finding::new(&document.path, at + 1, message));
        };
        let Some(path) = spans.find(|span| has_ending(span, "rs")) else {
            continue;
        };
        let Some(file) = sources.iter().find(|source| source.path == path) else {
            missing(format!("`{path}` does not exist; correct the document"));
            continue;
        };
        if spans.peek().is_none() {
            missing(format!("name the tests in `{path}`"));
        }
        for test in spans {
            let is_there = [" fn ", "    "].iter().any(|before| {
                let (call, entry) = (format!("{before}{test}("), format!("{before}{test};"));
                file.text.contains(&call) || file.text.contains(&entry)
            }) || file.text.contains(&format!("\nfn {test}("));
            if !is_there {
                missing(format!(
                    "`{test}` is no test in `{path}`; correct the document"
                ));
            }
        }
    }
    findings
}

fn has_ending(span: &str, ending: &str) -> bool {
    span.rsplit_once('.')
        .is_some_and(|(_, last)| last == ending)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_that_are_gone_are_found_with_their_line() {
        let index = "# Cases\n| case | file | tests |\n|---|---|---|\n| A-1 `null` | `a/b.rs` | `here` `gone` |\n\
            | A-2 | `a/gone.rs` | `here` |\n| A-3 | `a/b.rs` | |\n";
        let sources = [Source::of("a/b.rs", "#[test]\nfn here() {}\n// gone\n")];
        let found = named_tests(&Source::of("X.md", index), &sources);
        assert_eq!(found.iter().map(|f| f.line).collect::<Vec<_>>(), [4, 5, 6]);
        assert!(found[0].message.contains("`gone`"));
    }
}
