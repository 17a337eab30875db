//! Changes of tables, one statement after the other: there are no transactions of them.
//!
//! <https://cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language>

use quillback_plugin_api::dialect::{self, Dialect as _};
use quillback_plugin_api::sql::{ColumnDef, CreateTable, Ddl, RenderError, Rendered, SqlWriter};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::{DriverError, Ident, TableRef};

use crate::Server;
use crate::dialect::BigQueryDialect;
use crate::jobs;
use crate::types::create;

/// Carries changes out.
///
/// # Errors
/// What the service says, with the change that failed; those before it took effect.
pub(crate) async fn define(server: &Server, changes: Vec<Ddl>) -> Result<(), DriverError> {
    let printed = print(&changes, &server.dataset)?;
    let result = async {
        for (at, sql) in printed {
            let done = jobs::run(&server.service, &sql, &[], None).await;
            done.map_err(|failed| failed.error.at_step(at))?;
        }
        Ok(())
    }
    .await;
    server.tables.forget();
    result
}

/// The statements of each change.
///
/// # Errors
/// `Unsupported` for what the service cannot do.
pub(crate) fn print(changes: &[Ddl], dataset: &Ident) -> Result<Vec<(usize, String)>, DriverError> {
    let mut printed = Vec::new();
    for (at, change) in changes.iter().enumerate() {
        let mut change = change.clone();
        crate::names::check_change(&mut change, dataset).map_err(|error| error.at_step(at))?;
        let statements =
            statements(&change).map_err(|error| DriverError::from(error).at_step(at))?;
        printed.extend(statements.into_iter().map(|statement| (at, statement.sql)));
    }
    Ok(printed)
}

fn statements(change: &Ddl) -> Result<Vec<Rendered>, RenderError> {
    let dialect = BigQueryDialect::default();
    match change {
        Ddl::CreateTable(create) => Ok(vec![create_table(&dialect, create)?]),
        Ddl::AddColumn { table, column } => add_column(&dialect, table, column),
        other => dialect::ddl(&dialect, other),
    }
}

/// A declared key is for people, other programs and this driver: the service itself enforces none.
/// <https://cloud.google.com/bigquery/docs/primary-foreign-keys>
fn create_table(dialect: &BigQueryDialect, create: &CreateTable) -> Result<Rendered, RenderError> {
    if create.columns.is_empty() {
        return Err(RenderError::unsupported("a table without columns"));
    }
    let mut w = SqlWriter::new(dialect);
    w.syntax("CREATE TABLE ");
    if create.if_not_exists {
        w.syntax(dialect.create_if_not_exists()?);
    }
    w.table(&create.table).syntax(" (");
    w.list(", ", &create.columns, |w, column| {
        if column.identity {
            dialect.identity()?;
        }
        w.ident(&column.name).syntax(" ");
        w.dialect_text(&dialect.column_type(column)?);
        if let Some(default) = &column.default {
            w.syntax(" DEFAULT ")
                .dialect_text(&dialect.literal(default)?);
        }
        w.syntax(if column.nullable { "" } else { " NOT NULL" });
        Ok(())
    })?;
    if !create.primary_key.is_empty() {
        w.syntax(", PRIMARY KEY (");
        w.idents(&create.primary_key).syntax(") NOT ENFORCED");
    }
    w.syntax(")");
    Ok(w.finish())
}

/// A new column is empty at first and takes its default only then: both in one statement is not possible.
/// <https://cloud.google.com/bigquery/docs/default-values>
fn add_column(
    dialect: &BigQueryDialect,
    table: &TableRef,
    column: &ColumnDef,
) -> Result<Vec<Rendered>, RenderError> {
    if !column.nullable {
        return Err(RenderError::unsupported(
            "adding a required column to a table that is there: add it as optional",
        ));
    }
    if column.identity {
        dialect.identity()?;
    }
    let mut w = SqlWriter::new(dialect);
    w.syntax("ALTER TABLE ").table(table).syntax(" ADD COLUMN ");
    w.ident(&column.name).syntax(" ");
    w.dialect_text(&dialect.column_type(column)?);
    let mut statements = vec![w.finish()];
    if let Some(default) = &column.default {
        let default = dialect.literal(default)?;
        let mut w = altering(dialect, table, &column.name);
        w.syntax(" SET DEFAULT ").dialect_text(&default);
        statements.push(w.finish());
        let mut w = SqlWriter::new(dialect);
        w.syntax("UPDATE ").table(table).syntax(" SET ");
        w.ident(&column.name).syntax(" = ").dialect_text(&default);
        w.syntax(" WHERE TRUE");
        statements.push(w.finish());
    }
    Ok(statements)
}

fn altering<'d>(dialect: &'d BigQueryDialect, table: &TableRef, column: &Ident) -> SqlWriter<'d> {
    let mut w = SqlWriter::new(dialect);
    w.syntax("ALTER TABLE ").table(table);
    w.syntax(" ALTER COLUMN ").ident(column);
    w
}

/// Prints what turns one column into another.
///
/// # Errors
/// `Unsupported` for anything that does not widen it.
pub(crate) fn alter(
    dialect: &BigQueryDialect,
    table: &TableRef,
    from: &ColumnDef,
    to: &ColumnDef,
) -> Result<Vec<Rendered>, RenderError> {
    let (old, new) = (create::to_create(&from.ty)?, create::to_create(&to.ty)?);
    let mut statements = Vec::new();
    if from.nullable && !to.nullable {
        return Err(RenderError::unsupported(
            "making a column required that may be empty",
        ));
    }
    if old != new {
        if !widens(&from.ty, &to.ty) {
            let what = format!("turning {old} into {new}: columns can only become wider");
            return Err(RenderError::unsupported(what));
        }
        let mut w = altering(dialect, table, &to.name);
        w.syntax(" SET DATA TYPE ").dialect_text(&new);
        statements.push(w.finish());
    }
    if !from.nullable && to.nullable {
        let mut w = altering(dialect, table, &to.name);
        w.syntax(" DROP NOT NULL");
        statements.push(w.finish());
    }
    if from.default != to.default {
        let mut w = altering(dialect, table, &to.name);
        match &to.default {
            Some(default) => w
                .syntax(" SET DEFAULT ")
                .dialect_text(&dialect.literal(default)?),
            None => w.syntax(" DROP DEFAULT"),
        };
        statements.push(w.finish());
    }
    Ok(statements)
}

/// <https://cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language#details_22>
fn widens(from: &LogicalType, to: &LogicalType) -> bool {
    use LogicalType as T;
    let longer = |from: &Option<u32>, to: &Option<u32>| match (from, to) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(from), Some(to)) => to >= from,
    };
    match (from, to) {
        (T::Text { length: from }, T::Text { length: to })
        | (T::Bytes { length: from }, T::Bytes { length: to }) => longer(from, to),
        (T::Uuid, T::Text { length }) => longer(&Some(36), length),
        (
            T::Int {
                unsigned: false, ..
            },
            T::Float { .. },
        ) => true,
        (
            T::Int {
                unsigned: false, ..
            },
            T::Decimal { precision, scale },
        ) => {
            let scale = scale.and_then(|scale| u32::try_from(scale).ok());
            precision.is_some_and(|p| p.saturating_sub(scale.unwrap_or(0)) >= 19)
        }
        (
            T::Decimal {
                precision: Some(p),
                scale: s,
            },
            T::Decimal {
                precision: Some(q),
                scale: t,
            },
        ) => {
            let whole = |p: u32, s: Option<i32>| i64::from(p) - i64::from(s.unwrap_or(0));
            whole(*q, *t) >= whole(*p, *s) && t.unwrap_or(0) >= s.unwrap_or(0)
        }
        _ => false,
    }
}
