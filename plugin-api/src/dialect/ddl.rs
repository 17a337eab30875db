//! The walk over changes of tables.

use super::Dialect;
use crate::sql::{ColumnDef, CreateTable, Ddl, RenderError, Rendered, SqlWriter};

/// Prints a change; some databases need several statements for one.
///
/// # Errors
/// What the dialect cannot express.
pub fn ddl(dialect: &dyn Dialect, change: &Ddl) -> Result<Vec<Rendered>, RenderError> {
    let mut w = SqlWriter::new(dialect);
    match change {
        Ddl::CreateTable(create) => create_table(&mut w, create)?,
        Ddl::DropTable(table) => drop(w.syntax("DROP TABLE ").table(table)),
        Ddl::AddColumn { table, column } => {
            w.syntax("ALTER TABLE ")
                .table(table)
                .syntax(" ADD ")
                .syntax(dialect.add_column_keyword());
            column_def(&mut w, column)?;
        }
        Ddl::DropColumn { table, column } => {
            w.syntax("ALTER TABLE ")
                .table(table)
                .syntax(" DROP COLUMN ")
                .ident(column);
        }
        Ddl::RenameColumn { table, from, to } => dialect.rename_column(&mut w, table, from, to)?,
        Ddl::AlterColumn { table, from, to } => return dialect.alter_column(table, from, to),
        Ddl::CreateIndex { table, index } => dialect.create_index(&mut w, table, index)?,
    }
    Ok(vec![w.finish()])
}

fn create_table(w: &mut SqlWriter<'_>, create: &CreateTable) -> Result<(), RenderError> {
    let dialect = w.dialect();
    if create.columns.is_empty() {
        return Err(RenderError::unsupported("a table without columns"));
    }
    w.syntax("CREATE TABLE ");
    if create.if_not_exists {
        w.syntax(dialect.create_if_not_exists()?);
    }
    w.table(&create.table).syntax(" (");
    w.list(", ", &create.columns, column_def)?;
    if !create.primary_key.is_empty() {
        w.syntax(", PRIMARY KEY (");
        w.idents(&create.primary_key).syntax(")");
    }
    w.syntax(")").syntax(dialect.table_options());
    Ok(())
}

/// Prints the definition of a column: name, type, default, nullability.
///
/// # Errors
/// What the dialect cannot express.
pub fn column_def(w: &mut SqlWriter<'_>, column: &ColumnDef) -> Result<(), RenderError> {
    let dialect = w.dialect();
    w.ident(&column.name).syntax(" ");
    w.dialect_text(&dialect.column_type(column)?);
    if column.identity {
        w.syntax(" ").syntax(dialect.identity()?);
    }
    if let Some(default) = &column.default {
        w.syntax(" DEFAULT ")
            .dialect_text(&dialect.literal(default)?);
    }
    w.syntax(if column.nullable {
        " NULL"
    } else {
        " NOT NULL"
    });
    Ok(())
}
