//! Options of fields: what may be chosen, and where that comes from.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use quillback_core::field::{Given, OptionSource as StoredSource, OptionsFrom};
use quillback_core::ids::{ConnectionId, SchemaId};
use quillback_core::options::{self, OptionPage, OptionsCommand};
use quillback_core::plugin_api::{Ident, TableRef};

use super::rows::PageInfo;
use crate::context::Env;
use crate::error::{Public, public};
use crate::scalars::{Json, id};

#[derive(Default)]
pub(crate) struct OptionQuery;

#[Object]
impl OptionQuery {
    /// The options that you may choose for a field, a page at a time. Options out of another schema are those of the rows
    /// that you see there. Whatever is shown here, a value is checked again when it is written.
    #[graphql(complexity = "5 + child_complexity")]
    async fn field_options(
        &self,
        ctx: &Context<'_>,
        schema_id: ID,
        #[graphql(desc = "Field of the schema.")] field: String,
        #[graphql(
            desc = "Only options whose label contains this text, upper and lower case being the same."
        )]
        search: Option<String>,
        #[graphql(
            desc = "Values of other fields of the row, by name, for options that depend on them; without them there are none."
        )]
        given: Option<Json>,
        #[graphql(desc = "Most options to answer, 1 to 500.", default = 50)] first: u32,
        #[graphql(desc = "Cursor of the option after which the page starts.")] after: Option<
            String,
        >,
    ) -> Result<OptionConnection> {
        let given = given.map(|json| json.into_object("given")).transpose()?;
        let command = OptionsCommand {
            schema: SchemaId::parse(&schema_id).public()?,
            field,
            search,
            given: given.unwrap_or_default(),
            first,
            after,
        };
        let page = options::page(ctx.cx()?, ctx.app()?, command).await;
        Ok(OptionConnection(page.public()?))
    }
}

/// A page of options.
struct OptionConnection(OptionPage);

#[Object]
impl OptionConnection {
    /// Options in their order.
    async fn nodes(&self) -> Vec<FieldOption> {
        let options = self.0.options.iter().cloned();
        options
            .map(|option| FieldOption {
                value: Json(option.value),
                label: option.label,
            })
            .collect()
    }

    /// Where this page is among all.
    async fn page_info(&self) -> PageInfo {
        PageInfo {
            has_next_page: self.0.more,
            end_cursor: self.0.options.last().map(|option| option.cursor.clone()),
        }
    }
}

/// An option of a field.
#[derive(SimpleObject)]
struct FieldOption {
    /// Value to write.
    value: Json,
    /// What people read.
    label: String,
}

/// Where the options of a field come from: fields of another schema, or columns of a table.
pub(crate) struct OptionSource(pub(crate) StoredSource);

#[Object]
impl OptionSource {
    /// Schema whose rows have them.
    async fn schema_id(&self) -> Option<ID> {
        match &self.0.from {
            OptionsFrom::Schema(schema) => Some(id(schema)),
            OptionsFrom::Table { .. } => None,
        }
    }

    /// Connection to the table that has them, where it is not the schema's own.
    async fn connection_id(&self) -> Option<ID> {
        match &self.0.from {
            OptionsFrom::Table { connection, .. } => connection.as_ref().map(id),
            OptionsFrom::Schema(_) => None,
        }
    }

    /// Table that has them, with the schema of the database in front where one is named.
    async fn table(&self) -> Option<String> {
        match &self.0.from {
            OptionsFrom::Table { table, .. } => Some(table.to_string()),
            OptionsFrom::Schema(_) => None,
        }
    }

    /// Field or column of the values.
    async fn value(&self) -> &str {
        &self.0.value
    }

    /// Field or column of what people read.
    async fn label(&self) -> Option<&str> {
        self.0.label.as_deref()
    }

    /// Field or column that the options are sorted by.
    async fn order_by(&self) -> Option<&str> {
        self.0.order.as_deref()
    }

    /// Fields whose values restrict the options.
    async fn given(&self) -> Vec<OptionGiven> {
        let given = self.0.given.iter().cloned();
        given
            .map(|Given { field, column }| OptionGiven { field, column })
            .collect()
    }
}

/// A field whose value restricts the options of another one.
#[derive(SimpleObject)]
struct OptionGiven {
    /// Field.
    field: String,
    /// Field of the other schema, or column of the table, that must have the same value.
    column: String,
}

/// A field whose value restricts the options of another one.
#[derive(InputObject)]
struct OptionGivenInput {
    /// Field.
    field: String,
    /// Field of the other schema, or column of the table, that must have the same value.
    column: String,
}

/// Where the options of a field come from. Options out of a schema respect the rights and the row-level security that
/// whoever chooses has there. A column of a table is published by naming it here: everyone who sees the field is offered
/// all its values.
#[derive(InputObject)]
pub(crate) struct OptionSourceInput {
    /// Schema whose rows have them. Give either this or `table`.
    schema_id: Option<ID>,
    /// Connection to the table; the schema's own when it is left out.
    connection_id: Option<ID>,
    /// Schema of the database that the table is in; the connection's own when it is left out.
    table_schema: Option<String>,
    /// Table or view that has them.
    table: Option<String>,
    /// Field or column of the values; of the type of the field.
    value: String,
    /// Field or column of what people read; the values themselves when it is left out.
    label: Option<String>,
    /// Field or column to sort by; what people read when it is left out.
    order_by: Option<String>,
    /// Fields whose values restrict the options.
    #[graphql(default)]
    given: Vec<OptionGivenInput>,
}

impl OptionSourceInput {
    pub(super) fn source(self, path: &str) -> Result<StoredSource> {
        let invalid = |below: &str, code, message: String| {
            let path = format!("{path}.source.{below}");
            public(quillback_core::Error::invalid(path, code, message))
        };
        let name = |name: String, below| {
            Ident::new(name).map_err(|error| invalid(below, "NAME", error.to_string()))
        };
        let from = match (self.schema_id, self.table) {
            (Some(schema), None) if self.connection_id.is_none() && self.table_schema.is_none() => {
                OptionsFrom::Schema(SchemaId::parse(&schema).public()?)
            }
            (None, Some(table)) => OptionsFrom::Table {
                connection: self
                    .connection_id
                    .map(|id| ConnectionId::parse(&id))
                    .transpose()
                    .public()?,
                table: TableRef::in_schema(
                    self.table_schema
                        .map(|schema| name(schema, "tableSchema"))
                        .transpose()?,
                    name(table, "table")?,
                ),
            },
            _ => {
                let message = "Give either schemaId, or table with what is needed to find it.";
                return Err(invalid("table", "CONTRADICTION", message.to_owned()));
            }
        };
        let given = self.given.into_iter();
        Ok(StoredSource {
            from,
            value: self.value,
            label: self.label,
            order: self.order_by,
            given: given
                .map(|OptionGivenInput { field, column }| Given { field, column })
                .collect(),
        })
    }
}
