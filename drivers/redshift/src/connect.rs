//! What a session is set to before its first statement.

/// Settings that a value's meaning hangs on, and those of the options; one question sets all.
/// `IntervalStyle`, `bytea_output` and `standard_conforming_strings` are not there
/// (<https://docs.aws.amazon.com/redshift/latest/dg/cm_chap_ConfigurationRef.html>).
///
/// Names in quotes keep their case, as the contract has it, and headings are spelled as their columns: the settings of
/// a cluster could have both otherwise.
pub(crate) const SESSION: &str = "SELECT set_config('timezone', 'UTC', false), set_config('datestyle', 'ISO', false), \
     set_config('enable_case_sensitive_identifier', 'true', false), \
     set_config('describe_field_name_in_uppercase', 'off', false), \
     CASE WHEN CAST($1 AS VARCHAR) <> '' \
       THEN set_config('search_path', quote_ident(CAST($1 AS VARCHAR)) || ', public', false) END, \
     CASE WHEN CAST($2 AS VARCHAR) <> '' THEN set_config('statement_timeout', CAST($2 AS VARCHAR), false) END, \
     CASE WHEN CAST($1 AS VARCHAR) = '' OR (SELECT COUNT(*) FROM pg_catalog.pg_namespace n \
       WHERE n.nspname = CAST($1 AS VARCHAR) AND has_schema_privilege(n.oid, 'USAGE')) > 0 \
       THEN 't' ELSE 'f' END";
