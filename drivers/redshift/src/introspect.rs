//! Schemas, tables, columns and keys, as far as the account may see them.
//!
//! The catalog is that of an old `PostgreSQL`, asked on the leader node: no LATERAL, no functions that unnest. Arrays are
//! read as their texts.

use quillback_family_postgres::Server;
use quillback_family_postgres::catalog::{self, Row, Rows, ask, ident, is_elsewhere, kind, place};
use quillback_plugin_api::catalog::{Catalog, ColumnInfo, Introspect, TableInfo};
use quillback_plugin_api::driver::ServerInfo;
use quillback_plugin_api::{DriverError, Ident, TableRef};

use crate::capabilities::capabilities;
use crate::types;

const VERSION: &str = "SELECT version()";

/// Not the database's own schemas, nor those of temporary tables, which the account may use all the same.
const SCHEMAS: &str = "SELECT n.nspname FROM pg_catalog.pg_namespace n \
     WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND has_schema_privilege(n.oid, 'USAGE') \
     ORDER BY n.nspname";

/// Tables and views, materialised ones included. External tables are in no catalog of the database itself.
const TABLES: &str = "SELECT n.nspname, c.relname, c.relkind FROM pg_catalog.pg_class c \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE c.relkind IN ('r', 'v', 'm') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' \
     AND has_schema_privilege(n.oid, 'USAGE') \
     AND (has_table_privilege(c.oid, 'SELECT') OR has_table_privilege(c.oid, 'INSERT') \
       OR has_table_privilege(c.oid, 'UPDATE') OR has_table_privilege(c.oid, 'DELETE')) \
     AND (CAST($1 AS VARCHAR) = '' OR n.nspname = CAST($1 AS VARCHAR)) \
     AND (CAST($2 AS VARCHAR) = '' \
       OR STRPOS(LOWER(CAST(c.relname AS VARCHAR)), LOWER(CAST($2 AS VARCHAR))) > 0) \
     ORDER BY n.nspname, c.relname LIMIT CAST($3 AS BIGINT) OFFSET CAST($4 AS BIGINT)";

/// One table by name; without a schema, the one that the search path finds.
const TABLE: &str = "SELECT c.oid, n.nspname, c.relkind FROM pg_catalog.pg_class c \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE c.relname = CAST($2 AS VARCHAR) AND c.relkind IN ('r', 'v', 'm') \
     AND CASE WHEN CAST($1 AS VARCHAR) = '' THEN pg_catalog.pg_table_is_visible(c.oid) \
       ELSE n.nspname = CAST($1 AS VARCHAR) END \
     AND has_schema_privilege(n.oid, 'USAGE') \
     AND (has_table_privilege(c.oid, 'SELECT') OR has_table_privilege(c.oid, 'INSERT') \
       OR has_table_privilege(c.oid, 'UPDATE') OR has_table_privilege(c.oid, 'DELETE'))";

const COLUMNS: &str = "SELECT a.attnum, a.attname, a.atttypid, a.atttypmod, a.attnotnull, a.atthasdef, \
       pg_catalog.pg_get_expr(d.adbin, d.adrelid) \
     FROM pg_catalog.pg_attribute a \
     LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
     WHERE a.attrelid = CAST($1 AS OID) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";

/// Declared keys, the primary one first, each with the numbers of its columns.
const KEYS: &str = "SELECT k.contype, k.conkey FROM pg_catalog.pg_constraint k \
     WHERE k.conrelid = CAST($1 AS OID) AND k.contype IN ('p', 'u') ORDER BY k.contype, k.conname";

/// Declared keys of a table by its name: for each all columns of the table, with their numbers.
pub(crate) const KEYS_OF_TABLE: &str = "SELECT k.conname, k.conkey, a.attnum, a.attname \
     FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
     WHERE c.relname = CAST($2 AS VARCHAR) AND k.contype IN ('p', 'u') \
     AND CASE WHEN CAST($1 AS VARCHAR) = '' THEN pg_catalog.pg_table_is_visible(c.oid) \
       ELSE n.nspname = CAST($1 AS VARCHAR) END \
     ORDER BY k.conname, a.attnum";

/// Columns whose types have a modifier.
pub(crate) const LIMITS: &str = "SELECT a.attname, a.atttypid, a.atttypmod \
     FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE c.relname = CAST($2 AS VARCHAR) \
     AND CASE WHEN CAST($1 AS VARCHAR) = '' THEN pg_catalog.pg_table_is_visible(c.oid) \
       ELSE n.nspname = CAST($1 AS VARCHAR) END \
     AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypmod >= 0";

/// Asks the server who it is.
///
/// # Errors
/// What asking answers.
pub(crate) async fn server_info(server: &Server) -> Result<ServerInfo, DriverError> {
    let rows = ask(server, VERSION, &[]).await?;
    let (product, version) = product(Row(rows.first()).text(0));
    Ok(ServerInfo {
        product,
        version,
        capabilities: capabilities(),
    })
}

/// `PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC .., Redshift 1.0.12103`: the last word counts.
fn product(text: &str) -> (String, String) {
    if let Some((_, version)) = text.rsplit_once("Redshift ") {
        return ("Amazon Redshift".to_owned(), version.trim().to_owned());
    }
    let (product, rest) = text.split_once(' ').unwrap_or((text, ""));
    let version = rest.split(' ').next().unwrap_or_default();
    (product.to_owned(), version.to_owned())
}

/// Answers a question about the catalog.
///
/// # Errors
/// What asking answers.
pub(crate) async fn answer(server: &Server, what: &Introspect) -> Result<Catalog, DriverError> {
    match what {
        Introspect::Schemas => catalog::schemas(server, SCHEMAS).await,
        Introspect::Tables {
            schema,
            search,
            offset,
            limit,
        } => {
            let page = (*offset, *limit);
            catalog::tables(server, TABLES, schema.as_ref(), search, page).await
        }
        Introspect::Table(table) => find_table(server, table).await.map(Catalog::Table),
    }
}

async fn find_table(server: &Server, table: &TableRef) -> Result<Option<TableInfo>, DriverError> {
    if is_elsewhere(server, table) {
        return Ok(None);
    }
    let found = ask(server, TABLE, &place(table)).await?;
    let Some(found) = found.first().map(|row| Row(Some(row))) else {
        return Ok(None);
    };
    let rows = ask(server, COLUMNS, &[found.text(0)]).await?;
    let columns: Vec<_> = rows
        .iter()
        .map(|row| column(Row(Some(row))))
        .collect::<Result<_, _>>()?;
    let numbered: Vec<_> = rows
        .iter()
        .zip(&columns)
        .map(|(row, column)| (Row(Some(row)).text(0), &column.name))
        .collect();
    let (mut primary_key, mut unique_keys) = (Vec::new(), Vec::new());
    for row in ask(server, KEYS, &[found.text(0)]).await? {
        let row = Row(Some(&row));
        let key = key(row.text(1), &numbered);
        if row.text(0) == "p" {
            primary_key = key;
        } else {
            unique_keys.push(key);
        }
    }
    Ok(Some(TableInfo {
        table: TableRef::in_schema(Some(ident(found.text(1))?), table.name.clone()),
        kind: kind(found.text(2)),
        columns,
        primary_key,
        unique_keys,
    }))
}

/// The names of the columns with the numbers of a list such as `{2,1}`.
fn key(numbers: &str, columns: &[(&str, &Ident)]) -> Vec<Ident> {
    let numbers = numbers.trim_matches(['{', '}']).split(',');
    numbers
        .filter_map(|number| columns.iter().find(|(known, _)| *known == number))
        .map(|(_, name)| (*name).clone())
        .collect()
}

/// Reads the answer to [`KEYS_OF_TABLE`].
///
/// # Errors
/// `Protocol` when a name is none.
pub(crate) fn read_keys(rows: &Rows) -> Result<Vec<Vec<Ident>>, DriverError> {
    let same_key = |one: &Vec<Option<String>>, other: &Vec<Option<String>>| {
        Row(Some(one)).text(0) == Row(Some(other)).text(0)
    };
    let keys = rows.chunk_by(same_key).map(|rows| {
        let names: Vec<_> = rows
            .iter()
            .map(|row| ident(Row(Some(row)).text(3)))
            .collect::<Result<_, _>>()?;
        let numbered: Vec<_> = rows
            .iter()
            .zip(&names)
            .map(|(row, name)| (Row(Some(row)).text(2), name))
            .collect();
        Ok(key(Row(rows.first()).text(1), &numbered))
    });
    keys.collect()
}

fn column(row: Row<'_>) -> Result<ColumnInfo, DriverError> {
    let ty = row.text(2).parse().unwrap_or(0);
    let modifier = row.text(3).parse().unwrap_or(-1);
    // `"identity"(..)` numbers always, `default_identity(..)` where no number is given.
    let default = row.text(6);
    let always = default.contains("\"identity\"(");
    Ok(ColumnInfo {
        name: ident(row.text(1))?,
        ty: types::logical(ty, modifier),
        native: types::name(ty, modifier),
        nullable: !row.flag(4),
        has_default: row.flag(5),
        generated: always,
        identity: always || default.contains("default_identity"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: [&str; 4]) -> Vec<Option<String>> {
        cells.map(|cell| Some(cell.to_owned())).into()
    }

    #[test]
    fn keys_keep_the_order_of_their_columns() {
        let rows = vec![
            row(["pk", "{3,1}", "1", "a"]),
            row(["pk", "{3,1}", "2", "b"]),
            row(["pk", "{3,1}", "3", "c"]),
            row(["uk", "{2}", "1", "a"]),
            row(["uk", "{2}", "2", "b"]),
            row(["uk", "{2}", "3", "c"]),
        ];
        let keys = read_keys(&rows).unwrap();
        let names = |key: &Vec<Ident>| key.iter().map(Ident::to_string).collect::<Vec<_>>();
        let keys: Vec<_> = keys.iter().map(names).collect();
        assert_eq!(keys, [vec!["c", "a"], vec!["b"]]);
        assert!(read_keys(&Rows::new()).unwrap().is_empty());
    }

    #[test]
    fn the_server_is_told_by_the_end_of_its_version() {
        let text = "PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2, Redshift 1.0.12103";
        let names = |text| {
            let (product, version) = product(text);
            format!("{product} {version}")
        };
        assert_eq!(names(text), "Amazon Redshift 1.0.12103");
        assert_eq!(names("PostgreSQL 15.3 on x"), "PostgreSQL 15.3");
    }
}
