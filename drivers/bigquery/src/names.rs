//! Names: which the service can have, and which data set a table without one is in.

use quillback_plugin_api::batch::{Batch, Step};
use quillback_plugin_api::sql::{Ddl, Statement};
use quillback_plugin_api::{DriverError, Ident, TableRef};

/// Names every table of the batch in full, so that a statement means the same whatever the data set of its job is.
pub(crate) fn qualify(batch: &mut Batch, dataset: &Ident) {
    batch.each_table(&mut |table| place(table, dataset));
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
    let columns: Vec<Ident> = match change {
        Ddl::CreateTable(create) => create.columns.iter().map(|c| c.name.clone()).collect(),
        Ddl::DropTable(_) | Ddl::CreateIndex { .. } => Vec::new(),
        Ddl::AddColumn { column, .. } => vec![column.name.clone()],
        Ddl::DropColumn { column, .. } => vec![column.clone()],
        Ddl::RenameColumn { from, to, .. } => vec![from.clone(), to.clone()],
        Ddl::AlterColumn { to, .. } => vec![to.name.clone()],
    };
    let table = change.table_mut();
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
}
