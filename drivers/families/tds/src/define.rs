//! Changes of tables: all of them in one transaction, where the database can.

use quillback_plugin_api::DriverError;
use quillback_plugin_api::sql::Ddl;

use crate::Server;
use crate::connect::{self, Conn};
use crate::flavor::Flavor;

/// The statements that change tables, each with the position of its change.
///
/// # Errors
/// `Unsupported` where a change cannot be expressed, with its position.
pub(crate) fn print(flavor: &Flavor, changes: &[Ddl]) -> Result<Vec<(usize, String)>, DriverError> {
    let mut planned = Vec::with_capacity(changes.len());
    for (position, change) in changes.iter().enumerate() {
        let statements = (flavor.changes)(change).map_err(|error| error.at_step(position))?;
        planned.extend(statements.into_iter().map(|sql| (position, sql)));
    }
    Ok(planned)
}

/// Changes tables; all or none, where the database can.
///
/// # Errors
/// What the server says, with the position of the change that failed.
pub(crate) async fn define(server: &Server, changes: &[Ddl]) -> Result<(), DriverError> {
    run(server, &print(server.flavor, changes)?).await
}

/// Runs statements that change tables, each with the position of its change; all or none, where the database can.
///
/// # Errors
/// What the server says, with the position of the change that failed.
pub(crate) async fn run(server: &Server, planned: &[(usize, String)]) -> Result<(), DriverError> {
    let mut lease = server.pool.sure_lease().await?;
    let conn = &mut lease.session()?.conn;
    let result = if server.flavor.changes_in_transaction {
        together(conn, planned).await
    } else {
        each(conn, planned).await
    };
    server.tables.forget();
    lease.settle(result)
}

async fn each(conn: &mut Conn, planned: &[(usize, String)]) -> Result<(), DriverError> {
    for (position, sql) in planned {
        connect::run(conn, sql)
            .await
            .map_err(|error| error.at_step(*position))?;
    }
    Ok(())
}

async fn together(conn: &mut Conn, planned: &[(usize, String)]) -> Result<(), DriverError> {
    connect::run(conn, "BEGIN TRANSACTION").await?;
    match each(conn, planned).await {
        Ok(()) => connect::run(conn, "COMMIT TRANSACTION")
            .await
            .map_err(unsure),
        // What fails mostly has rolled back by itself (XACT_ABORT). A session that cannot roll back is not used again.
        Err(error) => match connect::run(conn, "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION").await {
            Ok(()) => Err(error),
            Err(_) => Err(DriverError {
                connection_lost: true,
                ..error
            }),
        },
    }
}

fn unsure(error: DriverError) -> DriverError {
    DriverError {
        outcome_unknown: error.connection_lost,
        ..error
    }
}
