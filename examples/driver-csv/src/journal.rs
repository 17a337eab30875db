//! Replaces several files together or not at all, however the program ends.
//!
//! New contents are written beside the old ones and a list of all replacements beside them. Giving that list its name is
//! the moment at which the batch takes effect: before it nothing has changed, after it whoever locks the folder next
//! carries out what the list says. Doing so twice does no harm.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

/// The list that is in force.
const LIST: &str = ".quillback-commit";
/// The list while it is written.
const DRAFT: &str = ".quillback-commit-draft";
/// New contents, with a number behind it.
const FRESH: &str = ".quillback-new-";

/// What a file is to become.
#[derive(Debug)]
pub(crate) struct Change {
    /// Name of the file.
    pub(crate) file: String,
    /// New content; `None` removes it.
    pub(crate) content: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    file: String,
    #[serde(default)]
    from: Option<String>,
}

/// What became of the changes.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nothing took effect.
    Before(io::Error),
    /// They may or may not survive a loss of power; nobody can say.
    Unknown(io::Error),
}

/// Whether there is a list to carry out.
pub(crate) fn is_pending(folder: &Path) -> bool {
    folder.join(LIST).exists()
}

/// Replaces the files. The caller holds the folder alone.
///
/// # Errors
/// `Failure`, which says whether anything took effect.
pub(crate) fn commit(folder: &Path, changes: &[Change]) -> Result<(), Failure> {
    if changes.is_empty() {
        return Ok(());
    }
    if let Err(error) = prepare(folder, changes) {
        clean(folder, changes.len());
        return Err(Failure::Before(error));
    }
    if let Err(error) = fs::rename(folder.join(DRAFT), folder.join(LIST)) {
        clean(folder, changes.len());
        return Err(Failure::Before(error));
    }
    sync(folder).map_err(Failure::Unknown)?;
    // The batch has taken effect. What fails from here on is done by whoever locks the folder next.
    let _ = finish(folder);
    Ok(())
}

fn prepare(folder: &Path, changes: &[Change]) -> io::Result<()> {
    let mut list = Vec::with_capacity(changes.len());
    for (number, change) in changes.iter().enumerate() {
        let from = format!("{FRESH}{number}");
        if let Some(content) = &change.content {
            write(&folder.join(&from), content)?;
            // Whoever could read the file before can do so afterwards, and nobody else.
            if let Ok(old) = fs::metadata(folder.join(&change.file)) {
                fs::set_permissions(folder.join(&from), old.permissions())?;
            }
        }
        list.push(Entry {
            file: change.file.clone(),
            from: change.content.is_some().then_some(from),
        });
    }
    write(&folder.join(DRAFT), &serde_json::to_string(&list)?)
}

fn write(path: &Path, content: &str) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()
}

fn clean(folder: &Path, count: usize) {
    let _ = fs::remove_file(folder.join(DRAFT));
    for number in 0..count {
        let _ = fs::remove_file(folder.join(format!("{FRESH}{number}")));
    }
}

/// Carries out a list that is in force. The caller holds the folder alone.
///
/// # Errors
/// What the operating system refuses; the list stays in force then.
pub(crate) fn finish(folder: &Path) -> io::Result<()> {
    let list = match fs::read_to_string(folder.join(LIST)) {
        Ok(list) => list,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for Entry { file, from } in serde_json::from_str::<Vec<Entry>>(&list)? {
        let done = match from {
            Some(from) => fs::rename(folder.join(from), folder.join(&file)),
            None => fs::remove_file(folder.join(&file)),
        };
        match done {
            // It was done before the program ended the last time.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => other?,
        }
    }
    sync(folder)?;
    fs::remove_file(folder.join(LIST))?;
    sync(folder)
}

/// Makes names of files survive a loss of power.
fn sync(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(folder: &Path, file: &str) -> Option<String> {
        fs::read_to_string(folder.join(file)).ok()
    }

    fn changes() -> Vec<Change> {
        vec![
            Change {
                file: "a.csv".into(),
                content: Some("new a".into()),
            },
            Change {
                file: "b.csv".into(),
                content: Some("new b".into()),
            },
            Change {
                file: "gone.csv".into(),
                content: None,
            },
        ]
    }

    fn old() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in ["a.csv", "gone.csv"] {
            fs::write(folder.path().join(file), "old").unwrap();
        }
        folder
    }

    fn is_new(folder: &Path) {
        assert_eq!(content(folder, "a.csv").as_deref(), Some("new a"));
        assert_eq!(content(folder, "b.csv").as_deref(), Some("new b"));
        assert_eq!(content(folder, "gone.csv"), None);
        let left: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(left.len(), 2, "{left:?}");
    }

    #[test]
    fn all_files_are_replaced() {
        let folder = old();
        commit(folder.path(), &changes()).unwrap();
        is_new(folder.path());
    }

    #[test]
    fn a_list_in_force_is_carried_out_from_wherever_it_stopped() {
        for done in 0..=3 {
            let folder = old();
            let path = folder.path();
            prepare(path, &changes()).unwrap();
            fs::rename(path.join(DRAFT), path.join(LIST)).unwrap();
            // The program ended after so many replacements.
            if done > 0 {
                fs::rename(path.join(format!("{FRESH}0")), path.join("a.csv")).unwrap();
            }
            if done > 1 {
                fs::rename(path.join(format!("{FRESH}1")), path.join("b.csv")).unwrap();
            }
            if done > 2 {
                fs::remove_file(path.join("gone.csv")).unwrap();
            }
            finish(path).unwrap();
            is_new(path);
        }
    }

    #[test]
    fn a_draft_changes_nothing() {
        let folder = old();
        prepare(folder.path(), &changes()).unwrap();
        assert!(!is_pending(folder.path()));
        finish(folder.path()).unwrap();
        assert_eq!(content(folder.path(), "a.csv").as_deref(), Some("old"));
        // The next batch is not disturbed by what the last one left.
        commit(folder.path(), &changes()).unwrap();
        is_new(folder.path());
    }
}
