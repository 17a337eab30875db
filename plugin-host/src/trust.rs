//! Which files are trusted: who may change them, and which digests are allowed.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::refusal::Refusal;

/// What the allow-list does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Nothing: every file in the configured folders is loaded. For development.
    Off,
    /// A file that is not on the list is loaded with a warning.
    #[default]
    Warn,
    /// A file that is not on the list is refused, and so is one that a group of users can change.
    Enforce,
}

/// Driver identifiers and the SHA-256 digests, in hexadecimal, of the files that may be loaded for each.
pub type AllowList = BTreeMap<String, Vec<String>>;

/// What was found out about a file that may be loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Whether the allow-list has it.
    pub(crate) is_listed: bool,
    /// Whether a group of users can change it.
    pub(crate) is_group_writable: bool,
}

/// The digest of a file in lower-case hexadecimal.
pub(crate) fn sha256(file: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(file) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Checks the digest against the allow-list.
pub(crate) fn check_listed(
    mode: Mode,
    allow: &AllowList,
    id: &str,
    sha256: &str,
) -> Result<bool, Refusal> {
    let is_listed = allow
        .get(id)
        .is_some_and(|digests| digests.iter().any(|one| one.eq_ignore_ascii_case(sha256)));
    if mode == Mode::Enforce && !is_listed {
        return Err(Refusal::NotAllowed {
            id: id.to_owned(),
            sha256: sha256.to_owned(),
        });
    }
    Ok(is_listed)
}

/// Checks who may change the file, or replace it through a folder above it. Answers whether a group may.
///
/// `path` must be absolute and without symbolic links.
#[cfg(unix)]
pub(crate) fn check_permissions(mode: Mode, path: &Path) -> Result<bool, Refusal> {
    use std::os::unix::fs::MetadataExt;

    const STICKY: u32 = 0o1000;
    const OTHERS_WRITE: u32 = 0o002;
    const GROUP_WRITES: u32 = 0o020;

    let server = crate::library::effective_user();
    let mut is_group_writable = false;
    for (above, part) in path.ancestors().enumerate() {
        let meta = std::fs::metadata(part).map_err(Refusal::Unreadable)?;
        // In a folder with this bit only the owner of a file may replace it.
        let is_sticky = meta.is_dir() && meta.mode() & STICKY != 0;
        if meta.mode() & OTHERS_WRITE != 0 && !is_sticky {
            return Err(Refusal::WorldWritable(part.to_owned()));
        }
        if meta.mode() & GROUP_WRITES != 0 && !is_sticky {
            if mode == Mode::Enforce {
                return Err(Refusal::GroupWritable(part.to_owned()));
            }
            is_group_writable = true;
        }
        // The file and its own folder; folders further up belong to whoever runs the machine.
        if above < 2 && meta.uid() != 0 && meta.uid() != server {
            return Err(Refusal::Owner {
                path: part.to_owned(),
                owner: meta.uid(),
            });
        }
    }
    Ok(is_group_writable)
}

/// Access-control lists of Windows are not read: put drivers in a folder that only administrators can write to.
#[cfg(not(unix))]
pub(crate) fn check_permissions(_: Mode, _: &Path) -> Result<bool, Refusal> {
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_digests_are_loaded_when_enforced() {
        let digest = sha256(b"abc");
        assert_eq!(
            digest,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        let allow = AllowList::from([("x".to_owned(), vec![digest.to_uppercase()])]);
        assert!(check_listed(Mode::Enforce, &allow, "x", &digest).unwrap());
        assert!(check_listed(Mode::Enforce, &allow, "y", &digest).is_err());
        assert!(check_listed(Mode::Enforce, &allow, "x", &sha256(b"abd")).is_err());
        assert!(!check_listed(Mode::Warn, &allow, "y", &digest).unwrap());
    }
}
