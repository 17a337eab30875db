//! Schemas, tables, columns and keys, as far as the account may see them.

use quillback_family_postgres::Server;
use quillback_family_postgres::catalog::{self, Row, ask, ident, is_elsewhere, kind, place};
use quillback_family_postgres::types::NativeType;
use quillback_plugin_api::catalog::{Catalog, ColumnInfo, Introspect, TableInfo};
use quillback_plugin_api::driver::ServerInfo;
use quillback_plugin_api::{DriverError, TableRef};

use crate::capabilities::capabilities;

const VERSION: &str = "SELECT split_part(version(), ' ', 1), current_setting('server_version')";

/// Not the database's own schemas, nor those of temporary tables, which the account may use all the same.
const SCHEMAS: &str = "SELECT nspname FROM pg_catalog.pg_namespace \
     WHERE nspname <> 'information_schema' AND nspname !~ '^pg_' AND has_schema_privilege(oid, 'USAGE') \
     ORDER BY nspname COLLATE \"C\"";

/// Tables, partitioned and foreign ones; views and materialised ones. Partitions are reached through their table.
const TABLES: &str = "SELECT n.nspname, c.relname, c.relkind FROM pg_catalog.pg_class c \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND NOT c.relispartition AND c.relpersistence <> 't' \
     AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' \
     AND has_schema_privilege(n.oid, 'USAGE') \
     AND (has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE') \
       OR has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE')) \
     AND ($1 = '' OR n.nspname = $1) \
     AND strpos(lower(c.relname::text COLLATE \"default\"), lower($2::text COLLATE \"default\")) > 0 \
     ORDER BY n.nspname COLLATE \"C\", c.relname COLLATE \"C\" LIMIT $3::int8 OFFSET $4::int8";

/// One table by name; without a schema, the one that the search path finds.
const TABLE: &str = "SELECT c.oid, n.nspname, c.relkind FROM pg_catalog.pg_class c \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE c.relname = $2::text AND c.relkind IN ('r', 'p', 'f', 'v', 'm') \
     AND CASE WHEN $1 = '' THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = $1 END \
     AND has_schema_privilege(n.oid, 'USAGE') \
     AND (has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE') \
       OR has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE'))";

/// Domains are followed down to their base; the innermost modifier that is set counts, and any NOT NULL on the way.
const COLUMNS: &str = "WITH RECURSIVE base(attnum, oid, modifier, required) AS ( \
       SELECT a.attnum, a.atttypid, a.atttypmod, a.attnotnull FROM pg_catalog.pg_attribute a \
       WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped \
       AND has_column_privilege(a.attrelid, a.attnum, 'SELECT, INSERT, UPDATE') \
     UNION ALL \
       SELECT b.attnum, t.typbasetype, CASE WHEN b.modifier = -1 THEN t.typtypmod ELSE b.modifier END, \
         b.required OR t.typnotnull \
       FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.oid WHERE t.typtype = 'd') \
     SELECT a.attname, format_type(a.atttypid, a.atttypmod), b.required, a.atthasdef, \
       a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%', \
       t.oid, t.typname, b.modifier, tl.labels, e.oid, e.typname, el.labels \
     FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.oid AND t.typtype <> 'd' \
     JOIN pg_catalog.pg_attribute a ON a.attrelid = $1::oid AND a.attnum = b.attnum \
     LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
     LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND t.typcategory = 'A' AND t.typlen = -1 \
     LEFT JOIN LATERAL (SELECT json_agg(l.enumlabel ORDER BY l.enumsortorder) AS labels \
       FROM pg_catalog.pg_enum l WHERE l.enumtypid = t.oid) tl ON TRUE \
     LEFT JOIN LATERAL (SELECT json_agg(l.enumlabel ORDER BY l.enumsortorder) AS labels \
       FROM pg_catalog.pg_enum l WHERE l.enumtypid = e.oid) el ON TRUE \
     ORDER BY a.attnum";

/// Domains are followed down to their base; the outermost modifier that is set counts.
pub(crate) const LIMITS: &str = "WITH RECURSIVE base(attname, oid, modifier) AS ( \
       SELECT a.attname, a.atttypid, a.atttypmod FROM pg_catalog.pg_attribute a \
       JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
       WHERE c.relname = $2::text \
       AND CASE WHEN $1 = '' THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = $1 END \
       AND a.attnum > 0 AND NOT a.attisdropped \
     UNION ALL \
       SELECT b.attname, t.typbasetype, CASE WHEN b.modifier = -1 THEN t.typtypmod ELSE b.modifier END \
       FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.oid WHERE t.typtype = 'd') \
     SELECT attname, oid, modifier FROM base WHERE modifier >= 0";

/// Keys without conditions and expressions, the primary one first. Columns that an index only includes do not count.
const KEYS: &str = "SELECT i.indisprimary, \
       (SELECT json_agg(a.attname ORDER BY k.n) \
        FROM unnest((i.indkey::int2[])[0:i.indnkeyatts - 1]) WITH ORDINALITY AS k(attnum, n) \
        JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum) \
     FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
     WHERE i.indrelid = $1::oid AND i.indisunique AND i.indisvalid \
     AND i.indpred IS NULL AND i.indexprs IS NULL \
     ORDER BY i.indisprimary DESC, c.relname COLLATE \"C\"";

/// Asks the server who it is.
///
/// # Errors
/// What asking answers.
pub(crate) async fn server_info(server: &Server) -> Result<ServerInfo, DriverError> {
    let rows = ask(server, VERSION, &[]).await?;
    let row = Row(rows.first());
    Ok(ServerInfo {
        product: row.text(0).to_owned(),
        version: row.text(1).to_owned(),
        capabilities: capabilities(),
    })
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
    let columns = ask(server, COLUMNS, &[found.text(0)]).await?;
    let columns = columns.iter().map(|row| column(Row(Some(row))));
    let mut info = TableInfo {
        table: TableRef::in_schema(Some(ident(found.text(1))?), table.name.clone()),
        kind: kind(found.text(2)),
        columns: columns.collect::<Result<_, _>>()?,
        primary_key: Vec::new(),
        unique_keys: Vec::new(),
    };
    for row in ask(server, KEYS, &[found.text(0)]).await? {
        let row = Row(Some(&row));
        let names = list(row, 1);
        let key: Vec<_> = names
            .iter()
            .map(|name| ident(name))
            .collect::<Result<_, _>>()?;
        if row.flag(0) {
            info.primary_key = key;
        } else {
            info.unique_keys.push(key);
        }
    }
    Ok(Some(info))
}

fn column(row: Row<'_>) -> Result<ColumnInfo, DriverError> {
    let element = row.get(11).map(|oid| {
        Box::new(NativeType {
            oid: oid.parse().unwrap_or(0),
            name: row.text(12).to_owned(),
            // The modifier of an array is that of its elements.
            modifier: row.text(9).parse().unwrap_or(-1),
            labels: list(row, 13),
            element: None,
        })
    });
    let native = NativeType {
        oid: row.text(7).parse().unwrap_or(0),
        name: row.text(8).to_owned(),
        modifier: row.text(9).parse().unwrap_or(-1),
        labels: list(row, 10),
        element,
    };
    let (identity, generated) = (row.text(4), row.text(5));
    Ok(ColumnInfo {
        name: ident(row.text(0))?,
        ty: native.logical(),
        native: row.text(1).to_owned(),
        nullable: !row.flag(2),
        has_default: row.flag(3) || !identity.is_empty(),
        generated: !generated.is_empty() || identity == "a",
        identity: !identity.is_empty() || row.flag(6),
    })
}

/// The texts of a column that holds a JSON list of them.
fn list(row: Row<'_>, column: usize) -> Vec<String> {
    row.get(column)
        .and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_default()
}
