//! Schemas, tables, columns and keys, from the catalog views of `sys`.

use std::collections::BTreeMap;

use quillback_plugin_api::catalog::{
    Catalog, ColumnInfo, Introspect, TableInfo, TableKind, TableSummary,
};
use quillback_plugin_api::{DriverError, Ident, TableRef};
use tiberius::{Query, Row};

use crate::connect::Session;
use crate::errors::from_client;
use crate::tables::Known;
use crate::types::columns::Described;

/// Schemas from 16384 on belong to the fixed roles of a database.
const OWN: &str = "s.name NOT IN (N'sys', N'INFORMATION_SCHEMA', N'guest') AND s.schema_id < 16384";
const COLUMNS: &str = "SELECT c.name, COALESCE(TYPE_NAME(c.system_type_id), TYPE_NAME(c.user_type_id)), \
CAST(c.max_length AS int), CAST(c.precision AS int), CAST(c.scale AS int), c.is_nullable, c.is_identity, \
CAST(CASE WHEN c.is_computed = 1 OR c.generated_always_type <> 0 OR TYPE_NAME(c.system_type_id) = N'timestamp' \
THEN 1 ELSE 0 END AS bit), CAST(CASE WHEN c.default_object_id <> 0 THEN 1 ELSE 0 END AS bit), \
CAST(COLLATIONPROPERTY(c.collation_name, 'CodePage') AS int) \
FROM sys.columns AS c WHERE c.object_id = @P1 ORDER BY c.column_id";
const KEYS: &str = "SELECT i.index_id, i.is_primary_key, c.name FROM sys.indexes AS i \
JOIN sys.index_columns AS k ON k.object_id = i.object_id AND k.index_id = i.index_id \
JOIN sys.columns AS c ON c.object_id = k.object_id AND c.column_id = k.column_id \
WHERE i.object_id = @P1 AND i.is_unique = 1 AND i.has_filter = 0 AND i.is_disabled = 0 AND i.is_hypothetical = 0 \
AND k.key_ordinal > 0 ORDER BY i.index_id, k.key_ordinal";

/// Answers a question about what is in the database.
///
/// # Errors
/// What the server says.
pub(crate) async fn introspect(
    session: &mut Session,
    what: Introspect,
) -> Result<Catalog, DriverError> {
    match what {
        Introspect::Schemas => schemas(session).await,
        Introspect::Tables {
            schema,
            search,
            offset,
            limit,
        } => {
            let limit = limit.clamp(1, 1_000);
            let sql = tables_sql(schema.is_some(), offset, limit + 1);
            let mut query = Query::new(sql);
            query.bind(search);
            if let Some(schema) = schema {
                query.bind(schema.as_str().to_owned());
            }
            let found = rows(session, query).await?;
            let mut tables: Vec<_> = found.iter().filter_map(summary).collect();
            let more = tables.len() > limit as usize;
            tables.truncate(limit as usize);
            Ok(Catalog::Tables { tables, more })
        }
        Introspect::Table(table) => Ok(Catalog::Table(describe(session, &table).await?)),
    }
}

async fn rows(session: &mut Session, query: Query<'_>) -> Result<Vec<Row>, DriverError> {
    let stream = query.query(&mut session.conn).await.map_err(from_client)?;
    stream.into_first_result().await.map_err(from_client)
}

fn text(row: &Row, at: usize) -> Option<&str> {
    row.try_get::<&str, _>(at).ok().flatten()
}

fn number(row: &Row, at: usize) -> Option<i32> {
    row.try_get::<i32, _>(at).ok().flatten()
}

fn flag(row: &Row, at: usize) -> bool {
    row.try_get::<bool, _>(at).ok().flatten() == Some(true)
}

fn name(row: &Row, at: usize) -> Option<Ident> {
    text(row, at).and_then(|name| Ident::new(name).ok())
}

async fn schemas(session: &mut Session) -> Result<Catalog, DriverError> {
    let sql = format!(
        "SELECT s.name FROM sys.schemas AS s WHERE {OWN} ORDER BY s.name COLLATE Latin1_General_100_BIN2"
    );
    let found = rows(session, Query::new(sql)).await?;
    let names = found.iter().filter_map(|row| name(row, 0));
    Ok(Catalog::Schemas(names.collect()))
}

/// The statement that lists tables; the search is its first parameter and the schema its second.
pub(crate) fn tables_sql(in_schema: bool, offset: u32, limit: u32) -> String {
    let place = if in_schema {
        "s.name COLLATE Latin1_General_100_BIN2 = @P2"
    } else {
        OWN
    };
    format!(
        "SELECT s.name, o.name, o.type FROM sys.objects AS o JOIN sys.schemas AS s ON s.schema_id = o.schema_id \
         WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0 AND {place} \
         AND (DATALENGTH(@P1) = 0 OR CHARINDEX(LOWER(@P1), LOWER(o.name)) > 0) \
         ORDER BY s.name COLLATE Latin1_General_100_BIN2, o.name COLLATE Latin1_General_100_BIN2 \
         OFFSET {offset} ROWS FETCH NEXT {limit} ROWS ONLY"
    )
}

fn summary(row: &Row) -> Option<TableSummary> {
    Some(TableSummary {
        table: TableRef::in_schema(Some(name(row, 0)?), name(row, 1)?),
        kind: kind(text(row, 2)?),
    })
}

fn kind(ty: &str) -> TableKind {
    if ty.trim_end() == "V" {
        TableKind::View
    } else {
        TableKind::Table
    }
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
    let mut query = Query::new(format!(
        "SELECT s.name, o.name, o.type, o.object_id FROM sys.objects AS o \
         JOIN sys.schemas AS s ON s.schema_id = o.schema_id WHERE o.type IN ('U', 'V') \
         AND o.name COLLATE Latin1_General_100_BIN2 = @P1 AND s.name = {schema}"
    ));
    query.bind(table.name.as_str().to_owned());
    if let Some(schema) = &table.schema {
        query.bind(schema.as_str().to_owned());
    }
    let rows = rows(session, query).await?;
    Ok(rows.first().and_then(|row| {
        let found = summary(row)?;
        Some(Found {
            object: number(row, 3)?,
            table: found.table,
            kind: found.kind,
        })
    }))
}

async fn describe(
    session: &mut Session,
    table: &TableRef,
) -> Result<Option<TableInfo>, DriverError> {
    let Some(found) = find(session, table).await? else {
        return Ok(None);
    };
    let columns = columns(session, found.object).await?;
    let mut query = Query::new(KEYS);
    query.bind(found.object);
    let mut keys: BTreeMap<i32, (bool, Vec<Ident>)> = BTreeMap::new();
    for row in rows(session, query).await? {
        let (Some(index), Some(column)) = (number(&row, 0), name(&row, 2)) else {
            continue;
        };
        let key = keys.entry(index).or_default();
        key.0 = flag(&row, 1);
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
pub(crate) async fn columns(session: &mut Session, object: i32) -> Result<Vec<Known>, DriverError> {
    let mut query = Query::new(COLUMNS);
    query.bind(object);
    let found = rows(session, query).await?;
    Ok(found.iter().filter_map(column).collect())
}

fn column(row: &Row) -> Option<Known> {
    let described = Described {
        name: text(row, 1)?,
        length: number(row, 2)?,
        precision: number(row, 3)?,
        scale: number(row, 4)?,
    };
    let (identity, computed) = (flag(row, 6), flag(row, 7));
    let narrow = matches!(described.name, "char" | "varchar" | "text");
    Some(Known {
        info: ColumnInfo {
            name: name(row, 0)?,
            ty: described.ty(),
            native: described.native(),
            nullable: flag(row, 5),
            has_default: flag(row, 8) || identity || computed,
            // A column that the server numbers takes no values unless the session asks for it.
            generated: computed || identity,
            identity,
        },
        code_page: number(row, 9).filter(|_| narrow),
    })
}
