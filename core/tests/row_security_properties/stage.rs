//! Puts a world into a server and a database, does what it says, and compares with the oracle.

use quillback_core::App;
use quillback_core::admin::schemas::{self, PolicyDraft, SchemaDraft};
use quillback_core::cx::Cx;
use quillback_core::field::FieldKind;
use quillback_core::ids::{ChangeId, GroupId, UserId};
use quillback_core::plugin_api::batch::{Batch, BatchOutcome, Expect};
use quillback_core::plugin_api::remote::RemoteInstance;
use quillback_core::plugin_api::sql::{Delete, Direction, Expr, Insert, Select, Statement};
use quillback_core::plugin_api::{Ident, RowBuffer, TableRef, Value};
use quillback_core::policy::{Action, Rights};
use quillback_core::read::{self, Filter, FilterOp, PageCommand};
use quillback_core::row_json;
use quillback_core::schema::{Conditions, Module, Schema};
use quillback_core::write::{
    self, BulkEditCommand, BulkValue, RowStatus, WriteChange, WriteCommand, WriteOutcome,
    WriteState,
};
use serde_json::{Map, Value as Json, json};

use super::oracle::{Expected, Oracle};
use super::past::Done;
use super::value::Val;
use super::world::{
    Back, COLUMNS, Change, Deed, GROUPS, Holder, KEY, OWNER, Row, Seen, Table, Who, World,
};
use crate::support::Kind as Database;
use crate::support::target::{Target, draft_of, field};

/// A server with the three tables, on one database.
pub(super) struct Stage {
    target: Target,
    schemas: Vec<Schema>,
    groups: Vec<GroupId>,
    users: Vec<(UserId, Cx)>,
    instance: RemoteInstance,
}

/// What was found to be wrong, and at which deed.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) deed: usize,
    /// The rows before that deed.
    pub(super) rows: Vec<Row>,
    pub(super) text: String,
}

impl Stage {
    pub(super) async fn on(kind: Database) -> Self {
        let target = Target::on(kind).await;
        let mut groups = Vec::new();
        for name in GROUPS {
            groups.push(target.test.add_group(name).await);
        }
        let mut users = Vec::new();
        for who in Who::ALL {
            if who != Who::Admin {
                let groups: Vec<GroupId> =
                    who.groups().iter().map(|at| groups[*at].clone()).collect();
                target.test.add_user(who.name(), &[], &groups).await;
            }
            let cx = target.test.as_user(who.name()).await;
            users.push((cx.principal().unwrap().user.clone(), cx));
        }
        let mut schemas = Vec::new();
        for table in Table::ALL {
            schemas.push(schema(&target, kind, table).await);
        }
        let (_, instance) = target.database.open().await;
        Self {
            target,
            schemas,
            groups,
            users,
            instance,
        }
    }

    pub(super) fn app(&self) -> &App {
        &self.target.test.app
    }

    pub(super) fn schema(&self, table: Table) -> &Schema {
        &self.schemas[Table::ALL.iter().position(|one| *one == table).unwrap()]
    }

    pub(super) fn cx(&self, who: Who) -> &Cx {
        &self.users[Who::ALL.iter().position(|one| *one == who).unwrap()].1
    }

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

    /// Puts the rows into the table and the entitlements into the repository.
    async fn fill(&self, world: &World) {
        let app = self.app();
        let schema = self.schema(world.table);
        let table = &schema.definition.table;
        let mut batch = Batch::default();
        batch.write(everything(table), Expect::Any);
        let rows: Vec<Vec<Value>> = world.rows.iter().map(stored).collect();
        let columns: Vec<Ident> = schema.definition.columns().cloned().collect();
        if !rows.is_empty() {
            batch.write(insert(table, columns, &rows), Expect::Any);
        }
        self.instance.apply(&batch).await.unwrap();

        let entitlements = TableRef::new(Ident::literal("_rls_entitlements"));
        let mut batch = Batch::default();
        batch.write(everything(&entitlements), Expect::Any);
        let held: Vec<Vec<Value>> = world
            .entitlements
            .iter()
            .map(|one| {
                let (kind, id) = match one.holder {
                    Holder::User(who) => {
                        ("user", self.cx(who).principal().unwrap().user.to_string())
                    }
                    Holder::Group(at) => ("group", self.groups[at].to_string()),
                    Holder::Mistaken(at) => ("user", self.groups[at].to_string()),
                };
                vec![
                    kind.into(),
                    id.as_str().into(),
                    one.property.into(),
                    one.value.as_str().into(),
                ]
            })
            .collect();
        if !held.is_empty() {
            let columns = ["assignable_type", "assignable_id", "property", "value"];
            batch.write(
                insert(&entitlements, columns.map(Ident::literal).into(), &held),
                Expect::Any,
            );
        }
        app.repo.apply(&batch).await.unwrap();
    }

    /// Sets rights, policies and conditions.
    async fn rule(&self, world: &World) {
        let (app, admin) = (self.app(), &self.target.admin);
        let schema = self.schema(world.table);
        let rights = self.groups.iter().zip(&world.rights).map(|(group, right)| {
            let rights = Rights {
                actions: right.actions.clone(),
                own_only: right.own_only,
                ..Rights::default()
            };
            (group.clone(), rights)
        });
        let rights = rights.collect();
        schemas::set_permissions(admin, app, &schema.id, rights)
            .await
            .unwrap();
        let policies = world.policies.iter().map(|rules| PolicyDraft {
            name: "policy".into(),
            rules: rules.clone(),
        });
        let policies = policies.collect();
        schemas::set_policies(admin, app, &schema.id, policies)
            .await
            .unwrap();
        let conditions = Conditions {
            edit: world.edit_when.clone(),
            add: world.add_when.clone(),
        };
        schemas::set_conditions(admin, app, &schema.id, conditions)
            .await
            .unwrap();
    }

    async fn read(
        &self,
        oracle: &Oracle<'_>,
        filter: Option<&Filter>,
        sort: &[(&'static str, Direction)],
        first: u32,
    ) -> Result<(), String> {
        let (app, cx) = (&self.target.test.app, self.cx(oracle.who));
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
                .map(|row| Self::read_row(oracle.world.table, &row.key, &row.values))
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
        let (app, cx) = (&self.target.test.app, self.cx(oracle.who));
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
        let (app, cx) = (&self.target.test.app, self.cx(oracle.who));
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
        let page = read::page(self.cx(oracle.who), &self.target.test.app, command).await;
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

    /// All rows of the table, read beside the server.
    pub(super) async fn table(&self, table: Table) -> Vec<(Val, Vec<Val>)> {
        let definition = &self.schema(table).definition;
        let mut batch = Batch::default();
        batch.read(Select::columns(
            definition.table.clone(),
            definition.columns().cloned(),
            Expr::True,
        ));
        let BatchOutcome::Committed(done) = self.instance.apply(&batch).await.unwrap() else {
            panic!("a read was refused")
        };
        let rows = done[0].rows.clone().unwrap();
        let kinds = || {
            [table.key()]
                .into_iter()
                .chain(COLUMNS.iter().map(|(_, kind)| *kind))
        };
        let mut rows: Vec<(Val, Vec<Val>)> = rows
            .rows
            .iter()
            .map(|cells| {
                let mut values = cells
                    .zip(kinds())
                    .map(|(cell, kind)| Val::of_json(&row_json::write_ref(cell.unwrap()), kind));
                (values.next().unwrap(), values.collect())
            })
            .collect();
        rows.sort();
        rows
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

fn stored(row: &Row) -> Vec<Value> {
    [&row.key]
        .into_iter()
        .chain(&row.cells)
        .map(Val::stored)
        .collect()
}

fn everything(table: &TableRef) -> Statement {
    Statement::Delete(Delete {
        table: table.clone(),
        filter: Expr::True,
    })
}

fn insert(table: &TableRef, columns: Vec<Ident>, rows: &[Vec<Value>]) -> Statement {
    Statement::Insert(Insert {
        table: table.clone(),
        rows: RowBuffer::from_rows(columns.len(), rows).unwrap(),
        columns,
        returning: Vec::new(),
    })
}

async fn schema(target: &Target, kind: Database, table: Table) -> Schema {
    let owner = COLUMNS[OWNER].0;
    let draft = if table == Table::Managed {
        let kinds = [
            FieldKind::Text { length: 20 },
            FieldKind::Paragraph,
            FieldKind::Integer,
            FieldKind::Decimal {
                precision: 12,
                scale: 2,
            },
            FieldKind::Boolean,
            FieldKind::Date,
            FieldKind::DateTime { zoned: true },
        ];
        let fields = COLUMNS
            .iter()
            .zip(kinds)
            .map(|((name, _), kind)| field(name, kind));
        draft_of(
            &target.connection,
            "Managed",
            table.name(),
            fields.collect(),
        )
    } else {
        target.database.run(&create(kind, table));
        SchemaDraft {
            module: Module::DataCorrection,
            ..draft_of(&target.connection, table.name(), table.name(), Vec::new())
        }
    };
    let draft = SchemaDraft {
        owner: Some(owner.into()),
        ..draft
    };
    schemas::create(&target.admin, &target.test.app, draft)
        .await
        .unwrap()
}

/// A table as other programs make it: texts compare as its database's users know them.
fn create(kind: Database, table: Table) -> String {
    let loose = if kind == Database::Sqlite {
        " COLLATE NOCASE"
    } else {
        ""
    };
    let key = match (table, kind) {
        (Table::Numbered, Database::Sqlite) => "INTEGER PRIMARY KEY AUTOINCREMENT",
        (Table::Numbered, Database::Postgres) => {
            // Rows with keys of their own do not move the sequence.
            "bigint GENERATED BY DEFAULT AS IDENTITY (START WITH 1000) PRIMARY KEY"
        }
        (Table::Numbered, Database::Mysql) => "BIGINT AUTO_INCREMENT PRIMARY KEY",
        _ => "VARCHAR(40) PRIMARY KEY",
    };
    let (flag, moment, whole) = match kind {
        Database::Sqlite => ("BOOLEAN", "TIMESTAMP_UTC(6)", "INTEGER"),
        Database::Postgres => ("boolean", "timestamptz(6)", "bigint"),
        Database::Mysql => ("TINYINT(1)", "DATETIME(6) COMMENT 'UTC'", "BIGINT"),
    };
    let name = table.name();
    format!(
        "CREATE TABLE {name} (id {key}, label VARCHAR(20){loose}, note TEXT{loose}, units {whole}, \
         amount DECIMAL(12,2), approved {flag}, due DATE, updated {moment}, added_by VARCHAR(255){loose})"
    )
}
