//! Changes of tables, together where the database allows it.

use quillback_plugin_api::sql::Ddl;
use quillback_plugin_api::{Category, DriverError, dialect};

use crate::connect::Session;
use crate::dialect::Printer;
use crate::spelling::Spelling;

/// One statement of a change.
pub(crate) struct Change {
    position: usize,
    pub(crate) sql: String,
    /// Whether a table that is there already is left alone.
    keeps: bool,
}

/// Changes tables.
///
/// # Errors
/// What the server says, with the position of the change that failed.
pub(crate) fn define(session: &Session, changes: &[Ddl]) -> Result<(), DriverError> {
    let planned = print(session.spelling, changes)?;
    if !session.spelling.capabilities.ddl.transactional {
        return run(session, &planned);
    }
    let failed = |error| session.errors.translate(&error);
    session.connection.set_autocommit(false).map_err(failed)?;
    let done = run(session, &planned);
    let ended = match &done {
        Ok(()) => session.connection.commit(),
        Err(_) => session.connection.rollback(),
    };
    let ended = ended
        .and_then(|()| session.connection.set_autocommit(true))
        .map_err(|error| DriverError {
            connection_lost: true,
            ..session.errors.translate(&error)
        });
    done.and(ended)
}

fn run(session: &Session, planned: &[Change]) -> Result<(), DriverError> {
    for change in planned {
        // A change of a table may take as long as it takes.
        if let Err(error) = session.run(&change.sql, &[], None)
            && !(change.keeps && error.category == Category::AlreadyExists)
        {
            return Err(error.at_step(change.position));
        }
    }
    Ok(())
}

/// The statements that change tables.
///
/// # Errors
/// `Unsupported` where a change cannot be expressed, with its position.
pub(crate) fn print(
    spelling: &'static Spelling,
    changes: &[Ddl],
) -> Result<Vec<Change>, DriverError> {
    let mut planned = Vec::with_capacity(changes.len());
    for (position, change) in changes.iter().enumerate() {
        let printer = Printer::new(spelling);
        let printed = claimed(spelling, change)
            .and_then(|()| Ok(dialect::ddl(&printer, change)?))
            .and_then(|printed| printer.check().map(|()| printed))
            .map_err(|error| error.at_step(position))?;
        let keeps = spelling.changes.if_not_exists.is_empty()
            && matches!(change, Ddl::CreateTable(create) if create.if_not_exists);
        planned.extend(printed.into_iter().map(|statement| Change {
            position,
            sql: statement.sql,
            keeps,
        }));
    }
    Ok(planned)
}

fn claimed(spelling: &Spelling, change: &Ddl) -> Result<(), DriverError> {
    let can = &spelling.capabilities.ddl;
    let (is_claimed, what) = match change {
        Ddl::CreateTable(_) | Ddl::DropTable(_) => (can.create_table, "making and removing tables"),
        Ddl::AddColumn { .. } => (can.add_column, "adding a column"),
        Ddl::DropColumn { .. } => (can.drop_column, "removing a column"),
        Ddl::RenameColumn { .. } => (can.rename_column, "renaming a column"),
        Ddl::AlterColumn { .. } => (can.alter_column, "altering a column"),
        Ddl::CreateIndex { .. } => (can.create_index, "indexes"),
    };
    if is_claimed {
        return Ok(());
    }
    let message = format!("this database does not support {what} through this driver");
    Err(DriverError::unsupported(message))
}
