//! One statement on one connection: parameters bound, answer read, notes looked at.

use mysql_async::prelude::Queryable as _;
use mysql_async::{Params, Row, ServerError, Value as Wire};
use quillback_plugin_api::batch::Step;
use quillback_plugin_api::catalog::ColumnInfo;
use quillback_plugin_api::rows::RowSet;
use quillback_plugin_api::run::{Action, Answer};
use quillback_plugin_api::sql::{Insert, Rendered, Select, SelectItem, SetTo, Statement};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::{Category, Column, DriverError, RowBuffer, TableRef, Value, ValueRef};

use crate::connect::Session;
use crate::errors::{self, from_client};
use crate::tables::{Columns, Tables};
use crate::types::bind;
use crate::types::read::{self, Cell};

/// Sends the planned statement of `step` and reads its answer.
///
/// # Errors
/// What the server says, and values that do not fit.
pub(crate) async fn run(
    session: &mut Session,
    tables: &Tables,
    step: &Step,
    action: &Action<'_>,
) -> Result<Answer, DriverError> {
    match action {
        Action::Query(statement) | Action::Count(statement) => {
            let known = match step {
                Step::Read { select, .. } => known_items(session, tables, select).await?,
                _ => Vec::new(),
            };
            query(session, statement, &known).await.map(Answer::Rows)
        }
        Action::Execute(statement) => {
            let params = written(session, tables, step, statement).await?;
            execute(session, &statement.sql, params)
                .await
                .map(Answer::Affected)
        }
        Action::Returning { statement, insert } => {
            let params = written(session, tables, step, statement).await?;
            let columns = tables.columns(session, &insert.table).await?;
            let key = identity(insert, &columns)?;
            execute(session, &statement.sql, params).await?;
            made_key(session, key).map(Answer::Rows)
        }
        Action::Bulk(_) => Err(DriverError::new(
            Category::Internal,
            "no bulk action was asked for",
        )),
    }
}

/// What is known of the table's columns that a select reads, in its order.
pub(crate) async fn known_items(
    session: &mut Session,
    tables: &Tables,
    select: &Select,
) -> Result<Vec<Option<ColumnInfo>>, DriverError> {
    let columns = tables.columns(session, &select.from).await?;
    let known = select.items.iter().map(|item| match item {
        SelectItem::Column(name) | SelectItem::Aggregate(_, name) => columns.get(name).cloned(),
        SelectItem::CountRows => None,
    });
    Ok(known.collect())
}

/// How the rows of a result are read.
pub(crate) struct Shape {
    pub(crate) cells: Vec<Cell>,
    pub(crate) headings: Vec<Column>,
}

impl Shape {
    pub(crate) fn of(columns: &[mysql_async::Column], known: &[Option<ColumnInfo>]) -> Self {
        let known = |at: usize| known.get(at).and_then(Option::as_ref);
        let with = columns.iter().enumerate();
        Self {
            cells: with
                .clone()
                .map(|(at, column)| read::cell(column, known(at).map(|info| &info.ty)))
                .collect(),
            headings: with
                .map(|(at, column)| {
                    read::heading(column, known(at).map(|info| info.native.as_str()))
                })
                .collect(),
        }
    }
}

/// Parameters of a condition.
pub(crate) fn compared(values: &[Value]) -> Result<Params, DriverError> {
    let bound: Result<Vec<_>, _> = values.iter().map(bind::value).collect();
    bound.map(positional)
}

fn positional(values: Vec<Wire>) -> Params {
    if values.is_empty() {
        Params::Empty
    } else {
        Params::Positional(values)
    }
}

async fn query(
    session: &mut Session,
    statement: &Rendered,
    known: &[Option<ColumnInfo>],
) -> Result<RowSet, DriverError> {
    let params = compared(&statement.params)?;
    fits_packets(session, &params)?;
    let mut result = session
        .conn
        .exec_iter(statement.sql.as_str(), params)
        .await
        .map_err(from_client)?;
    let shape = Shape::of(result.columns_ref(), known);
    let mut rows = RowBuffer::new(shape.cells.len());
    while let Some(row) = result.next().await.map_err(from_client)? {
        read::row(&shape.cells, row, &mut rows);
    }
    Ok(RowSet {
        columns: shape.headings,
        rows,
    })
}

/// Parameters of a write, each stored value checked against its column.
async fn written(
    session: &mut Session,
    tables: &Tables,
    step: &Step,
    statement: &Rendered,
) -> Result<Params, DriverError> {
    let table = match step {
        Step::Write { statement, .. } => table_of(statement).map(|table| (table, statement)),
        _ => None,
    };
    let Some((table, write)) = table else {
        return compared(&statement.params);
    };
    let remembered = tables.columns(session, table).await?;
    if let Ok(bound) = bind_all(write, &remembered, &statement.params, bind::stored) {
        return Ok(positional(bound));
    }
    // What is remembered may be out of date: only the table as it is now refuses a value, or has it spelled another way.
    let columns = tables.columns_now(session, table).await?;
    bind_all(write, &columns, &statement.params, bind::converted).map(positional)
}

fn bind_all(
    write: &Statement,
    columns: &Columns,
    values: &[Value],
    bind_stored: fn(&LogicalType, &Value) -> Result<Wire, DriverError>,
) -> Result<Vec<Wire>, DriverError> {
    let types = stored_types(write, columns);
    let each_row = matches!(write, Statement::Insert(_));
    let bound = values.iter().enumerate().map(|(position, value)| {
        // The values of an insert repeat the columns; those of an update come first.
        let at = if each_row {
            position % types.len().max(1)
        } else {
            position
        };
        match types.get(at).copied().flatten() {
            Some(ty) => bind_stored(ty, value),
            None => bind::value(value),
        }
    });
    bound.collect()
}

/// The table whose columns take values.
fn table_of(write: &Statement) -> Option<&TableRef> {
    match write {
        Statement::Insert(insert) => Some(&insert.table),
        Statement::Update(update) => Some(&update.table),
        Statement::Delete(_) => None,
    }
}

fn stored_types<'c>(write: &Statement, columns: &'c Columns) -> Vec<Option<&'c LogicalType>> {
    let known = |name| columns.get(name).map(|column| &column.ty);
    match write {
        Statement::Insert(insert) => insert.columns.iter().map(known).collect(),
        Statement::Update(update) => {
            let stored = update.set.iter().map(|set| match set.to {
                SetTo::Value(_) => known(&set.column),
                SetTo::Plus(_) => None,
            });
            stored.collect()
        }
        Statement::Delete(_) => Vec::new(),
    }
}

/// Fails for parameters that the server would only answer by hanging up. The library sends those of more than
/// [`ONE_PAYLOAD`] one by one, so that then each of them has to fit, but not their sum.
pub(crate) fn fits_packets(session: &Session, params: &Params) -> Result<(), DriverError> {
    let Params::Positional(values) = params else {
        return Ok(());
    };
    let sizes = values.iter().map(Wire::bin_len);
    let (largest, sum) = sizes.fold((0, 0), |(largest, sum), size| {
        (size.max(largest), size + sum)
    });
    let most = session.greeting.max_packet as u64;
    // Each parameter has two bytes of kind and a bit for NULL before the values.
    let header = 64 + 3 * values.len() as u64;
    if largest + header >= most || (sum <= ONE_PAYLOAD && sum + header >= most) {
        return Err(DriverError::new(Category::Resource, errors::TOO_LARGE));
    }
    Ok(())
}

/// Bytes of the longest packet of the protocol:
/// <https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_packets.html>
const ONE_PAYLOAD: u64 = 0xff_ffff;

async fn execute(session: &mut Session, sql: &str, params: Params) -> Result<u64, DriverError> {
    fits_packets(session, &params)?;
    let result = session
        .conn
        .exec_iter(sql, params)
        .await
        .map_err(from_client)?;
    let (found, notes) = (result.affected_rows(), result.warnings());
    result.drop_result().await.map_err(from_client)?;
    if notes > 0 {
        refuse_changed_values(session).await?;
    }
    Ok(found)
}

/// Fails when the server noted that it stored something else than it was given: digits, spaces or the time of a date
/// cut off are no errors to it, even in strict mode.
async fn refuse_changed_values(session: &mut Session) -> Result<(), DriverError> {
    let notes: Vec<Row> = session
        .conn
        .query("SHOW WARNINGS")
        .await
        .map_err(from_client)?;
    for mut note in notes {
        let code = note.take_opt::<u16, _>(1).and_then(Result::ok).unwrap_or(0);
        if matches!(code, 1264 | 1265 | 1292 | 1366 | 1406) {
            let message = note
                .take_opt::<String, _>(2)
                .and_then(Result::ok)
                .unwrap_or_default();
            let state = "01000".to_owned();
            return Err(errors::from_server(&ServerError {
                code,
                message,
                state,
            }));
        }
    }
    Ok(())
}

/// The column that the server numbers, if that is what the insert asks for.
fn identity<'c>(insert: &Insert, columns: &'c Columns) -> Result<&'c ColumnInfo, DriverError> {
    let wanted = insert.returning.first().and_then(|name| columns.get(name));
    wanted.filter(|column| column.identity).ok_or_else(|| {
        DriverError::unsupported("this database answers with keys of AUTO_INCREMENT columns only")
    })
}

/// The key that the last insert got.
fn made_key(session: &Session, column: &ColumnInfo) -> Result<RowSet, DriverError> {
    let Some(number) = session.conn.last_insert_id() else {
        let message = "the server did not say which key it made";
        return Err(DriverError::new(Category::Protocol, message));
    };
    let mut rows = RowBuffer::new(1);
    rows.push(match (&column.ty, i64::try_from(number)) {
        (
            LogicalType::Int {
                bits: 64,
                unsigned: true,
            },
            _,
        )
        | (_, Err(_)) => ValueRef::U64(number),
        (_, Ok(number)) => ValueRef::I64(number),
    });
    let heading = Column {
        name: column.name.as_str().to_owned(),
        native: column.native.clone(),
    };
    Ok(RowSet {
        columns: vec![heading],
        rows,
    })
}
