//! The walk over statements and conditions.

use super::Dialect;
use crate::rows::Cells;
use crate::sql::{
    Aggregate, Assignment, Compare, Delete, Expr, Insert, RenderError, Rendered, Select,
    SelectItem, SetTo, SqlWriter, Update,
};
use crate::value::Value;

/// Prints a select.
///
/// # Errors
/// What the dialect cannot express.
pub fn select(dialect: &dyn Dialect, select: &Select) -> Result<Rendered, RenderError> {
    let mut w = SqlWriter::new(dialect);
    write_select(&mut w, select)?;
    Ok(w.finish())
}

fn write_select(w: &mut SqlWriter<'_>, select: &Select) -> Result<(), RenderError> {
    let dialect = w.dialect();
    if select.items.is_empty() {
        return Err(RenderError::unsupported("a select of nothing"));
    }
    w.syntax("SELECT ");
    if select.distinct {
        w.syntax("DISTINCT ");
    }
    dialect.limit_before(w, select);
    w.list(", ", &select.items, |w, item| {
        write_item(w, item);
        Ok(())
    })?;
    w.syntax(" FROM ").table(&select.from);
    dialect.lock_hint(w, select.lock);
    write_where(w, &select.filter)?;
    if !select.order.is_empty() {
        w.syntax(" ORDER BY ");
        w.list(", ", &select.order, |w, order| {
            dialect.order(w, order);
            Ok(())
        })?;
    }
    dialect.limit_after(w, select)?;
    dialect.lock_clause(w, select.lock);
    Ok(())
}

fn write_item(w: &mut SqlWriter<'_>, item: &SelectItem) {
    match item {
        SelectItem::Column(column) => w.ident(column),
        SelectItem::CountRows => w.syntax("COUNT(*)"),
        SelectItem::Aggregate(Aggregate::Min, column) => w.syntax("MIN(").ident(column).syntax(")"),
        SelectItem::Aggregate(Aggregate::Max, column) => w.syntax("MAX(").ident(column).syntax(")"),
    };
}

fn write_where(w: &mut SqlWriter<'_>, filter: &Expr) -> Result<(), RenderError> {
    if *filter == Expr::True {
        return Ok(());
    }
    w.syntax(" WHERE ");
    expr(w, filter)
}

/// Prints a condition.
///
/// # Errors
/// What the dialect cannot express.
pub fn expr(w: &mut SqlWriter<'_>, condition: &Expr) -> Result<(), RenderError> {
    let dialect = w.dialect();
    match condition {
        Expr::True => drop(w.syntax(dialect.constant(true))),
        Expr::False => drop(w.syntax(dialect.constant(false))),
        Expr::And(all) if all.is_empty() => drop(w.syntax(dialect.constant(true))),
        Expr::Or(any) if any.is_empty() => drop(w.syntax(dialect.constant(false))),
        Expr::And(all) => group(w, " AND ", all)?,
        Expr::Or(any) => group(w, " OR ", any)?,
        Expr::Not(inner) => {
            w.syntax("NOT (");
            expr(w, inner)?;
            w.syntax(")");
        }
        Expr::Compare {
            column,
            op: Compare::Eq,
            value,
        } => dialect.equals_any(w, column, std::slice::from_ref(value))?,
        Expr::Compare {
            column,
            op: Compare::Ne,
            value: value @ Value::Text(_),
        } => {
            w.syntax("NOT (");
            dialect.equals_any(w, column, std::slice::from_ref(value))?;
            w.syntax(")");
        }
        Expr::Compare { column, op, value } => {
            w.ident(column).syntax(operator(*op)).param(value);
        }
        Expr::Same { column, value } => dialect.same(w, column, value),
        Expr::IsNull(column) => drop(w.ident(column).syntax(" IS NULL")),
        Expr::In { values, .. } if values.is_empty() => drop(w.syntax(dialect.constant(false))),
        Expr::In { column, values } => dialect.equals_any(w, column, values)?,
        Expr::InSelect { column, select } => {
            w.ident(column).syntax(" IN (");
            write_select(w, select)?;
            w.syntax(")");
        }
        Expr::LastKey { table, column } => dialect.last_key(w, table, column)?,
        Expr::Match {
            column,
            how,
            ignore_case,
            text,
        } => dialect.text_match(w, column, *how, *ignore_case, text),
    }
    Ok(())
}

fn group(w: &mut SqlWriter<'_>, operator: &'static str, parts: &[Expr]) -> Result<(), RenderError> {
    w.syntax("(");
    w.list(operator, parts, expr)?.syntax(")");
    Ok(())
}

fn operator(op: Compare) -> &'static str {
    match op {
        Compare::Eq => " = ",
        Compare::Ne => " <> ",
        Compare::Lt => " < ",
        Compare::Le => " <= ",
        Compare::Gt => " > ",
        Compare::Ge => " >= ",
    }
}

/// Prints an insert of these rows of it.
///
/// # Errors
/// What the dialect cannot express.
pub fn insert(
    dialect: &dyn Dialect,
    insert: &Insert,
    rows: &[Cells<'_>],
) -> Result<Rendered, RenderError> {
    let mut w = SqlWriter::new(dialect);
    w.syntax("INSERT INTO ").table(&insert.table).syntax(" (");
    w.idents(&insert.columns).syntax(")");
    dialect.insert_rows(&mut w, insert, rows)?;
    Ok(w.finish())
}

/// Prints an update.
///
/// # Errors
/// What the dialect cannot express.
pub fn update(dialect: &dyn Dialect, update: &Update) -> Result<Rendered, RenderError> {
    let mut w = SqlWriter::new(dialect);
    w.syntax("UPDATE ").table(&update.table).syntax(" SET ");
    w.list(", ", &update.set, |w, Assignment { column, to }| {
        w.ident(column).syntax(" = ");
        match to {
            SetTo::Value(value) => w.param(value),
            SetTo::Plus(value) => w.ident(column).syntax(" + ").param(value),
        };
        Ok(())
    })?;
    write_where(&mut w, &update.filter)?;
    Ok(w.finish())
}

/// Prints a delete.
///
/// # Errors
/// What the dialect cannot express.
pub fn delete(dialect: &dyn Dialect, delete: &Delete) -> Result<Rendered, RenderError> {
    let mut w = SqlWriter::new(dialect);
    w.syntax("DELETE FROM ").table(&delete.table);
    write_where(&mut w, &delete.filter)?;
    Ok(w.finish())
}
