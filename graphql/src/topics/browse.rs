//! A look into a target database while a schema is set up.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use quillback_core::admin::schemas::{self, TableDetails};
use quillback_core::ids::ConnectionId;
use quillback_core::plugin_api::catalog::TableKind;

use super::fields::TypeDetails;
use crate::context::Env;
use crate::error::Public;

#[derive(Default)]
pub(crate) struct BrowseQuery;

#[Object]
impl BrowseQuery {
    /// Names of the schemas of a target database, for people who manage schemas.
    async fn database_schemas(&self, ctx: &Context<'_>, connection_id: ID) -> Result<Vec<String>> {
        let connection = ConnectionId::parse(&connection_id).public()?;
        schemas::database_schemas(ctx.cx()?, ctx.app()?, &connection)
            .await
            .public()
    }

    /// Tables and views of a target database, a page at a time, for people who manage schemas.
    async fn database_tables(
        &self,
        ctx: &Context<'_>,
        connection_id: ID,
        #[graphql(desc = "Which tables; all when it is left out.", default)] filter: TableFilter,
        #[graphql(desc = "Most tables to answer, at most 500.", default = 100)] first: u32,
        #[graphql(desc = "Tables to pass over.", default)] offset: u32,
    ) -> Result<TablePage> {
        let connection = ConnectionId::parse(&connection_id).public()?;
        let page = (offset, first.clamp(1, 500));
        let (tables, has_more) = schemas::tables(
            ctx.cx()?,
            ctx.app()?,
            &connection,
            filter.schema,
            filter.search,
            page,
        )
        .await
        .public()?;
        let tables = tables.into_iter().map(|table| TableName {
            schema: table.table.schema.map(String::from),
            name: table.table.name.to_string(),
            is_view: table.kind == TableKind::View,
        });
        Ok(TablePage {
            tables: tables.collect(),
            has_more,
        })
    }

    /// One table of a target database in full, for people who manage schemas.
    async fn database_table(
        &self,
        ctx: &Context<'_>,
        connection_id: ID,
        #[graphql(desc = "Schema of the database; the connection's own when it is left out.")]
        schema: Option<String>,
        #[graphql(desc = "Table or view.")] name: String,
    ) -> Result<DatabaseTable> {
        let connection = ConnectionId::parse(&connection_id).public()?;
        let details = schemas::table(ctx.cx()?, ctx.app()?, &connection, schema, name)
            .await
            .public()?;
        Ok(details.into())
    }
}

/// Which tables of a database to list.
#[derive(InputObject, Default)]
struct TableFilter {
    /// Only of this schema of the database.
    schema: Option<String>,
    /// Only names that contain this text, upper and lower case being the same.
    #[graphql(default)]
    search: String,
}

/// One page of tables.
#[derive(SimpleObject)]
struct TablePage {
    /// Tables in the order of schema and name.
    tables: Vec<TableName>,
    /// Whether there are more.
    has_more: bool,
}

/// A table or view.
#[derive(SimpleObject)]
struct TableName {
    /// Schema of the database, where it has such.
    schema: Option<String>,
    /// Name.
    name: String,
    /// Whether it is a view.
    is_view: bool,
}

/// A table or view in full.
#[derive(SimpleObject)]
struct DatabaseTable {
    /// Schema of the database, where it has such.
    schema: Option<String>,
    /// Name.
    name: String,
    /// Whether it is a view.
    is_view: bool,
    /// Columns in the table's order.
    columns: Vec<DatabaseColumn>,
    /// Columns of the primary key, in key order.
    primary_key: Vec<String>,
}

/// A column of a table.
#[derive(SimpleObject)]
struct DatabaseColumn {
    /// Name.
    name: String,
    /// Type, in the words of the database.
    native_type: String,
    /// Type that a field on it would have.
    field_type: TypeDetails,
    /// Whether it may be null.
    nullable: bool,
    /// Whether the database fills it in when it is not given.
    has_default: bool,
    /// Whether the database alone writes it.
    generated: bool,
}

impl From<TableDetails> for DatabaseTable {
    fn from(details: TableDetails) -> Self {
        let columns = details.columns.into_iter().map(|column| DatabaseColumn {
            name: column.column.name.to_string(),
            native_type: column.column.native,
            field_type: (&column.kind).into(),
            nullable: column.column.nullable,
            has_default: column.column.has_default,
            generated: column.column.generated,
        });
        Self {
            schema: details.table.schema.map(String::from),
            name: details.table.name.to_string(),
            is_view: details.is_view,
            columns: columns.collect(),
            primary_key: details.primary_key.into_iter().map(String::from).collect(),
        }
    }
}
