//! The dialect of the family: what all of its databases spell alike, around what each of them spells its own way.

use quillback_plugin_api::dialect::{Dialect, order_of_smallest_null, standard_index};
use quillback_plugin_api::rows::Cells;
use quillback_plugin_api::sql::{
    ColumnDef, Index, Insert, Lock, Order, RenderError, Rendered, Select, SqlWriter, TextMatch,
};
use quillback_plugin_api::{Ident, TableRef, Value};

use crate::tsql;

/// What one database of the family spells its own way; each hook is that of [`Dialect`] with its name.
pub trait Spelling: Send + Sync {
    /// What is said of a column that is altered and may be NULL.
    const NULLABLE: &'static str;

    /// As [`Dialect::limit_before`].
    fn limit_before(&self, w: &mut SqlWriter<'_>, select: &Select);

    /// As [`Dialect::limit_after`].
    ///
    /// # Errors
    /// That this database cannot express it.
    fn limit_after(&self, w: &mut SqlWriter<'_>, select: &Select) -> Result<(), RenderError>;

    /// As [`Dialect::lock_hint`]; there is no clause at the end.
    fn lock_hint(&self, w: &mut SqlWriter<'_>, lock: Lock);

    /// As [`Dialect::insert_rows`].
    ///
    /// # Errors
    /// That this database cannot express it.
    fn insert_rows(
        &self,
        w: &mut SqlWriter<'_>,
        insert: &Insert,
        rows: &[Cells<'_>],
    ) -> Result<(), RenderError>;

    /// As [`Dialect::column_type`].
    ///
    /// # Errors
    /// That no type holds every value.
    fn column_type(&self, column: &ColumnDef) -> Result<String, RenderError>;

    /// As [`Dialect::create_index`].
    ///
    /// # Errors
    /// That this database cannot express it.
    fn create_index(
        &self,
        w: &mut SqlWriter<'_>,
        table: &TableRef,
        index: &Index,
    ) -> Result<(), RenderError> {
        standard_index(w, table, index);
        Ok(())
    }
}

/// A whole dialect.
#[derive(Clone, Copy, Debug)]
pub struct Tsql<S>(pub S);

impl<S: Spelling> Dialect for Tsql<S> {
    fn quote(&self, out: &mut String, name: &str) {
        tsql::quote(out, name);
    }

    fn placeholder(&self, out: &mut String, position: usize, value: &Value) {
        tsql::placeholder(out, position, value);
    }

    fn constant(&self, holds: bool) -> &'static str {
        if holds { "1 = 1" } else { "1 = 0" }
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
        order_of_smallest_null(w, order);
    }

    fn limit_before(&self, w: &mut SqlWriter<'_>, select: &Select) {
        self.0.limit_before(w, select);
    }

    fn limit_after(&self, w: &mut SqlWriter<'_>, select: &Select) -> Result<(), RenderError> {
        self.0.limit_after(w, select)
    }

    fn lock_hint(&self, w: &mut SqlWriter<'_>, lock: Lock) {
        self.0.lock_hint(w, lock);
    }

    fn lock_clause(&self, _w: &mut SqlWriter<'_>, _lock: Lock) {}

    fn insert_rows(
        &self,
        w: &mut SqlWriter<'_>,
        insert: &Insert,
        rows: &[Cells<'_>],
    ) -> Result<(), RenderError> {
        self.0.insert_rows(w, insert, rows)
    }

    fn column_type(&self, column: &ColumnDef) -> Result<String, RenderError> {
        self.0.column_type(column)
    }

    fn identity(&self) -> Result<&'static str, RenderError> {
        Ok("IDENTITY(1,1)")
    }

    fn literal(&self, value: &Value) -> Result<String, RenderError> {
        tsql::literal(value)
    }

    /// There is no such clause; see [`tsql::unless_there`].
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
        w.dialect_text(&self.column_type(to)?);
        // A column that is altered takes NULL unless it is said not to:
        // https://learn.microsoft.com/sql/t-sql/statements/alter-table-transact-sql
        w.syntax(if to.nullable {
            S::NULLABLE
        } else {
            " NOT NULL"
        });
        let mut statements = vec![w.finish()];
        if from.default != to.default {
            statements.insert(0, tsql::drop_default(self, table, &to.name));
            if let Some(default) = &to.default {
                let mut w = SqlWriter::new(self);
                w.syntax("ALTER TABLE ").table(table);
                w.syntax(" ADD DEFAULT ");
                w.dialect_text(&self.literal(default)?);
                w.syntax(" FOR ").ident(&to.name);
                statements.push(w.finish());
            }
        }
        Ok(statements)
    }

    fn rename_column(
        &self,
        w: &mut SqlWriter<'_>,
        table: &TableRef,
        from: &Ident,
        to: &Ident,
    ) -> Result<(), RenderError> {
        tsql::rename_column(w, table, from, to);
        Ok(())
    }

    fn create_index(
        &self,
        w: &mut SqlWriter<'_>,
        table: &TableRef,
        index: &Index,
    ) -> Result<(), RenderError> {
        self.0.create_index(w, table, index)
    }

    fn add_column_keyword(&self) -> &'static str {
        ""
    }
}
