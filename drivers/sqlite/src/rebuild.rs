//! Gives a column another type or nullability by making the table anew, as the engine cannot change a column in place
//! (the procedure of <https://www.sqlite.org/lang_altertable.html#otheralter>).
//!
//! Rows that do not fit the new type are refused by the new table's checks; nothing is changed then.

use quillback_plugin_api::dialect::Dialect;
use quillback_plugin_api::sql::ColumnDef;
use quillback_plugin_api::{Category, DriverError, TableRef};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension, params};

use crate::create_sql::{CreateSql, NewColumn};
use crate::dialect::{Sqlite, quoted};
use crate::errors::translate;

/// Rebuilds `table` with its column `from` changed to `to`. Foreign keys must be off; a transaction must be open.
///
/// # Errors
/// `NotFound` without such a table or column; `InvalidData` or `NotNull` when a row does not fit.
pub(crate) fn alter_column(
    connection: &Connection,
    table: &TableRef,
    from: &ColumnDef,
    to: &ColumnDef,
) -> Result<(), DriverError> {
    if from.name != to.name {
        return Err(DriverError::unsupported(
            "altering a column keeps its name: rename it first",
        ));
    }
    let name = table.name.as_str();
    let failed = |error| translate(&error, Some(name));
    let sql: Option<String> = connection
        .query_row(
            "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?1",
            [name],
            |row| row.get(0),
        )
        .optional()
        .map_err(failed)?;
    let sql = sql.ok_or_else(|| not_found("table", name))?;
    let scratch = format!("quillback_new_{name}");
    let create = new_sql(&sql, &quoted(&scratch), from, to)?;
    let others = dependents(connection, name).map_err(failed)?;
    connection.execute_batch(&create).map_err(failed)?;
    copy_rows(connection, name, &scratch)
        .map_err(|error| fit(translate(&error, Some(&scratch)), name))?;
    replace(connection, name, &scratch).map_err(failed)?;
    for sql in others {
        connection.execute_batch(&sql).map_err(failed)?;
    }
    Ok(())
}

fn new_sql(
    sql: &str,
    scratch: &str,
    from: &ColumnDef,
    to: &ColumnDef,
) -> Result<String, DriverError> {
    let ty = Sqlite.column_type(to)?;
    let default = match &to.default {
        default if *default == from.default => None,
        None => Some(String::new()),
        Some(value) => Some(format!("DEFAULT {}", Sqlite.literal(value)?)),
    };
    let parsed = CreateSql::parse(sql)
        .ok_or_else(|| DriverError::unsupported("altering columns of a virtual table"))?;
    let new = NewColumn {
        name: to.name.as_str(),
        ty: &ty,
        default: default.as_deref(),
        nullable: to.nullable,
    };
    parsed
        .with_column(scratch, new)
        .ok_or_else(|| not_found("column", to.name.as_str()))
}

fn not_found(what: &str, name: &str) -> DriverError {
    DriverError::new(Category::NotFound, format!("no such {what}: {name}"))
}

/// Indexes and triggers, which go with the old table.
fn dependents(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    connection
        .prepare(
            "SELECT sql FROM sqlite_schema \
             WHERE tbl_name = ?1 COLLATE NOCASE AND type IN ('index', 'trigger') AND sql IS NOT NULL",
        )?
        .query_map([table], |row| row.get(0))?
        .collect()
}

fn copy_rows(connection: &Connection, table: &str, scratch: &str) -> rusqlite::Result<usize> {
    let columns: Vec<String> = connection
        .prepare("SELECT name FROM pragma_table_xinfo(?1) WHERE hidden = 0 ORDER BY cid")?
        .query_map([table], |row| row.get::<_, String>(0))?
        .map(|name| name.map(|name| quoted(&name)))
        .collect::<rusqlite::Result<_>>()?;
    let columns = columns.join(", ");
    let (from, to) = (quoted(table), quoted(scratch));
    connection.execute(
        &format!("INSERT INTO {to} ({columns}) SELECT {columns} FROM {from}"),
        [],
    )
}

/// A failure while copying is about the table that the caller knows.
fn fit(mut error: DriverError, table: &str) -> DriverError {
    if error.origin.table.is_some() {
        error.origin.table = Some(table.to_owned());
    }
    if error.category == Category::InvalidData {
        error.message =
            "a row of the table does not fit the new type: correct the rows first".into();
    }
    error
}

fn replace(connection: &Connection, table: &str, scratch: &str) -> rusqlite::Result<()> {
    let numbered = connection.table_exists(None, "sqlite_sequence")?;
    let sequence: Option<i64> = if numbered {
        let sql = "SELECT seq FROM sqlite_sequence WHERE name = ?1";
        connection
            .query_row(sql, [table], |row| row.get(0))
            .optional()?
    } else {
        None
    };
    connection.execute_batch(&format!("DROP TABLE {}", quoted(table)))?;
    // Otherwise views and triggers that name the table would be looked through now, while it is missing.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_LEGACY_ALTER_TABLE, true)?;
    let rename = format!(
        "ALTER TABLE {} RENAME TO {}",
        quoted(scratch),
        quoted(table)
    );
    let renamed = connection.execute_batch(&rename);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_LEGACY_ALTER_TABLE, false)?;
    renamed?;
    if let Some(sequence) = sequence {
        // The highest number ever given, which may be above the highest row that was copied.
        connection.execute("DELETE FROM sqlite_sequence WHERE name = ?1", [table])?;
        connection.execute(
            "INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)",
            params![table, sequence],
        )?;
    }
    Ok(())
}
