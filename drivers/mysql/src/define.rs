//! Changes of tables: each commits by itself, as these servers have it.

use mysql_async::prelude::Queryable as _;
use quillback_plugin_api::sql::Ddl;
use quillback_plugin_api::{DriverError, dialect};

use crate::Server;
use crate::errors::from_client;
use crate::names;

/// Changes tables one after the other; each takes effect by itself.
///
/// # Errors
/// What the server says, with the position of the change that failed.
pub(crate) async fn define(server: &Server, changes: Vec<Ddl>) -> Result<(), DriverError> {
    let planned = print(server, &changes)?;
    let mut lease = server.pool.sure_lease().await?;
    let mut result = Ok(());
    for (position, sql) in planned {
        let answer = lease.session()?.conn.query_drop(sql).await;
        result = answer.map_err(|error| from_client(error).at_step(position));
        if result.is_err() {
            break;
        }
    }
    server.tables.forget();
    lease.settle(result)
}

/// The statements that change tables, each with the position of its change.
///
/// # Errors
/// `Unsupported` where a change cannot be expressed, with its position.
pub(crate) fn print(server: &Server, changes: &[Ddl]) -> Result<Vec<(usize, String)>, DriverError> {
    let mut planned = Vec::with_capacity(changes.len());
    for (position, change) in changes.iter().enumerate() {
        let printed = names::check_change(change)
            .and_then(|()| Ok(dialect::ddl(&server.dialect, change)?))
            .map_err(|error| error.at_step(position))?;
        planned.extend(
            printed
                .into_iter()
                .map(|statement| (position, statement.sql)),
        );
    }
    Ok(planned)
}
