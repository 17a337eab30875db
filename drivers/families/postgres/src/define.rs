//! Changes tables, all of a list in one transaction where the database allows it.

use postgres_protocol::IsNull;
use postgres_protocol::message::frontend;
use quillback_plugin_api::DriverError;
use quillback_plugin_api::dialect;
use quillback_plugin_api::sql::Ddl;

use crate::Server;
use crate::connection::Connection;
use crate::errors::{Failed, protocol};
use crate::flavor::{Changes, Flavor};

/// The statements of the changes, each with the position of its change.
///
/// # Errors
/// What the database cannot do, and names that are too long; at the position of the change.
pub(crate) fn render(
    flavor: &Flavor,
    changes: &[Ddl],
) -> Result<Vec<(usize, String)>, DriverError> {
    let printer = (flavor.printer)();
    let mut statements = Vec::with_capacity(changes.len());
    for (position, change) in changes.iter().enumerate() {
        let rendered = dialect::ddl(&*printer, change)
            .map_err(DriverError::from)
            .and_then(|rendered| printer.names().checked(rendered))
            .map_err(|error| error.at_step(position))?;
        statements.extend(
            rendered
                .into_iter()
                .map(|statement| (position, statement.sql)),
        );
    }
    Ok(statements)
}

/// Makes the changes: in one flight, which is one transaction, or one by one.
///
/// # Errors
/// What the server answers, at the position of the change; it did not take effect, nor did any of them when they go
/// together.
pub(crate) async fn run(server: &Server, changes: &[Ddl]) -> Result<(), DriverError> {
    let statements = render(server.flavor, changes)?;
    if statements.is_empty() {
        return Ok(());
    }
    let mut lease = server.pool.get().await?;
    let on = &mut lease.connection;
    let outcome = match server.flavor.ddl {
        Changes::Together => fly(on, &statements).await,
        Changes::OneByOne => one_by_one(on, &statements).await,
    };
    server.pool.put_back(lease);
    server.types.limits.clear();
    outcome
}

/// Each statement takes effect by itself; those before the one that fails remain.
async fn one_by_one(
    on: &mut Connection,
    statements: &[(usize, String)],
) -> Result<(), DriverError> {
    for statement in statements {
        fly(on, std::slice::from_ref(statement)).await?;
    }
    Ok(())
}

async fn fly(on: &mut Connection, statements: &[(usize, String)]) -> Result<(), DriverError> {
    for (_, sql) in statements {
        write(on, sql).map_err(|_| protocol("a change with NUL"))?;
    }
    on.depart_to_commit();
    let mut failed = None;
    for (position, _) in statements {
        if let Err(failure) = on.answer(|_| None).await {
            failed = Some(DriverError::from(failure).at_step(*position));
            break;
        }
    }
    match failed {
        Some(error) if error.connection_lost => Err(error),
        Some(error) => {
            on.land().await?;
            Err(error)
        }
        None => on.land().await.map_err(Failed::into),
    }
}

fn write(on: &mut Connection, sql: &str) -> std::io::Result<()> {
    let no_values: [&[u8]; 0] = [];
    frontend::parse("", sql, [], on.out())?;
    frontend::bind("", "", [], no_values, |_, _| Ok(IsNull::No), [], on.out())
        .map_err(|_| std::io::Error::from(std::io::ErrorKind::InvalidInput))?;
    frontend::execute("", 0, on.out())
}
