//! Changes of tables: all of them in one transaction.

use quillback_plugin_api::sql::{CreateTable, Ddl};
use quillback_plugin_api::{DriverError, dialect};

use crate::Server;
use crate::connect;
use crate::dialect::{Tsql, drop_default, literal_text, name_of};

/// Changes tables, all or none.
///
/// # Errors
/// What the server says, with the position of the change that failed.
pub(crate) async fn define(server: &Server, changes: Vec<Ddl>) -> Result<(), DriverError> {
    let planned = print(&changes)?;
    let mut lease = server.pool.sure_lease().await?;
    let conn = &mut lease.session()?.conn;
    let mut result = connect::run(conn, "BEGIN TRANSACTION").await;
    if result.is_ok() {
        for (position, sql) in &planned {
            result = connect::run(conn, sql)
                .await
                .map_err(|error| error.at_step(*position));
            if result.is_err() {
                break;
            }
        }
        result = match result {
            Ok(()) => connect::run(conn, "COMMIT TRANSACTION")
                .await
                .map_err(unsure),
            Err(error) => {
                // What fails mostly has rolled back by itself (XACT_ABORT). One that cannot roll back is not used again.
                match connect::run(conn, "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION").await {
                    Ok(()) => Err(error),
                    Err(_) => Err(DriverError {
                        connection_lost: true,
                        ..error
                    }),
                }
            }
        };
    }
    server.tables.forget();
    lease.settle(result)
}

fn unsure(error: DriverError) -> DriverError {
    DriverError {
        outcome_unknown: error.connection_lost,
        ..error
    }
}

/// The statements that change tables, each with the position of its change.
///
/// # Errors
/// `Unsupported` where a change cannot be expressed, with its position.
pub(crate) fn print(changes: &[Ddl]) -> Result<Vec<(usize, String)>, DriverError> {
    let mut planned = Vec::with_capacity(changes.len());
    for (position, change) in changes.iter().enumerate() {
        if let Ddl::DropColumn { table, column } = change {
            // A column cannot go while a default stands on it.
            planned.push((position, drop_default(table, column).sql));
        }
        let printed = dialect::ddl(&Tsql, change)
            .map_err(|error| DriverError::from(error).at_step(position))?;
        for statement in printed {
            planned.push((position, where_missing(change, statement.sql)));
        }
    }
    Ok(planned)
}

/// Asks for the table first where it may be there already.
fn where_missing(change: &Ddl, sql: String) -> String {
    match change {
        Ddl::CreateTable(CreateTable {
            table,
            if_not_exists: true,
            ..
        }) => {
            let name = literal_text(&name_of(table));
            format!("IF OBJECT_ID({name}, N'U') IS NULL {sql}")
        }
        _ => sql,
    }
}
