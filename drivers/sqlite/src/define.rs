//! Changes of tables: all changes of one call take effect together or not at all.

use std::collections::BTreeMap;

use quillback_plugin_api::dialect::{self, column_def};
use quillback_plugin_api::sql::{CreateTable, Ddl, RenderError, SqlWriter};
use quillback_plugin_api::{Category, DriverError, Ident, TableRef};
use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::dialect::{Sqlite, quoted};
use crate::errors::translate;
use crate::rebuild;

/// Makes the changes in one transaction.
///
/// # Errors
/// The failure of a change, with its position as the step; nothing took effect then.
pub(crate) fn run(connection: &Connection, changes: &[Ddl]) -> Result<(), DriverError> {
    let rebuilt: Vec<&str> = changes
        .iter()
        .filter_map(|change| match change {
            Ddl::AlterColumn { table, .. } => Some(table.name.as_str()),
            _ => None,
        })
        .collect();
    if rebuilt.is_empty() {
        return in_transaction(connection, || make_all(connection, changes));
    }
    // Rows that refer to a table must stay while it is made anew; this cannot be set inside a transaction.
    set_foreign_keys(connection, false)?;
    let done = in_transaction(connection, || {
        let before = violations(connection)?;
        make_all(connection, changes)?;
        refuse_new(&before, &violations(connection)?, &rebuilt)
    });
    set_foreign_keys(connection, true)?;
    done
}

fn failed(error: &rusqlite::Error) -> DriverError {
    translate(error, None)
}

fn set_foreign_keys(connection: &Connection, on: bool) -> Result<(), DriverError> {
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, on)
        .map(drop)
        .map_err(|error| failed(&error))
}

fn in_transaction(
    connection: &Connection,
    work: impl FnOnce() -> Result<(), DriverError>,
) -> Result<(), DriverError> {
    let send = |sql| {
        connection
            .execute_batch(sql)
            .map_err(|error| failed(&error))
    };
    send("BEGIN IMMEDIATE")?;
    let done = work().and_then(|()| send("COMMIT"));
    if !connection.is_autocommit() {
        send("ROLLBACK")?;
    }
    done
}

fn make_all(connection: &Connection, changes: &[Ddl]) -> Result<(), DriverError> {
    for (position, change) in changes.iter().enumerate() {
        make(connection, change).map_err(|error| error.at_step(position))?;
    }
    Ok(())
}

fn make(connection: &Connection, change: &Ddl) -> Result<(), DriverError> {
    if let Ddl::AlterColumn { table, from, to } = change {
        return rebuild::alter_column(connection, table, from, to);
    }
    if let Ddl::DropColumn { table, column } = change {
        drop_indexes(connection, table, column)?;
    }
    for sql in print(change)? {
        connection
            .execute_batch(&sql)
            .map_err(|error| translate(&error, Some(table_of(change))))?;
    }
    Ok(())
}

fn table_of(change: &Ddl) -> &str {
    match change {
        Ddl::CreateTable(CreateTable { table, .. })
        | Ddl::DropTable(table)
        | Ddl::AddColumn { table, .. }
        | Ddl::DropColumn { table, .. }
        | Ddl::RenameColumn { table, .. }
        | Ddl::AlterColumn { table, .. }
        | Ddl::CreateIndex { table, .. } => table.name.as_str(),
    }
}

/// A column that is in an index cannot be removed; other databases remove such indexes with it.
fn drop_indexes(
    connection: &Connection,
    table: &TableRef,
    column: &Ident,
) -> Result<(), DriverError> {
    let list = || -> rusqlite::Result<Vec<String>> {
        connection
            .prepare(
                "SELECT il.name FROM pragma_index_list(?1) il WHERE il.origin = 'c' AND EXISTS \
                 (SELECT 1 FROM pragma_index_info(il.name) ii WHERE ii.name = ?2 COLLATE NOCASE)",
            )?
            .query_map([table.name.as_str(), column.as_str()], |row| row.get(0))?
            .collect()
    };
    for index in list().map_err(|error| failed(&error))? {
        let sql = format!("DROP INDEX {}", quoted(&index));
        connection
            .execute_batch(&sql)
            .map_err(|error| failed(&error))?;
    }
    Ok(())
}

/// Violated foreign keys, as the number of rows for each pair of tables.
type Violations = BTreeMap<(String, String), u64>;

fn violations(connection: &Connection) -> Result<Violations, DriverError> {
    let list = || -> rusqlite::Result<Violations> {
        let mut found = Violations::new();
        let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            *found.entry((row.get(0)?, row.get(2)?)).or_default() += 1;
        }
        Ok(found)
    };
    list().map_err(|error| failed(&error))
}

/// Another type can make values differ that were the same before.
fn refuse_new(
    before: &Violations,
    after: &Violations,
    rebuilt: &[&str],
) -> Result<(), DriverError> {
    let concerns = |table: &String| rebuilt.iter().any(|name| table.eq_ignore_ascii_case(name));
    for (tables, count) in after {
        let more = *count > before.get(tables).copied().unwrap_or(0);
        if more && (concerns(&tables.0) || concerns(&tables.1)) {
            let message = "with the new type, rows would refer to rows that do not exist";
            let mut error = DriverError::new(Category::ForeignKey, message);
            error.origin.table = Some(tables.0.clone());
            return Err(error);
        }
    }
    Ok(())
}

/// The statements as text for people.
///
/// # Errors
/// What cannot be expressed.
pub(crate) fn render(changes: &[Ddl]) -> Result<Vec<String>, DriverError> {
    let mut all = Vec::with_capacity(changes.len());
    for (position, change) in changes.iter().enumerate() {
        all.extend(print(change).map_err(|error| DriverError::from(error).at_step(position))?);
    }
    Ok(all)
}

fn print(change: &Ddl) -> Result<Vec<String>, RenderError> {
    match change {
        Ddl::CreateTable(create) => print_shared(&Ddl::CreateTable(with_identity(create)?)),
        Ddl::AddColumn { column, .. } if column.identity => Err(RenderError::unsupported(
            "adding a numbered column to a table",
        )),
        Ddl::AlterColumn { table, to, .. } => {
            let mut w = SqlWriter::new(&Sqlite);
            w.syntax("-- makes ")
                .table(table)
                .syntax(" anew with the column ");
            column_def(&mut w, to)?;
            Ok(vec![w.finish().sql])
        }
        // The name of an index is where its schema would stand.
        Ddl::CreateIndex { table, index } => print_shared(&Ddl::CreateIndex {
            table: TableRef::new(table.name.clone()),
            index: index.clone(),
        }),
        other => print_shared(other),
    }
}

fn print_shared(change: &Ddl) -> Result<Vec<String>, RenderError> {
    let statements = dialect::ddl(&Sqlite, change)?;
    Ok(statements
        .into_iter()
        .map(|statement| statement.sql)
        .collect())
}

/// The engine numbers only a column that is the whole key, and that is said at the column.
fn with_identity(create: &CreateTable) -> Result<CreateTable, RenderError> {
    let mut create = create.clone();
    let mut numbered = create.columns.iter().filter(|column| column.identity);
    match (numbered.next(), numbered.next()) {
        (None, _) => {}
        (Some(column), None) if create.primary_key == [column.name.clone()] => {
            create.primary_key.clear();
        }
        _ => {
            return Err(RenderError::unsupported(
                "numbering the rows in a column that is not the whole primary key",
            ));
        }
    }
    Ok(create)
}
