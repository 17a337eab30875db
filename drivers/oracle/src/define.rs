//! Changes of tables: each commits by itself.

use oracledb::Connection;
use quillback_plugin_api::sql::Ddl;
use quillback_plugin_api::{Category, DriverError, dialect};

use crate::dialect::{OracleDialect, check_sql};
use crate::errors::translate;

/// One statement of a change.
pub(crate) struct Change {
    position: usize,
    pub(crate) sql: String,
    /// Whether a table that is there already is left alone.
    keeps: bool,
}

/// Changes tables one after the other.
///
/// # Errors
/// What the server says, with the position of the change that failed.
pub(crate) fn define(connection: &Connection, changes: &[Ddl]) -> Result<(), DriverError> {
    let planned = print(changes)?;
    // A change of a table may take as long as it takes.
    connection
        .set_call_timeout(None)
        .map_err(|error| translate(&error))?;
    for change in planned {
        if let Err(error) = connection.execute(&change.sql, &[]) {
            let error = translate(&error);
            if !(change.keeps && error.category == Category::AlreadyExists) {
                return Err(error.at_step(change.position));
            }
        }
    }
    Ok(())
}

/// The statements that change tables.
///
/// # Errors
/// `Unsupported` where a change cannot be expressed, with its position.
pub(crate) fn print(changes: &[Ddl]) -> Result<Vec<Change>, DriverError> {
    let mut planned = Vec::with_capacity(changes.len());
    for (position, change) in changes.iter().enumerate() {
        let keeps = matches!(change, Ddl::CreateTable(create) if create.if_not_exists);
        let printed = dialect::ddl(&OracleDialect, change)
            .map_err(|error| DriverError::from(error).at_step(position))?;
        for statement in printed {
            check_sql(&statement.sql).map_err(|error| error.at_step(position))?;
            planned.push(Change {
                position,
                sql: statement.sql,
                keeps,
            });
        }
    }
    Ok(planned)
}
