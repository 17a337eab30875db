//! Schemas, tables, columns and keys, from those catalog views of `sys` that
//! <https://learn.microsoft.com/azure/synapse-analytics/sql-data-warehouse/sql-data-warehouse-reference-tsql-system-views>
//! lists.

use quillback_family_tds::catalog::Listing;

/// Those of the system and of the fixed roles of a database are left out.
const OWN: &str = "s.name NOT IN (N'sys', N'INFORMATION_SCHEMA', N'guest', N'db_owner', N'db_accessadmin', \
N'db_securityadmin', N'db_ddladmin', N'db_backupoperator', N'db_datareader', N'db_datawriter', N'db_denydatareader', \
N'db_denydatawriter')";
/// The columns of a table. There are no computed ones.
pub(crate) const COLUMNS: &str = "SELECT c.name, t.name, CAST(c.max_length AS int), CAST(c.precision AS int), \
CAST(c.scale AS int), c.is_nullable, CAST(CASE WHEN i.column_id IS NULL THEN 0 ELSE 1 END AS bit), CAST(0 AS bit), \
CAST(CASE WHEN d.parent_column_id IS NULL THEN 0 ELSE 1 END AS bit), \
CAST(COLLATIONPROPERTY(c.collation_name, 'CodePage') AS int) \
FROM sys.columns AS c JOIN sys.types AS t ON t.user_type_id = c.user_type_id \
LEFT JOIN sys.identity_columns AS i ON i.object_id = c.object_id AND i.column_id = c.column_id \
LEFT JOIN sys.default_constraints AS d ON d.parent_object_id = c.object_id AND d.parent_column_id = c.column_id \
WHERE c.object_id = @P1 ORDER BY c.column_id";
/// The declared keys of a table, none of which is enforced. The index of a key has its name, and the number that the key
/// names where that is there.
pub(crate) const KEYS: &str = "SELECT i.index_id, CAST(CASE WHEN k.type = 'PK' THEN 1 ELSE 0 END AS bit), c.name \
FROM sys.key_constraints AS k \
JOIN sys.indexes AS i ON i.object_id = k.parent_object_id AND (i.index_id = k.unique_index_id OR i.name = k.name) \
JOIN sys.index_columns AS x ON x.object_id = i.object_id AND x.index_id = i.index_id \
JOIN sys.columns AS c ON c.object_id = x.object_id AND c.column_id = x.column_id \
WHERE k.parent_object_id = @P1 ORDER BY i.index_id, x.key_ordinal";

/// How tables are listed.
pub(crate) const LISTING: Listing = Listing {
    own: OWN,
    tables: tables_sql,
};

/// There is no OFFSET: rows are counted.
fn tables_sql(place: &str, offset: u32, limit: u32) -> String {
    let last = u64::from(offset) + u64::from(limit);
    format!(
        "SELECT p.place, p.name, p.kind FROM (SELECT s.name AS place, o.name AS name, o.type AS kind, \
         ROW_NUMBER() OVER (ORDER BY s.name COLLATE Latin1_General_100_BIN2, o.name COLLATE Latin1_General_100_BIN2) \
         AS position FROM sys.objects AS o JOIN sys.schemas AS s ON s.schema_id = o.schema_id \
         WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0 AND {place} \
         AND (DATALENGTH(@P1) = 0 OR CHARINDEX(LOWER(@P1), LOWER(o.name)) > 0)) AS p \
         WHERE p.position > {offset} AND p.position <= {last} ORDER BY p.position"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_tables_are_counted() {
        let sql = tables_sql("s.name = @P2", 40, 21);
        assert!(sql.ends_with("p.position > 40 AND p.position <= 61 ORDER BY p.position"));
        assert!(sql.contains("= @P2"));
        assert!(!sql.contains("OFFSET"));
    }
}
