//! The SQL of every version as reviewers see it: `migrations/rendered/<driver>/` holds what each database is sent.
//!
//! `QUILLBACK_BLESS=1` writes the files anew. A file of a version that was released must not change.

use std::path::{Path, PathBuf};

use quillback_migrations::{Migration, all, history_table};

use crate::support::{Kind, TestApp};

#[tokio::test]
async fn rendered_versions_are_what_the_drivers_print() {
    for kind in Kind::at_hand().filter(|kind| *kind != Kind::Mssql) {
        let test = TestApp::empty(kind).await;
        let mut versions = Vec::new();
        for migration in versions_with_history() {
            let statements = test.app.repo.render_ddl(&migration.changes).await.unwrap();
            versions.push((migration, statements));
        }
        compare_all(&kind.driver().info().id, &versions);
    }
}

/// Its driver prints without a server, which is not at hand where versions are made.
#[test]
fn rendered_versions_are_what_the_driver_of_sql_server_prints() {
    let printed = versions_with_history().map(|migration| {
        let statements = migration
            .changes
            .iter()
            .map(quillback_driver_mssql::changes);
        let statements: Vec<_> = statements.collect::<Result<_, _>>().unwrap();
        (migration, statements.concat())
    });
    compare_all("mssql", &printed.collect::<Vec<_>>());
}

fn versions_with_history() -> impl Iterator<Item = Migration> {
    let history = Migration {
        version: 0,
        name: "history",
        changes: vec![history_table()],
    };
    std::iter::once(history).chain(all())
}

/// Compares the folder of a driver with what it prints.
fn compare_all(driver: &str, versions: &[(Migration, Vec<String>)]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../migrations/rendered")
        .join(driver);
    let mut expected = Vec::new();
    for (migration, statements) in versions {
        let path = folder.join(format!("{:04}_{}.sql", migration.version, migration.name));
        compare(&path, &text(migration, statements));
        expected.push(path);
    }
    let mut present: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    present.sort();
    assert_eq!(
        present, expected,
        "a file without its version, or the other way round"
    );
}

fn text(migration: &Migration, statements: &[String]) -> String {
    let head = format!(
        "-- Version {} ({}), checksum {}\n",
        migration.version,
        migration.name,
        migration.checksum()
    );
    statements
        .iter()
        .fold(head, |text, statement| format!("{text}\n{statement};\n"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "whoever runs the tests says by the environment that files may change"
)]
fn compare(path: &Path, rendered: &str) {
    if std::env::var("QUILLBACK_BLESS").is_ok_and(|value| value == "1") {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, rendered).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(
        written,
        rendered,
        "{}: look at the difference, then run again with QUILLBACK_BLESS=1",
        path.display()
    );
}
