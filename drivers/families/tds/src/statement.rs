//! One statement on one connection: parameters bound, answer read.

use quillback_plugin_api::batch::Step;
use quillback_plugin_api::rows::RowSet;
use quillback_plugin_api::run::{Action, Answer};
use quillback_plugin_api::sql::{Rendered, SetTo, Statement};
use quillback_plugin_api::{
    Category, Column, DriverError, Ident, RowBuffer, TableRef, Value, ValueRef,
};
use tiberius::{Query, Row};

use crate::Server;
use crate::connect::Session;
use crate::errors::from_client;
use crate::flavor::Counts;
use crate::nulls;
use crate::tables::{Columns, Known};
use crate::types::{bind, read};

/// Sends the planned statement of `step` and reads its answer.
///
/// # Errors
/// What the server says, and values that do not fit.
pub(crate) async fn run(
    session: &mut Session,
    server: &Server,
    step: &Step,
    action: &Action<'_>,
) -> Result<Answer, DriverError> {
    match action {
        Action::Query(statement) | Action::Count(statement) => {
            select(session, statement).await.map(Answer::Rows)
        }
        Action::Execute(statement) => {
            let query = written(session, server, step, statement).await?;
            let count = match server.flavor.counts {
                Counts::Asked(_) => number(session, query)
                    .await?
                    .and_then(|count| u64::try_from(count).ok()),
                Counts::Told => told(session, query).await?,
            };
            count.map(Answer::Affected).ok_or_else(|| {
                let message = "the server did not say how many rows it touched";
                DriverError::new(Category::Protocol, message)
            })
        }
        Action::Returning { statement, insert } => {
            let query = written(session, server, step, statement).await?;
            let columns = server.columns(session, &insert.table).await?;
            let wanted = insert.returning.first().and_then(|name| columns.get(name));
            let Some(key) = wanted.filter(|column| column.info.identity) else {
                return Err(DriverError::unsupported(
                    "this database answers with keys of IDENTITY columns only",
                ));
            };
            let made = number(session, query).await?;
            made_key(key, made).map(Answer::Rows)
        }
        Action::Bulk(_) => Err(DriverError::new(
            Category::Internal,
            "no bulk action was asked for",
        )),
    }
}

/// A statement with parameters that columns are compared with.
///
/// # Errors
/// `InvalidData` for a value that no column holds.
pub(crate) fn compared(statement: &Rendered) -> Result<Query<'static>, DriverError> {
    let sent = nulls::left_out(statement);
    let mut query = Query::new(sent.sql);
    for value in &sent.params {
        query.bind(bind::value(value)?);
    }
    Ok(query)
}

async fn select(session: &mut Session, statement: &Rendered) -> Result<RowSet, DriverError> {
    let query = compared(statement)?;
    let mut stream = query.query(&mut session.conn).await.map_err(from_client)?;
    let columns: Vec<Column> = stream
        .columns()
        .await
        .map_err(from_client)?
        .unwrap_or_default()
        .iter()
        .map(read::heading)
        .collect();
    let found = stream.into_first_result().await.map_err(from_client)?;
    let mut rows = RowBuffer::new(columns.len());
    for row in &found {
        read::row(row, &mut rows)?;
    }
    Ok(RowSet { columns, rows })
}

/// The number in the last result: those before it are of triggers.
async fn number(session: &mut Session, query: Query<'_>) -> Result<Option<i64>, DriverError> {
    let stream = query.query(&mut session.conn).await.map_err(from_client)?;
    let results = stream.into_results().await.map_err(from_client)?;
    let row: Option<&Row> = results.last().and_then(|rows| rows.first());
    Ok(row.and_then(|row| row.try_get::<i64, _>(0).ok().flatten()))
}

/// The counts at the ends of the statements: a request may have several, each of which touches rows of its own.
async fn told(session: &mut Session, query: Query<'_>) -> Result<Option<u64>, DriverError> {
    let done = query
        .execute(&mut session.conn)
        .await
        .map_err(from_client)?;
    let counts = done.rows_affected();
    Ok((!counts.is_empty()).then(|| counts.iter().sum()))
}

fn made_key(column: &Known, made: Option<i64>) -> Result<RowSet, DriverError> {
    let Some(number) = made else {
        let message = "the server did not say which key it made";
        return Err(DriverError::new(Category::Protocol, message));
    };
    let mut rows = RowBuffer::new(1);
    rows.push(ValueRef::I64(number));
    let heading = Column {
        name: column.info.name.as_str().to_owned(),
        native: column.info.native.clone(),
    };
    Ok(RowSet {
        columns: vec![heading],
        rows,
    })
}

/// A statement with parameters that are stored, each checked against its column.
async fn written(
    session: &mut Session,
    server: &Server,
    step: &Step,
    statement: &Rendered,
) -> Result<Query<'static>, DriverError> {
    let Step::Write {
        statement: write, ..
    } = step
    else {
        return compared(statement);
    };
    let Some(table) = table_of(write) else {
        return compared(statement);
    };
    let columns = server.columns(session, table).await?;
    let first = fitted(statement, write, &columns);
    if first.is_ok() {
        return first;
    }
    // The table may have been made anew by others since it was looked up.
    server.tables.forget_one(table);
    let columns = server.columns(session, table).await?;
    fitted(statement, write, &columns)
}

/// A statement with parameters for these columns.
fn fitted(
    statement: &Rendered,
    write: &Statement,
    columns: &Columns,
) -> Result<Query<'static>, DriverError> {
    let stored = stored_columns(write);
    let each_row = matches!(write, Statement::Insert(_));
    let mut query = Query::new(nulls::left_out(statement).sql);
    for (position, value) in statement.params.iter().enumerate() {
        if value.is_null() {
            continue;
        }
        // The values of an insert repeat the columns; those of an update come first.
        let at = if each_row {
            position % stored.len().max(1)
        } else {
            position
        };
        let column = stored.get(at).copied().flatten();
        query.bind(match column.and_then(|name| columns.get(name)) {
            Some(column) => bind::stored(column, value)?,
            None => bind::value(value)?,
        });
    }
    Ok(query)
}

/// The table whose columns take values.
fn table_of(write: &Statement) -> Option<&TableRef> {
    match write {
        Statement::Insert(insert) => Some(&insert.table),
        Statement::Update(update) => Some(&update.table),
        Statement::Delete(_) => None,
    }
}

fn stored_columns(write: &Statement) -> Vec<Option<&Ident>> {
    match write {
        Statement::Insert(insert) => insert.columns.iter().map(Some).collect(),
        Statement::Update(update) => {
            let stored = update.set.iter().map(|set| match &set.to {
                SetTo::Value(Value::Null) | SetTo::Plus(_) => None,
                SetTo::Value(_) => Some(&set.column),
            });
            stored.collect()
        }
        Statement::Delete(_) => Vec::new(),
    }
}
