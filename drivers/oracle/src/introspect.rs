//! Schemas, tables, columns and keys, from the `ALL_` views: what the account may see.

use std::collections::BTreeMap;

use oracledb::{Connection, FromDbValue, Row, ToDbValue};
use quillback_plugin_api::catalog::{
    Catalog, ColumnInfo, Introspect, TableInfo, TableKind, TableSummary,
};
use quillback_plugin_api::{DriverError, Ident, TableRef};

use crate::errors::translate;
use crate::types::columns::{self, Described};

const SCHEMAS: &str =
    "SELECT USERNAME FROM ALL_USERS WHERE ORACLE_MAINTAINED = 'N' ORDER BY USERNAME";
/// Names that begin like this are tables in the recycle bin.
const TABLES: &str = "SELECT OWNER, OBJECT_NAME, OBJECT_TYPE FROM ALL_OBJECTS \
     WHERE OBJECT_TYPE IN ('TABLE', 'VIEW') AND OBJECT_NAME NOT LIKE 'BIN$%'";
const COLUMNS: &str = "SELECT c.COLUMN_NAME, c.DATA_TYPE, c.DATA_LENGTH, c.CHAR_LENGTH, c.DATA_PRECISION, \
     c.DATA_SCALE, c.NULLABLE, c.DEFAULT_LENGTH, c.VIRTUAL_COLUMN, c.IDENTITY_COLUMN, i.GENERATION_TYPE \
     FROM ALL_TAB_COLS c LEFT JOIN ALL_TAB_IDENTITY_COLS i \
     ON i.OWNER = c.OWNER AND i.TABLE_NAME = c.TABLE_NAME AND i.COLUMN_NAME = c.COLUMN_NAME \
     WHERE c.OWNER = :1 AND c.TABLE_NAME = :2 AND c.HIDDEN_COLUMN = 'NO' ORDER BY c.COLUMN_ID";
const PRIMARY_KEY: &str = "SELECT k.COLUMN_NAME FROM ALL_CONSTRAINTS c JOIN ALL_CONS_COLUMNS k \
     ON k.OWNER = c.OWNER AND k.CONSTRAINT_NAME = c.CONSTRAINT_NAME \
     WHERE c.OWNER = :1 AND c.TABLE_NAME = :2 AND c.CONSTRAINT_TYPE = 'P' AND c.STATUS = 'ENABLED' \
     ORDER BY k.POSITION";
/// An index over an expression, or one that sorts downwards, is of another type.
const UNIQUE_KEYS: &str = "SELECT i.OWNER || '.' || i.INDEX_NAME, k.COLUMN_NAME FROM ALL_INDEXES i \
     JOIN ALL_IND_COLUMNS k ON k.INDEX_OWNER = i.OWNER AND k.INDEX_NAME = i.INDEX_NAME \
     WHERE i.TABLE_OWNER = :1 AND i.TABLE_NAME = :2 AND i.UNIQUENESS = 'UNIQUE' AND i.INDEX_TYPE = 'NORMAL' \
     ORDER BY i.OWNER, i.INDEX_NAME, k.COLUMN_POSITION";

/// Answers a question about what is in the database.
///
/// # Errors
/// What the server says.
pub(crate) fn introspect(
    connection: &Connection,
    what: &Introspect,
) -> Result<Catalog, DriverError> {
    match what {
        Introspect::Schemas => {
            let found = rows(connection, SCHEMAS, &[])?;
            let names = found.iter().map(|row| name(row, 0));
            Ok(Catalog::Schemas(
                names
                    .collect::<Result<Vec<_>, _>>()?
                    .into_iter()
                    .flatten()
                    .collect(),
            ))
        }
        Introspect::Tables {
            schema,
            search,
            offset,
            limit,
        } => tables(
            connection,
            schema.as_ref(),
            search,
            *offset,
            (*limit).clamp(1, 1_000),
        ),
        Introspect::Table(table) => Ok(Catalog::Table(describe(connection, table)?)),
    }
}

fn rows(
    connection: &Connection,
    sql: &str,
    params: &[&dyn ToDbValue],
) -> Result<Vec<Row>, DriverError> {
    let cursor = connection
        .query(sql, params)
        .map_err(|error| translate(&error))?;
    cursor
        .collect::<Result<_, _>>()
        .map_err(|error| translate(&error))
}

fn get<'r, T: FromDbValue<'r>>(row: &'r Row, at: usize) -> Result<Option<T>, DriverError> {
    row.get::<Option<T>>(at).map_err(|error| translate(&error))
}

fn name(row: &Row, at: usize) -> Result<Option<Ident>, DriverError> {
    Ok(get::<String>(row, at)?.and_then(|name| Ident::new(name).ok()))
}

fn tables(
    connection: &Connection,
    schema: Option<&Ident>,
    search: &str,
    offset: u32,
    limit: u32,
) -> Result<Catalog, DriverError> {
    let (mut sql, mut params) = (TABLES.to_owned(), Vec::<String>::new());
    match schema {
        Some(schema) => {
            params.push(schema.as_str().to_owned());
            sql.push_str(" AND OWNER = :1");
        }
        None => sql.push_str(" AND ORACLE_MAINTAINED = 'N'"),
    }
    // An empty text is NULL here, and NULL is in nothing.
    if !search.is_empty() {
        params.push(search.to_owned());
        sql.push_str(match params.len() {
            1 => " AND INSTR(LOWER(OBJECT_NAME), LOWER(:1)) > 0",
            _ => " AND INSTR(LOWER(OBJECT_NAME), LOWER(:2)) > 0",
        });
    }
    let page = format!(
        " ORDER BY OWNER, OBJECT_NAME OFFSET {offset} ROWS FETCH NEXT {} ROWS ONLY",
        limit + 1
    );
    sql.push_str(&page);
    let params: Vec<&dyn ToDbValue> = params.iter().map(|text| text as &dyn ToDbValue).collect();
    let mut tables = Vec::new();
    for row in rows(connection, &sql, &params)? {
        tables.extend(summary(&row)?);
    }
    let more = tables.len() > limit as usize;
    tables.truncate(limit as usize);
    Ok(Catalog::Tables { tables, more })
}

fn summary(row: &Row) -> Result<Option<TableSummary>, DriverError> {
    let (Some(schema), Some(name)) = (name(row, 0)?, name(row, 1)?) else {
        return Ok(None);
    };
    let kind = match get::<String>(row, 2)?.as_deref() {
        Some("VIEW") => TableKind::View,
        _ => TableKind::Table,
    };
    Ok(Some(TableSummary {
        table: TableRef::in_schema(Some(schema), name),
        kind,
    }))
}

fn describe(connection: &Connection, table: &TableRef) -> Result<Option<TableInfo>, DriverError> {
    if table.catalog.is_some() {
        return Err(DriverError::unsupported(
            "this database does not support catalogs around schemas",
        ));
    }
    let schema = if let Some(schema) = &table.schema {
        Some(schema.as_str().to_owned())
    } else {
        let sql = "SELECT SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA') FROM DUAL";
        let found = rows(connection, sql, &[])?;
        let current = found.first().map(|row| get::<String>(row, 0));
        current.transpose()?.flatten()
    };
    let schema = schema.unwrap_or_default();
    let wanted = table.name.as_str().to_owned();
    let params: [&dyn ToDbValue; 2] = [&schema, &wanted];
    let sql = format!("{TABLES} AND OWNER = :1 AND OBJECT_NAME = :2");
    let found = rows(connection, &sql, &params)?;
    let Some(found) = found.first().map(summary).transpose()?.flatten() else {
        return Ok(None);
    };
    let mut columns = Vec::new();
    for row in rows(connection, COLUMNS, &params)? {
        columns.extend(column(&row)?);
    }
    let mut primary_key = Vec::new();
    for row in rows(connection, PRIMARY_KEY, &params)? {
        primary_key.extend(name(&row, 0)?);
    }
    let mut keys: BTreeMap<String, Vec<Ident>> = BTreeMap::new();
    for row in rows(connection, UNIQUE_KEYS, &params)? {
        let index = get::<String>(&row, 0)?.unwrap_or_default();
        keys.entry(index).or_default().extend(name(&row, 1)?);
    }
    let unique_keys = keys
        .into_values()
        .filter(|key| *key != primary_key)
        .collect();
    Ok(Some(TableInfo {
        table: found.table,
        kind: found.kind,
        columns,
        primary_key,
        unique_keys,
    }))
}

fn column(row: &Row) -> Result<Option<ColumnInfo>, DriverError> {
    let Some(name) = name(row, 0)? else {
        return Ok(None);
    };
    let data_type = get::<String>(row, 1)?.unwrap_or_default();
    let described = Described {
        data_type: &data_type,
        bytes: get(row, 2)?,
        characters: get(row, 3)?,
        precision: get(row, 4)?,
        scale: get(row, 5)?,
    };
    let is = |at: usize, word: &str| -> Result<bool, DriverError> {
        Ok(get::<String>(row, at)?.as_deref() == Some(word))
    };
    let (is_virtual, identity) = (is(8, "YES")?, is(9, "YES")?);
    Ok(Some(ColumnInfo {
        ty: columns::from_catalog(&described),
        native: native(&described),
        nullable: is(6, "Y")?,
        has_default: get::<i64>(row, 7)?.is_some() || identity,
        generated: is_virtual || is(10, "ALWAYS")?,
        identity,
        name,
    }))
}

/// The type as it is written when a table is made.
fn native(column: &Described<'_>) -> String {
    let name = column.data_type;
    match (name, column.precision, column.scale) {
        ("NUMBER", Some(precision), Some(0) | None) => format!("NUMBER({precision})"),
        ("NUMBER", Some(precision), Some(scale)) => format!("NUMBER({precision},{scale})"),
        ("VARCHAR2" | "NVARCHAR2" | "CHAR" | "NCHAR", ..) => {
            format!("{name}({})", column.characters.unwrap_or(0))
        }
        ("RAW", ..) => format!("RAW({})", column.bytes.unwrap_or(0)),
        _ => name.to_owned(),
    }
}
