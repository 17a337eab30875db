//! Changes of tables, together where the database allows it.

use quillback_plugin_api::dialect::Dialect as _;
use quillback_plugin_api::sql::{ColumnDef, Ddl, RenderError, Rendered, SqlWriter};
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
        let statements = claimed(spelling, change)
            .and_then(|()| Ok(printed(&printer, spelling, change)?))
            .and_then(|statements| printer.check().map(|()| statements))
            .map_err(|error| error.at_step(position))?;
        let keeps = spelling.changes.if_not_exists.is_empty()
            && matches!(change, Ddl::CreateTable(create) if create.if_not_exists);
        planned.extend(statements.into_iter().map(|statement| Change {
            position,
            sql: statement.sql,
            keeps,
        }));
    }
    Ok(planned)
}

/// Prints a change. Where a column is NULL unless told otherwise, and the word is not known, the shared printer will not
/// do.
fn printed(
    printer: &Printer,
    spelling: &Spelling,
    change: &Ddl,
) -> Result<Vec<Rendered>, RenderError> {
    let mut w = SqlWriter::new(printer);
    match change {
        Ddl::AddColumn { column, .. }
            if !spelling.changes.adds_filled && (!column.nullable || column.default.is_some()) =>
        {
            return Err(RenderError::unsupported(
                "adding a column that is required or has a default",
            ));
        }
        Ddl::CreateTable(create) if !spelling.changes.says_null && !create.columns.is_empty() => {
            w.syntax("CREATE TABLE ");
            if create.if_not_exists {
                w.syntax(printer.create_if_not_exists()?);
            }
            w.table(&create.table).syntax(" (");
            w.list(", ", &create.columns, |w, column| {
                w.dialect_text(&definition(printer, column)?);
                Ok(())
            })?;
            if !create.primary_key.is_empty() {
                w.syntax(", PRIMARY KEY (");
                w.list(", ", &create.primary_key, |w, column| {
                    w.ident(column);
                    Ok(())
                })?
                .syntax(")");
            }
            w.syntax(")").syntax(printer.table_options());
        }
        Ddl::AddColumn { table, column } if !spelling.changes.says_null => {
            w.syntax("ALTER TABLE ").table(table).syntax(" ADD ");
            w.syntax(printer.add_column_keyword());
            w.dialect_text(&definition(printer, column)?);
        }
        change => return dialect::ddl(printer, change),
    }
    Ok(vec![w.finish()])
}

/// The definition of a column, which the shared printer ends with whether it may be NULL.
fn definition(printer: &Printer, column: &ColumnDef) -> Result<String, RenderError> {
    let mut w = SqlWriter::new(printer);
    dialect::column_def(&mut w, column)?;
    let text = w.finish().sql;
    Ok(match text.strip_suffix(" NULL") {
        Some(short) if column.nullable => short.to_owned(),
        _ => text,
    })
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
