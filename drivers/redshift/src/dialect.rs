//! How Redshift spells SQL.

mod ddl;

use quillback_family_postgres::Printer;
use quillback_family_postgres::names::Names;
use quillback_plugin_api::dialect::{self, Dialect};
use quillback_plugin_api::rows::Cells;
use quillback_plugin_api::sql::{
    ColumnDef, Index, Insert, Lock, Order, RenderError, Rendered, Select, SqlWriter, TextMatch,
};
use quillback_plugin_api::{Ident, TableRef, Value};

use crate::options::MAX_NAME_BYTES;

/// The dialect for printing one batch or one list of changes.
///
/// Distribution and sort order of new tables are left to the service: `DISTSTYLE AUTO SORTKEY AUTO` is what no clause
/// means (<https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_TABLE_NEW.html>).
#[derive(Debug)]
pub(crate) struct Redshift(Names);

impl Default for Redshift {
    fn default() -> Self {
        Self(Names::new(MAX_NAME_BYTES))
    }
}

impl Printer for Redshift {
    fn names(&self) -> &Names {
        &self.0
    }
}

impl Dialect for Redshift {
    fn quote(&self, out: &mut String, name: &str) {
        self.0.quote(out, name);
    }

    /// Documents and bytes are made of texts by functions, since no text becomes one by itself
    /// (<https://docs.aws.amazon.com/redshift/latest/dg/JSON_PARSE.html>,
    /// <https://docs.aws.amazon.com/redshift/latest/dg/r_FROM_HEX.html>).
    fn placeholder(&self, out: &mut String, position: usize, value: &Value) {
        let (before, after) = match value {
            Value::Json(_) => ("JSON_PARSE($", ")"),
            Value::Bytes(_) => ("FROM_HEX($", ")"),
            _ => ("$", ""),
        };
        out.push_str(before);
        out.push_str(&position.to_string());
        out.push_str(after);
    }

    /// `=` looks at no spaces at the end of a text
    /// (<https://docs.aws.amazon.com/redshift/latest/dg/r_Character_types.html>), and at no case where the database or
    /// column is made so; the bytes tell. Both are printed, because only the first lets blocks be passed over.
    fn equals_any(
        &self,
        w: &mut SqlWriter<'_>,
        column: &Ident,
        values: &[Value],
    ) -> Result<(), RenderError> {
        if let [value @ Value::Json(_)] = values {
            w.syntax("CASE WHEN ").ident(column);
            w.syntax(" IS NULL THEN NULL ELSE ");
            same_document(w, column, value);
            w.syntax(" END");
            return Ok(());
        }
        if !dialect::has_text(values) {
            return dialect::standard_equality(w, column, values);
        }
        w.syntax("(");
        dialect::standard_equality(w, column, values)?;
        w.syntax(" AND TO_VARBYTE(").ident(column);
        w.syntax(", 'utf8') IN (");
        w.list(", ", values, |w, value| {
            w.syntax("TO_VARBYTE(");
            text(w, value);
            w.syntax(", 'utf8')");
            Ok(())
        })?
        .syntax("))");
        Ok(())
    }

    /// There is no `IS NOT DISTINCT FROM`; whether the value is NULL is known here.
    fn same(&self, w: &mut SqlWriter<'_>, column: &Ident, value: &Value) {
        if value.is_null() {
            w.ident(column).syntax(" IS NULL");
            return;
        }
        w.syntax("(").ident(column).syntax(" IS NOT NULL AND ");
        if matches!(value, Value::Json(_)) {
            same_document(w, column, value);
        } else {
            // Neither texts nor other values fail to be printed.
            let printed = self.equals_any(w, column, std::slice::from_ref(value));
            debug_assert!(printed.is_ok());
        }
        w.syntax(")");
    }

    fn text_match(
        &self,
        w: &mut SqlWriter<'_>,
        column: &Ident,
        how: TextMatch,
        ignore_case: bool,
        needle: &Value,
    ) {
        // What STRPOS says of an empty text is not written down; every text has it.
        if needle.as_text().is_some_and(str::is_empty) {
            w.syntax("LENGTH(CAST(").ident(column);
            w.syntax(" AS VARCHAR(65535))) >= 0");
            return;
        }
        let (before, after) = if ignore_case {
            ("LOWER(", ")")
        } else {
            ("", "")
        };
        w.syntax("STRPOS(").syntax(before).syntax("CAST(");
        w.ident(column).syntax(" AS VARCHAR(65535))").syntax(after);
        w.syntax(", ").syntax(before);
        text(w, needle);
        w.syntax(after).syntax(match how {
            TextMatch::Contains => ") > 0",
            TextMatch::StartsWith => ") = 1",
        });
    }

    fn order(&self, w: &mut SqlWriter<'_>, order: &Order) {
        dialect::standard_order(w, order, "");
    }

    fn limit_after(&self, w: &mut SqlWriter<'_>, select: &Select) -> Result<(), RenderError> {
        dialect::limit_offset(w, select);
        Ok(())
    }

    /// There are no locks of rows, which the capabilities say. Of two transactions that change a table the server lets
    /// one wait, and refuses it where it has read what the other changed.
    fn lock_clause(&self, _w: &mut SqlWriter<'_>, _lock: Lock) {}

    fn insert_rows(
        &self,
        w: &mut SqlWriter<'_>,
        insert: &Insert,
        rows: &[Cells<'_>],
    ) -> Result<(), RenderError> {
        if !insert.returning.is_empty() {
            return Err(RenderError::unsupported(
                "telling the keys that it makes (there is no RETURNING)",
            ));
        }
        dialect::values(w, rows)
    }

    fn column_type(&self, column: &ColumnDef) -> Result<String, RenderError> {
        ddl::column_type(column)
    }

    fn identity(&self) -> Result<&'static str, RenderError> {
        Ok("GENERATED BY DEFAULT AS IDENTITY(1,1)")
    }

    fn literal(&self, value: &Value) -> Result<String, RenderError> {
        ddl::literal(value)
    }

    fn alter_column(
        &self,
        table: &TableRef,
        from: &ColumnDef,
        to: &ColumnDef,
    ) -> Result<Vec<Rendered>, RenderError> {
        ddl::alter_column(self, table, from, to)
    }

    fn create_index(
        &self,
        _w: &mut SqlWriter<'_>,
        _table: &TableRef,
        _index: &Index,
    ) -> Result<(), RenderError> {
        Err(RenderError::unsupported("indexes"))
    }
}

/// A text whose type nothing around it tells.
fn text(w: &mut SqlWriter<'_>, value: &Value) {
    w.syntax("CAST(").param(value).syntax(" AS VARCHAR(65535))");
}

/// Documents have no equality worth the name; their texts have, as the service writes them.
fn same_document(w: &mut SqlWriter<'_>, column: &Ident, value: &Value) {
    w.syntax("JSON_SERIALIZE(").ident(column);
    w.syntax(") = JSON_SERIALIZE(").param(value).syntax(")");
}

#[cfg(test)]
mod tests;
