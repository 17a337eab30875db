//! Rules on the shape of a file: its first line, its length, its notes.

use super::Finding;
use super::source::Source;

/// Every Rust file starts with one sentence that says what it is.
pub(crate) fn head(source: &Source) -> Vec<Finding> {
    if !source.is_rust() || source.is_generated || source.text.starts_with("//! ") {
        return Vec::new();
    }
    let message = "start the file with `//!` and one sentence that says what it is";
    vec![Finding::new(&source.path, 1, message)]
}

/// No file is longer than a reader can keep in mind.
pub(crate) fn size(source: &Source) -> Vec<Finding> {
    if source.is_generated {
        return Vec::new();
    }
    let all = source.text.lines().count();
    let (lines, limit) = match (source.is_rust(), source.is_test()) {
        (true, true) => (all, 800),
        (true, false) => (source.shipped_lines(), 500),
        (false, false) if source.has_ending("tsx") => (all, 250),
        (false, _) => return Vec::new(),
    };
    if lines <= limit {
        return Vec::new();
    }
    let message = format!("{lines} lines; the limit is {limit}: split the file by topic");
    vec![Finding::new(&source.path, limit + 1, message)]
}

/// A note for later names the issue that keeps it from being forgotten.
pub(crate) fn todo(source: &Source) -> Vec<Finding> {
    if !source.is_rust() {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for comment in source.comments() {
        for (offset, line) in comment.text.lines().enumerate() {
            if let Some(word) = unnumbered(line) {
                let message = format!("give the {word} an issue number: `{word}(#123): ...`");
                findings.push(Finding::new(&source.path, comment.line + offset, message));
            }
        }
    }
    findings
}

fn unnumbered(line: &str) -> Option<&'static str> {
    let word = ["TODO", "FIXME", "XXX"].into_iter().find(|word| {
        line.split(|c: char| !c.is_alphanumeric() && c != '_')
            .any(|part| part == *word)
    })?;
    let (_, after) = line.split_once(word)?;
    let number = after.strip_prefix("(#").unwrap_or_default();
    (!number.starts_with(|c: char| c.is_ascii_digit())).then_some(word)
}

/// A test that nobody runs is worse than none: it asserts what happens today, or it goes.
pub(crate) fn ignored_test(source: &Source) -> Vec<Finding> {
    if !source.is_rust() {
        return Vec::new();
    }
    let lines = source.text.lines().enumerate();
    let hits = lines.filter(|(_, line)| line.trim_start().starts_with("#[ignore"));
    let message = "do not ignore a test; assert what happens today and name the issue";
    hits.map(|(at, _)| Finding::new(&source.path, at + 1, message))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{head, ignored_test, size, todo};
    use crate::tidy::source::Source;

    #[test]
    fn a_file_without_a_head_is_found() {
        assert_eq!(head(&Source::of("a/src/x.rs", "use std::io;\n")).len(), 1);
        assert!(head(&Source::of("a/src/x.rs", "//! Says what it is.\n")).is_empty());
        assert!(head(&Source::of("a/x.toml", "[package]\n")).is_empty());
    }

    #[test]
    fn long_files_are_found_and_tests_inside_do_not_count() {
        let code = |lines: usize| "x\n".repeat(lines);
        assert_eq!(size(&Source::of("a/src/x.rs", &code(501)))[0].line, 501);
        assert!(size(&Source::of("a/src/x.rs", &code(500))).is_empty());
        let tested = format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", code(500), code(300));
        assert!(size(&Source::of("a/src/x.rs", &tested)).is_empty());
        assert!(size(&Source::of("a/tests/x.rs", &code(800))).is_empty());
        assert_eq!(size(&Source::of("a/tests/x.rs", &code(801))).len(), 1);
        assert_eq!(size(&Source::of("console/src/x.tsx", &code(251))).len(), 1);
    }

    #[test]
    fn generated_files_may_be_long() {
        let mut source = Source::of("a/src/x.rs", &"x\n".repeat(900));
        source.is_generated = true;
        assert!(size(&source).is_empty() && head(&source).is_empty());
    }

    #[test]
    fn a_note_needs_a_number() {
        let text = "//! x\n/* a\n TODO later */\n// FIXME(#a)\n// TODO(#12): soon\n// TODOS\n";
        let lines: Vec<usize> = todo(&Source::of("a.rs", text))
            .iter()
            .map(|finding| finding.line)
            .collect();
        assert_eq!(lines, [3, 4]);
        assert!(todo(&Source::of("a.rs", "let x = \"TODO\";")).is_empty());
    }

    #[test]
    fn ignored_tests_are_found() {
        let text = "#[test]\n    #[ignore = \"slow\"]\nfn a() {}\n// #[ignore]\n";
        let found = ignored_test(&Source::of("a.rs", text));
        assert_eq!(found.iter().map(|f| f.line).collect::<Vec<_>>(), [2]);
    }
}
