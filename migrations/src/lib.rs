//! The tables of the repository as neutral changes, one file a version, with checksums that must never change.
//!
//! To change the repository: add `m<NNNN>_<what>.rs` with a function that answers the changes, list it in [`all`], and
//! run the repository suite with `QUILLBACK_BLESS=1` so that `rendered/<driver>/` shows the SQL to reviewers.
//! A file that was released is never edited: its checksum is stored in every repository that ran it.
#![warn(missing_docs)]

mod define;
mod m0001_initial;
mod m0002_deliveries_and_seals;

use std::fmt::Write;

use quillback_plugin_api::sql::Ddl;
use sha2::{Digest, Sha256};

/// One version of the repository.
pub struct Migration {
    /// Position, from 1.
    pub version: u32,
    /// What it does, in a few words.
    pub name: &'static str,
    /// The changes.
    pub changes: Vec<Ddl>,
}

impl Migration {
    /// SHA-256 of the neutral changes, in hexadecimal: the same on every database.
    pub fn checksum(&self) -> String {
        let text = serde_json::to_vec(&self.changes).unwrap_or_default();
        let mut digits = String::with_capacity(64);
        for byte in Sha256::digest(&text) {
            // Writing into a string cannot fail.
            let _ = write!(digits, "{byte:02x}");
        }
        digits
    }
}

/// All versions in order.
pub fn all() -> Vec<Migration> {
    vec![
        Migration {
            version: 1,
            name: "initial",
            changes: m0001_initial::changes(),
        },
        Migration {
            version: 2,
            name: "deliveries_and_seals",
            changes: m0002_deliveries_and_seals::changes(),
        },
    ]
}

/// The table in which a repository keeps the versions that it ran; made before any of them.
pub fn history_table() -> Ddl {
    m0001_initial::history_table()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_count_up_from_one() {
        for (position, migration) in all().iter().enumerate() {
            assert_eq!(migration.version as usize, position + 1);
            assert!(!migration.changes.is_empty());
        }
    }

    #[test]
    fn a_checksum_depends_on_the_changes_alone() {
        let first = all().remove(0);
        let other = Migration {
            version: 9,
            name: "other",
            changes: m0001_initial::changes(),
        };
        assert_eq!(first.checksum(), other.checksum());
        let less = Migration {
            version: 1,
            name: "initial",
            changes: Vec::new(),
        };
        assert_ne!(first.checksum(), less.checksum());
    }
}
