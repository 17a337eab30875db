//! How SQL Server spells SQL: T-SQL, without what only its newer versions know.

use quillback_family_tds::{Spelling, Tsql, tsql};
use quillback_plugin_api::DriverError;
use quillback_plugin_api::dialect::{self, values};
use quillback_plugin_api::rows::Cells;
use quillback_plugin_api::sql::{
    ColumnDef, CreateTable, Ddl, Insert, Lock, RenderError, Select, SqlWriter,
};

use crate::types;

/// The dialect of every version.
pub(crate) const DIALECT: Tsql<SqlServer> = Tsql(SqlServer);

/// What SQL Server spells its own way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SqlServer;

impl Spelling for SqlServer {
    const NULLABLE: &'static str = "";

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
}

/// The statements of one change of a table, which are the same on every server.
///
/// # Errors
/// `Unsupported` where it cannot be expressed.
pub fn changes(change: &Ddl) -> Result<Vec<String>, DriverError> {
    let mut statements = Vec::new();
    if let Ddl::DropColumn { table, column } = change {
        // A column cannot go while a default stands on it.
        statements.push(tsql::drop_default(&DIALECT, table, column).sql);
    }
    let printed = dialect::ddl(&DIALECT, change)?;
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
        }) => tsql::unless_there(&DIALECT, table) + &sql,
        _ => sql,
    }
}

#[cfg(test)]
mod tests {
    use quillback_plugin_api::types::LogicalType;
    use quillback_plugin_api::{Ident, TableRef, Value};

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
