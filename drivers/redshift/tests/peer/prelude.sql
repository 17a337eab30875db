-- What the stand-in adds to PostgreSQL: functions of Redshift, and a catalog that shows what the translation made as
-- Redshift would show it.
CREATE SCHEMA IF NOT EXISTS redshift;
CREATE OR REPLACE FUNCTION redshift.version() RETURNS text LANGUAGE sql STABLE AS
  $$ SELECT 'Redshift-on-PostgreSQL ' || current_setting('server_version') $$;
CREATE OR REPLACE FUNCTION public.json_parse(text) RETURNS jsonb LANGUAGE sql IMMUTABLE STRICT AS
  $$ SELECT $1::jsonb $$;
CREATE OR REPLACE FUNCTION public.json_serialize(jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS
  $$ SELECT coalesce($1::text, 'null') $$;
CREATE OR REPLACE FUNCTION public.from_hex(text) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS
  $$ SELECT decode($1, 'hex') $$;
CREATE OR REPLACE FUNCTION public.to_varbyte(text, text) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS
  $$ SELECT convert_to($1, 'UTF8') $$;
CREATE OR REPLACE VIEW redshift.pg_attribute AS
  SELECT attrelid, attname,
    (CASE atttypid WHEN 17 THEN 6551 WHEN 3802 THEN 4000 ELSE atttypid END)::oid AS atttypid,
    atttypmod, attnotnull, atthasdef OR attidentity <> '' AS atthasdef, attnum, attisdropped
  FROM pg_catalog.pg_attribute;
CREATE OR REPLACE VIEW redshift.pg_attrdef AS
  SELECT adrelid, adnum, pg_get_expr(adbin, adrelid) AS adsrc FROM pg_catalog.pg_attrdef
  UNION ALL
  SELECT attrelid, attnum, 'default_identity(1, 0, ''1,1''::text)' FROM pg_catalog.pg_attribute
  WHERE attidentity <> '';
CREATE OR REPLACE VIEW redshift.pg_constraint AS
  SELECT conname, conrelid, conkey, CASE WHEN contype = 'x' THEN 'p' ELSE contype END AS contype
  FROM pg_catalog.pg_constraint;
