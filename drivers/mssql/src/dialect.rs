//! How SQL Server spells SQL: T-SQL, without what only its newer versions know.

use quillback_family_tds::tsql;
use quillback_plugin_api::dialect::{self, Dialect, standard_index, values};
use quillback_plugin_api::rows::Cells;
use quillback_plugin_api::sql::{
    ColumnDef, CreateTable, Ddl, Index, Insert, Lock, Order, RenderError, Rendered, Select,
    SqlWriter, TextMatch,
};
use quillback_plugin_api::{DriverError, Ident, TableRef, Value};

use crate::types;

/// The spelling of every version.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tsql;

impl Dialect for Tsql {
    fn quote(&self, out: &mut String, name: &str) {
        tsql::quote(out, name);
    }

    fn placeholder(&self, out: &mut String, position: usize, value: &Value) {
        tsql::placeholder(out, position, value);
    }

    fn constant(&self, holds: bool) -> &'static str {
        tsql::constant(holds)
    }

    fn equals_any(
        &self,
        w: &mut SqlWriter<'_>,
        column: &Ident,
        values: &[Value],
    ) -> Result<(), RenderError> {
        tsql::equals_any(w, column, values)
    }

    fn same(&self, w: &mut SqlWriter<'_>, column: &Ident, value: &Value) {
        tsql::same(w, column, value);
    }

    fn text_match(
        &self,
        w: &mut SqlWriter<'_>,
        column: &Ident,
        how: TextMatch,
        ignore_case: bool,
        needle: &Value,
    ) {
        tsql::text_match(w, column, how, ignore_case, needle);
    }

    fn order(&self, w: &mut SqlWriter<'_>, order: &Order) {
        tsql::order(w, order);
    }

    fn limit_before(&self, w: &mut SqlWriter<'_>, select: &Select) {
        tsql::top(w, select);
    }

    fn limit_after(&self, w: &mut SqlWriter<'_>, select: &Select) -> Result<(), RenderError> {
        tsql::offset_fetch(w, select);
        Ok(())
    }

    fn lock_hint(&self, w: &mut SqlWriter<'_>, lock: Lock) {
        if lock == Lock::Update {
            w.syntax(" WITH (UPDLOCK, ROWLOCK)");
        }
    }

    fn lock_clause(&self, _w: &mut SqlWriter<'_>, _lock: Lock) {}

    fn insert_rows(
        &self,
        w: &mut SqlWriter<'_>,
        insert: &Insert,
        rows: &[Cells<'_>],
    ) -> Result<(), RenderError> {
        if !insert.returning.is_empty() && (insert.returning.len() > 1 || insert.rows.len() > 1) {
            return Err(RenderError::unsupported(
                "generated keys of more than one row or column",
            ));
        }
        values(w, rows)
    }

    fn column_type(&self, column: &ColumnDef) -> Result<String, RenderError> {
        types::to_create(&column.ty)
    }

    fn identity(&self) -> Result<&'static str, RenderError> {
        Ok("IDENTITY(1,1)")
    }

    fn literal(&self, value: &Value) -> Result<String, RenderError> {
        tsql::literal(value)
    }

    fn table_options(&self) -> &'static str {
        ""
    }

    /// There is no such clause; [`changes`] asks for the table first.
    fn create_if_not_exists(&self) -> Result<&'static str, RenderError> {
        Ok("")
    }

    fn alter_column(
        &self,
        table: &TableRef,
        from: &ColumnDef,
        to: &ColumnDef,
    ) -> Result<Vec<Rendered>, RenderError> {
        if from.identity != to.identity {
            return Err(RenderError::unsupported(
                "making a column one that the database numbers, or no longer",
            ));
        }
        let mut w = SqlWriter::new(self);
        w.syntax("ALTER TABLE ").table(table);
        w.syntax(" ALTER COLUMN ").ident(&to.name).syntax(" ");
        w.dialect_text(&types::to_create(&to.ty)?);
        // A column that is altered takes NULL unless it is said not to:
        // https://learn.microsoft.com/sql/t-sql/statements/alter-table-transact-sql
        if !to.nullable {
            w.syntax(" NOT NULL");
        }
        let mut statements = vec![w.finish()];
        if from.default != to.default {
            statements.insert(0, tsql::drop_default(self, table, &to.name));
            if let Some(default) = &to.default {
                let mut w = SqlWriter::new(self);
                w.syntax("ALTER TABLE ")
                    .table(table)
                    .syntax(" ADD DEFAULT ");
                w.dialect_text(&self.literal(default)?);
                w.syntax(" FOR ").ident(&to.name);
                statements.push(w.finish());
            }
        }
        Ok(statements)
    }

    fn rename_column(
        &self,
        table: &TableRef,
        from: &Ident,
        to: &Ident,
    ) -> Result<Rendered, RenderError> {
        Ok(tsql::rename_column(self, table, from, to))
    }

    fn create_index(&self, table: &TableRef, index: &Index) -> Result<Rendered, RenderError> {
        standard_index(self, table, index)
    }

    fn add_column_keyword(&self) -> &'static str {
        ""
    }
}

/// The statements of one change of a table.
///
/// # Errors
/// `Unsupported` where it cannot be expressed.
pub(crate) fn changes(change: &Ddl) -> Result<Vec<String>, DriverError> {
    let mut statements = Vec::new();
    if let Ddl::DropColumn { table, column } = change {
        // A column cannot go while a default stands on it.
        statements.push(tsql::drop_default(&Tsql, table, column).sql);
    }
    let printed = dialect::ddl(&Tsql, change)?;
    statements.extend(
        printed
            .into_iter()
            .map(|statement| where_missing(change, statement.sql)),
    );
    Ok(statements)
}

/// Asks for the table first where it may be there already.
fn where_missing(change: &Ddl, sql: String) -> String {
    match change {
        Ddl::CreateTable(CreateTable {
            table,
            if_not_exists: true,
            ..
        }) => tsql::unless_there(&Tsql, table) + &sql,
        _ => sql,
    }
}

#[cfg(test)]
mod tests {
    use quillback_plugin_api::types::LogicalType;

    use super::*;

    #[test]
    fn another_default_takes_the_place_of_the_one_before() {
        let table = TableRef::in_schema(None, Ident::literal("t"));
        let with = |default: &str| ColumnDef {
            default: Some(Value::Text(default.into())),
            ..ColumnDef::required(Ident::literal("n"), LogicalType::text(5))
        };
        let statements = changes(&Ddl::AlterColumn {
            table,
            from: with("a"),
            to: with("b'"),
        })
        .unwrap();
        assert_eq!(statements.len(), 3);
        assert!(statements[0].ends_with("IF @drop IS NOT NULL EXEC (@drop)"));
        assert!(statements[1].ends_with(" NOT NULL"));
        assert_eq!(statements[2], "ALTER TABLE [t] ADD DEFAULT N'b''' FOR [n]");
    }
}
