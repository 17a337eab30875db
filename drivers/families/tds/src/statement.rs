//! One statement on one connection: parameters bound, answer read.

use std::borrow::Cow;

use quillback_plugin_api::batch::Step;
use quillback_plugin_api::rows::RowSet;
use quillback_plugin_api::run::{Action, Answer};
use quillback_plugin_api::sql::{Insert, Rendered, SetTo, SqlWriter, Statement};
use quillback_plugin_api::{
    Category, Column, DriverError, Ident, RowBuffer, TableRef, Value, ValueRef,
};
use tiberius::{Query, Row};

use crate::connect::Session;
use crate::errors::from_client;
use crate::flavor::{Counts, Flavor};
use crate::nulls;
use crate::tables::{Columns, Known};
use crate::types::{bind, read};
use crate::{Server, bulk};

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
            touched(session, server, query).await.map(Answer::Affected)
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
        Action::Bulk(insert) => insert_all(session, server, insert)
            .await
            .map(Answer::Affected),
    }
}

/// The rows that a statement touched.
async fn touched(
    session: &mut Session,
    server: &Server,
    query: Query<'_>,
) -> Result<u64, DriverError> {
    let count = match server.flavor.counts {
        Counts::Asked(_) => number(session, query)
            .await?
            .and_then(|count| u64::try_from(count).ok()),
        Counts::Told => told(session, query).await?,
    };
    count.ok_or_else(|| {
        let message = "the server did not say how many rows it touched";
        DriverError::new(Category::Protocol, message)
    })
}

/// Adds many rows.
async fn insert_all(
    session: &mut Session,
    server: &Server,
    insert: &Insert,
) -> Result<u64, DriverError> {
    let flavor = server.flavor;
    let (limits, reads) = (server.limits(), server.reads_json);
    let print = |columns: &Columns| {
        let mut made = bulk::statements(flavor.dialect, insert, columns, limits, reads)?;
        for statement in &mut made.of_texts {
            flavor.counts.ask(statement);
            if let Cow::Owned(numbered) = numbered(statement, flavor, insert, columns) {
                *statement = numbered;
            }
        }
        Ok(made)
    };
    let bulk::Statements {
        of_texts,
        of_values,
    } = fitting(session, server, &insert.table, print).await?;
    let mut added = 0;
    for statement in of_texts {
        added += touched(session, server, compared(&statement)?).await?;
    }
    for mut statement in of_values {
        flavor.counts.ask(&mut statement);
        let bind = |columns: &Columns| inserted(&statement, flavor, insert, columns);
        let query = fitting(session, server, &insert.table, bind).await?;
        added += touched(session, server, query).await?;
    }
    Ok(added)
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
///
/// # Errors
/// What the server says.
pub(crate) async fn number(
    session: &mut Session,
    query: Query<'_>,
) -> Result<Option<i64>, DriverError> {
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
    let bind = |columns: &Columns| fitted(statement, server.flavor, write, columns);
    fitting(session, server, table, bind).await
}

/// What is made for the columns of a table. Where it does not fit them they are looked up once more: others may have
/// made the table anew since.
async fn fitting<T>(
    session: &mut Session,
    server: &Server,
    table: &TableRef,
    make: impl Fn(&Columns) -> Result<T, DriverError>,
) -> Result<T, DriverError> {
    let columns = server.columns(session, table).await?;
    let first = make(&columns);
    if first.is_ok() {
        return first;
    }
    server.tables.forget_one(table);
    let columns = server.columns(session, table).await?;
    make(&columns)
}

/// A statement with parameters for the columns that it writes.
fn fitted(
    statement: &Rendered,
    flavor: &Flavor,
    write: &Statement,
    columns: &Columns,
) -> Result<Query<'static>, DriverError> {
    match write {
        Statement::Insert(insert) => inserted(statement, flavor, insert, columns),
        Statement::Update(update) => {
            // The values that are set come first.
            let set = update.set.iter().map(|set| match &set.to {
                SetTo::Value(Value::Null) | SetTo::Plus(_) => None,
                SetTo::Value(_) => Some(&set.column),
            });
            stored(statement, set.chain(std::iter::repeat(None)), columns)
        }
        Statement::Delete(_) => compared(statement),
    }
}

/// An insert, whose values repeat its columns.
fn inserted(
    statement: &Rendered,
    flavor: &Flavor,
    insert: &Insert,
    columns: &Columns,
) -> Result<Query<'static>, DriverError> {
    let statement = numbered(statement, flavor, insert, columns);
    stored(&statement, insert.columns.iter().cycle().map(Some), columns)
}

/// Lets an insert give the numbers of a column that the database numbers by itself, as a row that comes back does. The
/// setting is one of the request: a statement with parameters is a module of its own (`sp_executesql`), behind which
/// settings are what they were before.
/// <https://learn.microsoft.com/sql/t-sql/statements/set-identity-insert-transact-sql>
fn numbered<'s>(
    statement: &'s Rendered,
    flavor: &Flavor,
    insert: &Insert,
    columns: &Columns,
) -> Cow<'s, Rendered> {
    let is_identity = |name| columns.get(name).is_some_and(|known| known.info.identity);
    if !insert.columns.iter().any(is_identity) {
        return Cow::Borrowed(statement);
    }
    let switch = |to: &str| {
        let mut w = SqlWriter::new(flavor.dialect);
        w.syntax("SET IDENTITY_INSERT ").table(&insert.table);
        w.finish().sql + to
    };
    Cow::Owned(Rendered {
        sql: format!("{}; {}; {}", switch(" ON"), statement.sql, switch(" OFF")),
        params: statement.params.clone(),
    })
}

/// A statement whose parameters are stored in these columns; `None` is for one that is compared.
fn stored<'c>(
    statement: &Rendered,
    names: impl Iterator<Item = Option<&'c Ident>>,
    columns: &Columns,
) -> Result<Query<'static>, DriverError> {
    let mut query = Query::new(nulls::left_out(statement).sql);
    for (value, name) in statement.params.iter().zip(names) {
        if value.is_null() {
            continue;
        }
        query.bind(match name.and_then(|name| columns.get(name)) {
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
