//! Changes of tables: made in memory like rows, and written with the same guarantee.

use quillback_plugin_api::sql::{ColumnDef, CreateTable, Ddl};
use quillback_plugin_api::{DriverError, Ident, TableRef};

use crate::capabilities::capabilities;
use crate::errors;
use crate::folder::{Access, Folder};
use crate::table::{Table, column_of};
use crate::work::{Changed, Until, Work};

/// Makes all changes or none.
///
/// # Errors
/// What failed, with its position.
pub(crate) fn define(
    folder: &Folder,
    changes: &[Ddl],
    until: Until<'_>,
) -> Result<(), DriverError> {
    let _held = folder.lock(Access::Write, &until)?;
    let mut work = Work::new(folder, &until);
    for (position, change) in changes.iter().enumerate() {
        work.check()?;
        one(&mut work, change).map_err(|error| error.at_step(position))?;
    }
    work.commit()
}

fn one(work: &mut Work<'_>, change: &Ddl) -> Result<(), DriverError> {
    match change {
        Ddl::CreateTable(create) => create_table(work, create),
        Ddl::DropTable(table) => {
            work.table(table)?;
            work.put(table, None)
        }
        Ddl::AddColumn { table, column } => add_column(work, table, column),
        Ddl::DropColumn { table, column } => drop_column(work, table, column),
        Ddl::RenameColumn { table, from, to } => rename_column(work, table, from, to),
        Ddl::AlterColumn { table, to, .. } => alter_column(work, table, to),
        Ddl::CreateIndex { .. } => Err(DriverError::unsupported("a CSV file has no index")),
    }
}

/// A name that leads to a file, and back from it.
fn check_name(name: &Ident) -> Result<(), DriverError> {
    let most = capabilities().max_identifier;
    if name.as_str().len() > most as usize {
        Err(errors::long_name(most))
    } else {
        Ok(())
    }
}

fn create_table(work: &mut Work<'_>, create: &CreateTable) -> Result<(), DriverError> {
    let name = create.table.name.as_str();
    check_name(&create.table.name)?;
    if work.has(&create.table)? {
        return if create.if_not_exists {
            Ok(())
        } else {
            Err(errors::table_exists(name))
        };
    }
    if create.columns.is_empty() {
        return Err(DriverError::unsupported("a table without columns"));
    }
    let mut table = Table::new(name, Vec::new(), Vec::new());
    for def in &create.columns {
        check_name(&def.name)?;
        if table.position(def.name.as_str()).is_ok() {
            return Err(errors::column_exists(name, def.name.as_str()));
        }
        table.columns.push(column_of(name, def)?);
    }
    for part in &create.primary_key {
        let at = table.position(part.as_str())?;
        table.key.push(at);
        if let Some(column) = table.columns.get_mut(at) {
            column.required = true;
        }
    }
    work.put(&create.table, Some(table))
}

fn add_column(work: &mut Work<'_>, table: &TableRef, def: &ColumnDef) -> Result<(), DriverError> {
    check_name(&def.name)?;
    let table = work.change(table, Changed::Columns)?;
    if table.position(def.name.as_str()).is_ok() {
        return Err(errors::column_exists(&table.name, def.name.as_str()));
    }
    table.columns.push(column_of(&table.name, def)?);
    let at = table.columns.len() - 1;
    let mut rows = std::mem::take(&mut table.rows);
    for row in &mut rows {
        row.push(table.absent(at)?);
    }
    table.rows = rows;
    Ok(())
}

fn drop_column(work: &mut Work<'_>, table: &TableRef, column: &Ident) -> Result<(), DriverError> {
    let table = work.change(table, Changed::Columns)?;
    let at = table.position(column.as_str())?;
    if table.key.contains(&at) || table.columns.len() == 1 {
        return Err(DriverError::unsupported(
            "removing a column of the key, or the last column",
        ));
    }
    table.columns.remove(at);
    for row in &mut table.rows {
        row.remove(at);
    }
    for part in &mut table.key {
        *part -= usize::from(*part > at);
    }
    Ok(())
}

fn rename_column(
    work: &mut Work<'_>,
    table: &TableRef,
    from: &Ident,
    to: &Ident,
) -> Result<(), DriverError> {
    check_name(to)?;
    let table = work.change(table, Changed::Columns)?;
    let at = table.position(from.as_str())?;
    if from != to && table.position(to.as_str()).is_ok() {
        return Err(errors::column_exists(&table.name, to.as_str()));
    }
    if let Some(column) = table.columns.get_mut(at) {
        to.as_str().clone_into(&mut column.name);
    }
    Ok(())
}

/// Every value must fit the new type: nothing is cut or rounded.
fn alter_column(work: &mut Work<'_>, table: &TableRef, to: &ColumnDef) -> Result<(), DriverError> {
    let table = work.change(table, Changed::Columns)?;
    let at = table.position(to.name.as_str())?;
    let mut column = column_of(&table.name, to)?;
    column.required |= table.key.contains(&at);
    if let Some(place) = table.columns.get_mut(at) {
        *place = column;
    }
    let mut rows = std::mem::take(&mut table.rows);
    for row in &mut rows {
        if let Some(cell) = row.get_mut(at) {
            *cell = table.cell(at, &cell.value)?;
        }
    }
    table.rows = rows;
    table.check_key()
}
