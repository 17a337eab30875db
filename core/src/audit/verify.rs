//! Verifies the books from the first seal to the last record, and names what is not as it was written.
//!
//! Memory stays flat: records are read a page at a time, and of a block no more is kept than its seal says.

use std::collections::HashSet;

use serde::Serialize;

use super::block::{Contents, contents_digest, seal_form};
use super::check::{Block, Check, Told, change_name, event_name, judge, row_name};
use super::fault::{Fault, FaultKind};
use super::mac::MacKeys;
use crate::app::App;
use crate::error::Result;
use crate::repo::books::{self, BookedRow, Covered};
use crate::repo::seals::{self, Numbers, Seal};

/// Seals read at once.
const SEALS: u64 = 4;
/// Records read at once.
const PAGE: u64 = 100;
/// Faults that are named; further ones are counted.
const NAMED: usize = 100;
/// Identifiers that are looked up at once.
const IDS: u64 = 400;
/// Records of a kind that are named when they belong nowhere.
const STRAYS: u64 = 20;

/// What verifying found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    /// Seals of the chain.
    pub seals: u64,
    /// Those of them whose records were removed because of their age.
    pub retired: u64,
    /// Changes that were verified.
    pub changes: u64,
    /// Rows that were verified.
    pub rows: u64,
    /// Entries of the administrative trail that were verified.
    pub events: u64,
    /// Changes and entries among them that no seal covers yet: their removal would not be noticed.
    pub unsealed: u64,
    /// Changes that are not settled: they are not signed yet.
    pub open: u64,
    /// Records from before there were keyed hashes: only their seal vouches for them.
    pub before: u64,
    /// The newest seal as `<number>:<hash>`, to keep elsewhere.
    pub newest: Option<String>,
    /// The faults, the first ones by name.
    pub faults: Vec<Fault>,
    /// Number of all faults.
    pub fault_count: u64,
}

impl Verification {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.fault_count == 0
    }

    fn add(&mut self, faults: Vec<Fault>) {
        for fault in faults {
            self.fault_count += 1;
            if self.faults.len() < NAMED {
                self.faults.push(fault);
            }
        }
    }
}

/// A seal that somebody kept, as the server logged it: it must be in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptSeal {
    /// Number.
    pub seq: i64,
    /// Hash.
    pub hash: String,
}

/// Verifies everything. `progress` is called now and then.
///
/// # Errors
/// `Repository` when the database fails; what is wrong with the books is in the answer.
pub async fn verify(
    app: &App,
    kept: Option<&KeptSeal>,
    mut progress: impl FnMut(&Verification),
) -> Result<Verification> {
    let mut walk = Walk {
        app,
        found: Verification::default(),
        last: None,
        is_kept: kept.is_none(),
        is_beginning: true,
    };
    walk.blocks(kept, &mut progress).await?;
    walk.unsealed_changes(&mut progress).await?;
    walk.unsealed_events(&mut progress).await?;
    // What was sealed meanwhile was in neither of the two.
    walk.blocks(kept, &mut progress).await?;
    walk.rows_without_change().await?;
    walk.strays(&mut progress).await?;
    if let (Some(kept), false) = (kept, walk.is_kept) {
        let what = format!("seal {}", kept.seq);
        walk.found
            .add(vec![Fault::new(FaultKind::CutOff, what, Some(kept.seq))]);
    }
    walk.found.newest = walk.last.map(|(seq, hash)| format!("{seq}:{hash}"));
    Ok(walk.found)
}

/// How many records the seal covers, if they and the seal are as they were written.
pub(super) async fn sound(app: &App, seal: &Seal) -> Result<Option<Numbers>> {
    let (contents, mut faults) = read_seal(&app.surroundings.books, seal);
    let block = check_block(app, seal, contents.as_ref()).await?;
    faults.extend(block.faults);
    Ok(faults.is_empty().then_some(block.numbers))
}

struct Walk<'a> {
    app: &'a App,
    found: Verification,
    /// Number and hash of the last seal that was looked at.
    last: Option<(i64, String)>,
    /// Whether the seal that somebody kept was there, or none was given.
    is_kept: bool,
    /// Whether all seals so far are from before there were keyed hashes.
    is_beginning: bool,
}

impl Walk<'_> {
    async fn blocks(
        &mut self,
        kept: Option<&KeptSeal>,
        progress: &mut impl FnMut(&Verification),
    ) -> Result<()> {
        loop {
            let after = self.last.as_ref().map_or(0, |(seq, _)| *seq);
            let page = seals::list_seals(&self.app.repo, after, SEALS).await?;
            if page.is_empty() {
                return Ok(());
            }
            for seal in page {
                self.is_kept |=
                    kept.is_some_and(|kept| kept.seq == seal.seq && kept.hash == seal.hash);
                self.block(seal).await?;
                progress(&self.found);
            }
        }
    }

    async fn block(&mut self, mut seal: Seal) -> Result<()> {
        let (next, previous) = match &self.last {
            Some((seq, hash)) => (seq + 1, hash.as_str()),
            None => (1, ""),
        };
        if seal.seq != next {
            let what = format!("seal {next}");
            let fault = Fault::new(FaultKind::Removed, what, Some(next));
            self.found.add(vec![fault]);
        } else if seal.previous != previous {
            let what = format!("seal {}", seal.seq);
            let fault = Fault::new(FaultKind::Unlinked, what, Some(seal.seq));
            self.found.add(vec![fault]);
        }
        let mut checked = self.check(&seal).await?;
        if !checked.1.faults.is_empty() {
            // Its records may have been removed because of their age since the seal was read.
            let now = seals::find_seal(&self.app.repo, seal.seq).await?;
            if let Some(now) = now.filter(|now| *now != seal) {
                checked = self.check(&now).await?;
                seal = now;
            }
        }
        let (contents, block) = checked;
        self.found.seals += 1;
        self.found.retired += u64::from(seal.retired_at.is_some());
        self.found.changes += block.numbers.changes;
        self.found.rows += block.numbers.rows;
        self.found.events += block.numbers.events;
        let is_before = contents.is_some_and(|contents| contents.before);
        if is_before {
            self.found.before += block.numbers.changes + block.numbers.events;
        }
        self.is_beginning &= is_before;
        self.found.add(block.faults);
        self.last = Some((seal.seq, seal.hash));
        Ok(())
    }

    async fn check(&self, seal: &Seal) -> Result<(Option<Contents>, Block)> {
        let (contents, mut faults) = read_seal(&self.app.surroundings.books, seal);
        let mut block = check_block(self.app, seal, contents.as_ref()).await?;
        faults.append(&mut block.faults);
        block.faults = faults;
        Ok((contents, block))
    }

    async fn unsealed_changes(&mut self, progress: &mut impl FnMut(&Verification)) -> Result<()> {
        let mut after: Option<String> = None;
        loop {
            let repo = &self.app.repo;
            let page = books::list_changes(repo, Covered::ByNone, after.as_deref(), PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some(last.id.clone());
            let (settled, open): (Vec<_>, Vec<_>) =
                page.into_iter().partition(|change| change.state != "open");
            let mut check = Check::new(self.app, None, self.is_beginning);
            check.changes(&settled).await?;
            self.found.unsealed += settled.len() as u64;
            self.found.changes += settled.len() as u64;
            self.found.rows += check.block.numbers.rows;
            self.found.before += check.without_hash;
            self.found.open += open.len() as u64;
            self.found.add(check.block.faults);
            progress(&self.found);
        }
    }

    async fn unsealed_events(&mut self, progress: &mut impl FnMut(&Verification)) -> Result<()> {
        let mut after: Option<String> = None;
        loop {
            let repo = &self.app.repo;
            let page = books::list_events(repo, Covered::ByNone, after.as_deref(), PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some(last.id.clone());
            let mut check = Check::new(self.app, None, self.is_beginning);
            check.events(&page);
            self.found.unsealed += page.len() as u64;
            self.found.events += page.len() as u64;
            self.found.before += check.without_hash;
            self.found.add(check.block.faults);
            progress(&self.found);
        }
    }

    /// Rows without their change. Their changes are looked up a page at a time: a database asked for it at once might
    /// compare each row with each change.
    async fn rows_without_change(&mut self) -> Result<()> {
        let repo = &self.app.repo;
        let mut after = String::new();
        loop {
            let named = books::list_named_changes(repo, &after, IDS).await?;
            let Some(last) = named.last() else {
                return Ok(());
            };
            after.clone_from(last);
            let known = books::list_known_changes(repo, &named).await?;
            let known: HashSet<String> = known.into_iter().collect();
            let missing: Vec<&str> = named
                .iter()
                .filter(|id| !known.contains(*id))
                .map(String::as_str)
                .collect();
            if !missing.is_empty() {
                let rows = books::list_rows(repo, &missing, None, STRAYS).await?;
                let of = |row: &BookedRow| Fault::new(FaultKind::NoChange, row_name(row), None);
                self.found.add(rows.iter().map(of).collect());
            }
        }
    }

    /// Records that name a seal which is not there.
    async fn strays(&mut self, progress: &mut impl FnMut(&Verification)) -> Result<()> {
        loop {
            let last = self.last.as_ref().map_or(0, |(seq, _)| *seq);
            let (changes, events) = books::list_strays(&self.app.repo, last, STRAYS).await?;
            // They may have been sealed since the last seal was looked at.
            self.blocks(None, progress).await?;
            if self.last.as_ref().is_some_and(|(seq, _)| *seq > last) {
                continue;
            }
            let changes = changes.iter().map(change_name);
            let names = changes.chain(events.iter().map(event_name));
            let faults = names.map(|name| Fault::new(FaultKind::NoSeal, name, None));
            self.found.add(faults.collect());
            return Ok(());
        }
    }
}

/// What the seal covers, and what is wrong with the seal itself.
fn read_seal(keys: &MacKeys, seal: &Seal) -> (Option<Contents>, Vec<Fault>) {
    let name = || format!("seal {}", seal.seq);
    let contents = Contents::parse(&seal.contents);
    let retired = contents
        .as_ref()
        .and_then(|contents| contents.retired.as_ref());
    let digest = match retired {
        Some(retired) => retired.contents.clone(),
        None => contents_digest(&seal.contents),
    };
    let form = seal_form(seal.seq, seal.sealed_at, &seal.previous, &digest);
    let mut fault = judge(keys, &form, Some(&seal.hash));
    if let Some(retired) = retired {
        fault = fault.or_else(|| judge(keys, &retired.form(seal), Some(&retired.mac)));
    }
    if contents.is_none() || retired.is_some() != seal.retired_at.is_some() {
        fault = fault.or(Some(FaultKind::Altered));
    }
    let faults = fault.map(|kind| Fault::new(kind, name(), Some(seal.seq)));
    (contents, faults.into_iter().collect())
}

/// Compares the records that a seal covers with what it says about them.
async fn check_block(app: &App, seal: &Seal, contents: Option<&Contents>) -> Result<Block> {
    let is_before = contents.is_some_and(|contents| contents.before);
    let mut check = Check::new(app, Some(seal.seq), is_before);
    check.told = contents.cloned().map(Told::new);
    let covered = Covered::By(seal.seq);
    let mut after: Option<String> = None;
    loop {
        let page = books::list_changes(&app.repo, covered, after.as_deref(), PAGE).await?;
        check.changes(&page).await?;
        match page.last() {
            Some(last) if page.len() as u64 == PAGE => after = Some(last.id.clone()),
            _ => break,
        }
    }
    let mut after: Option<String> = None;
    loop {
        let page = books::list_events(&app.repo, covered, after.as_deref(), PAGE).await?;
        check.events(&page);
        match page.last() {
            Some(last) if page.len() as u64 == PAGE => after = Some(last.id.clone()),
            _ => break,
        }
    }
    Ok(check.finish())
}
