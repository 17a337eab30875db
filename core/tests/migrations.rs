//! Bringing a repository to this program's version, from wherever it stands.

use quillback_core::plugin_api::batch::{Batch, Expect};
use quillback_core::plugin_api::catalog::{Catalog, Introspect};
use quillback_core::plugin_api::remote::RemoteInstance;
use quillback_core::plugin_api::sql::{
    Assignment, ColumnDef, Ddl, Delete, Expr, Insert, Statement, Update,
};
use quillback_core::plugin_api::types::LogicalType;
use quillback_core::plugin_api::{Ident, RowBuffer, TableRef, Value};
use quillback_core::repo::migrate::{self, MigrateError};
use quillback_migrations::{Migration, all};

use crate::support::{Kind, TestApp};

fn history() -> TableRef {
    TableRef::new(Ident::literal("_migrations"))
}

async fn has_table(repo: &RemoteInstance, name: &'static str) -> bool {
    let question = Introspect::Table(TableRef::new(Ident::literal(name)));
    matches!(
        repo.introspect(&question).await.unwrap(),
        Catalog::Table(Some(_))
    )
}

async fn write(repo: &RemoteInstance, statement: Statement) {
    let mut batch = Batch::default();
    batch.write(statement, Expect::Any);
    repo.apply(&batch).await.unwrap();
}

/// As if the program had stopped before it noted the version as done.
async fn mark_started(repo: &RemoteInstance, version: usize) {
    let set = vec![Assignment::set(&Ident::literal("checksum"), "started")];
    let filter = Expr::eq(&Ident::literal("version"), i64::try_from(version).unwrap());
    write(
        repo,
        Statement::Update(Update {
            table: history(),
            set,
            filter,
        }),
    )
    .await;
}

#[tokio::test]
async fn an_empty_repository_gets_every_version_once() {
    for kind in Kind::at_hand() {
        let test = TestApp::empty(kind).await;
        let (repo, now) = (&test.app.repo, test.clock_now());
        assert_eq!(
            migrate::status(repo).await.unwrap().pending.len(),
            all().len(),
            "{kind:?}"
        );
        let first = migrate::migrate(repo, now).await.unwrap();
        assert_eq!(first.ran.len(), all().len(), "{kind:?}");
        let again = migrate::migrate(repo, now).await.unwrap();
        assert_eq!(
            (again.ran.len(), again.version),
            (0, first.version),
            "{kind:?}"
        );
        assert_eq!(
            migrate::status(repo).await.unwrap().pending.len(),
            0,
            "{kind:?}"
        );
        for table in ["_users", "_audit_rows", "_settings"] {
            assert!(has_table(repo, table).await, "{kind:?} {table}");
        }
    }
}

#[tokio::test]
async fn two_servers_may_start_at_once() {
    for kind in Kind::at_hand() {
        let test = TestApp::empty(kind).await;
        let now = test.clock_now();
        let others = [
            test.another(&test.keys).await,
            test.another(&test.keys).await,
        ];
        let runs = others.iter().chain([&test.app]).map(|app| {
            let repo = app.repo.clone();
            tokio::spawn(async move { migrate::migrate(&repo, now).await })
        });
        for run in runs.collect::<Vec<_>>() {
            run.await.unwrap().unwrap();
        }
        let status = migrate::status(&test.app.repo).await.unwrap();
        assert_eq!(
            (status.done.len(), status.pending.len()),
            (all().len(), 0),
            "{kind:?}"
        );
    }
}

#[tokio::test]
async fn a_version_that_stopped_half_way_is_finished() {
    for kind in Kind::at_hand() {
        let test = TestApp::empty(kind).await;
        let (repo, now) = (&test.app.repo, test.clock_now());
        migrate::migrate(repo, now).await.unwrap();
        mark_started(repo, 1).await;
        let gone = TableRef::new(Ident::literal("_settings"));
        repo.define(&[Ddl::DropTable(gone)]).await.unwrap();
        assert_eq!(
            migrate::status(repo).await.unwrap().pending.len(),
            1,
            "{kind:?}"
        );

        let report = migrate::migrate(repo, now).await.unwrap();
        assert_eq!(report.ran.len(), 1, "{kind:?}");
        assert!(has_table(repo, "_settings").await, "{kind:?}");
        assert_eq!(
            migrate::status(repo).await.unwrap().pending.len(),
            0,
            "{kind:?}"
        );
    }
}

async fn columns(repo: &RemoteInstance) -> Vec<String> {
    let question = Introspect::Table(TableRef::new(Ident::literal("_settings")));
    let Catalog::Table(Some(table)) = repo.introspect(&question).await.unwrap() else {
        panic!("no table")
    };
    table
        .columns
        .iter()
        .map(|column| column.name.as_str().to_owned())
        .collect()
}

#[tokio::test]
async fn changes_of_columns_that_took_effect_are_passed_over() {
    for kind in Kind::at_hand() {
        let test = TestApp::empty(kind).await;
        let (repo, now) = (&test.app.repo, test.clock_now());
        let (table, name) = (TableRef::new(Ident::literal("_settings")), Ident::literal);
        let extra = ColumnDef {
            nullable: true,
            ..ColumnDef::required(name("extra"), LogicalType::text(9))
        };
        let add = Ddl::AddColumn {
            table: table.clone(),
            column: extra,
        };
        let rename = Ddl::RenameColumn {
            table: table.clone(),
            from: name("value"),
            to: name("content"),
        };
        let drop = Ddl::DropColumn {
            table,
            column: name("extra"),
        };
        let mut versions = all();
        let last = versions.len();
        for (name, changes) in [("add", vec![rename, add]), ("drop", vec![drop.clone()])] {
            let version = u32::try_from(versions.len()).unwrap() + 1;
            versions.push(Migration {
                version,
                name,
                changes,
            });
        }
        let (until_add, until_drop) = (&versions[..=last], &versions[..]);
        migrate::migrate_to(repo, now, until_add).await.unwrap();
        assert_eq!(
            columns(repo).await,
            ["name", "content", "extra"],
            "{kind:?}"
        );

        mark_started(repo, last + 1).await;
        migrate::migrate_to(repo, now, until_add).await.unwrap();
        assert_eq!(
            columns(repo).await,
            ["name", "content", "extra"],
            "{kind:?}"
        );

        mark_started(repo, last + 1).await;
        repo.define(&[drop]).await.unwrap();
        migrate::migrate_to(repo, now, until_add).await.unwrap();
        assert_eq!(
            columns(repo).await,
            ["name", "content", "extra"],
            "{kind:?}"
        );

        migrate::migrate_to(repo, now, until_drop).await.unwrap();
        mark_started(repo, last + 2).await;
        migrate::migrate_to(repo, now, until_drop).await.unwrap();
        assert_eq!(columns(repo).await, ["name", "content"], "{kind:?}");
    }
}

#[tokio::test]
async fn a_repository_of_a_newer_program_is_left_alone() {
    let test = TestApp::new().await;
    let columns = ["version", "name", "checksum", "applied_at"]
        .map(Ident::literal)
        .to_vec();
    let row = vec![
        99.into(),
        "future".into(),
        "f".into(),
        Value::Instant(test.clock_now()),
    ];
    let rows = RowBuffer::from_rows(4, &[row]).unwrap();
    write(
        &test.app.repo,
        Statement::Insert(Insert {
            table: history(),
            columns,
            rows,
            returning: vec![],
        }),
    )
    .await;
    for error in [
        migrate::migrate(&test.app.repo, test.clock_now())
            .await
            .unwrap_err(),
        migrate::status(&test.app.repo).await.unwrap_err(),
    ] {
        assert!(
            matches!(error, MigrateError::Newer { found: 99, .. }),
            "{error}"
        );
        assert!(error.to_string().contains("version 99"), "{error}");
    }
}

#[tokio::test]
async fn a_changed_version_is_told() {
    let test = TestApp::new().await;
    let set = vec![Assignment::set(&Ident::literal("checksum"), "0".repeat(64))];
    write(
        &test.app.repo,
        Statement::Update(Update {
            table: history(),
            set,
            filter: Expr::True,
        }),
    )
    .await;
    let error = migrate::migrate(&test.app.repo, test.clock_now())
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            MigrateError::Changed {
                version: 1,
                name: "initial"
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn tables_of_somebody_else_are_not_taken_over() {
    for kind in Kind::at_hand() {
        let test = TestApp::on(kind).await;
        // Our tables without our history: nobody knows whose they are.
        write(
            &test.app.repo,
            Statement::Delete(Delete {
                table: history(),
                filter: Expr::True,
            }),
        )
        .await;
        let error = migrate::migrate(&test.app.repo, test.clock_now())
            .await
            .unwrap_err();
        assert!(error.to_string().contains("`_users`"), "{kind:?} {error}");
        assert_eq!(
            migrate::status(&test.app.repo).await.unwrap().done.len(),
            0,
            "{kind:?}"
        );
    }
}
