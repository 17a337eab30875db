//! The files that the rules look at, read once.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::lexer::{self, Kind, Token};

/// Folders that hold results or other people's work, wherever they are.
const SKIPPED: &[&str] = &["target", "node_modules", ".git"];

/// Folders at the root that hold results.
const SKIPPED_AT_ROOT: &[&str] = &["dist", "data"];

/// Endings of files that hold text of ours.
const TEXT: &[&str] = &[
    "rs", "toml", "md", "graphql", "sql", "ts", "tsx", "js", "mjs", "css", "html", "json", "yml",
    "yaml", "sh", "h", "c", "py",
];

/// One file.
#[derive(Debug)]
pub(crate) struct Source {
    /// Path from the root of the checkout, with forward slashes.
    pub(crate) path: String,
    pub(crate) text: String,
    /// Whether a program wrote it (marked in `.gitattributes`).
    pub(crate) is_generated: bool,
}

impl Source {
    /// Whether the file is Rust.
    pub(crate) fn is_rust(&self) -> bool {
        self.has_ending("rs")
    }

    /// Whether the file's name ends in a dot and this.
    pub(crate) fn has_ending(&self, ending: &str) -> bool {
        Path::new(&self.path)
            .extension()
            .is_some_and(|found| found == ending)
    }

    /// Whether the whole file is a test or serves tests only.
    pub(crate) fn is_test(&self) -> bool {
        let path = format!("/{}", self.path);
        let ends = ["/tests.rs", "_tests.rs", ".test.ts", ".test.tsx"];
        path.contains("/tests/") || ends.iter().any(|end| path.ends_with(end))
    }

    /// The tokens of the code that ships: without the test module at the end of the file.
    pub(crate) fn shipped(&self) -> Vec<Token<'_>> {
        if !self.is_rust() || self.is_test() {
            return Vec::new();
        }
        let last = self.shipped_lines();
        let mut tokens = lexer::lex(&self.text);
        tokens.retain(|token| token.line <= last);
        tokens
    }

    /// All comments of a Rust file.
    pub(crate) fn comments(&self) -> Vec<Token<'_>> {
        let mut tokens = lexer::lex(&self.text);
        tokens.retain(|token| token.kind == Kind::Comment);
        tokens
    }

    /// How many lines come before the test module, which by house rule is the last thing in a file.
    pub(crate) fn shipped_lines(&self) -> usize {
        let lines: Vec<&str> = self.text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            if *line != "#[cfg(test)]" {
                continue;
            }
            let next = lines
                .iter()
                .skip(at + 1)
                .find(|line| !line.starts_with("#["));
            if next.is_some_and(|next| next.starts_with("mod ") && next.ends_with('{')) {
                return at;
            }
        }
        lines.len()
    }

    #[cfg(test)]
    pub(crate) fn of(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            is_generated: false,
        }
    }
}

/// Reads every text file of the checkout, in the order of their paths.
///
/// # Errors
/// When a file or folder cannot be read.
pub(crate) fn read_all(root: &Path) -> Result<Vec<Source>> {
    let attributes = std::fs::read_to_string(root.join(".gitattributes")).unwrap_or_default();
    let generated = generated_patterns(&attributes);
    let mut sources = Vec::new();
    walk(root, "", &mut sources)?;
    for source in &mut sources {
        source.is_generated = generated
            .iter()
            .any(|pattern| matches(pattern, &source.path));
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(sources)
}

fn walk(root: &Path, folder: &str, sources: &mut Vec<Source>) -> Result<()> {
    let here = root.join(folder);
    let entries =
        std::fs::read_dir(&here).with_context(|| format!("cannot read {}", here.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if folder.is_empty() {
            name.clone()
        } else {
            format!("{folder}/{name}")
        };
        let kind = entry.file_type()?;
        let is_skipped =
            SKIPPED.contains(&name.as_str()) || SKIPPED_AT_ROOT.contains(&path.as_str());
        if kind.is_dir() && !is_skipped {
            walk(root, &path, sources)?;
        } else if kind.is_file() && is_text(&name, &path) {
            let text = std::fs::read_to_string(entry.path())
                .with_context(|| format!("cannot read {path} as text"))?;
            sources.push(Source {
                path,
                text,
                is_generated: false,
            });
        }
    }
    Ok(())
}

fn is_text(name: &str, path: &str) -> bool {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    TEXT.contains(&ending) || path.starts_with(".ci/")
}

/// The patterns marked as generated in a `.gitattributes` file.
fn generated_patterns(attributes: &str) -> Vec<String> {
    let lines = attributes
        .lines()
        .filter(|line| line.contains("linguist-generated=true"));
    lines
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

/// The few pattern forms we use: a folder with `/**`, a path, or a name anywhere.
fn matches(pattern: &str, path: &str) -> bool {
    if let Some(folder) = pattern.strip_suffix("**") {
        return path.starts_with(folder);
    }
    path == pattern || (!pattern.contains('/') && path.ends_with(&format!("/{pattern}")))
}

#[cfg(test)]
mod tests {
    use super::{Source, generated_patterns, matches};

    #[test]
    fn generated_files_are_those_marked() {
        let text = "a/** linguist-generated=true\nb.txt text\nc.json linguist-generated=true -diff";
        let patterns = generated_patterns(text);
        assert_eq!(patterns, ["a/**", "c.json"]);
        let is = |path: &str| patterns.iter().any(|pattern| matches(pattern, path));
        assert!(is("a/x/y.sql") && is("c.json") && is("d/c.json"));
        assert!(!is("b.txt") && !is("ab/x") && !is("xc.json"));
    }

    #[test]
    fn the_test_module_does_not_ship() {
        let text = "//! x\nfn a() {}\n#[cfg(test)]\n#[expect(x)]\nmod tests {\nfn b() {}\n}\n";
        let source = Source::of("core/src/a.rs", text);
        assert_eq!(source.shipped_lines(), 2);
        assert!(source.shipped().iter().all(|token| token.text != "b"));
        let declared = Source::of("core/src/a.rs", "#[cfg(test)]\nmod tests;\nfn c() {}\n");
        assert_eq!(declared.shipped_lines(), 3);
    }

    #[test]
    fn test_files_are_told_by_their_place() {
        for path in [
            "core/tests/a.rs",
            "core/src/repo/tests/b.rs",
            "core/src/a/tests.rs",
            "tests/a.rs",
        ] {
            assert!(Source::of(path, "").is_test(), "{path}");
        }
        assert!(!Source::of("core/src/latest.rs", "").is_test());
    }
}
