//! How a dedicated SQL pool spells SQL: T-SQL without OFFSET, OUTPUT, rows of several VALUES and locks.
//!
//! <https://learn.microsoft.com/azure/synapse-analytics/sql/overview-features>

use quillback_family_tds::tsql;
use quillback_plugin_api::dialect::{Dialect, standard_index, values};
use quillback_plugin_api::rows::Cells;
use quillback_plugin_api::sql::{
    ColumnDef, Index, Insert, Lock, Order, RenderError, Rendered, Select, SelectItem, SqlWriter,
    TextMatch,
};
use quillback_plugin_api::{Ident, TableRef, Value};

use crate::{define, types};

/// Name of the column that counts the rows of a page.
const POSITION: &str = "[quillback: position]";

/// The spelling of every pool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SynapseDialect;

impl Dialect for SynapseDialect {
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

    /// Without an offset `TOP`; with one, the rows are counted in a table of their own, whose end is printed by
    /// [`Self::limit_after`].
    fn limit_before(&self, w: &mut SqlWriter<'_>, select: &Select) {
        if !is_counted(select) {
            return tsql::top(w, select);
        }
        columns(w, select);
        let last = select.limit.map_or(tsql::MOST, |limit| {
            select.offset.saturating_add(limit).min(tsql::MOST)
        });
        w.syntax(" FROM (SELECT TOP (").number(last);
        w.syntax(") ROW_NUMBER() OVER (ORDER BY ");
        for (place, order) in select.order.iter().enumerate() {
            w.syntax(if place > 0 { ", " } else { "" });
            tsql::order(w, order);
        }
        w.syntax(if select.order.is_empty() {
            "(SELECT NULL)) AS "
        } else {
            ") AS "
        });
        w.syntax(POSITION).syntax(", ");
    }

    fn limit_after(&self, w: &mut SqlWriter<'_>, select: &Select) -> Result<(), RenderError> {
        if !is_counted(select) {
            return Ok(());
        }
        let plain = select
            .items
            .iter()
            .all(|item| matches!(item, SelectItem::Column(_)));
        if select.distinct || !plain {
            return Err(RenderError::unsupported(
                "passing rows over that are distinct or aggregated",
            ));
        }
        w.syntax(") AS [quillback: page] WHERE ").syntax(POSITION);
        w.syntax(" > ").number(select.offset.min(tsql::MOST));
        w.syntax(" ORDER BY ").syntax(POSITION).syntax(" ASC");
        Ok(())
    }

    fn lock_hint(&self, _w: &mut SqlWriter<'_>, _lock: Lock) {}

    /// A read locks nothing here: what it saw is looked at again by the statement that writes.
    fn lock_clause(&self, _w: &mut SqlWriter<'_>, _lock: Lock) {}

    /// `VALUES` takes one row, and rows of `UNION ALL` would be made one type each column, which may round: every row is
    /// a statement of its own in the same request.
    /// <https://learn.microsoft.com/sql/t-sql/statements/insert-transact-sql>
    fn insert_rows(
        &self,
        w: &mut SqlWriter<'_>,
        insert: &Insert,
        rows: &[Cells<'_>],
    ) -> Result<(), RenderError> {
        if !insert.returning.is_empty() {
            return Err(RenderError::unsupported("keys that the database makes"));
        }
        for (place, row) in rows.iter().enumerate() {
            if place > 0 {
                w.syntax("; INSERT INTO ").table(&insert.table);
                w.syntax(" (");
                w.list(", ", &insert.columns, |w, column| {
                    w.ident(column);
                    Ok(())
                })?
                .syntax(")");
            }
            values(w, std::slice::from_ref(row))?;
        }
        Ok(())
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

    /// Depends on the table, and is printed by [`define`].
    fn table_options(&self) -> &'static str {
        ""
    }

    /// There is no such clause; [`define`] asks for the table first.
    fn create_if_not_exists(&self) -> Result<&'static str, RenderError> {
        Ok("")
    }

    fn alter_column(
        &self,
        table: &TableRef,
        from: &ColumnDef,
        to: &ColumnDef,
    ) -> Result<Vec<Rendered>, RenderError> {
        define::alter_column(self, table, from, to)
    }

    fn rename_column(
        &self,
        table: &TableRef,
        from: &Ident,
        to: &Ident,
    ) -> Result<Rendered, RenderError> {
        Ok(tsql::rename_column(self, table, from, to))
    }

    /// Indexes are never unique; a declared key is checked by the driver.
    /// <https://learn.microsoft.com/sql/t-sql/statements/create-index-transact-sql>
    fn create_index(&self, table: &TableRef, index: &Index) -> Result<Rendered, RenderError> {
        if index.unique {
            Ok(define::declare_unique(self, table, index))
        } else {
            standard_index(self, table, index)
        }
    }

    fn add_column_keyword(&self) -> &'static str {
        ""
    }
}

/// Whether rows are passed over, for which they are counted.
fn is_counted(select: &Select) -> bool {
    select.offset > 0 && select.limit != Some(0)
}

fn columns(w: &mut SqlWriter<'_>, select: &Select) {
    for (place, item) in select.items.iter().enumerate() {
        if let SelectItem::Column(column) = item {
            w.syntax(if place > 0 { ", " } else { "" });
            w.ident(column);
        }
    }
}

#[cfg(test)]
mod tests {
    use quillback_plugin_api::dialect;
    use quillback_plugin_api::sql::Expr;

    use super::*;

    fn page(limit: Option<u64>) -> Select {
        let column = Ident::literal("n");
        Select {
            offset: 5,
            limit,
            ..Select::columns(TableRef::new(Ident::literal("t")), [column], Expr::True)
        }
    }

    #[test]
    fn pages_without_an_order_or_an_end_are_counted_too() {
        let sql = dialect::select(&SynapseDialect, &page(None)).unwrap().sql;
        assert_eq!(
            sql,
            "SELECT [n] FROM (SELECT TOP (9223372036854775807) ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS \
             [quillback: position], [n] FROM [t]) AS [quillback: page] WHERE [quillback: position] > 5 \
             ORDER BY [quillback: position] ASC"
        );
        let none = dialect::select(&SynapseDialect, &page(Some(0))).unwrap();
        assert_eq!(none.sql, "SELECT TOP (0) [n] FROM [t]");
        let most = dialect::select(&SynapseDialect, &page(Some(u64::MAX))).unwrap();
        assert!(most.sql.contains("TOP (9223372036854775807)"));
    }

    #[test]
    fn what_cannot_be_counted_is_refused() {
        let distinct = Select {
            distinct: true,
            ..page(Some(3))
        };
        assert!(dialect::select(&SynapseDialect, &distinct).is_err());
        let counted = Select {
            items: vec![SelectItem::CountRows],
            ..page(Some(3))
        };
        assert!(dialect::select(&SynapseDialect, &counted).is_err());
    }
}
