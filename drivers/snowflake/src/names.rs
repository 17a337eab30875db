//! Names: in which schema a table without one is, and the tables of a batch.

use quillback_plugin_api::batch::{Batch, Step};
use quillback_plugin_api::sql::{Ddl, Expr, Select, Statement};
use quillback_plugin_api::{DriverError, Ident, TableRef};

use crate::capabilities::MAX_NAME;

/// Names every table of the batch with its schema, and answers with all of them.
pub(crate) fn qualify(batch: &mut Batch, schema: &Ident) -> Vec<TableRef> {
    let mut found = Vec::new();
    for step in &mut batch.steps {
        match step {
            Step::Read { select, .. } => in_select(select, schema, &mut found),
            Step::Check { table, filter, .. } => {
                place(table, schema, &mut found);
                in_filter(filter, schema, &mut found);
            }
            Step::Write { statement, .. } => match statement {
                Statement::Insert(insert) => place(&mut insert.table, schema, &mut found),
                Statement::Update(update) => {
                    place(&mut update.table, schema, &mut found);
                    in_filter(&mut update.filter, schema, &mut found);
                }
                Statement::Delete(delete) => {
                    place(&mut delete.table, schema, &mut found);
                    in_filter(&mut delete.filter, schema, &mut found);
                }
            },
        }
    }
    found
}

/// As [`qualify`], for one read.
pub(crate) fn qualify_select(select: &mut Select, schema: &Ident) -> Vec<TableRef> {
    let mut found = Vec::new();
    in_select(select, schema, &mut found);
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
    let table = match change {
        Ddl::CreateTable(create) => &mut create.table,
        Ddl::DropTable(table)
        | Ddl::CreateIndex { table, .. }
        | Ddl::AddColumn { table, .. }
        | Ddl::DropColumn { table, .. }
        | Ddl::RenameColumn { table, .. }
        | Ddl::AlterColumn { table, .. } => table,
    };
    place(table, schema, &mut Vec::new());
    let mut names = columns.iter().chain([&table.name]);
    if names.any(|name| name.as_str().chars().count() > MAX_NAME as usize) {
        return Err(DriverError::unsupported(format!(
            "names in this database have {MAX_NAME} characters at most"
        )));
    }
    Ok(())
}

fn in_select(select: &mut Select, schema: &Ident, found: &mut Vec<TableRef>) {
    place(&mut select.from, schema, found);
    in_filter(&mut select.filter, schema, found);
}

fn in_filter(filter: &mut Expr, schema: &Ident, found: &mut Vec<TableRef>) {
    match filter {
        Expr::And(parts) | Expr::Or(parts) => {
            for part in parts {
                in_filter(part, schema, found);
            }
        }
        Expr::Not(inner) => in_filter(inner, schema, found),
        Expr::InSelect { select, .. } => in_select(select, schema, found),
        _ => {}
    }
}

fn place(table: &mut TableRef, schema: &Ident, found: &mut Vec<TableRef>) {
    table.schema.get_or_insert_with(|| schema.clone());
    if !found.contains(table) {
        found.push(table.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_inside_conditions_are_found_and_named_too() {
        let table = |name| TableRef::new(Ident::literal(name));
        let inner = Select::columns(table("t"), [Ident::literal("a")], Expr::True);
        let mut outer = Select::count(
            table("u"),
            Expr::And(vec![Expr::Not(Box::new(Expr::InSelect {
                column: Ident::literal("a"),
                select: Box::new(inner),
            }))]),
        );
        let found = qualify_select(&mut outer, &Ident::literal("S"));
        let schema = Some(Ident::literal("S"));
        assert_eq!(
            found,
            ["u", "t"].map(|name| TableRef::in_schema(schema.clone(), Ident::literal(name)))
        );
    }
}
