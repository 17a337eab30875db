//! Schemas, tables, columns and keys, from the catalog views of `sys`.

use quillback_family_tds::Server;
use quillback_family_tds::catalog::{Param, Row};
use quillback_plugin_api::DriverError;
use quillback_plugin_api::catalog::{Catalog, Introspect};

/// The fixed roles of a database have schemas of their own, numbered from 16384 to 16393.
const OWN: &str = "s.name NOT IN (N'sys', N'INFORMATION_SCHEMA', N'guest') AND s.schema_id NOT BETWEEN 16384 AND 16393";
/// The columns of a table.
pub(crate) const COLUMNS: &str = "SELECT c.name, COALESCE(TYPE_NAME(c.system_type_id), TYPE_NAME(c.user_type_id)), \
CAST(c.max_length AS int), CAST(c.precision AS int), CAST(c.scale AS int), c.is_nullable, c.is_identity, \
CAST(CASE WHEN c.is_computed = 1 OR c.generated_always_type <> 0 OR TYPE_NAME(c.system_type_id) = N'timestamp' \
THEN 1 ELSE 0 END AS bit), CAST(CASE WHEN c.default_object_id <> 0 THEN 1 ELSE 0 END AS bit), \
CAST(COLLATIONPROPERTY(c.collation_name, 'CodePage') AS int) \
FROM sys.columns AS c WHERE c.object_id = @P1 ORDER BY c.column_id";
/// The unique keys of a table.
pub(crate) const KEYS: &str = "SELECT i.index_id, i.is_primary_key, c.name FROM sys.indexes AS i \
JOIN sys.index_columns AS k ON k.object_id = i.object_id AND k.index_id = i.index_id \
JOIN sys.columns AS c ON c.object_id = k.object_id AND c.column_id = k.column_id \
WHERE i.object_id = @P1 AND i.is_unique = 1 AND i.has_filter = 0 AND i.is_disabled = 0 AND i.is_hypothetical = 0 \
AND k.key_ordinal > 0 ORDER BY i.index_id, k.key_ordinal";

/// Answers a question about what is in the database.
///
/// # Errors
/// What the server says.
pub(crate) async fn introspect(server: &Server, what: Introspect) -> Result<Catalog, DriverError> {
    match what {
        Introspect::Schemas => schemas(server).await,
        Introspect::Tables {
            schema,
            search,
            offset,
            limit,
        } => {
            let limit = limit.clamp(1, 1_000);
            let sql = tables_sql(schema.is_some(), offset, limit + 1);
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

async fn schemas(server: &Server) -> Result<Catalog, DriverError> {
    let sql = format!(
        "SELECT s.name FROM sys.schemas AS s WHERE {OWN} ORDER BY s.name COLLATE Latin1_General_100_BIN2"
    );
    let found = server.ask(&sql, &[]).await?;
    let names = found.iter().filter_map(|row| row.name(0));
    Ok(Catalog::Schemas(names.collect()))
}

/// The statement that lists tables; the search is its first parameter and the schema its second.
fn tables_sql(in_schema: bool, offset: u32, limit: u32) -> String {
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
