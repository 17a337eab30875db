//! The scene of the plays: a server with three tables, filled and put under the rules of a world.

use quillback_core::App;
use quillback_core::admin::schemas::{self, PolicyDraft, SchemaDraft};
use quillback_core::cx::Cx;
use quillback_core::field::FieldKind;
use quillback_core::ids::{GroupId, UserId};
use quillback_core::plugin_api::batch::{Batch, BatchOutcome, Expect};
use quillback_core::plugin_api::remote::RemoteInstance;
use quillback_core::plugin_api::sql::{Delete, Expr, Insert, Select, Statement};
use quillback_core::plugin_api::{Ident, RowBuffer, TableRef, Value};
use quillback_core::policy::Rights;
use quillback_core::row_json;
use quillback_core::schema::{Conditions, Module, Schema};

use super::value::Val;
use super::world::{COLUMNS, GROUPS, Holder, OWNER, Row, Table, Who, World};
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

    /// Puts the rows into the table and the entitlements into the repository.
    pub(super) async fn fill(&self, world: &World) {
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
    pub(super) async fn rule(&self, world: &World) {
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
    let loose = match kind {
        Database::Sqlite => " COLLATE NOCASE",
        Database::Mssql => " COLLATE Latin1_General_CI_AI",
        Database::Postgres | Database::Mysql => "",
    };
    let key = match (table, kind) {
        (Table::Numbered, Database::Sqlite) => "INTEGER PRIMARY KEY AUTOINCREMENT",
        (Table::Numbered, Database::Postgres) => {
            // Rows with keys of their own do not move the sequence.
            "bigint GENERATED BY DEFAULT AS IDENTITY (START WITH 1000) PRIMARY KEY"
        }
        (Table::Numbered, Database::Mysql) => "BIGINT AUTO_INCREMENT PRIMARY KEY",
        (Table::Numbered, Database::Mssql) => "bigint IDENTITY PRIMARY KEY",
        _ => "VARCHAR(40) PRIMARY KEY",
    };
    // The other texts of SQL Server have no characters beyond a code page.
    let text = if kind == Database::Mssql {
        "NVARCHAR"
    } else {
        "VARCHAR"
    };
    let (flag, moment, whole, long) = match kind {
        Database::Sqlite => ("BOOLEAN", "TIMESTAMP_UTC(6)", "INTEGER", "TEXT"),
        Database::Postgres => ("boolean", "timestamptz(6)", "bigint", "TEXT"),
        Database::Mysql => ("TINYINT(1)", "DATETIME(6) COMMENT 'UTC'", "BIGINT", "TEXT"),
        Database::Mssql => ("bit", "datetimeoffset(6)", "bigint", "NVARCHAR(MAX)"),
    };
    let name = table.name();
    format!(
        "CREATE TABLE {name} (id {key}, label {text}(20){loose}, note {long}{loose}, units {whole}, \
         amount DECIMAL(12,2), approved {flag}, due DATE, updated {moment}, added_by {text}(255){loose})"
    )
}
