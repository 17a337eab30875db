//! Questions to the catalog views of `sys`, and the tables that they know.

use std::collections::BTreeMap;

use quillback_plugin_api::catalog::{
    Catalog, ColumnInfo, Introspect, TableInfo, TableKind, TableSummary,
};
use quillback_plugin_api::{DriverError, Ident, TableRef};
use tiberius::Query;

use crate::Server;
use crate::connect::Session;
use crate::errors::from_client;
use crate::flavor::Flavor;
use crate::tables::Known;
use crate::types::columns::Described;

/// How one database lists what is in it.
#[derive(Clone, Copy, Debug)]
pub struct Listing {
    /// The condition on `sys.schemas AS s` that leaves out the system's own.
    pub own: &'static str,
    /// The statement that lists tables and views: schema, name and type, in the order of the first two. It is given a
    /// condition on `sys.schemas AS s`, how many rows to pass over, and most rows. `@P1` is a text that names have in
    /// them, in whatever case.
    pub tables: fn(&str, u32, u32) -> String,
}

/// Answers a question about what is in the database.
///
/// # Errors
/// What the server says.
pub async fn introspect(server: &Server, what: Introspect) -> Result<Catalog, DriverError> {
    let listing = server.flavor.listing;
    match what {
        Introspect::Schemas => {
            let own = listing.own;
            let sql = format!(
                "SELECT s.name FROM sys.schemas AS s WHERE {own} ORDER BY s.name COLLATE Latin1_General_100_BIN2"
            );
            let found = server.ask(&sql, &[]).await?;
            let names = found.iter().filter_map(|row| row.name(0));
            Ok(Catalog::Schemas(names.collect()))
        }
        Introspect::Tables {
            schema,
            search,
            offset,
            limit,
        } => {
            let limit = limit.clamp(1, 1_000);
            let place = match &schema {
                Some(_) => "s.name COLLATE Latin1_General_100_BIN2 = @P2",
                None => listing.own,
            };
            let sql = (listing.tables)(place, offset, limit + 1);
            let mut params = vec![Param::Text(&search)];
            params.extend(schema.as_ref().map(|schema| Param::Text(schema.as_str())));
            let found = server.ask(&sql, &params).await?;
            let mut tables: Vec<_> = found.iter().filter_map(Row::table).collect();
            let more = tables.len() > limit as usize;
            tables.truncate(limit as usize);
            Ok(Catalog::Tables { tables, more })
        }
        Introspect::Table(table) => Ok(Catalog::Table(server.describe(&table).await?)),
    }
}

/// A parameter of a question.
#[derive(Clone, Copy, Debug)]
pub enum Param<'a> {
    /// A text.
    Text(&'a str),
    /// An `int`.
    Number(i32),
}

/// A row of an answer.
pub struct Row(tiberius::Row);

impl Row {
    /// The text of a column, if it has one.
    pub fn text(&self, at: usize) -> Option<&str> {
        self.0.try_get::<&str, _>(at).ok().flatten()
    }

    /// The number of a column of type `int`, if it has one.
    pub fn number(&self, at: usize) -> Option<i32> {
        self.0.try_get::<i32, _>(at).ok().flatten()
    }

    /// Whether a column of type `bit` is 1.
    pub fn flag(&self, at: usize) -> bool {
        self.0.try_get::<bool, _>(at).ok().flatten() == Some(true)
    }

    /// The name in a column, if it has one.
    pub fn name(&self, at: usize) -> Option<Ident> {
        self.text(at).and_then(|name| Ident::new(name).ok())
    }

    /// The table or view in the first columns: schema, name, and its type as `sys.objects` has it.
    pub fn table(&self) -> Option<TableSummary> {
        let kind = if self.text(2)?.trim_end() == "V" {
            TableKind::View
        } else {
            TableKind::Table
        };
        Some(TableSummary {
            table: TableRef::in_schema(Some(self.name(0)?), self.name(1)?),
            kind,
        })
    }
}

impl Server {
    /// Asks a question whose parameters are `@P1`, `@P2`.
    ///
    /// # Errors
    /// What the server says.
    pub async fn ask(&self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, DriverError> {
        let mut lease = self.pool.sure_lease().await?;
        let answer = rows(lease.session()?, sql, params).await;
        lease.settle(answer)
    }

    /// What the server shows of a table; nothing where it shows none.
    ///
    /// # Errors
    /// What the server says.
    pub async fn describe(&self, table: &TableRef) -> Result<Option<TableInfo>, DriverError> {
        let mut lease = self.pool.sure_lease().await?;
        let answer = describe(lease.session()?, self.flavor, table).await;
        lease.settle(answer)
    }
}

async fn rows(
    session: &mut Session,
    sql: &str,
    params: &[Param<'_>],
) -> Result<Vec<Row>, DriverError> {
    let mut query = Query::new(sql);
    for param in params {
        match param {
            Param::Text(text) => query.bind((*text).to_owned()),
            Param::Number(number) => query.bind(*number),
        }
    }
    let stream = query.query(&mut session.conn).await.map_err(from_client)?;
    let found = stream.into_first_result().await.map_err(from_client)?;
    Ok(found.into_iter().map(Row).collect())
}

/// A table that is there.
pub(crate) struct Found {
    pub(crate) object: i32,
    table: TableRef,
    kind: TableKind,
}

/// Looks a table up; without a schema, in the account's own.
///
/// # Errors
/// What the server says.
pub(crate) async fn find(
    session: &mut Session,
    table: &TableRef,
) -> Result<Option<Found>, DriverError> {
    if table.catalog.is_some() {
        return Err(DriverError::unsupported(
            "tables of other databases: make a connection for that database",
        ));
    }
    let schema = if table.schema.is_some() {
        "@P2 COLLATE Latin1_General_100_BIN2"
    } else {
        "SCHEMA_NAME()"
    };
    let sql = format!(
        "SELECT s.name, o.name, o.type, o.object_id FROM sys.objects AS o \
         JOIN sys.schemas AS s ON s.schema_id = o.schema_id WHERE o.type IN ('U', 'V') \
         AND o.name COLLATE Latin1_General_100_BIN2 = @P1 AND s.name = {schema}"
    );
    let mut params = vec![Param::Text(table.name.as_str())];
    params.extend(
        table
            .schema
            .as_ref()
            .map(|schema| Param::Text(schema.as_str())),
    );
    let rows = rows(session, &sql, &params).await?;
    Ok(rows.first().and_then(|row| {
        let found = row.table()?;
        Some(Found {
            object: row.number(3)?,
            table: found.table,
            kind: found.kind,
        })
    }))
}

async fn describe(
    session: &mut Session,
    flavor: &Flavor,
    table: &TableRef,
) -> Result<Option<TableInfo>, DriverError> {
    let Some(found) = find(session, table).await? else {
        return Ok(None);
    };
    let columns = columns(session, flavor, found.object).await?;
    let of_table = [Param::Number(found.object)];
    let mut keys: BTreeMap<i32, (bool, Vec<Ident>)> = BTreeMap::new();
    for row in rows(session, flavor.keys, &of_table).await? {
        let (Some(index), Some(column)) = (row.number(0), row.name(2)) else {
            continue;
        };
        let key = keys.entry(index).or_default();
        key.0 = row.flag(1);
        key.1.push(column);
    }
    let (primary, unique): (Vec<_>, Vec<_>) = keys.into_values().partition(|key| key.0);
    Ok(Some(TableInfo {
        table: found.table,
        kind: found.kind,
        columns: columns.into_iter().map(|column| column.info).collect(),
        primary_key: primary.into_iter().flat_map(|key| key.1).collect(),
        unique_keys: unique.into_iter().map(|key| key.1).collect(),
    }))
}

/// The columns of a table.
///
/// # Errors
/// What the server says.
pub(crate) async fn columns(
    session: &mut Session,
    flavor: &Flavor,
    object: i32,
) -> Result<Vec<Known>, DriverError> {
    let found = rows(session, flavor.columns, &[Param::Number(object)]).await?;
    Ok(found.iter().filter_map(column).collect())
}

fn column(row: &Row) -> Option<Known> {
    let described = Described {
        name: row.text(1)?,
        length: row.number(2)?,
        precision: row.number(3)?,
        scale: row.number(4)?,
    };
    let (identity, computed) = (row.flag(6), row.flag(7));
    let narrow = matches!(described.name, "char" | "varchar" | "text");
    Some(Known {
        info: ColumnInfo {
            name: row.name(0)?,
            ty: described.ty(),
            native: described.native(),
            nullable: row.flag(5),
            has_default: row.flag(8) || identity || computed,
            generated: computed,
            identity,
        },
        code_page: row.number(9).filter(|_| narrow),
    })
}
