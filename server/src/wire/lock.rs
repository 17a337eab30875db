//! The lock that keeps two servers from using one embedded repository.

use std::{
    fs::{File, TryLockError},
    io::{Read as _, Write as _},
    path::Path,
};

use anyhow::{Context as _, bail};

use super::private;

/// Held until dropped; the operating system releases it when the process ends in any way.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of the repository file `database`: a file beside it, as the database locks its own.
    ///
    /// # Errors
    /// Another process holds it, which is named, or the file cannot be made.
    pub fn take(database: &Path) -> anyhow::Result<Self> {
        let path = private::beside(database, ".lock");
        let shown = path.display();
        let mut file = private::appending(&path)
            .with_context(|| format!("cannot open the lock file {shown}"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Only for the message: the holder may not have written its number yet.
                let _ = file.take(20).read_to_string(&mut holder);
                let holder = holder.trim();
                let process = if holder.is_empty() {
                    String::new()
                } else {
                    format!(" (process {holder})")
                };
                bail!(
                    "the repository {} is in use by another Quillback{process}: stop that one, or give this one \
                     a repository of its own with --data-folder or repository.url",
                    database.display()
                );
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock {shown}"));
            }
        }
        // Only for the message above.
        let _ = file
            .set_len(0)
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_refused_until_the_first_is_gone() {
        let home = tempfile::tempdir().unwrap();
        let database = home.path().join("repository.db");
        let first = Lock::take(&database).unwrap();
        let error = Lock::take(&database).unwrap_err().to_string();
        assert!(
            error.contains(&format!("(process {})", std::process::id())),
            "{error}"
        );
        assert!(error.contains(&database.display().to_string()), "{error}");
        let other = Lock::take(&home.path().join("other.db")).unwrap();
        drop((first, other));
        Lock::take(&database).unwrap();
    }
}
