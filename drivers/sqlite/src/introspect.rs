//! What is in the file: tables, columns and keys, from the engine's own pragmas
//! (<https://www.sqlite.org/pragma.html#pragfunc>).

use quillback_plugin_api::catalog::{
    Catalog, ColumnInfo, Introspect, TableInfo, TableKind, TableSummary,
};
use quillback_plugin_api::{Category, DriverError, Ident, TableRef};
use rusqlite::{Connection, Row};

use crate::dialect::FOLD;
use crate::errors::translate;
use crate::types;

/// Tables and views of the file without the engine's own and without the hidden tables of virtual ones.
const TABLES: &str = "FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'view', 'virtual') \
    AND name NOT LIKE 'sqlite~_%' ESCAPE '~'";

/// Looks up what is asked for.
///
/// # Errors
/// What the engine answers.
pub(crate) fn look_up(connection: &Connection, what: &Introspect) -> Result<Catalog, DriverError> {
    match what {
        Introspect::Schemas => Ok(Catalog::Schemas(Vec::new())),
        Introspect::Tables {
            schema,
            search,
            offset,
            limit,
        } => {
            if !is_here(schema.as_ref()) {
                return Ok(Catalog::Tables {
                    tables: Vec::new(),
                    more: false,
                });
            }
            tables(connection, search, *offset, (*limit).clamp(1, 1_000))
        }
        Introspect::Table(table) => {
            if table.catalog.is_some() || !is_here(table.schema.as_ref()) {
                return Ok(Catalog::Table(None));
            }
            one(connection, table).map(Catalog::Table)
        }
    }
}

/// There are no schemas, but the engine calls the file `main`.
fn is_here(schema: Option<&Ident>) -> bool {
    schema.is_none_or(|schema| schema.as_str() == "main")
}

fn tables(
    connection: &Connection,
    search: &str,
    offset: u32,
    limit: u32,
) -> Result<Catalog, DriverError> {
    let sql = format!(
        "SELECT name, type {TABLES} AND instr({FOLD}(name), {FOLD}(?1)) > 0 ORDER BY name LIMIT ?2 OFFSET ?3"
    );
    let mut found = query(connection, &sql, (search, limit + 1, offset), |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
    })?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let tables = found
        .into_iter()
        .filter_map(|(name, kind)| {
            let table = TableRef::new(Ident::new(name).ok()?);
            Some(TableSummary {
                table,
                kind: kind_of(&kind),
            })
        })
        .collect();
    Ok(Catalog::Tables { tables, more })
}

fn kind_of(kind: &str) -> TableKind {
    if kind == "view" {
        TableKind::View
    } else {
        TableKind::Table
    }
}

fn one(connection: &Connection, table: &TableRef) -> Result<Option<TableInfo>, DriverError> {
    let name = table.name.as_str();
    // The engine takes upper and lower case as the same name; permissions are kept by the exact one.
    let sql = format!("SELECT type {TABLES} AND name = ?1 COLLATE BINARY");
    let Some(kind) = query(connection, &sql, [name], |row| row.get::<_, String>(0))?.pop() else {
        return Ok(None);
    };
    let raw = raw_columns(connection, name)?;
    let keys = unique_keys(connection, name)?;
    let mut primary: Vec<_> = raw.iter().filter(|column| column.key > 0).collect();
    primary.sort_by_key(|column| column.key);
    // A single integer key that needs no index of its own is the row number.
    // https://www.sqlite.org/lang_createtable.html#rowid
    let row_number = match primary.as_slice() {
        [only] if only.native.eq_ignore_ascii_case("INTEGER") && !keys.primary_has_index => {
            Some(only.name.clone())
        }
        _ => None,
    };
    let primary_key = primary.iter().map(|column| column.name.clone()).collect();
    let columns = raw
        .into_iter()
        .map(|column| describe(column, row_number.as_ref()))
        .collect();
    Ok(Some(TableInfo {
        table: table.clone(),
        kind: kind_of(&kind),
        columns,
        primary_key,
        unique_keys: keys.others,
    }))
}

struct RawColumn {
    name: Ident,
    native: String,
    required: bool,
    has_default: bool,
    /// Position in the primary key from 1; 0 is not in it.
    key: i64,
    generated: bool,
}

fn raw_columns(connection: &Connection, table: &str) -> Result<Vec<RawColumn>, DriverError> {
    // hidden: 1 is a column of a virtual table that is not for reading, 2 and 3 are generated.
    let sql = "SELECT name, type, \"notnull\", dflt_value IS NOT NULL, pk, hidden FROM pragma_table_xinfo(?1) \
        WHERE hidden <> 1 ORDER BY cid";
    query(connection, sql, [table], |row| {
        Ok(RawColumn {
            name: ident(row, 0)?,
            native: row.get(1)?,
            required: row.get(2)?,
            has_default: row.get(3)?,
            key: row.get(4)?,
            generated: row.get::<_, i64>(5)? > 1,
        })
    })
}

fn describe(column: RawColumn, row_number: Option<&Ident>) -> ColumnInfo {
    let identity = row_number == Some(&column.name);
    ColumnInfo {
        ty: types::parse(&column.native),
        nullable: !column.required && !identity,
        has_default: column.has_default || identity,
        generated: column.generated,
        identity,
        name: column.name,
        native: column.native,
    }
}

struct Keys {
    primary_has_index: bool,
    others: Vec<Vec<Ident>>,
}

fn unique_keys(connection: &Connection, table: &str) -> Result<Keys, DriverError> {
    let sql = "SELECT name, origin, partial FROM pragma_index_list(?1) WHERE \"unique\" ORDER BY seq DESC";
    let indexes = query(connection, sql, [table], |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, String>(1)?,
            row.get::<_, bool>(2)?,
        ))
    })?;
    let mut keys = Keys {
        primary_has_index: false,
        others: Vec::new(),
    };
    for (index, origin, partial) in indexes {
        if origin == "pk" {
            keys.primary_has_index = true;
        } else if !partial {
            keys.others.extend(columns_of(connection, &index)?);
        }
    }
    Ok(keys)
}

/// The columns of an index; `None` when it has expressions.
fn columns_of(connection: &Connection, index: &str) -> Result<Option<Vec<Ident>>, DriverError> {
    let sql = "SELECT name FROM pragma_index_info(?1) ORDER BY seqno";
    let columns = query(connection, sql, [index], |row| {
        row.get::<_, Option<String>>(0)
    })?;
    Ok(columns
        .into_iter()
        .map(|name| name.and_then(|name| Ident::new(name).ok()))
        .collect())
}

fn ident(row: &Row<'_>, position: usize) -> rusqlite::Result<Ident> {
    Ident::new(row.get::<_, String>(position)?)
        .map_err(|_| rusqlite::Error::InvalidColumnName("a name without text".into()))
}

fn query<T>(
    connection: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, DriverError> {
    let failed = |error: rusqlite::Error| translate(&error, None);
    let mut statement = connection.prepare_cached(sql).map_err(failed)?;
    let rows = statement.query_map(params, read).map_err(failed)?;
    rows.collect::<rusqlite::Result<Vec<T>>>()
        .map_err(|error| match error {
            rusqlite::Error::InvalidColumnName(_) => {
                DriverError::new(Category::Unsupported, "a column has no name")
            }
            error => translate(&error, None),
        })
}
