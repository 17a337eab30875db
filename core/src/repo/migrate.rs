//! `_migrations`: brings the tables of the repository to this program's version.
//!
//! A version is noted as started before its first change and as done, with its checksum, after the last. So a version
//! that stopped half-way is known as such, and is run again without the changes that are there already; and two
//! servers that start at once finish each other's work. So that this works, a version changes no column twice.

use quillback_migrations::Migration;
use quillback_plugin_api::batch::{Batch, Expect};
use quillback_plugin_api::catalog::{Catalog, Introspect, TableInfo};
use quillback_plugin_api::civil::Timestamp;
use quillback_plugin_api::remote::RemoteInstance;
use quillback_plugin_api::sql::{Ddl, Expr};
use quillback_plugin_api::{Category, DriverError, Ident, TableRef, Value};

use super::{Record, Table, commit_apart, is, is_duplicate, select};
use crate::error::Error;

const HISTORY: Table = Table {
    name: "_migrations",
    columns: &["version", "name", "checksum", "applied_at"],
};
const STARTED: &str = "started";

/// Why a repository cannot be used with this program.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// A newer program was here.
    #[error(
        "the repository has version {found}, this program knows versions up to {known}: \
         start the newer program again, or restore the repository from before it"
    )]
    Newer {
        /// Version of the repository.
        found: i64,
        /// The program's last version.
        known: u32,
    },
    /// A version that ran is not the one of this program.
    #[error(
        "version {version} ({name}) of the repository was made by another program than this one: \
         its checksum differs. Use the program that made it"
    )]
    Changed {
        /// Version.
        version: u32,
        /// Its name.
        name: &'static str,
    },
    /// A change of a version failed.
    #[error(
        "version {version} ({name}) of the repository failed and can be run again once this is solved: {source}"
    )]
    Failed {
        /// Version.
        version: u32,
        /// Its name.
        name: &'static str,
        /// What the database said.
        source: DriverError,
    },
    /// The history could not be read or written.
    #[error(transparent)]
    Repository(#[from] Error),
}

type Result<T> = std::result::Result<T, MigrateError>;

/// A version by number and name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Number, from 1.
    pub version: u32,
    /// What it does, in a few words.
    pub name: &'static str,
}

/// What [`migrate`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Versions that it ran or finished.
    pub ran: Vec<Version>,
    /// The repository's version now.
    pub version: u32,
}

/// Where a repository stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Versions that are done.
    pub done: Vec<Version>,
    /// Versions that are to run, one that stopped half-way included.
    pub pending: Vec<Version>,
}

/// Runs every version that the repository lacks. Safe to run again, and by several servers at once.
///
/// # Errors
/// [`MigrateError`]; nothing is run when the repository is newer or was made by another program.
pub async fn migrate(repo: &RemoteInstance, now: Timestamp) -> Result<Report> {
    migrate_to(repo, now, &quillback_migrations::all()).await
}

/// As [`migrate`], to the last of these versions.
///
/// # Errors
/// As [`migrate`].
pub async fn migrate_to(
    repo: &RemoteInstance,
    now: Timestamp,
    versions: &[Migration],
) -> Result<Report> {
    define_history(repo).await?;
    let history = list_history(repo).await?;
    check(&history, versions)?;
    let mut report = Report {
        ran: Vec::new(),
        version: 0,
    };
    for migration in versions {
        let entry = history
            .iter()
            .find(|entry| entry.version == i64::from(migration.version));
        if entry.is_none_or(|entry| entry.checksum == STARTED) {
            run(repo, now, migration, entry.is_some()).await?;
            report.ran.push(version(migration));
        }
        report.version = migration.version;
    }
    Ok(report)
}

/// Tells which versions are done and which are to run; changes nothing.
///
/// # Errors
/// As [`migrate`].
pub async fn status(repo: &RemoteInstance) -> Result<Status> {
    let versions = quillback_migrations::all();
    let history = match find_table(repo, &HISTORY.table())
        .await
        .map_err(Error::Repository)?
    {
        Some(_) => list_history(repo).await?,
        None => Vec::new(),
    };
    check(&history, &versions)?;
    let is_done = |migration: &&Migration| {
        history
            .iter()
            .any(|entry| entry.version == i64::from(migration.version) && entry.checksum != STARTED)
    };
    let (done, pending): (Vec<_>, Vec<_>) = versions.iter().partition(is_done);
    let names = |versions: Vec<&Migration>| versions.into_iter().map(version).collect();
    Ok(Status {
        done: names(done),
        pending: names(pending),
    })
}

struct Entry {
    version: i64,
    checksum: String,
}

fn version(migration: &Migration) -> Version {
    Version {
        version: migration.version,
        name: migration.name,
    }
}

fn check(history: &[Entry], versions: &[Migration]) -> Result<()> {
    let known = versions.last().map_or(0, |migration| migration.version);
    for entry in history {
        let Some(migration) = versions
            .iter()
            .find(|migration| i64::from(migration.version) == entry.version)
        else {
            return Err(MigrateError::Newer {
                found: entry.version,
                known,
            });
        };
        if entry.checksum != STARTED && entry.checksum != migration.checksum() {
            return Err(MigrateError::Changed {
                version: migration.version,
                name: migration.name,
            });
        }
    }
    Ok(())
}

async fn define_history(repo: &RemoteInstance) -> Result<()> {
    match repo.define(&[quillback_migrations::history_table()]).await {
        // "If not exists" does not keep two servers from making the table at the same moment.
        Err(error) if !is_there(&error) => Err(Error::Repository(error).into()),
        _ => Ok(()),
    }
}

async fn list_history(repo: &RemoteInstance) -> Result<Vec<Entry>> {
    let read_record = |record: &mut Record<'_>| {
        let version = record.number()?;
        record.text()?;
        Ok(Entry {
            version,
            checksum: record.text()?,
        })
    };
    Ok(select(repo, HISTORY.select_by(Expr::True, "version"), read_record).await?)
}

async fn run(
    repo: &RemoteInstance,
    now: Timestamp,
    migration: &Migration,
    was_started: bool,
) -> Result<()> {
    let failed = |source| MigrateError::Failed {
        version: migration.version,
        name: migration.name,
        source,
    };
    let is_first = !was_started && start(repo, now, migration).await?;
    let mut result = Err(DriverError::new(Category::AlreadyExists, "started before"));
    if is_first {
        // The whole version at once, in one transaction where the database can.
        result = repo.define(&migration.changes).await;
    }
    if result.as_ref().is_err_and(is_there) {
        result = finish(repo, &migration.changes).await;
    }
    result.map_err(failed)?;
    let mut batch = Batch::default();
    let set = vec![
        ("checksum", migration.checksum().into()),
        ("applied_at", Value::Instant(now)),
    ];
    batch.write(
        HISTORY.update(set, is("version", i64::from(migration.version))),
        Expect::Rows(1),
    );
    commit_apart(repo, &batch, "repository").await?;
    Ok(())
}

/// Notes the version as started; `false` when somebody else did so first.
async fn start(repo: &RemoteInstance, now: Timestamp, migration: &Migration) -> Result<bool> {
    if let Some(table) = find_foreign(repo, &migration.changes)
        .await
        .map_err(Error::Repository)?
    {
        // Either another server is ahead of us, or the table is somebody else's.
        let history = list_history(repo).await?;
        if history
            .iter()
            .any(|entry| entry.version == i64::from(migration.version))
        {
            return Ok(false);
        }
        let message = format!(
            "the table `{table}` is there already, and Quillback did not make it: choose an empty place"
        );
        let source = DriverError::new(Category::AlreadyExists, message);
        return Err(MigrateError::Failed {
            version: migration.version,
            name: migration.name,
            source,
        });
    }
    let mut batch = Batch::default();
    let values = vec![
        i64::from(migration.version).into(),
        migration.name.into(),
        STARTED.into(),
        Value::Instant(now),
    ];
    batch.write(HISTORY.insert(&[values]), Expect::Rows(1));
    match commit_apart(repo, &batch, "repository").await {
        Ok(_) => Ok(true),
        Err(error) if is_duplicate(&error) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// A table that the changes are to make and that is there before them.
async fn find_foreign<'a>(
    repo: &RemoteInstance,
    changes: &'a [Ddl],
) -> std::result::Result<Option<&'a TableRef>, DriverError> {
    for change in changes {
        if let Ddl::CreateTable(create) = change
            && find_table(repo, &create.table).await?.is_some()
        {
            return Ok(Some(&create.table));
        }
    }
    Ok(None)
}

/// Makes the changes one by one, passing over those that took effect before.
async fn finish(repo: &RemoteInstance, changes: &[Ddl]) -> std::result::Result<(), DriverError> {
    for change in changes {
        if is_done(repo, change).await? {
            continue;
        }
        match repo.define(std::slice::from_ref(change)).await {
            Err(error) if !is_there(&error) => return Err(error),
            // Another server was faster, or it is an index: the catalog does not tell of those.
            _ => {}
        }
    }
    Ok(())
}

async fn is_done(repo: &RemoteInstance, change: &Ddl) -> std::result::Result<bool, DriverError> {
    let has = |table: &Option<TableInfo>, column: &Ident| {
        table.as_ref().is_some_and(|t| t.column(column).is_some())
    };
    Ok(match change {
        Ddl::CreateTable(create) => find_table(repo, &create.table).await?.is_some(),
        Ddl::DropTable(table) => find_table(repo, table).await?.is_none(),
        Ddl::AddColumn { table, column } => has(&find_table(repo, table).await?, &column.name),
        Ddl::DropColumn { table, column } => !has(&find_table(repo, table).await?, column),
        Ddl::RenameColumn { table, to, .. } => has(&find_table(repo, table).await?, to),
        // Making the same alteration twice changes nothing.
        Ddl::AlterColumn { .. } | Ddl::CreateIndex { .. } => false,
    })
}

async fn find_table(
    repo: &RemoteInstance,
    table: &TableRef,
) -> std::result::Result<Option<TableInfo>, DriverError> {
    match repo.introspect(&Introspect::Table(table.clone())).await? {
        Catalog::Table(table) => Ok(table),
        _ => Err(DriverError::new(
            Category::Protocol,
            "the driver answered another question about its tables",
        )),
    }
}

/// Whether the failure is that the thing exists: a table of a version made at the same moment breaks a unique key of
/// the database's own catalog in `PostgreSQL`.
fn is_there(error: &DriverError) -> bool {
    matches!(error.category, Category::AlreadyExists | Category::Unique)
}
