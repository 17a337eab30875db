//! What a seal covers, as it is written in it: which records, and a digest of each, so that a faulty one can be named.

use std::collections::HashMap;

use quillback_plugin_api::civil::Timestamp;
use quillback_plugin_api::remote::RemoteInstance;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::mac::{Form, MacKeys};
use crate::error::Result;
use crate::hex;
use crate::repo::books::{self, BookedChange, BookedEvent, BookedRow};
use crate::repo::seals::Seal;
use crate::repo::{parse_json, to_json};

/// Rows read at once.
const PAGE: u64 = 200;
/// Digits of a digest: 128 bits, behind keyed hashes that nobody else can make.
const DIGITS: usize = 32;

/// The contents of a seal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Contents {
    /// Whether its records are from before records had keyed hashes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) before: bool,
    /// Changes: identifier, digest, number of rows.
    #[serde(default)]
    pub(crate) changes: Vec<(String, String, u64)>,
    /// Entries of the administrative trail: identifier, digest.
    #[serde(default)]
    pub(crate) events: Vec<(String, String)>,
    /// What is known of the records once they were removed because of their age.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) retired: Option<Retired>,
}

/// What is left of a seal whose records were removed because of their age.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Retired {
    /// Digest of the contents before.
    pub(crate) contents: String,
    /// Number of changes.
    pub(crate) changes: u64,
    /// Number of their rows.
    pub(crate) rows: u64,
    /// Number of entries of the administrative trail.
    pub(crate) events: u64,
    /// Keyed hash of all this, so that a removal cannot be made up.
    pub(crate) mac: String,
}

impl Contents {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        parse_json(text).ok()
    }

    pub(crate) fn write(&self) -> Result<String> {
        to_json(self)
    }
}

impl Retired {
    /// What its keyed hash is taken over.
    pub(crate) fn form(&self, seal: &Seal) -> Form {
        Form::new("retired")
            .number(seal.seq)
            .text(&seal.hash)
            .text(&self.contents)
            .number(i64::try_from(self.changes).unwrap_or(-1))
            .number(i64::try_from(self.rows).unwrap_or(-1))
            .number(i64::try_from(self.events).unwrap_or(-1))
    }
}

/// What the hash of a seal is taken over. `contents` is the digest of the contents, which stays when they are removed.
pub(crate) fn seal_form(seq: i64, sealed_at: Timestamp, previous: &str, contents: &str) -> Form {
    Form::new("seal")
        .number(seq)
        .moment(sealed_at)
        .text(previous)
        .text(contents)
}

/// Digest of the contents of a seal.
pub(crate) fn contents_digest(contents: &str) -> String {
    hex::encode(&Sha256::digest(contents.as_bytes()))
}

/// The digest of a record and of what belongs to it, grown record by record.
#[derive(Clone, Default)]
pub(crate) struct Growing {
    hash: Sha256,
    pub(crate) rows: u64,
}

impl Growing {
    fn add(&mut self, mac: Option<&str>, form: impl Fn() -> Form) {
        // A record without a keyed hash is told by its columns.
        let told = mac.map_or_else(|| form().digest(), str::to_owned);
        self.hash.update((told.len() as u64).to_be_bytes());
        self.hash.update(told.as_bytes());
    }

    pub(crate) fn of_change(change: &BookedChange) -> Self {
        let mut growing = Self::default();
        growing.add(change.mac.as_deref(), || change.form());
        growing
    }

    pub(crate) fn add_row(&mut self, row: &BookedRow) {
        self.add(row.mac.as_deref(), || row.form());
        self.rows += 1;
    }

    pub(crate) fn of_event(event: &BookedEvent) -> String {
        let mut growing = Self::default();
        growing.add(event.mac.as_deref(), || event.form());
        growing.finish()
    }

    pub(crate) fn finish(self) -> String {
        hex::encode(&self.hash.finalize())
            .chars()
            .take(DIGITS)
            .collect()
    }
}

/// Reads the rows of these changes, a page at a time, and answers what each change comes to by its identifier.
pub(crate) async fn walk_rows(
    repo: &RemoteInstance,
    changes: &[BookedChange],
    mut each: impl FnMut(&BookedRow),
) -> Result<HashMap<String, Growing>> {
    let mut grown: HashMap<String, Growing> = changes
        .iter()
        .map(|change| (change.id.clone(), Growing::of_change(change)))
        .collect();
    let ids: Vec<&str> = changes.iter().map(|change| change.id.as_str()).collect();
    let mut after: Option<(String, i64)> = None;
    while !ids.is_empty() {
        let behind = after.as_ref().map(|(id, at)| (id.as_str(), *at));
        let page = books::list_rows(repo, &ids, behind, PAGE).await?;
        for row in &page {
            each(row);
            if let Some(growing) = grown.get_mut(&row.change) {
                growing.add_row(row);
            }
        }
        match page.last() {
            Some(last) if page.len() as u64 == PAGE => {
                after = Some((last.change.clone(), last.position));
            }
            _ => break,
        }
    }
    Ok(grown)
}

/// The keyed hash of a seal with these contents.
pub(crate) fn seal_hash(
    keys: &MacKeys,
    seq: i64,
    sealed_at: Timestamp,
    previous: &str,
    contents: &str,
) -> String {
    let form = seal_form(seq, sealed_at, previous, &contents_digest(contents));
    keys.sign(&form).unwrap_or_default()
}
