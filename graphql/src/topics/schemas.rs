//! Schemas: list, look at, plan, make, change, remove.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use quillback_core::admin::schemas::{
    self, FieldDraft, Finding, Health, KeyDraft, SchemaDraft, SchemaPlan as Planned, VisibleSchema,
};
use quillback_core::ids::{ConnectionId, SchemaId};
use quillback_core::schema::{Module as StoredModule, Schema as Stored};

use super::connections::{DeletePayload, group_ids};
use super::fields::{Field, FieldTypeInput, KeyMaker, KeyPart, RulesInput};
use super::rights::{Action, Conditions, GroupPermission, Policy};
use crate::context::Env;
use crate::error::Public;
use crate::scalars::{DateTime, id};

#[derive(Default)]
pub(crate) struct SchemaQuery;

#[Object]
impl SchemaQuery {
    /// All schemas that you manage or may see rows of, by label.
    async fn schemas(&self, ctx: &Context<'_>) -> Result<Vec<SchemaSummary>> {
        let all = schemas::list(ctx.cx()?, ctx.app()?).await.public()?;
        Ok(all.into_iter().map(SchemaSummary).collect())
    }

    /// One schema, as you may see it.
    async fn schema(&self, ctx: &Context<'_>, id: ID) -> Result<Schema> {
        let id = SchemaId::parse(&id).public()?;
        Ok(Schema(
            schemas::get(ctx.cx()?, ctx.app()?, &id).await.public()?,
        ))
    }

    /// Compares a schema with its table as it is now, for people who manage schemas: columns that are missing, have
    /// another type, or are new.
    async fn schema_health(&self, ctx: &Context<'_>, id: ID) -> Result<SchemaHealth> {
        let id = SchemaId::parse(&id).public()?;
        let health = schemas::health(ctx.cx()?, ctx.app()?, &id).await.public()?;
        Ok(SchemaHealth(health))
    }

    /// Shows what saving a schema would do to the target database, statement by statement, without doing it. With `id`,
    /// the input would change that schema.
    async fn plan_schema(
        &self,
        ctx: &Context<'_>,
        id: Option<ID>,
        input: SchemaInput,
    ) -> Result<SchemaPlan> {
        let id = id.map(|id| SchemaId::parse(&id)).transpose().public()?;
        let draft = input.draft()?;
        Ok(SchemaPlan(
            schemas::plan(ctx.cx()?, ctx.app()?, id.as_ref(), draft)
                .await
                .public()?,
        ))
    }
}

#[derive(Default)]
pub(crate) struct SchemaMutation;

#[Object]
impl SchemaMutation {
    /// Makes a schema, and its table in the target database unless the module corrects an existing one.
    async fn create_schema(&self, ctx: &Context<'_>, input: SchemaInput) -> Result<SchemaPayload> {
        let groups = input.group_ids.as_deref().map(group_ids).transpose()?;
        let draft = input.draft()?;
        let schema = schemas::create_in(ctx.cx()?, ctx.app()?, draft, groups)
            .await
            .public()?;
        Ok(SchemaPayload {
            schema: SchemaSummary(schema),
        })
    }

    /// Changes a schema, and its table with it where Quillback made the table.
    async fn update_schema(
        &self,
        ctx: &Context<'_>,
        input: UpdateSchemaInput,
    ) -> Result<SchemaPayload> {
        let id = SchemaId::parse(&input.id).public()?;
        if input.schema.group_ids.is_some() {
            let message = "Groups are named when a schema is made. Give or take rights to change them afterwards.";
            let error = quillback_core::Error::invalid("schema.groupIds", "ONLY_NEW", message);
            return Err(crate::error::public(error));
        }
        let draft = input.schema.draft()?;
        let schema = schemas::update(ctx.cx()?, ctx.app()?, &id, input.revision, draft)
            .await
            .public()?;
        Ok(SchemaPayload {
            schema: SchemaSummary(schema),
        })
    }

    /// Removes a schema. Its audit trail stays, and so does its table unless you say otherwise.
    async fn delete_schema(
        &self,
        ctx: &Context<'_>,
        input: DeleteSchemaInput,
    ) -> Result<DeletePayload> {
        let schema = SchemaId::parse(&input.id).public()?;
        schemas::delete(
            ctx.cx()?,
            ctx.app()?,
            &schema,
            input.revision,
            input.drop_table,
        )
        .await
        .public()?;
        Ok(DeletePayload { id: input.id })
    }
}

/// What a schema is for.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "StoredModule")]
pub(super) enum Module {
    /// New records beside the dashboard's data: targets, forecasts, comments.
    AddData,
    /// Attributes next to existing data.
    DataHelper,
    /// Corrections of an existing table.
    DataCorrection,
}

/// A schema in a list.
pub(super) struct SchemaSummary(pub(super) Stored);

#[Object]
impl SchemaSummary {
    /// Identifier; stays the same when the schema moves to another server.
    async fn id(&self) -> ID {
        id(&self.0.id)
    }

    /// Name for people.
    async fn label(&self) -> &str {
        &self.0.label
    }

    /// What it is for.
    async fn module(&self) -> Module {
        self.0.module.into()
    }

    /// Connection to the database that holds its table.
    async fn connection_id(&self) -> ID {
        id(&self.0.connection)
    }

    /// Its table, with the schema of the database in front where one is named.
    async fn table(&self) -> String {
        self.0.definition.table.to_string()
    }

    /// Grows with every change of the schema, its permissions and its policies.
    async fn revision(&self) -> i64 {
        self.0.revision
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it was last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }
}

/// A schema: one use-case of write-back.
struct Schema(VisibleSchema);

#[Object]
impl Schema {
    /// Identifier; stays the same when the schema moves to another server.
    async fn id(&self) -> ID {
        id(&self.0.schema.id)
    }

    /// Name for people.
    async fn label(&self) -> &str {
        &self.0.schema.label
    }

    /// What it is for.
    async fn module(&self) -> Module {
        self.0.schema.module.into()
    }

    /// Connection to the database that holds its table.
    async fn connection_id(&self) -> ID {
        id(&self.0.schema.connection)
    }

    /// Its table, with the schema of the database in front where one is named.
    async fn table(&self) -> String {
        self.0.schema.definition.table.to_string()
    }

    /// Whether Quillback made the table, and changes it with the schema.
    async fn managed(&self) -> bool {
        self.0.schema.definition.managed
    }

    /// Columns that identify a row.
    async fn key(&self) -> Vec<KeyPart> {
        self.0
            .schema
            .definition
            .key
            .iter()
            .cloned()
            .map(KeyPart)
            .collect()
    }

    /// Fields that you see, in the order of the form.
    async fn fields(&self) -> Vec<Field> {
        let fields = self.0.schema.definition.fields.iter().enumerate();
        let at = |flags: &[bool], position: usize| flags.get(position).copied().unwrap_or(false);
        fields
            .filter(|(position, _)| at(&self.0.visible, *position))
            .map(|(position, field)| Field {
                field: field.clone(),
                writable: at(&self.0.writable, position),
            })
            .collect()
    }

    /// What you may do with its rows.
    async fn actions(&self) -> Vec<Action> {
        self.0.actions.iter().copied().map(Action::from).collect()
    }

    /// What to think of when everybody who can sign in may see its rows; nothing when only some may. Only for those who
    /// manage the schema.
    async fn public_warning(&self) -> Option<&str> {
        self.0.public_warning.as_deref()
    }

    /// Rights by group; only for those who manage the schema.
    async fn permissions(&self) -> Vec<GroupPermission> {
        self.0
            .permissions
            .iter()
            .cloned()
            .map(|(group, rights)| GroupPermission { group, rights })
            .collect()
    }

    /// Row-level security; only for those who manage the schema.
    async fn policies(&self) -> Vec<Policy> {
        self.0.policies.iter().cloned().map(Policy).collect()
    }

    /// Field that holds the name of the user who added a row, if there is one and you see it.
    async fn owner_field(&self) -> Option<&str> {
        let (position, field) = self.0.schema.definition.owner()?;
        let seen = self.0.visible.get(position).copied().unwrap_or(false);
        seen.then_some(field.name.as_str())
    }

    /// When rows may be changed and added; only for those who manage schemas.
    async fn conditions(&self) -> Option<Conditions> {
        self.0.conditions.clone().map(Conditions)
    }

    /// Grows with every change of the schema, its permissions and its policies.
    async fn revision(&self) -> i64 {
        self.0.schema.revision
    }
}

/// How a schema and its table agree.
struct SchemaHealth(Health);

#[Object]
impl SchemaHealth {
    /// Whether rows can be read and written.
    async fn works(&self) -> bool {
        self.0.works()
    }

    /// What is different, the most important first; nothing is how it should be.
    async fn findings(&self) -> Vec<HealthFinding> {
        self.0.findings.iter().cloned().map(HealthFinding).collect()
    }
}

/// A difference between a schema and its table.
struct HealthFinding(Finding);

#[Object]
impl HealthFinding {
    /// Code: `TABLE_MISSING`, `VIEW`, `COLUMN_MISSING`, `OTHER_TYPE`, `NARROWER`, `REQUIRED_BY_TABLE` or `NEW_COLUMN`.
    async fn code(&self) -> &str {
        self.0.code
    }

    /// Field or key part, by its name in rows.
    async fn field(&self) -> Option<&str> {
        self.0.field.as_deref()
    }

    /// Column.
    async fn column(&self) -> Option<&str> {
        self.0.column.as_deref()
    }

    /// Whether rows cannot be read or written until it is mended.
    async fn blocks(&self) -> bool {
        self.0.blocks
    }

    /// What is different and what to do.
    async fn message(&self) -> &str {
        &self.0.message
    }
}

/// What saving a schema would do.
struct SchemaPlan(Planned);

#[Object]
impl SchemaPlan {
    /// The exact statements that would change the target database, in order.
    async fn statements(&self) -> &[String] {
        &self.0.statements
    }

    /// What to think of before saving.
    async fn warnings(&self) -> &[String] {
        &self.0.warnings
    }

    /// Columns that would identify a row.
    async fn key(&self) -> Vec<KeyPart> {
        self.0.definition.key.iter().cloned().map(KeyPart).collect()
    }

    /// Fields as they would be, detected ones included.
    async fn fields(&self) -> Vec<Field> {
        let fields = self.0.definition.fields.iter().cloned();
        fields
            .map(|field| Field {
                field,
                writable: true,
            })
            .collect()
    }
}

/// A field to make, or what one is to become.
#[derive(InputObject)]
struct FieldInput {
    /// Name in rows; stays the same for good.
    name: String,
    /// Name for people; the name in rows when it is left out.
    label: Option<String>,
    /// Column; the name in rows when it is left out.
    column: Option<String>,
    /// Type; detected for a column of an existing table when it is left out.
    r#type: Option<FieldTypeInput>,
    /// Whether every row must have a value.
    #[graphql(default)]
    required: bool,
    /// What its values must keep.
    rules: Option<RulesInput>,
}

/// A column that identifies the rows of an existing table.
#[derive(InputObject)]
struct KeyInput {
    /// Column.
    column: String,
    /// Who makes it for a new row.
    maker: KeyMaker,
}

/// A schema to make, or what one is to become.
#[derive(InputObject)]
struct SchemaInput {
    /// Name for people, unique.
    label: String,
    /// What it is for.
    module: Module,
    /// Connection to the database that holds, or is to hold, its table.
    connection_id: ID,
    /// Schema of the database; the connection's own when it is left out.
    table_schema: Option<String>,
    /// Table: a new one, or for `DATA_CORRECTION` one that is there.
    table: String,
    /// Columns that identify a row of an existing table; its primary key when they are left out.
    #[graphql(default)]
    key: Vec<KeyInput>,
    /// Fields. For an existing table, none means every column.
    #[graphql(default)]
    fields: Vec<FieldInput>,
    /// Text field into which the server writes the name of the user who adds a row, and which nobody else writes. A
    /// table that Quillback keeps gets the field when it is not among the fields. Rights that are limited to own rows
    /// need it. Rows of a user who gets another name stay with the old one.
    owner_field: Option<String>,
    /// Whether values may be lost by this change.
    #[graphql(default)]
    allow_data_loss: bool,
    /// Groups that a new schema belongs to, whose schema managers change it: your own ones, any for an admin. Left out,
    /// it is your only group; of an admin it is none. A schema belongs to every group that has rights on it.
    group_ids: Option<Vec<ID>>,
}

impl SchemaInput {
    fn draft(self) -> Result<SchemaDraft> {
        let field = |(position, input): (usize, FieldInput)| {
            let rules = input.rules.unwrap_or_default();
            Ok(FieldDraft {
                name: input.name,
                label: input.label,
                column: input.column,
                kind: input.r#type.map(Into::into),
                required: input.required,
                rules: rules.rules(&format!("fields.{position}"))?,
            })
        };
        let fields = self.fields.into_iter().enumerate();
        let fields = fields.map(field).collect::<Result<_>>()?;
        Ok(SchemaDraft {
            label: self.label,
            module: self.module.into(),
            connection: ConnectionId::parse(&self.connection_id).public()?,
            table_schema: self.table_schema,
            table: self.table,
            key: self
                .key
                .into_iter()
                .map(|key| KeyDraft {
                    column: key.column,
                    maker: key.maker.into(),
                })
                .collect(),
            fields,
            owner: self.owner_field,
            allow_data_loss: self.allow_data_loss,
        })
    }
}

/// A change of a schema.
#[derive(InputObject)]
struct UpdateSchemaInput {
    /// Schema.
    id: ID,
    /// Revision that you saw.
    revision: i64,
    /// What it is to become.
    schema: SchemaInput,
}

/// Which schema to remove.
#[derive(InputObject)]
struct DeleteSchemaInput {
    /// Schema.
    id: ID,
    /// Revision that you saw.
    revision: i64,
    /// Whether to drop the table that Quillback made for it, with all its rows.
    #[graphql(default)]
    drop_table: bool,
}

/// A schema that was made or changed.
#[derive(SimpleObject)]
pub(super) struct SchemaPayload {
    /// The schema.
    pub(super) schema: SchemaSummary,
}
