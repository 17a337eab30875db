//! Many entitlements at once: every line is checked before anything changes, and all of it takes effect together.

use std::collections::{BTreeSet, HashMap, HashSet};

use quillback_plugin_api::batch::Batch;
use serde_json::json;

use super::lines::{self, Line, Source};
use super::{Kind, Listed, check_property, check_value, find, with_names};
use crate::app::App;
use crate::audit::events;
use crate::cx::Cx;
use crate::error::{Error, Problem, Result};
use crate::permit;
use crate::repo::commit;
use crate::repo::entitlements::{self, Entitlement, EntitlementFilter, Receivers};

/// Most faults that one answer holds.
const MAX_PROBLEMS: usize = 1_000;
/// Most entitlements that an answer shows of those that come or go.
const SAMPLE: usize = 100;
/// Most properties that the audit trail names, and that a statement asks for one by one.
const MAX_NAMED: usize = 50;

/// What becomes of what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Everything within the caller's reach is replaced.
    ReplaceAll,
    /// Everything within the caller's reach of the properties that the import names is replaced.
    ReplaceProperty,
    /// Nothing goes.
    Add,
}

impl Mode {
    fn as_str(self) -> &'static str {
        match self {
            Self::ReplaceAll => "replace_all",
            Self::ReplaceProperty => "replace_property",
            Self::Add => "add",
        }
    }
}

/// An import.
#[derive(Clone, Debug)]
pub struct ImportCommand {
    /// Where the entitlements are.
    pub source: Source,
    /// What becomes of what is there.
    pub mode: Mode,
    /// Whether only to say what would change.
    pub dry_run: bool,
}

/// What an import changed, or would change.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportReport {
    /// Lines that were read.
    pub lines: u64,
    /// Lines that say the same as an earlier one; they are left out.
    pub duplicates: u64,
    /// Entitlements that come.
    pub added: u64,
    /// Entitlements that go.
    pub removed: u64,
    /// The first of those that come.
    pub added_sample: Vec<Listed>,
    /// The first of those that go.
    pub removed_sample: Vec<Listed>,
    /// Whether it took effect.
    pub applied: bool,
}

/// Imports entitlements, all or none.
///
/// # Errors
/// `Denied`; `Invalid` with the line of every fault; `Repository`.
pub async fn import(cx: &Cx, app: &App, command: ImportCommand) -> Result<ImportReport> {
    let permit = permit::manage_schemas(cx)?;
    let reach = permit.entitlements();
    let read = lines::read(command.source)?;
    let receivers = Receivers::load(&app.repo, &reach).await?;
    let lines = (read.lines.len() + read.problems.len()) as u64;
    let wanted = checked(&receivers, read)?;
    let properties: BTreeSet<&str> = wanted.iter().map(|one| one.property.as_str()).collect();
    let touched = touched(command.mode, &properties);
    let before = entitlements::list_all(&app.repo, &reach, &touched).await?;
    let diff = Diff::new(command.mode, &properties, &before, &wanted);
    let report = ImportReport {
        lines,
        duplicates: lines - wanted.len() as u64,
        added: diff.added.len() as u64,
        removed: diff.removed.len() as u64,
        added_sample: sample(app, &diff.added).await?,
        removed_sample: sample(app, &diff.removed).await?,
        applied: !command.dry_run,
    };
    if command.dry_run || (report.added == 0 && report.removed == 0) {
        return Ok(report);
    }
    let mut batch = Batch::default();
    if command.mode == Mode::Add {
        entitlements::insert(&mut batch, &receivers, &diff.added);
    } else {
        // Written anew as a whole: the work grows with the lines, not with what differs.
        replace(&mut batch, &reach, command.mode, &properties);
        entitlements::insert(&mut batch, &receivers, &wanted.iter().collect::<Vec<_>>());
    }
    let details = json!({
        "mode": command.mode.as_str(),
        "lines": report.lines,
        "added": report.added,
        "removed": report.removed,
        "properties": properties.iter().take(MAX_NAMED).collect::<Vec<_>>(),
    });
    events::event(
        &mut batch,
        cx,
        "entitlement.import",
        "entitlement",
        None,
        details,
    )?;
    commit(&app.repo, &batch, "entitlement").await?;
    Ok(report)
}

/// Resolves and checks every line; lines that say the same are taken once.
fn checked(receivers: &Receivers, read: lines::Lines) -> Result<Vec<Entitlement>> {
    let mut problems = read.problems;
    let mut ids: HashMap<(Kind, String), Option<String>> = HashMap::new();
    let mut wanted = Vec::with_capacity(read.lines.len());
    for Line { path, line } in read.lines {
        let known = ids
            .entry((line.kind, line.assignable.clone()))
            .or_insert_with(|| find(receivers, line.kind, &line.assignable));
        problems.extend(check_property(&format!("{path}.property"), &line.property));
        problems.extend(check_value(&format!("{path}.value"), &line.value));
        let Some(id) = known else {
            problems.push(unknown(&path, line.kind));
            continue;
        };
        wanted.push(Entitlement {
            assignable_type: line.kind.as_str().into(),
            assignable_id: id.clone(),
            property: line.property,
            value: line.value,
        });
    }
    if problems.is_empty() {
        let mut seen = HashSet::with_capacity(wanted.len());
        wanted.retain(|one| seen.insert(one.clone()));
        return Ok(wanted);
    }
    let more = problems.len().saturating_sub(MAX_PROBLEMS);
    problems.truncate(MAX_PROBLEMS);
    if more > 0 {
        let message = format!("There are {more} more faults behind these.");
        problems.push(Problem::new("lines", "MORE_FAULTS", message));
    }
    Err(Error::Invalid(problems))
}

fn unknown(path: &str, kind: Kind) -> Problem {
    let (code, message) = match kind {
        Kind::User => (
            "UNKNOWN_USER",
            "There is no user of this name or id, or you may not give them entitlements.",
        ),
        Kind::Group => (
            "UNKNOWN_GROUP",
            "There is no group of this name or id, or you may not give it entitlements.",
        ),
    };
    Problem::new(format!("{path}.assignable"), code, message)
}

/// Which entitlements an import has to look at.
fn touched(mode: Mode, properties: &BTreeSet<&str>) -> EntitlementFilter {
    let by_name = mode != Mode::ReplaceAll && properties.len() <= MAX_NAMED;
    let names = properties.iter().filter(|_| by_name);
    EntitlementFilter {
        properties: names.map(|name| (*name).to_owned()).collect(),
        ..EntitlementFilter::default()
    }
}

fn replace(
    batch: &mut Batch,
    reach: &permit::Within<permit::ManageSchemas, permit::Reach>,
    mode: Mode,
    properties: &BTreeSet<&str>,
) {
    if mode == Mode::ReplaceAll {
        entitlements::delete(batch, reach, &EntitlementFilter::default());
        return;
    }
    let names: Vec<&str> = properties.iter().copied().collect();
    for some in names.chunks(MAX_NAMED) {
        let filter = EntitlementFilter {
            properties: some.iter().map(|name| (*name).to_owned()).collect(),
            ..EntitlementFilter::default()
        };
        entitlements::delete(batch, reach, &filter);
    }
}

struct Diff<'a> {
    added: Vec<&'a Entitlement>,
    removed: Vec<&'a Entitlement>,
}

impl<'a> Diff<'a> {
    fn new(
        mode: Mode,
        properties: &BTreeSet<&str>,
        before: &'a [Entitlement],
        wanted: &'a [Entitlement],
    ) -> Self {
        let is_touched = |one: &Entitlement| match mode {
            Mode::ReplaceAll => true,
            Mode::ReplaceProperty => properties.contains(one.property.as_str()),
            Mode::Add => false,
        };
        let there: HashSet<&Entitlement> = before.iter().collect();
        let stays: HashSet<&Entitlement> = wanted.iter().collect();
        let gone = there.iter().copied();
        let mut removed: Vec<_> = gone
            .filter(|one| is_touched(one) && !stays.contains(one))
            .collect();
        removed.sort_unstable();
        let added = wanted.iter().filter(|one| !there.contains(one));
        Self {
            added: added.collect(),
            removed,
        }
    }
}

async fn sample(app: &App, all: &[&Entitlement]) -> Result<Vec<Listed>> {
    let first = all.iter().take(SAMPLE).map(|one| (*one).clone());
    with_names(app, first.collect()).await
}
