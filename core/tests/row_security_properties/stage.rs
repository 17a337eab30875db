//! Does what a world says, and compares with the oracle.

use quillback_core::ids::ChangeId;
use quillback_core::plugin_api::sql::Direction;
use quillback_core::policy::Action;
use quillback_core::read::{self, Filter, FilterOp, PageCommand};
use quillback_core::write::{
    self, BulkEditCommand, BulkValue, RowStatus, WriteChange, WriteCommand, WriteOutcome,
    WriteState,
};
use serde_json::{Map, Value as Json, json};

use super::oracle::{Expected, Oracle};
use super::past::Done;
use super::setting::Stage;
use super::value::Val;
use super::world::{Back, COLUMNS, Change, Deed, KEY, Row, Seen, Table, Who, World};

/// What was found to be wrong, and at which deed.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) deed: usize,
    /// The rows before that deed.
    pub(super) rows: Vec<Row>,
    pub(super) text: String,
}

impl Stage {
    /// Does everything in the world's order. Answers how many deeds were compared.
    pub(super) async fn play(&self, world: &World) -> Result<usize, Box<Fault>> {
        self.fill(world).await;
        let mut rows = world.rows.clone();
        let mut past: Vec<Done> = Vec::new();
        if !world.prelude.is_empty() {
            let free = world.without_rules();
            self.rule(&free).await;
            for changes in &world.prelude {
                let oracle = Oracle {
                    world: &free,
                    rows: &rows,
                    who: Who::Admin,
                };
                let change = ChangeId::from(self.cx(Who::Admin).new_id());
                match self.write(&oracle, &change, changes).await {
                    Ok(after) => {
                        let (after, more) = done(change, &rows, after);
                        past.extend(more);
                        rows = after;
                    }
                    Err(text) => {
                        let deed = 0;
                        return Err(Box::new(Fault { deed, rows, text }));
                    }
                }
            }
        }
        self.rule(world).await;
        for (deed, (who, what)) in world.deeds.iter().enumerate() {
            let oracle = Oracle {
                world,
                rows: &rows,
                who: *who,
            };
            let change = ChangeId::from(self.cx(*who).new_id());
            let chosen = |back: Back| past.iter().rev().cycle().nth(back);
            let came = match what {
                Deed::LookBack => {
                    let looked = self.look_back(world, &rows, &past).await;
                    looked.map(|()| (rows.clone(), None))
                }
                Deed::TakeBack { back, overwrite } => match chosen(*back) {
                    Some(done) => self.take_back(&oracle, done, *overwrite).await,
                    None => Ok((rows.clone(), None)),
                },
                Deed::Read {
                    filter,
                    sort,
                    first,
                } => {
                    let read = self.read(&oracle, filter.as_ref(), sort, *first).await;
                    read.map(|()| (rows.clone(), None))
                }
                Deed::Write(changes) => {
                    let came = self.write(&oracle, &change, changes).await;
                    came.map(|after| done(change, &rows, after))
                }
                Deed::Bulk { filter, values } => {
                    let filter = filter.as_ref();
                    let came = self.bulk_edit(&oracle, &change, filter, values).await;
                    came.map(|after| done(change, &rows, after))
                }
            };
            match came {
                Ok((after, more)) => {
                    past.extend(more);
                    rows = after;
                }
                Err(text) => return Err(Box::new(Fault { deed, rows, text })),
            }
        }
        Ok(world.deeds.len())
    }

    async fn read(
        &self,
        oracle: &Oracle<'_>,
        filter: Option<&Filter>,
        sort: &[(&'static str, Direction)],
        first: u32,
    ) -> Result<(), String> {
        let (app, cx) = (self.app(), self.cx(oracle.who));
        let wanted = oracle.page(filter, sort);
        let mut after = None;
        let mut read = 0;
        loop {
            let command = PageCommand {
                schema: self.schema(oracle.world.table).id.clone(),
                filter: filter.cloned(),
                sort: sort
                    .iter()
                    .map(|(name, direction)| ((*name).to_owned(), *direction))
                    .collect(),
                first,
                after: after.take(),
                count: true,
            };
            let page = match read::page(cx, app, command).await {
                Ok(page) => page,
                Err(error) if !oracle.exists() && error.code() == "NOT_FOUND" => return Ok(()),
                Err(error) => return Err(format!("the page failed: {error:?}")),
            };
            if !oracle.exists() {
                return Err("rows of a schema that is not to be seen".into());
            }
            let expected: Vec<&Row> = wanted
                .iter()
                .skip(read)
                .take(first as usize)
                .copied()
                .collect();
            let found: Vec<(Val, Vec<Val>)> = page
                .rows
                .iter()
                .map(|row| Self::read_row(oracle.world.table, &row.key(), &row.values()))
                .collect();
            let same = found.iter().map(|(key, cells)| (key, cells));
            if !same.eq(expected.iter().map(|row| (&row.key, &row.cells))) {
                let keys: Vec<&Val> = found.iter().map(|(key, _)| key).collect();
                return Err(format!(
                    "page from {read} has {keys:?}, wanted {expected:#?}"
                ));
            }
            read += page.rows.len();
            let more = wanted.len() > read;
            if page.total != Some(wanted.len() as u64) || page.more != more {
                return Err(format!(
                    "told of {:?} rows and more: {}; wanted {} and {more}",
                    page.total,
                    page.more,
                    wanted.len()
                ));
            }
            match page.rows.last() {
                Some(last) if more => after = Some(last.cursor()),
                _ => return Ok(()),
            }
        }
    }

    fn read_row(table: Table, key: &Json, values: &Json) -> (Val, Vec<Val>) {
        let cells = COLUMNS
            .iter()
            .map(|(name, kind)| Val::of_json(&values[*name], *kind));
        (Val::of_json(&key[KEY], table.key()), cells.collect())
    }

    async fn write(
        &self,
        oracle: &Oracle<'_>,
        change: &ChangeId,
        changes: &[Change],
    ) -> Result<Vec<Row>, String> {
        let (app, cx) = (self.app(), self.cx(oracle.who));
        let mut sent = Vec::new();
        for change in changes {
            sent.push(self.change(oracle, change).await);
        }
        let command = WriteCommand::plain(
            change.clone(),
            self.schema(oracle.world.table).id.clone(),
            sent,
        );
        let expected = oracle.write(changes, right);
        let came = write::submit(cx, app, command).await;
        self.compare(oracle, changes, expected, came).await
    }

    async fn bulk_edit(
        &self,
        oracle: &Oracle<'_>,
        change: &ChangeId,
        filter: Option<&Filter>,
        values: &[(usize, Val)],
    ) -> Result<Vec<Row>, String> {
        let (app, cx) = (self.app(), self.cx(oracle.who));
        let set = |(at, value): &(usize, Val)| {
            let name = COLUMNS[*at].0.to_owned();
            (name, BulkValue::To(value.json()))
        };
        let command = BulkEditCommand {
            change: change.clone(),
            schema: self.schema(oracle.world.table).id.clone(),
            filter: filter.cloned(),
            set: values.iter().map(set).collect(),
        };
        let (changes, expected) = match oracle.bulk(filter, values) {
            Ok(changes) => {
                let expected = oracle.write(&changes, |_| Action::BulkEdit);
                (changes, expected)
            }
            Err(expected) => (Vec::new(), expected),
        };
        let came = write::bulk_edit(cx, app, command, changes.len() as u64).await;
        self.compare(oracle, &changes, expected, came).await
    }

    async fn change(&self, oracle: &Oracle<'_>, change: &Change) -> WriteChange {
        let table = oracle.world.table;
        let row = |number: usize| oracle.rows.iter().find(|row| row.number == number);
        let key = |number: usize| {
            let key = row(number).map_or_else(|| nothing(table, number), |row| row.key.clone());
            json!({ KEY: key.json() })
        };
        match change {
            Change::Add { number, values } => WriteChange::Add {
                key: match oracle.world.new_key(*number) {
                    Val::Null => None,
                    key => Some(json!({ KEY: key.json() })),
                },
                values: named(values.iter().map(|(at, value)| (*at, value))),
            },
            Change::Edit {
                number,
                values,
                seen,
            } => WriteChange::Edit {
                key: key(*number),
                values: named(values.iter().map(|(at, value)| (*at, value))),
                seen: self.seen(oracle, row(*number), seen).await,
            },
            Change::Delete { number, seen } => WriteChange::Delete {
                key: key(*number),
                seen: self.seen(oracle, row(*number), seen).await,
            },
        }
    }

    async fn seen(&self, oracle: &Oracle<'_>, row: Option<&Row>, seen: &Seen) -> write::Seen {
        match (seen, row) {
            (Seen::Now(at), Some(row)) => {
                write::Seen::Values(named(at.iter().map(|at| (*at, &row.cells[*at]))))
            }
            (Seen::Now(at), None) => {
                write::Seen::Values(named(at.iter().map(|at| (*at, &Val::Null))))
            }
            (Seen::Value(at, value), _) => write::Seen::Values(named([(*at, value)].into_iter())),
            (Seen::Anything, _) => write::Seen::Anything,
            (Seen::Version, Some(row)) if oracle.exists() && oracle.sees(row) => {
                write::Seen::Version(self.version(oracle, row).await)
            }
            (Seen::Version | Seen::WrongVersion, _) => write::Seen::Version("0".repeat(24)),
        }
    }

    /// The version as a page tells it.
    async fn version(&self, oracle: &Oracle<'_>, row: &Row) -> String {
        let filter = Filter::Field {
            name: KEY.into(),
            op: FilterOp::Eq,
            value: row.key.json(),
        };
        let command = PageCommand {
            schema: self.schema(oracle.world.table).id.clone(),
            filter: Some(filter),
            sort: Vec::new(),
            first: 1,
            after: None,
            count: false,
        };
        let page = read::page(self.cx(oracle.who), self.app(), command).await;
        let row = page.unwrap().rows.pop();
        row.map_or_else(|| "not there".into(), |row| row.version())
    }

    /// Compares what came with what must come; answers the rows that are there now.
    async fn compare(
        &self,
        oracle: &Oracle<'_>,
        changes: &[Change],
        expected: Expected,
        came: quillback_core::Result<WriteOutcome>,
    ) -> Result<Vec<Row>, String> {
        let wrong =
            |came: &dyn std::fmt::Debug| Err(format!("came {came:#?}\nwanted {expected:#?}"));
        let after = match (&expected, &came) {
            (Expected::Fails(code), Err(error)) if error.code() == *code => oracle.rows.to_vec(),
            (Expected::Rejected(wanted), Ok(outcome)) => {
                let told: Vec<_> = outcome
                    .rows
                    .iter()
                    .map(|row| (row.status, row.code.as_deref()))
                    .collect();
                if outcome.state != WriteState::Rejected || told != *wanted {
                    return wrong(&came);
                }
                Self::compare_told(oracle, changes, oracle.rows, outcome)?;
                oracle.rows.to_vec()
            }
            (Expected::Applied(rows), Ok(outcome)) => {
                let is_applied = |status: RowStatus| status == RowStatus::Applied;
                if outcome.state != WriteState::Applied
                    || !outcome.rows.iter().all(|row| is_applied(row.status))
                {
                    return wrong(&came);
                }
                let rows = Self::with_keys(oracle.world.table, changes, rows.clone(), outcome);
                Self::compare_told(oracle, changes, &rows, outcome)?;
                rows
            }
            _ => return wrong(&came),
        };
        let mut wanted: Vec<(&Val, &[Val])> = after
            .iter()
            .map(|row| (&row.key, row.cells.as_slice()))
            .collect();
        wanted.sort();
        let there = self.table(oracle.world.table).await;
        let found: Vec<(&Val, &[Val])> = there
            .iter()
            .map(|(key, cells)| (key, cells.as_slice()))
            .collect();
        if found != wanted {
            return Err(format!(
                "the table has {found:#?}, wanted {wanted:#?} after {came:#?}"
            ));
        }
        Ok(after)
    }

    /// Takes over the keys that the server or the database made.
    fn with_keys(
        table: Table,
        changes: &[Change],
        mut rows: Vec<Row>,
        outcome: &WriteOutcome,
    ) -> Vec<Row> {
        for (change, told) in changes.iter().zip(&outcome.rows) {
            let Change::Add { number, .. } = change else {
                continue;
            };
            let row = rows
                .iter_mut()
                .find(|row| row.number == *number && row.key == Val::Null);
            if let (Some(row), Some(key)) = (row, &told.key) {
                row.key = Val::of_json(&key[KEY], table.key());
            }
        }
        rows
    }

    /// Rows are shown only where they may be seen, and as they are.
    fn compare_told(
        oracle: &Oracle<'_>,
        changes: &[Change],
        rows: &[Row],
        outcome: &WriteOutcome,
    ) -> Result<(), String> {
        for (change, told) in changes.iter().zip(&outcome.rows) {
            let (Change::Add { number, .. }
            | Change::Edit { number, .. }
            | Change::Delete { number, .. }) = change;
            let row = rows.iter().find(|row| row.number == *number);
            let is_shown = match told.status {
                RowStatus::Applied => !matches!(change, Change::Delete { .. }),
                RowStatus::Conflict | RowStatus::Locked => true,
                _ => false,
            };
            let shown = match (&told.row, &told.key) {
                (Some(values), Some(key)) => Some(Self::read_row(oracle.world.table, key, values)),
                (None, _) => None,
                (Some(_), None) => return Err(format!("a row without its key: {told:?}")),
            };
            let wanted = row
                .filter(|_| is_shown)
                .map(|row| (row.key.clone(), row.cells.clone()));
            if shown != wanted || told.version.is_some() != is_shown {
                return Err(format!("told {told:#?}, wanted {wanted:?}"));
            }
        }
        Ok(())
    }
}

/// The change, if it did anything.
fn done(change: ChangeId, before: &[Row], after: Vec<Row>) -> (Vec<Row>, Option<Done>) {
    let done = (after != before).then(|| Done {
        change,
        before: before.to_vec(),
        after: after.clone(),
    });
    (after, done)
}

/// The right that a change needs that the caller wrote down.
fn right(change: &Change) -> Action {
    match change {
        Change::Add { .. } => Action::Add,
        Change::Edit { .. } => Action::Edit,
        Change::Delete { .. } => Action::Delete,
    }
}

/// A key that no row has.
fn nothing(table: Table, number: usize) -> Val {
    match table {
        Table::Managed => Val::Uuid(format!("0190a4c8-ffff-7000-8000-{number:012x}")),
        Table::Existing => Val::Text(format!("row {number}")),
        Table::Numbered => Val::Whole(-1 - i64::try_from(number).unwrap()),
    }
}

fn named<'a>(values: impl Iterator<Item = (usize, &'a Val)>) -> Map<String, Json> {
    values
        .map(|(at, value)| (COLUMNS[at].0.to_owned(), value.json()))
        .collect()
}
