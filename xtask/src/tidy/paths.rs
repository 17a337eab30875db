//! Whether a path with braces, stars and placeholders stands for something that exists.

use std::path::Path;

/// Whether every alternative of the path exists below `root`.
pub(crate) fn exists(root: &Path, path: &str) -> bool {
    alternatives(path).iter().all(|path| {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        has(root, &parts)
    })
}

/// Writes out `{a,b}`; groups may follow one another but do not nest.
fn alternatives(path: &str) -> Vec<String> {
    let Some((head, rest)) = path.split_once('{') else {
        return vec![path.to_owned()];
    };
    let Some((group, tail)) = rest.split_once('}') else {
        return vec![path.to_owned()];
    };
    let tails = alternatives(tail);
    let choices = group.split(',').map(str::trim);
    choices
        .flat_map(|choice| {
            tails
                .iter()
                .map(move |tail| format!("{head}{choice}{tail}"))
        })
        .collect()
}

/// Whether the parts lead to a file or folder; `*` and `<id>` stand for anything.
fn has(folder: &Path, parts: &[&str]) -> bool {
    let Some((first, rest)) = parts.split_first() else {
        return true;
    };
    if !first.contains(['*', '<']) {
        let next = folder.join(first);
        return next.exists() && has(&next, rest);
    }
    let (start, end) = (
        first.split(['*', '<']).next().unwrap_or_default(),
        first.rsplit(['*', '>']).next().unwrap_or_default(),
    );
    std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .any(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            name.starts_with(start) && name.ends_with(end) && has(&entry.path(), rest)
        })
}

#[cfg(test)]
mod tests {
    use super::{alternatives, exists};

    #[test]
    fn groups_are_written_out() {
        assert_eq!(alternatives("a/{b,c}/{d, e}.rs").len(), 4);
        assert!(alternatives("a/{b,c}.rs").contains(&"a/c.rs".to_owned()));
        assert_eq!(alternatives("a/b"), ["a/b"]);
    }

    #[test]
    fn every_alternative_must_exist_and_one_match_is_enough_for_a_star() {
        let folder = tempfile::tempdir().unwrap();
        for path in ["x/one/src", "x/two"] {
            std::fs::create_dir_all(folder.path().join(path)).unwrap();
        }
        std::fs::write(folder.path().join("x/one/src/m0001_a.rs"), "").unwrap();
        for path in [
            "x/{one,two}",
            "x/*/src/",
            "x/<id>/src/m0001_a.rs",
            "x/one/src/m*.rs",
            "x/",
        ] {
            assert!(exists(folder.path(), path), "{path}");
        }
        for path in ["x/{one,three}", "x/*/lib", "y/one", "x/one/src/n*.rs"] {
            assert!(!exists(folder.path(), path), "{path}");
        }
    }
}
