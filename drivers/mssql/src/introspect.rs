//! Schemas, tables, columns and keys, from the catalog views of `sys`.

use quillback_family_tds::catalog::Listing;

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

/// How tables are listed.
pub(crate) const LISTING: Listing = Listing {
    own: OWN,
    tables: tables_sql,
};

fn tables_sql(place: &str, offset: u32, limit: u32) -> String {
    format!(
        "SELECT s.name, o.name, o.type FROM sys.objects AS o JOIN sys.schemas AS s ON s.schema_id = o.schema_id \
         WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0 AND {place} \
         AND (DATALENGTH(@P1) = 0 OR CHARINDEX(LOWER(@P1), LOWER(o.name)) > 0) \
         ORDER BY s.name COLLATE Latin1_General_100_BIN2, o.name COLLATE Latin1_General_100_BIN2 \
         OFFSET {offset} ROWS FETCH NEXT {limit} ROWS ONLY"
    )
}
