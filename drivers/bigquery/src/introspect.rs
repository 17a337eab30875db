//! Schemas (data sets, in the words of BigQuery), tables, columns and keys.
//!
//! Lists come from `INFORMATION_SCHEMA.TABLES`, which costs a query; names of data sets and the description of one
//! table come from calls that are free.

use std::sync::Arc;

use quillback_plugin_api::catalog::{
    Catalog, ColumnInfo, Introspect, TableInfo, TableKind, TableSummary,
};
use quillback_plugin_api::sql::SqlWriter;
use quillback_plugin_api::{DriverError, Ident, TableRef};
use serde::Deserialize;

use crate::Server;
use crate::connect::{Call, Service};
use crate::dialect::BigQueryDialect;
use crate::jobs;
use crate::tables;
use crate::types::bind::Parameter;
use crate::types::columns::Field;

/// Where lists of all data sets look when nobody says: <https://cloud.google.com/bigquery/docs/locations>
const USUAL_LOCATION: &str = "us";

/// Answers a question about what is in the database.
///
/// # Errors
/// What the service says.
pub(crate) async fn introspect(server: &Server, what: Introspect) -> Result<Catalog, DriverError> {
    match what {
        Introspect::Schemas => schemas(&server.service).await,
        Introspect::Tables {
            schema,
            search,
            offset,
            limit,
        } => {
            let page = Wanted {
                schema,
                search,
                offset,
                limit: limit.clamp(1, 1_000),
            };
            list(&server.service, page).await
        }
        Introspect::Table(mut table) => {
            crate::names::place(&mut table, &server.dataset);
            Ok(Catalog::Table(describe(&server.service, table).await?))
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Datasets {
    #[serde(default)]
    datasets: Vec<Listed>,
    next_page_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    dataset_reference: Reference,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    dataset_id: String,
}

async fn schemas(service: &Service) -> Result<Catalog, DriverError> {
    let mut names = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let mut call = Call::get("/datasets".into()).with("maxResults", "1000");
        if let Some(token) = token {
            call = call.with("pageToken", token);
        }
        let page: Datasets = service.call(&call).await?;
        let found = page.datasets.into_iter();
        names.extend(found.filter_map(|d| Ident::new(d.dataset_reference.dataset_id).ok()));
        token = page.next_page_token.filter(|token| !token.is_empty());
        if token.is_none() {
            names.sort_unstable();
            return Ok(Catalog::Schemas(names));
        }
    }
}

struct Wanted {
    schema: Option<Ident>,
    search: String,
    offset: u32,
    limit: u32,
}

async fn list(service: &Arc<Service>, wanted: Wanted) -> Result<Catalog, DriverError> {
    let dialect = BigQueryDialect::default();
    let mut w = SqlWriter::new(&dialect);
    w.syntax("SELECT table_schema, table_name, table_type FROM ");
    let location = service.location.as_deref().unwrap_or(USUAL_LOCATION);
    let region = Ident::new(format!("region-{}", location.to_lowercase()))
        .map_err(|_| quillback_family_http::options::config("option `location` is wrong"))?;
    w.ident(wanted.schema.as_ref().unwrap_or(&region));
    w.syntax(".INFORMATION_SCHEMA.TABLES");
    let mut params = Vec::new();
    if !wanted.search.is_empty() {
        w.syntax(" WHERE STRPOS(LOWER(table_name), LOWER(@search)) > 0");
        let search = Parameter {
            ty: "STRING",
            value: Some(wanted.search),
        };
        params.push(("search".to_owned(), search));
    }
    w.syntax(" ORDER BY table_schema, table_name LIMIT ");
    w.number(u64::from(wanted.limit) + 1);
    w.syntax(" OFFSET ").number(wanted.offset.into());
    let mut reading = jobs::read(service, &w.finish().sql, &params).await?;
    let mut found = Vec::new();
    while let Some(page) = reading.next().await? {
        let rows = page.rows.into_iter();
        found.extend(rows.filter_map(|row| {
            let text = |at: usize| row.cells.get(at)?.value.as_str();
            Some(TableSummary {
                table: TableRef::in_schema(
                    Some(Ident::new(text(0)?).ok()?),
                    Ident::new(text(1)?).ok()?,
                ),
                kind: kind(text(2)?),
            })
        }));
    }
    let more = found.len() > wanted.limit as usize;
    found.truncate(wanted.limit as usize);
    Ok(Catalog::Tables {
        tables: found,
        more,
    })
}

fn kind(name: &str) -> TableKind {
    match name {
        "BASE TABLE" | "TABLE" | "CLONE" => TableKind::Table,
        _ => TableKind::View,
    }
}

async fn describe(service: &Service, table: TableRef) -> Result<Option<TableInfo>, DriverError> {
    if table.catalog.is_some() {
        return Err(DriverError::unsupported(
            "this database does not support catalogs around schemas",
        ));
    }
    let Some(found) = tables::look_up(service, &table).await? else {
        return Ok(None);
    };
    Ok(Some(TableInfo {
        table,
        kind: kind(&found.kind),
        columns: found.fields.iter().filter_map(column).collect(),
        primary_key: found.primary_key,
        unique_keys: Vec::new(),
    }))
}

fn column(field: &Field) -> Option<ColumnInfo> {
    let generated = field.generated_column.is_some();
    Some(ColumnInfo {
        name: Ident::new(&field.name).ok()?,
        ty: field.logical(),
        native: field.native(),
        nullable: field.mode != "REQUIRED",
        has_default: field.default_value_expression.is_some() || generated,
        generated,
        identity: false,
    })
}
