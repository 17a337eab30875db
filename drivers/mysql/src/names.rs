//! Refuses names that the servers cannot keep: characters beyond the basic plane, such as emoji.
//!
//! New versions refuse them by themselves; old ones put a question mark in their place and go on with another name.
//! <https://dev.mysql.com/doc/refman/8.0/en/identifiers.html>

use quillback_plugin_api::sql::{CreateTable, Ddl};
use quillback_plugin_api::{DriverError, Ident, TableRef};

/// Whether the server can have something of this name.
fn is_possible(name: &Ident) -> bool {
    is_plain(name.as_str())
}

/// Characters beyond the basic plane are those of four bytes, the first of which is 0xf0 or more.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte < 0xf0)
}

/// Whether the server can have this table.
pub(crate) fn is_possible_table(table: &TableRef) -> bool {
    table.schema.as_ref().is_none_or(is_possible) && is_possible(&table.name)
}

/// Checks a statement whose values are all bound: what stands in its text are syntax and names.
///
/// # Errors
/// `Unsupported` when a name cannot be.
pub(crate) fn check_sql(sql: &str) -> Result<(), DriverError> {
    is_plain(sql).then_some(()).ok_or_else(refused)
}

/// Checks the names in a change of tables, whose text also holds constants.
///
/// # Errors
/// `Unsupported` when a name cannot be.
pub(crate) fn check_change(change: &Ddl) -> Result<(), DriverError> {
    let (table, names) = named(change);
    let possible = is_possible_table(table) && names.into_iter().all(is_possible);
    possible.then_some(()).ok_or_else(refused)
}

/// The table that is changed, and the other names in the change.
fn named(change: &Ddl) -> (&TableRef, Vec<&Ident>) {
    match change {
        Ddl::CreateTable(CreateTable { table, columns, .. }) => {
            (table, columns.iter().map(|column| &column.name).collect())
        }
        Ddl::DropTable(table) => (table, Vec::new()),
        Ddl::AddColumn { table, column } => (table, vec![&column.name]),
        Ddl::DropColumn { table, column } => (table, vec![column]),
        Ddl::RenameColumn { table, from, to } => (table, vec![from, to]),
        Ddl::AlterColumn { table, to, .. } => (table, vec![&to.name]),
        Ddl::CreateIndex { table, index } => (table, vec![&index.name]),
    }
}

fn refused() -> DriverError {
    DriverError::unsupported(
        "names in this database hold characters of the basic plane only, no emoji for example",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_beyond_the_basic_plane_are_refused_and_values_are_not() {
        assert!(check_sql("SELECT `größe` FROM `t`").is_ok());
        assert!(check_sql("SELECT `🚀` FROM `t`").is_err());
        let table = |name: &str| TableRef::new(Ident::new(name).unwrap());
        assert!(check_change(&Ddl::DropTable(table("größe"))).is_ok());
        assert!(check_change(&Ddl::DropTable(table("🚀"))).is_err());
        let rename = Ddl::RenameColumn {
            table: table("t"),
            from: Ident::new("a").unwrap(),
            to: Ident::new("🚀").unwrap(),
        };
        assert!(check_change(&rename).is_err());
    }
}
