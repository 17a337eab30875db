//! Looks into a target database while a schema is set up: schemas, tables, columns.

use quillback_plugin_api::catalog::{Catalog, ColumnInfo, Introspect, TableKind, TableSummary};
use quillback_plugin_api::{Ident, TableRef};

use crate::app::App;
use crate::cx::Cx;
use crate::error::{Error, Result};
use crate::field::{self, FieldKind};
use crate::ids::ConnectionId;
use crate::permit::{self, ManageSchemas, Permit};
use crate::targets::Opened;

/// A column of an existing table, with the field type it would become.
#[derive(Clone, Debug, PartialEq)]
pub struct TableColumn {
    /// The column.
    pub column: ColumnInfo,
    /// The field type.
    pub kind: FieldKind,
}

/// An existing table.
#[derive(Clone, Debug, PartialEq)]
pub struct TableDetails {
    /// Where it is.
    pub table: TableRef,
    /// Whether it is a view.
    pub is_view: bool,
    /// Columns in the table's order.
    pub columns: Vec<TableColumn>,
    /// Columns of the primary key in key order.
    pub primary_key: Vec<Ident>,
}

async fn open(app: &App, permit: &Permit<ManageSchemas>, id: &ConnectionId) -> Result<Opened> {
    let connection = permit.connection(app, id).await?;
    app.targets.get(&app.keyring, &connection).await
}

/// Names of the schemas of the database.
///
/// # Errors
/// `Denied`, `NotFound` also for a connection of other groups, `Target` when the database could not be asked.
pub async fn schemas(cx: &Cx, app: &App, connection: &ConnectionId) -> Result<Vec<String>> {
    let permit = permit::manage_schemas(cx)?;
    match open(app, &permit, connection)
        .await?
        .introspect(&permit, &Introspect::Schemas)
        .await?
    {
        Catalog::Schemas(names) => Ok(names.into_iter().map(String::from).collect()),
        _ => Err(Error::Internal("a driver answered another question".into())),
    }
}

/// One page of tables and views whose names contain `search`, and whether there are more.
///
/// # Errors
/// As [`schemas`].
pub async fn tables(
    cx: &Cx,
    app: &App,
    connection: &ConnectionId,
    schema: Option<String>,
    search: String,
    page: (u32, u32),
) -> Result<(Vec<TableSummary>, bool)> {
    let permit = permit::manage_schemas(cx)?;
    let schema = schema.map(Ident::new).transpose();
    let schema = schema.map_err(|error| Error::invalid("schema", "NAME", error.to_string()))?;
    let (offset, limit) = page;
    let what = Introspect::Tables {
        schema,
        search,
        offset,
        limit: limit.clamp(1, 1_000),
    };
    match open(app, &permit, connection)
        .await?
        .introspect(&permit, &what)
        .await?
    {
        Catalog::Tables { tables, more } => Ok((tables, more)),
        _ => Err(Error::Internal("a driver answered another question".into())),
    }
}

/// One table in full.
///
/// # Errors
/// As [`schemas`]; `NotFound` for a table that is not there or that the account does not see.
pub async fn table(
    cx: &Cx,
    app: &App,
    connection: &ConnectionId,
    schema: Option<String>,
    name: String,
) -> Result<TableDetails> {
    let permit = permit::manage_schemas(cx)?;
    let ident = |name: String| Ident::new(name).map_err(|_| Error::NotFound("table"));
    let table = TableRef::in_schema(schema.map(ident).transpose()?, ident(name)?);
    let found = open(app, &permit, connection)
        .await?
        .introspect(&permit, &Introspect::Table(table))
        .await?;
    let Catalog::Table(Some(info)) = found else {
        return Err(Error::NotFound("table"));
    };
    let columns = info.columns.into_iter().map(|column| TableColumn {
        kind: field::detect(&column),
        column,
    });
    Ok(TableDetails {
        table: info.table,
        is_view: info.kind == TableKind::View,
        columns: columns.collect(),
        primary_key: info.primary_key,
    })
}
