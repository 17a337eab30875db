//! Changes of tables, one statement after the other: each commits by itself.
//!
//! <https://docs.snowflake.com/en/sql-reference/sql/alter-table>

use quillback_plugin_api::dialect::{self, Dialect as _};
use quillback_plugin_api::sql::{ColumnDef, Ddl, RenderError, Rendered, SqlWriter};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::{DriverError, Ident, TableRef};

use crate::Server;
use crate::dialect::SnowflakeDialect;
use crate::types::create;

/// Carries changes out.
///
/// # Errors
/// What the service says, with the change that failed; those before it took effect.
pub(crate) async fn define(server: &Server, changes: Vec<Ddl>) -> Result<(), DriverError> {
    let printed = print(&changes, &server.schema)?;
    let mut lease = server.pool.get().await?;
    let result = async {
        for (at, sql) in printed {
            let done = lease.session()?.command(&sql).await;
            done.map_err(|error| {
                DriverError {
                    outcome_unknown: error.connection_lost,
                    ..error
                }
                .at_step(at)
            })?;
        }
        Ok(())
    }
    .await;
    lease.give_back();
    server.tables.forget();
    result
}

/// The statements of each change.
///
/// # Errors
/// `Unsupported` for what the service cannot do.
pub(crate) fn print(changes: &[Ddl], schema: &Ident) -> Result<Vec<(usize, String)>, DriverError> {
    let mut printed = Vec::new();
    for (at, change) in changes.iter().enumerate() {
        let mut change = change.clone();
        crate::names::qualify_change(&mut change, schema).map_err(|error| error.at_step(at))?;
        let statements = dialect::ddl(&SnowflakeDialect, &change)
            .map_err(|error| DriverError::from(error).at_step(at))?;
        printed.extend(statements.into_iter().map(|statement| (at, statement.sql)));
    }
    Ok(printed)
}

/// Prints what turns one column into another.
///
/// # Errors
/// `Unsupported` for anything that does not widen it, and for other defaults: the service takes them back but gives no new
/// ones.
pub(crate) fn alter(
    dialect: &SnowflakeDialect,
    table: &TableRef,
    from: &ColumnDef,
    to: &ColumnDef,
) -> Result<Vec<Rendered>, RenderError> {
    let (old, new) = (create::to_create(&from.ty)?, create::to_create(&to.ty)?);
    let altering = |what: &str| {
        let mut w = SqlWriter::new(dialect);
        w.syntax("ALTER TABLE ").table(table);
        w.syntax(" ALTER COLUMN ").ident(&to.name);
        w.dialect_text(what);
        w.finish()
    };
    let mut statements = Vec::new();
    if old != new {
        if !widens(&from.ty, &to.ty) {
            let what = format!("turning {old} into {new}: columns can only become wider");
            return Err(RenderError::unsupported(what));
        }
        statements.push(altering(&format!(" SET DATA TYPE {new}")));
    }
    if from.nullable != to.nullable {
        statements.push(altering(if to.nullable {
            " DROP NOT NULL"
        } else {
            " SET NOT NULL"
        }));
    }
    if from.default != to.default {
        match &to.default {
            Some(_) => {
                return Err(RenderError::unsupported(
                    "another default for a column that is there",
                ));
            }
            None => statements.push(altering(" DROP DEFAULT")),
        }
    }
    // A type that the dialect cannot spell was refused above.
    dialect.column_type(to)?;
    Ok(statements)
}

/// <https://docs.snowflake.com/en/sql-reference/sql/alter-table-column>: a text may grow, a number may have more digits but
/// not others after the point.
fn widens(from: &LogicalType, to: &LogicalType) -> bool {
    use LogicalType as T;
    let longer = |from: &Option<u32>, to: &Option<u32>| match (from, to) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(from), Some(to)) => to >= from,
    };
    if let (Some((p, s)), Some((q, t))) = (create::digits(from), create::digits(to)) {
        return s == t && q >= p;
    }
    match (from, to) {
        (T::Text { length: from }, T::Text { length: to })
        | (T::Bytes { length: from }, T::Bytes { length: to }) => longer(from, to),
        (T::Uuid, T::Text { length }) => longer(&Some(36), length),
        _ => false,
    }
}
