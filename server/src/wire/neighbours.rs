//! A file through which commands that write beside a running server tell it so.
//!
//! Its length counts: a command makes it odd before it writes and even again afterwards, one at a time. Left odd by a
//! command that was killed, it says that nothing is known until the server starts again, which empties it.

use std::{fs::File, io::Write as _, path::Path, sync::Arc};

use anyhow::Context as _;
use quillback_core::repo::Neighbours;

use super::private;

/// What its name adds to that of the repository.
const SUFFIX: &str = ".visits";

/// Held by a command for as long as it may write.
#[derive(Debug)]
pub(super) struct Visit {
    file: File,
}

impl Visit {
    /// Begins to write into the repository file `database`; waits for another command that does.
    ///
    /// # Errors
    /// The file beside it cannot be written.
    pub(super) fn begin(database: &Path) -> anyhow::Result<Self> {
        let path = private::beside(database, SUFFIX);
        let shown = path.display();
        let file = private::appending(&path).with_context(|| format!("cannot open {shown}"))?;
        let begun = file.lock().and_then(|()| file.metadata());
        let length = begun.with_context(|| format!("cannot lock {shown}"))?.len();
        if length.is_multiple_of(2) {
            (&file)
                .write_all(b".")
                .with_context(|| format!("cannot write {shown}"))?;
        }
        Ok(Self { file })
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        // Where that fails, the server goes on to read everything each time: slower, and right.
        let _ = self.file.write_all(b".");
    }
}

/// What the server that has `database` to itself asks.
///
/// # Errors
/// The file cannot be made.
pub(super) fn watch(database: &Path) -> anyhow::Result<Neighbours> {
    let path = private::beside(database, SUFFIX);
    private::appending(&path)
        .and_then(|file| file.lock().and_then(|()| file.set_len(0)))
        .with_context(|| format!("cannot make {}", path.display()))?;
    Ok(Arc::new(move || {
        let length = std::fs::metadata(&path).ok()?.len();
        length.is_multiple_of(2).then_some(length)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_visit_is_seen_while_it_lasts_and_afterwards() {
        let home = tempfile::tempdir().unwrap();
        let database = home.path().join("repository.db");
        let neighbours = watch(&database).unwrap();
        let before = neighbours().unwrap();
        let visit = Visit::begin(&database).unwrap();
        assert_eq!(neighbours(), None);
        drop(visit);
        assert_ne!(neighbours().unwrap(), before);
    }

    #[test]
    fn a_visit_that_was_killed_leaves_doubt_until_the_server_starts_again() {
        let home = tempfile::tempdir().unwrap();
        let database = home.path().join("repository.db");
        let neighbours = watch(&database).unwrap();
        private::appending(&private::beside(&database, SUFFIX))
            .unwrap()
            .write_all(b".")
            .unwrap();
        assert_eq!(neighbours(), None);
        let visit = Visit::begin(&database).unwrap();
        assert_eq!(neighbours(), None);
        drop(visit);
        assert!(neighbours().is_some());

        std::fs::write(private::beside(&database, SUFFIX), "...").unwrap();
        assert_eq!(neighbours(), None);
        assert_eq!(watch(&database).unwrap()(), Some(0));
    }
}
