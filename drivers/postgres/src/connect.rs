//! What a session is set to before its first statement.

/// Settings that a value's meaning hangs on, and those of the options; one question sets all.
///
/// `search_path` keeps `public` behind the schema, because extensions put their operators there.
pub(crate) const SESSION: &str = "SELECT set_config('TimeZone', 'UTC', false), set_config('DateStyle', 'ISO', false), \
     set_config('IntervalStyle', 'postgres', false), set_config('bytea_output', 'hex', false), \
     set_config('standard_conforming_strings', 'on', false), \
     CASE WHEN $1 <> '' THEN set_config('search_path', quote_ident($1) || ', public', false) END, \
     CASE WHEN $2 <> '' THEN set_config('statement_timeout', $2, false) END, \
     ($1 = '' OR EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1 \
       AND has_schema_privilege(oid, 'USAGE')))";
