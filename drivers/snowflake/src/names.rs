//! Names: in which schema a table without one is, and the tables of a batch.

use quillback_plugin_api::batch::Batch;
use quillback_plugin_api::sql::{Ddl, Select};
use quillback_plugin_api::{DriverError, Ident, TableRef};

use crate::capabilities::MAX_NAME;

/// Names every table of the batch with its schema, and answers with all of them.
pub(crate) fn qualify(batch: &mut Batch, schema: &Ident) -> Vec<TableRef> {
    let mut found = Vec::new();
    batch.each_table(&mut |table| place(table, schema, &mut found));
    found
}

/// As [`qualify`], for one read.
pub(crate) fn qualify_select(select: &mut Select, schema: &Ident) -> Vec<TableRef> {
    let mut found = Vec::new();
    select.each_table(&mut |table| place(table, schema, &mut found));
    found
}

/// As [`qualify`], for one change of a table.
///
/// # Errors
/// `Unsupported` for names that are too long.
pub(crate) fn qualify_change(change: &mut Ddl, schema: &Ident) -> Result<(), DriverError> {
    let columns = match change {
        Ddl::CreateTable(create) => create.columns.iter().map(|c| c.name.clone()).collect(),
        Ddl::AddColumn { column, .. } => vec![column.name.clone()],
        Ddl::RenameColumn { to, .. } => vec![to.clone()],
        _ => Vec::new(),
    };
    let table = change.table_mut();
    place(table, schema, &mut Vec::new());
    let mut names = columns.iter().chain([&table.name]);
    if names.any(|name| name.as_str().chars().count() > MAX_NAME as usize) {
        return Err(DriverError::unsupported(format!(
            "names in this database have {MAX_NAME} characters at most"
        )));
    }
    Ok(())
}

fn place(table: &mut TableRef, schema: &Ident, found: &mut Vec<TableRef>) {
    table.schema.get_or_insert_with(|| schema.clone());
    if !found.contains(table) {
        found.push(table.clone());
    }
}

#[cfg(test)]
mod tests {
    use quillback_plugin_api::sql::Expr;

    use super::*;

    #[test]
    fn tables_are_named_with_their_schema_and_told_once() {
        let table = TableRef::new(Ident::literal("t"));
        let mut batch = Batch::default();
        batch.read(Select::count(table.clone(), Expr::True));
        batch.read(Select::count(table, Expr::True));
        let schema = Ident::literal("S");
        let named = TableRef::in_schema(Some(schema.clone()), Ident::literal("t"));
        assert_eq!(qualify(&mut batch, &schema), [named]);
    }
}
