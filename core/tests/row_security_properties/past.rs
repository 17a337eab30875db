//! What was done before, looked at and taken back: never more than somebody may see and change, and exactly what was.

use std::collections::BTreeSet;

use quillback_core::audit::history::{HistoryCommand, HistoryEntry, history};
use quillback_core::ids::ChangeId;
use quillback_core::policy::Action;
use quillback_core::repo::history::HistoryFilter;
use quillback_core::write::{self, RollBackCommand, RowStatus, WriteState};

use super::oracle::Oracle;
use super::setting::Stage;
use super::value::Val;
use super::world::{COLUMNS, KEY, OWNER, Row, Who, World, column};

/// How many of the last changes are looked at.
const LOOKED_AT: usize = 4;

/// A change that took effect.
#[derive(Clone, Debug)]
pub(super) struct Done {
    pub(super) change: ChangeId,
    pub(super) before: Vec<Row>,
    pub(super) after: Vec<Row>,
}

fn row(rows: &[Row], number: usize) -> Option<&Row> {
    rows.iter().find(|row| row.number == number)
}

impl Done {
    /// The rows that it did something to, by their numbers.
    fn touched(&self) -> BTreeSet<usize> {
        numbers(&self.before, &self.after)
            .into_iter()
            .filter(|number| row(&self.before, *number) != row(&self.after, *number))
            .collect()
    }

    fn number_of(&self, key: &Val) -> Option<usize> {
        let rows = self.before.iter().chain(&self.after);
        let mut same = rows.filter(|row| row.key == *key);
        same.next().map(|row| row.number)
    }
}

fn numbers(one: &[Row], two: &[Row]) -> BTreeSet<usize> {
    one.iter().chain(two).map(|row| row.number).collect()
}

impl Stage {
    /// Everybody looks at the last changes.
    pub(super) async fn look_back(
        &self,
        world: &World,
        rows: &[Row],
        past: &[Done],
    ) -> Result<(), String> {
        for who in Who::ALL {
            let oracle = Oracle { world, rows, who };
            for done in past.iter().rev().take(LOOKED_AT) {
                let looked = self.look_at(&oracle, past, done).await;
                looked.map_err(|text| format!("{who:?}: {text}"))?;
            }
        }
        Ok(())
    }

    /// The history of a change: images of rows that are in sight, as they were, and none that the rules hide.
    async fn look_at(&self, oracle: &Oracle<'_>, past: &[Done], done: &Done) -> Result<(), String> {
        let schema = self.schema(oracle.world.table).id.clone();
        let command = HistoryCommand {
            filter: HistoryFilter {
                change: Some(done.change.clone()),
                ..HistoryFilter::default()
            },
            ..HistoryCommand::newest(schema, 50)
        };
        let came = history(self.cx(oracle.who), self.app(), command).await;
        let may = oracle.exists() && oracle.allows(Action::History);
        let entries = match came {
            Ok(page) if may => page.entries,
            Ok(page) => return Err(format!("history without the right: {page:#?}")),
            Err(_) if !may => return Ok(()),
            Err(error) => return Err(format!("the history failed: {error:?}")),
        };
        for entry in &entries {
            Self::check_entry(oracle, past, done, entry)?;
        }
        let touched = done.touched();
        if oracle.world.policies.is_empty() && entries.len() < touched.len() {
            return Err(format!("wanted {touched:?}, came {entries:#?}"));
        }
        Ok(())
    }

    fn check_entry(
        oracle: &Oracle<'_>,
        past: &[Done],
        done: &Done,
        entry: &HistoryEntry,
    ) -> Result<(), String> {
        let key = Val::of_json(&entry.key[KEY], oracle.world.table.key());
        let Some(number) = done.number_of(&key) else {
            return Err(format!("a row that the change did not touch: {entry:#?}"));
        };
        let now = row(oracle.rows, number);
        let last = past
            .iter()
            .rev()
            .find(|done| done.touched().contains(&number))
            .and_then(|done| row(&done.before, number));
        if let Some(row) = now.or(last)
            && !oracle.sees(row)
        {
            return Err(format!("{row:?} is out of sight: {entry:#?}"));
        }
        for (shown, rows) in [(&entry.before, &done.before), (&entry.after, &done.after)] {
            let Some(values) = shown else { continue };
            let Some(was) = row(rows, number) else {
                return Err(format!("there was no row {number}: {entry:#?}"));
            };
            if !oracle.sees(was) {
                return Err(format!("{was:?} was out of sight: {entry:#?}"));
            }
            let same = values.as_object().unwrap().iter().all(|(name, json)| {
                let at = column(name).unwrap();
                Val::of_json(json, COLUMNS[at].1) == was.cells[at]
            });
            if !same {
                return Err(format!("wanted {was:?}, shown {entry:#?}"));
            }
        }
        Ok(())
    }

    /// Takes a change back. Answers the rows that are there now, and the roll-back if it took effect.
    pub(super) async fn take_back(
        &self,
        oracle: &Oracle<'_>,
        done: &Done,
        overwrite: bool,
    ) -> Result<(Vec<Row>, Option<Done>), String> {
        let cx = self.cx(oracle.who);
        let command = RollBackCommand {
            change: cx.new_id().into(),
            reverts: done.change.clone(),
            key: None,
            overwrite,
        };
        let change = command.change.clone();
        let came = write::roll_back(cx, self.app(), command).await;
        let there = self.table(oracle.world.table).await;
        let rows: Vec<Row> = there
            .into_iter()
            .map(|(key, cells)| {
                let known = oracle.rows.iter().find(|row| row.key == key);
                let number = known.map(|row| row.number).or_else(|| done.number_of(&key));
                let number = number.ok_or_else(|| format!("an unknown row {key:?} {came:#?}"))?;
                Ok(Row { number, key, cells })
            })
            .collect::<Result<_, String>>()?;
        let took_effect = match &came {
            Ok(back) if back.outcome.state == WriteState::Applied => {
                let all = |status: RowStatus| status == RowStatus::Applied;
                if !back.outcome.rows.iter().all(|row| all(row.status)) {
                    return Err(format!("applied in part: {came:#?}"));
                }
                true
            }
            _ => false,
        };
        let same = numbers(oracle.rows, &rows)
            .into_iter()
            .all(|number| row(oracle.rows, number) == row(&rows, number));
        if !took_effect {
            if !same {
                return Err(format!("rows changed and {came:#?}"));
            }
            if is_free(oracle, done) {
                return Err(format!("nothing stood in the way, and {came:#?}"));
            }
            return Ok((rows, None));
        }
        for number in numbers(oracle.rows, &rows) {
            let (was, is) = (row(oracle.rows, number), row(&rows, number));
            if was != is {
                check_taken_back(oracle, done, was, is)
                    .map_err(|text| format!("{text}: {was:?} became {is:?} by {came:#?}"))?;
            }
        }
        let taken_back = Done {
            change,
            before: oracle.rows.to_vec(),
            after: rows.clone(),
        };
        Ok((rows, Some(taken_back)))
    }
}

/// Whether nothing can keep the change from being taken back whole: no rules, all rights, and nobody came after it.
fn is_free(oracle: &Oracle<'_>, done: &Done) -> bool {
    let world = oracle.world;
    let touched = done.touched();
    let untouched_since = touched
        .iter()
        .all(|number| row(oracle.rows, *number) == row(&done.after, *number));
    oracle.who == Who::Admin
        && world.policies.is_empty()
        && world.edit_when.is_empty()
        && world.add_when.is_empty()
        && untouched_since
        && !touched.is_empty()
}

/// Whether somebody may do to one row what the roll-back did, and whether that is what it should do.
fn check_taken_back(
    oracle: &Oracle<'_>,
    done: &Done,
    was: Option<&Row>,
    is: Option<&Row>,
) -> Result<(), String> {
    if !oracle.exists() || !oracle.allows(Action::RollBack) {
        return Err("without the right".into());
    }
    if let Some(row) = was {
        oracle.may_change(row, Action::RollBack)?;
    }
    if let Some(row) = is {
        if !oracle.sees(row) {
            return Err("moved out of sight".into());
        }
        if was.is_none() {
            oracle.may_add(row, Action::RollBack)?;
        }
    }
    let number = was.or(is).map_or(usize::MAX, |row| row.number);
    let (before, after) = (row(&done.before, number), row(&done.after, number));
    let wanted = match (before, after, was) {
        (None, Some(_), _) => None,
        (Some(before), None, _) => Some(before.cells.clone()),
        (Some(before), Some(after), Some(was)) => {
            let cells = before.cells.iter().zip(&after.cells).zip(&was.cells);
            let back = cells.map(|((before, after), was)| {
                if before == after {
                    was.clone()
                } else {
                    before.clone()
                }
            });
            Some(back.collect())
        }
        _ => return Err("a row that the change did not touch".into()),
    };
    // Who added a row stays as it is while the row is there.
    let written = |cells: &[Val]| cells[..OWNER].to_vec();
    let same = wanted.as_deref().map(written) == is.map(|row| written(&row.cells));
    same.then_some(())
        .ok_or_else(|| format!("wanted {wanted:?}"))
}
