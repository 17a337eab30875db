//! Schemas (databases, in the words of MySQL), tables, columns and keys, from `information_schema`.

use std::collections::BTreeMap;

use mysql_async::prelude::Queryable as _;
use mysql_async::{Row, Value as Wire};
use quillback_plugin_api::catalog::{
    Catalog, ColumnInfo, Introspect, TableInfo, TableKind, TableSummary,
};
use quillback_plugin_api::{Category, DriverError, Ident, TableRef};

use crate::capabilities::Product;
use crate::connect::Session;
use crate::errors::from_client;
use crate::names;
use crate::types::columns::{self, Described};

const OWN_SCHEMAS: &str = "('information_schema', 'mysql', 'performance_schema', 'sys')";
/// Names as characters: most servers compare those of their catalog without regard to case.
const SCHEMA: &str = "CONVERT(TABLE_SCHEMA USING utf8mb4) COLLATE utf8mb4_bin";
const NAME: &str = "CONVERT(TABLE_NAME USING utf8mb4) COLLATE utf8mb4_bin";

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
            let page = Page {
                offset,
                limit: limit.clamp(1, 1_000),
            };
            tables(session, schema, search, page).await
        }
        Introspect::Table(table) => Ok(Catalog::Table(describe(session, &table).await?)),
    }
}

struct Page {
    offset: u32,
    limit: u32,
}

async fn rows(
    session: &mut Session,
    sql: String,
    params: Vec<Wire>,
) -> Result<Vec<Row>, DriverError> {
    session.conn.exec(sql, params).await.map_err(from_client)
}

fn text(row: &mut Row, at: usize) -> Option<String> {
    row.take_opt::<Option<String>, _>(at)
        .and_then(Result::ok)
        .flatten()
}

fn number(row: &mut Row, at: usize) -> Option<u64> {
    row.take_opt::<Option<u64>, _>(at)
        .and_then(Result::ok)
        .flatten()
}

fn name(row: &mut Row, at: usize) -> Option<Ident> {
    text(row, at).and_then(|name| Ident::new(name).ok())
}

async fn schemas(session: &mut Session) -> Result<Catalog, DriverError> {
    let sql = format!(
        "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE LOWER(SCHEMA_NAME) NOT IN {OWN_SCHEMAS} \
         ORDER BY CONVERT(SCHEMA_NAME USING utf8mb4) COLLATE utf8mb4_bin"
    );
    let found = rows(session, sql, Vec::new()).await?;
    Ok(Catalog::Schemas(
        found
            .into_iter()
            .filter_map(|mut row| name(&mut row, 0))
            .collect(),
    ))
}

async fn tables(
    session: &mut Session,
    schema: Option<Ident>,
    search: String,
    page: Page,
) -> Result<Catalog, DriverError> {
    let (place, mut params) = match &schema {
        Some(schema) => (
            "TABLE_SCHEMA = ?".to_owned(),
            vec![Wire::from(schema.as_str())],
        ),
        None => (
            format!("LOWER(TABLE_SCHEMA) NOT IN {OWN_SCHEMAS}"),
            Vec::new(),
        ),
    };
    params.push(search.into());
    // The rest of the kinds, such as MariaDB's sequences, are not made of rows.
    let sql = format!(
        "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES \
         WHERE {place} AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED', 'VIEW', 'SYSTEM VIEW') \
         AND LOCATE(LOWER(?), LOWER({NAME})) > 0 ORDER BY {SCHEMA}, {NAME} LIMIT {} OFFSET {}",
        page.limit + 1,
        page.offset
    );
    let mut tables: Vec<_> = rows(session, sql, params)
        .await?
        .into_iter()
        .filter_map(summary)
        .collect();
    let more = tables.len() > page.limit as usize;
    tables.truncate(page.limit as usize);
    Ok(Catalog::Tables { tables, more })
}

fn summary(mut row: Row) -> Option<TableSummary> {
    let table = TableRef::in_schema(Some(name(&mut row, 0)?), name(&mut row, 1)?);
    let kind = if text(&mut row, 2)?.ends_with("VIEW") {
        TableKind::View
    } else {
        TableKind::Table
    };
    Some(TableSummary { table, kind })
}

/// The condition that finds `table` in a view of the catalog, and its parameters.
fn is_table(table: &TableRef) -> Result<(&'static str, Vec<Wire>), DriverError> {
    if table.catalog.is_some() {
        return Err(DriverError::unsupported(
            "this database does not support catalogs around schemas",
        ));
    }
    let name = Wire::from(table.name.as_str());
    Ok(match &table.schema {
        Some(schema) => (
            "TABLE_SCHEMA = ? AND TABLE_NAME = ?",
            vec![schema.as_str().into(), name],
        ),
        None => ("TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?", vec![name]),
    })
}

async fn describe(
    session: &mut Session,
    table: &TableRef,
) -> Result<Option<TableInfo>, DriverError> {
    if !names::is_possible_table(table) {
        return Ok(None);
    }
    let (is_table, params) = is_table(table)?;
    let sql = format!(
        "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES WHERE {is_table}"
    );
    let found = rows(session, sql, params)
        .await?
        .into_iter()
        .filter_map(summary);
    // A server that compares names without regard to case may find several.
    let Some(found) = found.min_by_key(|found| found.table.name != table.name) else {
        return Ok(None);
    };
    let columns = columns(session, &found.table).await?;
    let (primary_key, unique_keys) = keys(session, &found.table).await?;
    Ok(Some(TableInfo {
        table: found.table,
        kind: found.kind,
        columns,
        primary_key,
        unique_keys,
    }))
}

/// The columns of a table in its order; none when there is no such table.
///
/// # Errors
/// What the server says.
pub(crate) async fn columns(
    session: &mut Session,
    table: &TableRef,
) -> Result<Vec<ColumnInfo>, DriverError> {
    if !names::is_possible_table(table) {
        return Ok(Vec::new());
    }
    let (is_table, params) = is_table(table)?;
    let sql = format!(
        "SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT, EXTRA, \
         CHARACTER_MAXIMUM_LENGTH, NUMERIC_PRECISION, NUMERIC_SCALE, DATETIME_PRECISION, COLLATION_NAME, \
         COLUMN_COMMENT FROM information_schema.COLUMNS WHERE {is_table} ORDER BY ORDINAL_POSITION"
    );
    let found = rows(session, sql, params).await?;
    let json = if session.greeting.flavor.product == Product::MariaDb && !found.is_empty() {
        json_columns(session, table).await?
    } else {
        Vec::new()
    };
    Ok(found
        .into_iter()
        .filter_map(|mut row| column(&mut row, &json))
        .collect())
}

fn column(row: &mut Row, json: &[String]) -> Option<ColumnInfo> {
    let name = name(row, 0)?;
    let (data_type, native) = (text(row, 1)?.to_ascii_lowercase(), text(row, 2)?);
    let (nullable, default, extra) = (
        text(row, 3)?,
        text(row, 4),
        text(row, 5).unwrap_or_default(),
    );
    let (collation, comment) = (text(row, 10), text(row, 11).unwrap_or_default());
    let ty = columns::from_catalog(&Described {
        data_type: &data_type,
        column_type: &native,
        length: number(row, 6),
        precision: number(row, 7),
        scale: number(row, 8),
        fraction: number(row, 9),
        collation: collation.as_deref(),
        comment: &comment,
        is_json: json.iter().any(|column| column == name.as_str()),
    });
    let extra = extra.to_ascii_lowercase();
    // MySQL marks a default that is an expression as DEFAULT_GENERATED, which is no generated column.
    let generated = ["virtual generated", "stored generated", "persistent"]
        .iter()
        .any(|mark| extra.contains(mark));
    let identity = extra.contains("auto_increment");
    // MariaDB writes the absence of a default as the word NULL.
    let default = default.filter(|text| text != "NULL");
    Some(ColumnInfo {
        name,
        ty,
        native,
        nullable: nullable == "YES",
        has_default: default.is_some() || identity || generated,
        generated,
        identity,
    })
}

/// Columns of a `MariaDB` table that a constraint demands to be JSON:
/// <https://mariadb.com/kb/en/json-data-type/>
async fn json_columns(session: &mut Session, table: &TableRef) -> Result<Vec<String>, DriverError> {
    let (is_table, params) = is_table(table)?;
    let is_table = is_table.replace("TABLE_SCHEMA", "CONSTRAINT_SCHEMA");
    let sql = format!(
        "SELECT CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS WHERE {is_table} \
         AND CHECK_CLAUSE LIKE 'json\\_valid(%'"
    );
    let clauses = rows(session, sql, params).await?;
    Ok(clauses
        .into_iter()
        .filter_map(|mut row| {
            let clause = text(&mut row, 0)?;
            let quoted = clause.strip_prefix("json_valid(`")?.strip_suffix("`)")?;
            Some(quoted.replace("``", "`"))
        })
        .collect())
}

type Keys = (Vec<Ident>, Vec<Vec<Ident>>);

/// The primary key in its order, and the unique keys of whole columns in the order of their names.
async fn keys(session: &mut Session, table: &TableRef) -> Result<Keys, DriverError> {
    let (is_table, params) = is_table(table)?;
    let sql = format!(
        "SELECT INDEX_NAME, COLUMN_NAME, SUB_PART FROM information_schema.STATISTICS \
         WHERE {is_table} AND NON_UNIQUE = 0 ORDER BY INDEX_NAME, SEQ_IN_INDEX"
    );
    let mut keys: BTreeMap<String, Option<Vec<Ident>>> = BTreeMap::new();
    for mut row in rows(session, sql, params).await? {
        let key = text(&mut row, 0).ok_or_else(nameless)?;
        let is_primary = key == "PRIMARY";
        // A part without a name is an expression; one with a length is the start of a column.
        let part = name(&mut row, 1).filter(|_| is_primary || number(&mut row, 2).is_none());
        let parts = keys.entry(key).or_insert_with(|| Some(Vec::new()));
        match (parts.as_mut(), part) {
            (Some(parts), Some(part)) => parts.push(part),
            _ => *parts = None,
        }
    }
    let primary = keys.remove("PRIMARY").flatten().unwrap_or_default();
    Ok((primary, keys.into_values().flatten().collect()))
}

fn nameless() -> DriverError {
    DriverError::new(
        Category::Protocol,
        "the server lists an index without a name",
    )
}
