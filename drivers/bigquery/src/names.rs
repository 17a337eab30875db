//! Names: which the service can have, and which data set a table without one is in.

use quillback_plugin_api::batch::{Batch, Step};
use quillback_plugin_api::sql::{Ddl, Expr, Select, Statement};
use quillback_plugin_api::{DriverError, Ident, TableRef};

/// Names every table of the batch in full, so that a statement means the same whatever the data set of its job is.
pub(crate) fn qualify(batch: &mut Batch, dataset: &Ident) {
    for step in &mut batch.steps {
        match step {
            Step::Read { select, .. } => qualify_select(select, dataset),
            Step::Check { table, filter, .. } => {
                place(table, dataset);
                qualify_filter(filter, dataset);
            }
            Step::Write { statement, .. } => match statement {
                Statement::Insert(insert) => place(&mut insert.table, dataset),
                Statement::Update(update) => {
                    place(&mut update.table, dataset);
                    qualify_filter(&mut update.filter, dataset);
                }
                Statement::Delete(delete) => {
                    place(&mut delete.table, dataset);
                    qualify_filter(&mut delete.filter, dataset);
                }
            },
        }
    }
}

/// As [`qualify`], for one read.
pub(crate) fn qualify_select(select: &mut Select, dataset: &Ident) {
    place(&mut select.from, dataset);
    qualify_filter(&mut select.filter, dataset);
}

fn qualify_filter(filter: &mut Expr, dataset: &Ident) {
    match filter {
        Expr::And(parts) | Expr::Or(parts) => {
            for part in parts {
                qualify_filter(part, dataset);
            }
        }
        Expr::Not(inner) => qualify_filter(inner, dataset),
        Expr::InSelect { select, .. } => qualify_select(select, dataset),
        _ => {}
    }
}

/// As [`qualify`], for one table.
pub(crate) fn place(table: &mut TableRef, dataset: &Ident) {
    table.schema.get_or_insert_with(|| dataset.clone());
}

/// The tables that a batch adds rows to or reads from.
pub(crate) fn tables(batch: &Batch) -> Vec<&TableRef> {
    let mut found: Vec<&TableRef> = Vec::new();
    for step in &batch.steps {
        let table = match step {
            Step::Read { select, .. } => &select.from,
            Step::Check { .. } => continue,
            Step::Write { statement, .. } => match statement {
                Statement::Insert(insert) => &insert.table,
                Statement::Update(update) => &update.table,
                Statement::Delete(_) => continue,
            },
        };
        if !found.contains(&table) {
            found.push(table);
        }
    }
    found
}

/// Checks the names in a change of tables, and names its table in full.
///
/// # Errors
/// `Unsupported` when the service cannot have such a name.
pub(crate) fn check_change(change: &mut Ddl, dataset: &Ident) -> Result<(), DriverError> {
    let (table, columns) = match change {
        Ddl::CreateTable(create) => {
            let names = create.columns.iter().map(|c| c.name.clone()).collect();
            (&mut create.table, names)
        }
        Ddl::DropTable(table) | Ddl::CreateIndex { table, .. } => (table, Vec::new()),
        Ddl::AddColumn { table, column } => (table, vec![column.name.clone()]),
        Ddl::DropColumn { table, column } => (table, vec![column.clone()]),
        Ddl::RenameColumn { table, from, to } => (table, vec![from.clone(), to.clone()]),
        Ddl::AlterColumn { table, to, .. } => (table, vec![to.name.clone()]),
    };
    place(table, dataset);
    if !is_table(&table.name) {
        return Err(DriverError::unsupported(
            "names of tables in this database have letters, digits, underscores, dashes and spaces, 1,024 bytes at most",
        ));
    }
    if let Some(name) = columns.iter().find(|name| !is_column(name)) {
        return Err(DriverError::unsupported(format!(
            "a column of this database cannot be called `{name}`: names have letters, digits and underscores, \
             do not start with a digit, and have 300 characters at most"
        )));
    }
    Ok(())
}

/// <https://cloud.google.com/bigquery/docs/tables#table_naming>
fn is_table(name: &Ident) -> bool {
    let name = name.as_str();
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | ' ');
    name.len() <= 1_024 && name.chars().all(fits)
}

/// <https://cloud.google.com/bigquery/docs/schemas#column_names>, without the characters that only some of its
/// functions take.
fn is_column(name: &Ident) -> bool {
    const TAKEN: [&str; 7] = [
        "_table_",
        "_file_",
        "_partition",
        "_row_timestamp",
        "__root__",
        "_colidentifier",
        "_change_sequence_number",
    ];
    let lower = name.as_str().to_lowercase();
    let fits = |c: char| c.is_alphanumeric() || c == '_';
    lower.chars().count() <= 300
        && lower.chars().all(fits)
        && !lower.starts_with(|c: char| c.is_numeric())
        && !TAKEN.iter().any(|taken| lower.starts_with(taken))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_the_service_cannot_have_are_refused() {
        let dataset = Ident::literal("d");
        let drop = |name: &str| Ddl::DropTable(TableRef::new(Ident::new(name).unwrap()));
        for fine in ["orders", "größe 2-b", "_quillback_changes"] {
            assert!(check_change(&mut drop(fine), &dataset).is_ok(), "{fine}");
        }
        for wrong in ["a.b", "a`b", "🚀", "a\\b"] {
            assert!(check_change(&mut drop(wrong), &dataset).is_err(), "{wrong}");
        }
        let column = |name: &str| is_column(&Ident::new(name).unwrap());
        assert!(column("größe") && column("_x9") && !column("9x") && !column("a b"));
        assert!(!column("_PARTITIONTIME") && !column(&"x".repeat(301)));
    }

    #[test]
    fn tables_inside_conditions_are_named_in_full_too() {
        let inner = Select::columns(
            TableRef::new(Ident::literal("t")),
            [Ident::literal("a")],
            Expr::True,
        );
        let mut outer = Select::count(
            TableRef::new(Ident::literal("u")),
            Expr::And(vec![Expr::Not(Box::new(Expr::InSelect {
                column: Ident::literal("a"),
                select: Box::new(inner),
            }))]),
        );
        qualify_select(&mut outer, &Ident::literal("d"));
        let text = format!("{outer:?}");
        assert_eq!(
            text.matches("schema: Some(Ident(\"d\"))").count(),
            2,
            "{text}"
        );
    }
}
