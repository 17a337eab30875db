//! How a dedicated SQL pool spells SQL: T-SQL without OFFSET, OUTPUT, rows of several VALUES and locks.
//!
//! <https://learn.microsoft.com/azure/synapse-analytics/sql/overview-features>

use quillback_family_tds::{Spelling, Tsql, tsql};
use quillback_plugin_api::TableRef;
use quillback_plugin_api::dialect::{order_of_smallest_null, standard_index, values};
use quillback_plugin_api::rows::Cells;
use quillback_plugin_api::sql::{
    ColumnDef, Index, Insert, Lock, RenderError, Select, SelectItem, SqlWriter,
};

use crate::{define, types};

/// Name of the column that counts the rows of a page.
const POSITION: &str = "[quillback: position]";

/// The dialect of every pool. How new tables are kept depends on the table, and is printed by [`define`].
pub(crate) const DIALECT: Tsql<Pool> = Tsql(Pool);

/// What a pool spells its own way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pool;

impl Spelling for Pool {
    const NULLABLE: &'static str = " NULL";

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
            order_of_smallest_null(w, order);
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

    /// A read locks nothing here: what it saw is looked at again by the statement that writes.
    fn lock_hint(&self, _w: &mut SqlWriter<'_>, _lock: Lock) {}

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
                w.idents(&insert.columns).syntax(")");
            }
            values(w, std::slice::from_ref(row))?;
        }
        Ok(())
    }

    fn column_type(&self, column: &ColumnDef) -> Result<String, RenderError> {
        types::to_create(&column.ty)
    }

    /// Indexes are never unique; a declared key is checked by the driver.
    /// <https://learn.microsoft.com/sql/t-sql/statements/create-index-transact-sql>
    fn create_index(
        &self,
        w: &mut SqlWriter<'_>,
        table: &TableRef,
        index: &Index,
    ) -> Result<(), RenderError> {
        if index.unique {
            define::declare_unique(w, table, index);
        } else {
            standard_index(w, table, index);
        }
        Ok(())
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
    use quillback_plugin_api::Ident;
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
        let sql = dialect::select(&DIALECT, &page(None)).unwrap().sql;
        assert_eq!(
            sql,
            "SELECT [n] FROM (SELECT TOP (9223372036854775807) ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS \
             [quillback: position], [n] FROM [t]) AS [quillback: page] WHERE [quillback: position] > 5 \
             ORDER BY [quillback: position] ASC"
        );
        let none = dialect::select(&DIALECT, &page(Some(0))).unwrap();
        assert_eq!(none.sql, "SELECT TOP (0) [n] FROM [t]");
        let most = dialect::select(&DIALECT, &page(Some(u64::MAX))).unwrap();
        assert!(most.sql.contains("TOP (9223372036854775807)"));
    }

    #[test]
    fn what_cannot_be_counted_is_refused() {
        let distinct = Select {
            distinct: true,
            ..page(Some(3))
        };
        assert!(dialect::select(&DIALECT, &distinct).is_err());
        let counted = Select {
            items: vec![SelectItem::CountRows],
            ..page(Some(3))
        };
        assert!(dialect::select(&DIALECT, &counted).is_err());
    }
}
