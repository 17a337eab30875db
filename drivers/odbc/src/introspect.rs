//! Schemas, tables, columns and keys, from the catalogue functions of ODBC; what the client offers no function for, such
//! as unique keys, from a query of the dialect.

use std::collections::BTreeMap;

use odbc_api::{ColumnDescription, DataType, ResultSetMetadata as _};
use quillback_plugin_api::catalog::{
    Catalog, ColumnInfo, Introspect, TableInfo, TableKind, TableSummary,
};
use quillback_plugin_api::dialect::Dialect as _;
use quillback_plugin_api::sql::SqlWriter;
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::{Category, DriverError, Ident, TableRef};

use crate::connect::{Session, Texts};
use crate::dialect::Printer;
use crate::spelling::Around;
use crate::types::bind;
use crate::types::columns::{self, Described};

/// Any name, as a pattern.
const ANY: &str = "%";

/// Answers a question about what is in the database.
///
/// # Errors
/// What the server says.
pub(crate) fn introspect(session: &Session, what: &Introspect) -> Result<Catalog, DriverError> {
    match what {
        Introspect::Schemas => {
            let tables = list(session, None, ANY)?;
            let mut names: Vec<Ident> = tables
                .into_iter()
                .filter_map(|found| found.table.schema)
                .collect();
            names.sort();
            names.dedup();
            Ok(Catalog::Schemas(names))
        }
        Introspect::Tables {
            schema,
            search,
            offset,
            limit,
        } => {
            let search = search.to_lowercase();
            let mut tables = list(session, schema.as_ref(), ANY)?;
            tables.retain(|found| found.table.name.as_str().to_lowercase().contains(&search));
            tables.sort_by(|one, next| one.table.cmp(&next.table));
            let limit = (*limit).clamp(1, 1_000) as usize;
            let rest = tables.into_iter().skip(*offset as usize);
            let mut tables: Vec<_> = rest.take(limit + 1).collect();
            let more = tables.len() > limit;
            tables.truncate(limit);
            Ok(Catalog::Tables { tables, more })
        }
        Introspect::Table(table) => Ok(Catalog::Table(describe(session, table)?)),
    }
}

/// What the catalogue functions call the places around a table.
struct Place {
    catalog: String,
    schema: String,
}

/// Where the tables of a schema are; of none, where all are.
fn place(session: &Session, schema: Option<&str>) -> Result<Place, DriverError> {
    let spelling = session.spelling;
    let catalog = if spelling.place.names_catalog {
        let current = session.connection.current_catalog();
        current.map_err(|error| session.errors.translate(&error))?
    } else {
        String::new()
    };
    Ok(match spelling.place.around {
        Around::Nothing => Place {
            catalog,
            schema: String::new(),
        },
        Around::Schema => Place {
            catalog,
            schema: pattern(schema.unwrap_or(ANY)),
        },
        Around::Catalog => Place {
            catalog: pattern(schema.unwrap_or(ANY)),
            schema: String::new(),
        },
    })
}

/// A name as a pattern that matches it, and maybe others: drivers do not agree on how wildcards are escaped, so what is
/// found is compared with the name.
fn pattern(name: &str) -> String {
    name.replace(['\\', '\''], "_")
}

/// Tables and views whose names match a pattern, without those of the database itself.
fn list(
    session: &Session,
    schema: Option<&Ident>,
    name: &str,
) -> Result<Vec<TableSummary>, DriverError> {
    let spelling = session.spelling;
    if schema.is_some() && spelling.place.around == Around::Nothing {
        return Ok(Vec::new());
    }
    let place = place(session, schema.map(Ident::as_str))?;
    for text in [&place.catalog, &place.schema, &name.to_owned()] {
        session.check_text(text)?;
    }
    let mut statement = session.statement(None)?;
    let cursor = statement
        .tables_cursor(&place.catalog, &place.schema, name, "")
        .map_err(|error| session.errors.translate(&error))?;
    let rows = session.rows(cursor, 4)?;
    let own = spelling.place.own;
    let mut tables: Vec<_> = rows
        .iter()
        .filter_map(|row| summary(session, row))
        .collect();
    tables.retain(|found| {
        let around = found.table.schema.as_ref();
        schema.is_none_or(|wanted| around == Some(wanted))
            && (schema.is_some()
                || around.is_none_or(|name| !own.contains(&name.as_str().to_lowercase().as_str())))
            && (spelling.place.own_tables.is_empty()
                || !found
                    .table
                    .name
                    .as_str()
                    .starts_with(spelling.place.own_tables))
    });
    Ok(tables)
}

fn summary(session: &Session, row: &[Option<String>]) -> Option<TableSummary> {
    let [catalog, schema, name, kind] = row else {
        return None;
    };
    let around = match session.spelling.place.around {
        Around::Nothing => None,
        Around::Schema => Some(schema),
        Around::Catalog => Some(catalog),
    };
    let around = match around {
        Some(around) => Some(Ident::new(around.as_ref()?).ok()?),
        None => None,
    };
    let kind = kind.as_deref().unwrap_or_default().to_uppercase();
    let kind = match kind.as_str() {
        "TABLE" | "BASE TABLE" | "FOREIGN TABLE" | "PARTITIONED TABLE" | "EXTERNAL TABLE" => {
            TableKind::Table
        }
        "VIEW" | "MATERIALIZED VIEW" | "MATVIEW" | "STREAMING TABLE" => TableKind::View,
        _ => return None,
    };
    Some(TableSummary {
        table: TableRef::in_schema(around, Ident::new(name.as_ref()?).ok()?),
        kind,
    })
}

/// The table with the schema that it is in.
fn located(session: &Session, table: &TableRef) -> Result<Option<TableRef>, DriverError> {
    if table.catalog.is_some() {
        return Err(DriverError::unsupported(
            "this database does not support catalogs around schemas",
        ));
    }
    let place = &session.spelling.place;
    if place.around == Around::Nothing {
        if table.schema.is_some() {
            return Err(DriverError::unsupported(
                "this database does not support schemas",
            ));
        }
        return Ok(Some(table.clone()));
    }
    if table.schema.is_some() {
        return Ok(Some(table.clone()));
    }
    let current = session.texts(place.current, &[])?;
    let current = current.into_iter().flatten().next().flatten();
    let schema = current.and_then(|name| Ident::new(name.trim_end()).ok());
    Ok(schema.map(|schema| TableRef::in_schema(Some(schema), table.name.clone())))
}

fn describe(session: &Session, table: &TableRef) -> Result<Option<TableInfo>, DriverError> {
    let Some(table) = located(session, table)? else {
        return Ok(None);
    };
    let pattern = pattern(table.name.as_str());
    let found = list(session, table.schema.as_ref(), &pattern)?;
    let Some(found) = found.into_iter().find(|found| found.table == table) else {
        return Ok(None);
    };
    let columns = columns_of(session, &found.table)?;
    let primary_key = primary_key(session, &found.table)?;
    let mut keys: BTreeMap<String, Vec<Ident>> = BTreeMap::new();
    let mut closed = Vec::new();
    for row in ask(session, session.spelling.beyond.keys, &found.table)? {
        let [Some(key), column] = row.as_slice() else {
            continue;
        };
        match column.as_ref().and_then(|name| Ident::new(name).ok()) {
            Some(column) => keys.entry(key.clone()).or_default().push(column),
            // A part of it is an expression.
            None => closed.push(key.clone()),
        }
    }
    let unique_keys = keys
        .into_iter()
        .filter(|(name, key)| !closed.contains(name) && *key != primary_key)
        .map(|(_, key)| key)
        .collect();
    Ok(Some(TableInfo {
        table: found.table,
        kind: found.kind,
        columns,
        primary_key,
        unique_keys,
    }))
}

/// A query of the dialect about one table; none where the dialect has none.
fn ask(session: &Session, sql: &str, table: &TableRef) -> Result<Texts, DriverError> {
    if sql.is_empty() {
        return Ok(Vec::new());
    }
    let schema = table.schema.as_ref().map(Ident::as_str);
    let given: Vec<&str> = schema.into_iter().chain([table.name.as_str()]).collect();
    // A query that looks twice is given them twice.
    let wanted = sql.matches('?').count();
    let params: Vec<_> = given
        .iter()
        .cycle()
        .take(wanted)
        .map(|name| bind::wide(name))
        .collect();
    session.texts(sql, &params)
}

/// The columns of a table as far as ODBC tells; none when there is no such table.
///
/// # Errors
/// What the server says.
pub(crate) fn known_columns(
    session: &Session,
    table: &TableRef,
) -> Result<Vec<ColumnInfo>, DriverError> {
    match located(session, table)? {
        Some(table) => columns_of(session, &table),
        None => Ok(Vec::new()),
    }
}

fn columns_of(session: &Session, table: &TableRef) -> Result<Vec<ColumnInfo>, DriverError> {
    let place = place(session, table.schema.as_ref().map(Ident::as_str))?;
    let name = pattern(table.name.as_str());
    for text in [&place.catalog, &place.schema, &name] {
        session.check_text(text)?;
    }
    let rows = {
        let mut statement = session.statement(None)?;
        let cursor = statement
            .columns_cursor(&place.catalog, &place.schema, &name, ANY)
            .map_err(|error| session.errors.translate(&error))?;
        session.rows(cursor, 13)?
    };
    let is_here = |row: &[Option<String>]| {
        let around = match session.spelling.place.around {
            Around::Nothing => None,
            Around::Schema => row.get(1).cloned().flatten(),
            Around::Catalog => row.first().cloned().flatten(),
        };
        around.as_deref() == table.schema.as_ref().map(Ident::as_str)
            && row.get(2).and_then(Option::as_deref) == Some(table.name.as_str())
    };
    let mut described: Vec<_> = rows
        .iter()
        .filter(|row| is_here(row))
        .filter_map(|row| describe_column(row))
        .collect();
    if session.spelling.beyond.fractions && !described.is_empty() {
        fractions(session, table, &mut described)?;
    }
    let mut columns: Vec<_> = described
        .into_iter()
        .map(|found| found.column(session))
        .collect();
    if !columns.is_empty() {
        mark(session, table, &mut columns)?;
    }
    Ok(columns)
}

/// A row of `SQLColumns`: <https://learn.microsoft.com/sql/odbc/reference/syntax/sqlcolumns-function>
struct Found {
    name: Ident,
    described: Described,
    is_nullable: bool,
    has_default: bool,
}

fn describe_column(row: &[Option<String>]) -> Option<Found> {
    let text = |at: usize| row.get(at).and_then(Option::as_deref);
    let number = |at: usize| text(at).and_then(|text| text.trim().parse::<i64>().ok());
    Some(Found {
        name: Ident::new(text(3)?).ok()?,
        described: Described {
            code: i16::try_from(number(4)?).ok()?,
            name: text(5).unwrap_or_default().to_owned(),
            size: number(6),
            digits: number(8),
            remarks: text(11).unwrap_or_default().to_owned(),
        },
        is_nullable: number(10) != Some(0),
        // Some drivers write NULL where there is none.
        has_default: text(12).is_some_and(|default| !default.eq_ignore_ascii_case("NULL")),
    })
}

impl Found {
    fn column(self, session: &Session) -> ColumnInfo {
        let ty = columns::from_catalog(session.spelling, &self.described);
        ColumnInfo {
            name: self.name,
            native: native(&self.described.name, &ty),
            ty,
            nullable: self.is_nullable,
            has_default: self.has_default,
            generated: false,
            identity: false,
        }
    }
}

/// The type as it is written when a table is made.
fn native(name: &str, ty: &LogicalType) -> String {
    match ty {
        _ if name.contains('(') => name.to_owned(),
        LogicalType::Decimal {
            precision: Some(precision),
            scale: Some(scale),
        } => format!("{name}({precision},{scale})"),
        LogicalType::Text {
            length: Some(length),
        }
        | LogicalType::Bytes {
            length: Some(length),
        } => format!("{name}({length})"),
        _ => name.to_owned(),
    }
}

/// Learns how fine times are from the description of a result without rows.
fn fractions(
    session: &Session,
    table: &TableRef,
    described: &mut [Found],
) -> Result<(), DriverError> {
    let printer = Printer::new(session.spelling);
    let mut w = SqlWriter::new(&printer);
    w.syntax("SELECT * FROM ").table(table).syntax(" WHERE ");
    w.syntax(printer.constant(false));
    let sql = w.finish().sql;
    session.check_text(&sql)?;
    let failed = |error| session.errors.translate(&error);
    let mut statement = session.statement(None)?;
    let Some(mut cursor) = statement.execute(&sql, ()).map_err(failed)? else {
        return Ok(());
    };
    let mut column = ColumnDescription::default();
    for (at, found) in (1_u16..).zip(described) {
        cursor.describe_col(at, &mut column).map_err(failed)?;
        if let DataType::Time { precision } | DataType::Timestamp { precision } = column.data_type {
            found.described.digits = Some(precision.into());
        }
    }
    Ok(())
}

/// Marks columns that the database numbers or computes, and adds those that the driver leaves out.
fn mark(
    session: &Session,
    table: &TableRef,
    columns: &mut Vec<ColumnInfo>,
) -> Result<(), DriverError> {
    for row in ask(session, session.spelling.beyond.columns, table)? {
        let [Some(name), Some(what), more @ ..] = row.as_slice() else {
            continue;
        };
        let more = |at: usize| more.get(at).and_then(Option::as_deref);
        let is_known = |column: &&mut ColumnInfo| column.name.as_str() == name;
        match (columns.iter_mut().find(is_known), what.as_str()) {
            (Some(column), "unlimited") => {
                column.ty = LogicalType::Decimal {
                    precision: None,
                    scale: None,
                };
                column.native = column
                    .native
                    .split('(')
                    .next()
                    .unwrap_or_default()
                    .to_owned();
            }
            (Some(column), "computed") => column.generated = true,
            (Some(column), what) => {
                column.identity = true;
                column.generated = what == "always";
                column.has_default = true;
            }
            (None, _) => {
                let described = Described {
                    name: more(0).unwrap_or_default().to_owned(),
                    ..Described::default()
                };
                let place = more(1).and_then(|place| place.parse().ok());
                columns.insert(
                    place.unwrap_or(columns.len()).min(columns.len()),
                    ColumnInfo {
                        name: Ident::new(name).map_err(|error| {
                            DriverError::new(Category::Protocol, error.to_string())
                        })?,
                        ty: columns::from_catalog(session.spelling, &described),
                        native: described.name,
                        nullable: true,
                        has_default: false,
                        generated: what == "computed",
                        identity: false,
                    },
                );
            }
        }
    }
    Ok(())
}

fn primary_key(session: &Session, table: &TableRef) -> Result<Vec<Ident>, DriverError> {
    let primary = session.spelling.beyond.primary;
    if !primary.is_empty() {
        let rows = ask(session, primary, table)?;
        let names = rows.into_iter().flatten().flatten();
        return Ok(names.filter_map(|name| Ident::new(name).ok()).collect());
    }
    key_by_function(session, table)
}

fn key_by_function(session: &Session, table: &TableRef) -> Result<Vec<Ident>, DriverError> {
    let around = table.schema.as_ref().map(Ident::as_str);
    let named;
    let (catalog, schema) = match session.spelling.place.around {
        Around::Nothing => (None, None),
        Around::Catalog => (around, None),
        Around::Schema => {
            named = place(session, around)?.catalog;
            (Some(named.as_str()).filter(|name| !name.is_empty()), around)
        }
    };
    let mut statement = session.statement(None)?;
    let cursor = match statement.primary_keys_cursor(catalog, schema, table.name.as_str()) {
        Ok(cursor) => cursor,
        Err(error) => {
            let error = session.errors.translate(&error);
            // Not every driver has the function; a table whose key is not known can be read all the same.
            return match error.category {
                Category::Unsupported => Ok(Vec::new()),
                _ => Err(error),
            };
        }
    };
    let rows = session.rows(cursor, 5)?;
    let mut key: Vec<(i64, Ident)> = rows
        .iter()
        .filter_map(|row| {
            let text = |at: usize| row.get(at).and_then(Option::as_deref);
            let place = text(4)?.trim().parse().ok()?;
            Some((place, Ident::new(text(3)?).ok()?))
        })
        .collect();
    key.sort();
    Ok(key.into_iter().map(|(_, name)| name).collect())
}
