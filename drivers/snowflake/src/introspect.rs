//! Schemas, tables, columns and keys.
//!
//! <https://docs.snowflake.com/en/sql-reference/info-schema>

use quillback_plugin_api::catalog::{
    Catalog, ColumnInfo, Introspect, TableInfo, TableKind, TableSummary,
};
use quillback_plugin_api::sql::SqlWriter;
use quillback_plugin_api::{DriverError, Ident, TableRef, Value};

use crate::Server;
use crate::dialect::SnowflakeDialect;
use crate::insert::prepare;
use crate::session::{Prepared, Session};
use crate::tables::{self, Listed};
use crate::types::bind;

/// The schema that every database has for its own description.
const OWN: &str = "INFORMATION_SCHEMA";

/// The version of the service.
///
/// # Errors
/// What the service says.
pub(crate) async fn version(server: &Server) -> Result<String, DriverError> {
    let asked = Prepared {
        sql: "SELECT CURRENT_VERSION()".into(),
        values: Vec::new(),
    };
    let mut lease = server.pool.get().await?;
    let found = lease.session()?.run(&asked, true).await;
    lease.give_back();
    let rows = found?.all().await?;
    let version = rows
        .into_iter()
        .next()
        .and_then(|row| row.into_iter().next());
    Ok(version.flatten().unwrap_or_default())
}

/// Answers a question about what is in the database.
///
/// # Errors
/// What the service says.
pub(crate) async fn introspect(server: &Server, what: Introspect) -> Result<Catalog, DriverError> {
    let mut lease = server.pool.get().await?;
    let answer = answer(server, lease.session()?, what).await;
    lease.give_back();
    answer
}

async fn answer(
    server: &Server,
    session: &mut Session,
    what: Introspect,
) -> Result<Catalog, DriverError> {
    match what {
        Introspect::Schemas => schemas(session).await,
        Introspect::Tables {
            schema,
            search,
            offset,
            limit,
        } => {
            let wanted = Wanted {
                schema,
                search,
                offset,
                limit: limit.clamp(1, 1_000),
            };
            list(session, wanted).await
        }
        Introspect::Table(mut table) => {
            table.schema.get_or_insert_with(|| server.schema.clone());
            Ok(Catalog::Table(describe(session, table).await?))
        }
    }
}

/// Runs a question whose values are texts.
async fn ask(session: &mut Session, w: SqlWriter<'_>) -> Result<Listed, DriverError> {
    let asked = prepare(w.finish(), |_, value| bind::value(value))?;
    Listed::read(session.run(&asked, true).await?).await
}

async fn schemas(session: &mut Session) -> Result<Catalog, DriverError> {
    let mut w = SqlWriter::new(&SnowflakeDialect);
    w.syntax(
        "SELECT schema_name AS \"schema\" FROM INFORMATION_SCHEMA.SCHEMATA WHERE schema_name <> ",
    );
    w.param(&OWN.into());
    let listed = ask(session, w).await?;
    let names = listed.rows().filter_map(|line| line.get("schema"));
    let mut names: Vec<_> = names.filter_map(|name| Ident::new(name).ok()).collect();
    names.sort_unstable();
    names.dedup();
    Ok(Catalog::Schemas(names))
}

struct Wanted {
    schema: Option<Ident>,
    search: String,
    offset: u32,
    limit: u32,
}

async fn list(session: &mut Session, wanted: Wanted) -> Result<Catalog, DriverError> {
    let mut w = SqlWriter::new(&SnowflakeDialect);
    tables_of(&mut w);
    match &wanted.schema {
        Some(schema) => w.syntax(" = ").param(&schema.as_str().into()),
        None => w.syntax(" <> ").param(&OWN.into()),
    };
    if !wanted.search.is_empty() {
        w.syntax(" AND CONTAINS(LOWER(table_name), LOWER(");
        w.param(&Value::Text(wanted.search)).syntax("))");
    }
    w.syntax(" ORDER BY table_schema, table_name LIMIT ");
    w.number(u64::from(wanted.limit) + 1);
    w.syntax(" OFFSET ").number(wanted.offset.into());
    let listed = ask(session, w).await?;
    let found = listed.rows().filter_map(|line| {
        let name = |heading| Ident::new(line.get(heading)?).ok();
        Some(TableSummary {
            table: TableRef::in_schema(Some(name("schema")?), name("name")?),
            kind: kind(line.get("kind")?),
        })
    });
    let mut found: Vec<_> = found.collect();
    let more = found.len() > wanted.limit as usize;
    found.truncate(wanted.limit as usize);
    Ok(Catalog::Tables {
        tables: found,
        more,
    })
}

fn tables_of(w: &mut SqlWriter<'_>) {
    w.syntax(
        "SELECT table_schema AS \"schema\", table_name AS \"name\", table_type AS \"kind\" FROM INFORMATION_SCHEMA.TABLES \
         WHERE table_schema",
    );
}

/// <https://docs.snowflake.com/en/sql-reference/info-schema/tables>
fn kind(name: &str) -> TableKind {
    match name {
        "BASE TABLE" | "TEMPORARY TABLE" | "LOCAL TEMPORARY" => TableKind::Table,
        _ => TableKind::View,
    }
}

async fn describe(
    session: &mut Session,
    table: TableRef,
) -> Result<Option<TableInfo>, DriverError> {
    let Some(found) = tables::look_up(session, &table).await? else {
        return Ok(None);
    };
    let schema = table.schema.as_ref().map_or("", Ident::as_str);
    let mut w = SqlWriter::new(&SnowflakeDialect);
    tables_of(&mut w);
    w.syntax(" = ").param(&schema.into());
    w.syntax(" AND table_name = ")
        .param(&table.name.as_str().into());
    let listed = ask(session, w).await?;
    let kind = listed.rows().find_map(|line| line.get("kind").map(kind));
    let columns = found.fields.into_iter().map(|field| ColumnInfo {
        ty: field.logical(),
        name: field.name,
        native: field.native,
        nullable: field.nullable,
        has_default: field.has_default,
        generated: field.generated,
        identity: field.identity,
    });
    Ok(Some(TableInfo {
        table,
        kind: kind.unwrap_or(TableKind::Table),
        columns: columns.collect(),
        primary_key: found.primary_key,
        unique_keys: found.unique_keys,
    }))
}
