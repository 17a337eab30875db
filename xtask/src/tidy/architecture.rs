//! The rule that a document's map is not stale: every path it names exists.

use super::Finding;
use super::source::Source;

/// Finds paths between backticks (they contain a slash) that lead nowhere.
pub(crate) fn named_paths(source: &Source, exists: &dyn Fn(&str) -> bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut is_block = false;
    for (at, line) in source.text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            is_block = !is_block;
            continue;
        }
        if is_block {
            continue;
        }
        for path in line
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|span| is_path(span))
        {
            if !exists(path) {
                let message = format!("`{path}` does not exist; correct the document");
                findings.push(Finding::new(&source.path, at + 1, message));
            }
        }
    }
    findings
}

/// Whether a span of code names a file or folder of the checkout.
fn is_path(span: &str) -> bool {
    let is_other = span.starts_with(['/', '.', '-', '@', '<', '$']) || span.contains("://");
    span.contains('/')
        && !is_other
        && !span.starts_with("target/")
        && !span.contains(['(', '"', ' '])
}

#[cfg(test)]
mod tests {
    use super::named_paths;
    use crate::tidy::source::Source;

    #[test]
    fn stale_paths_are_found_with_their_line() {
        let text = "See `core/src/gone.rs` and `core/src/here.rs`.\n`no slash` `/healthz` `a://b/c`\n\
            ```text\n`core/src/gone.rs`\n```\nand `gone/`\n";
        let found = named_paths(&Source::of("X.md", text), &|path| {
            path == "core/src/here.rs"
        });
        assert_eq!(found.iter().map(|f| f.line).collect::<Vec<_>>(), [1, 6]);
        assert!(found[0].message.contains("core/src/gone.rs"));
    }
}
