//! A folder as a database: which file is which table, and one writer at a time, other programs included.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use quillback_plugin_api::{Category, DriverError};

use crate::errors;
use crate::journal;
use crate::table::Table;
use crate::work::Until;

/// Name of the file that is locked; it stays empty.
const LOCK: &str = ".quillback.lock";

/// Pause between two attempts to get the lock.
const PAUSE: Duration = Duration::from_millis(2);

/// Characters that no file system, or not every file system, takes in a name.
const SPECIAL: &[char] = &['/', '\\', ':', '*', '?', '"', '<', '>', '|', '%'];

/// The folder of a connection.
pub(crate) struct Folder {
    path: PathBuf,
}

/// What a call does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// It reads, beside others that read.
    Read,
    /// It writes, alone.
    Write,
}

/// The lock of a call; it ends with the call.
pub(crate) struct Held(#[expect(dead_code, reason = "closing the file ends the lock")] File);

impl Folder {
    /// Takes a folder that exists.
    ///
    /// # Errors
    /// `Connect` when there is none.
    pub(crate) fn open(path: PathBuf) -> Result<Self, DriverError> {
        let folder = Self { path };
        folder.check()?;
        Ok(folder)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Looks whether the folder is still there.
    ///
    /// # Errors
    /// `Connect`.
    pub(crate) fn check(&self) -> Result<(), DriverError> {
        if self.path.is_dir() {
            return Ok(());
        }
        Err(DriverError::new(
            Category::Connect,
            "there is no such folder: make it, or correct the option `folder`",
        ))
    }

    /// Waits for the lock, and ends a replacement of files that was interrupted.
    ///
    /// # Errors
    /// `Timeout` and `Cancelled`; what the operating system refuses.
    pub(crate) fn lock(&self, access: Access, until: &Until<'_>) -> Result<Held, DriverError> {
        self.check()?;
        let held = self.hold(access, until)?;
        if !journal::is_pending(&self.path) {
            return Ok(held);
        }
        // Only who is alone may end it. A reader gives its lock back first: two would wait for each other.
        drop(held);
        let held = self.hold(Access::Write, until)?;
        journal::finish(&self.path)
            .map_err(|error| errors::io("end an interrupted replacement of files", &error))?;
        Ok(held)
    }

    fn hold(&self, access: Access, until: &Until<'_>) -> Result<Held, DriverError> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.path.join(LOCK));
        let file = file.map_err(|error| errors::io("open the lock file of the folder", &error))?;
        loop {
            until.check()?;
            let tried = match access {
                Access::Read => file.try_lock_shared(),
                Access::Write => file.try_lock(),
            };
            match tried {
                Ok(()) => return Ok(Held(file)),
                // The thread is the connection's own, so it may wait.
                Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
                Err(TryLockError::Error(error)) => {
                    return Err(errors::io("lock the folder", &error));
                }
            }
        }
    }

    /// Names of all tables in ascending order.
    ///
    /// # Errors
    /// What the operating system refuses.
    pub(crate) fn tables(&self) -> Result<Vec<String>, DriverError> {
        let list = || -> io::Result<Vec<String>> {
            let mut names = Vec::new();
            for entry in fs::read_dir(&self.path)? {
                let entry = entry?;
                let file = entry.file_name();
                // A link may lead out of the folder.
                let name = file
                    .to_str()
                    .and_then(table_name)
                    .filter(|_| entry.file_type().is_ok_and(|kind| kind.is_file()));
                names.extend(name);
            }
            names.sort();
            Ok(names)
        };
        list().map_err(|error| errors::io("list the folder", &error))
    }

    /// Reads a table; `None` when there is none of that name.
    ///
    /// # Errors
    /// `InvalidData` for a damaged file; what the operating system refuses.
    pub(crate) fn read(&self, name: &str) -> Result<Option<Table>, DriverError> {
        let (file, sidecar) = file_names(name);
        let Some(text) = self.text(&file)? else {
            return Ok(None);
        };
        let sidecar = self.text(&sidecar)?;
        Table::read(name, &text, sidecar.as_deref()).map(Some)
    }

    fn text(&self, file: &str) -> Result<Option<String>, DriverError> {
        let path = self.path.join(file);
        let read = || -> io::Result<Option<Vec<u8>>> {
            match fs::symlink_metadata(&path) {
                Ok(found) if found.is_file() => fs::read(&path).map(Some),
                Err(error)
                    if !matches!(
                        error.kind(),
                        io::ErrorKind::NotFound | io::ErrorKind::InvalidFilename
                    ) =>
                {
                    Err(error)
                }
                _ => Ok(None),
            }
        };
        let bytes = read().map_err(|error| errors::io("read a file of the folder", &error))?;
        let text = bytes.map(String::from_utf8).transpose();
        text.map_err(|_| errors::damaged(file, "it is not UTF-8 text"))
    }
}

/// Names of the two files of a table.
pub(crate) fn file_names(table: &str) -> (String, String) {
    let mut stem = String::with_capacity(table.len());
    for (position, character) in table.char_indices() {
        let hides = position == 0 && character == '.';
        if hides || character.is_control() || SPECIAL.contains(&character) {
            let mut bytes = [0; 4];
            stem.extend(
                character
                    .encode_utf8(&mut bytes)
                    .bytes()
                    .map(|byte| format!("%{byte:02X}")),
            );
        } else {
            stem.push(character);
        }
    }
    (format!("{stem}.csv"), format!("{stem}.schema.json"))
}

/// The table that a file is; `None` for files that are none.
fn table_name(file: &str) -> Option<String> {
    let stem = file
        .strip_suffix(".csv")
        .filter(|stem| !stem.starts_with('.'))?;
    let mut bytes = Vec::with_capacity(stem.len());
    let mut rest = stem.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            other => other,
        });
    }
    let name = String::from_utf8(bytes)
        .ok()
        .filter(|name| !name.is_empty())?;
    // A name that is spelled in another way would lead to another file.
    (file_names(&name).0 == file).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_to_its_file_and_back() {
        for name in [
            "sales",
            "a/b",
            "..",
            ".",
            "100%",
            "\"",
            "🚀 launch",
            "tab\there",
            "a.csv",
            "order",
            "%2E",
        ] {
            let (file, _) = file_names(name);
            assert!(!file.starts_with('.') && !file.contains('/'), "{file}");
            assert_eq!(table_name(&file).as_deref(), Some(name));
        }
    }

    #[test]
    fn other_files_are_no_tables() {
        for file in [
            "sales.txt",
            ".csv",
            ".hidden.csv",
            "a%zz.csv",
            "a%41.csv",
            "sales.schema.json",
            "a%2.csv",
        ] {
            assert_eq!(table_name(file), None, "{file}");
        }
    }
}
