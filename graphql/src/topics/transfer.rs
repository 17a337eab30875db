//! Schemas leave a server as JSON and come into another one.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result};
use quillback_core::admin::schemas::{
    self, GroupState as StoredState, IdPolicy as StoredPolicy, Import, ImportMode as StoredMode,
    Imported, ImportedGroup as StoredGroup,
};
use quillback_core::ids::{ConnectionId, SchemaId};

use super::connections::group_ids;
use super::schemas::SchemaSummary;
use crate::context::Env;
use crate::error::Public;
use crate::scalars::{Json, id};

#[derive(Default)]
pub(crate) struct TransferQuery;

#[Object]
impl TransferQuery {
    /// A schema as a document for `importSchema`: table, key, fields with their rules, rights by the names of groups, and
    /// row-level security. It holds no rows and no secret.
    async fn export_schema(
        &self,
        ctx: &Context<'_>,
        id: ID,
        #[graphql(desc = "Whether to leave rights and row-level security out.", default)]
        structure_only: bool,
    ) -> Result<Json> {
        let id = SchemaId::parse(&id).public()?;
        let document = schemas::export(ctx.cx()?, ctx.app()?, &id, structure_only).await;
        Ok(Json(document.public()?))
    }
}

#[derive(Default)]
pub(crate) struct TransferMutation;

#[Object]
impl TransferMutation {
    /// Takes the document of a schema in, from this server or another, on the same kind of database or another. Try it
    /// with `dryRun` first: it answers with every statement and every problem and changes nothing.
    async fn import_schema(
        &self,
        ctx: &Context<'_>,
        input: ImportSchemaInput,
    ) -> Result<ImportSchemaPayload> {
        let import = Import {
            document: input.document.0,
            connection: input
                .connection_id
                .map(|id| ConnectionId::parse(&id))
                .transpose()
                .public()?,
            label: input.label,
            table: input.table,
            table_schema: input.table_schema,
            ids: input.id_policy.into(),
            mode: input.mode.into(),
            groups: input.group_ids.as_deref().map(group_ids).transpose()?,
            make_groups: input.make_groups,
            allow_data_loss: input.allow_data_loss,
            dry_run: input.dry_run,
        };
        let imported = schemas::import(ctx.cx()?, ctx.app()?, import).await;
        Ok(ImportSchemaPayload(imported.public()?))
    }
}

/// Under which id a schema comes in.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "StoredPolicy")]
enum SchemaIdPolicy {
    /// Its own, so that workbooks find it.
    Keep,
    /// A new one: a copy beside the original.
    New,
}

/// What an import may do.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "StoredMode")]
enum SchemaImportMode {
    /// Make a schema that is not there yet.
    Create,
    /// Make it, or change the one of the same id into it, with its rights and row-level security.
    Replace,
    /// The same without touching rights and row-level security.
    StructureOnly,
}

/// What becomes of a group that a document names.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "StoredState")]
enum ImportedGroupState {
    /// It is here.
    Found,
    /// It is made.
    Made,
    /// It is not here: its rights are left out.
    Missing,
}

/// A document and what to do with it.
#[derive(InputObject)]
struct ImportSchemaInput {
    /// Document, as `exportSchema` answers it.
    document: Json,
    /// Connection to the database that holds, or is to hold, its table; the one of the same name when it is left out.
    connection_id: Option<ID>,
    /// Another label than that in the document.
    label: Option<String>,
    /// Another table than that in the document.
    table: Option<String>,
    /// Another schema of the database than that in the document.
    table_schema: Option<String>,
    /// Under which id it comes in.
    #[graphql(default_with = "SchemaIdPolicy::Keep")]
    id_policy: SchemaIdPolicy,
    /// What may be done.
    #[graphql(default_with = "SchemaImportMode::Create")]
    mode: SchemaImportMode,
    /// Groups that a schema which is made belongs to: their schema managers change it. Your only group when they are left
    /// out.
    group_ids: Option<Vec<ID>>,
    /// Whether to make the groups that are not here; otherwise their rights are left out. Takes the right to manage users.
    #[graphql(default)]
    make_groups: bool,
    /// Whether values may be lost where a table is changed.
    #[graphql(default)]
    allow_data_loss: bool,
    /// Whether to show what would be done and do nothing.
    #[graphql(default)]
    dry_run: bool,
}

/// What an import did, or would do.
struct ImportSchemaPayload(Imported);

#[Object]
impl ImportSchemaPayload {
    /// The schema, unless it was a dry run.
    async fn schema(&self) -> Option<SchemaSummary> {
        self.0.schema.clone().map(SchemaSummary)
    }

    /// Id of the schema; of a dry run only where the id is kept.
    async fn schema_id(&self) -> Option<ID> {
        self.0.id.as_ref().map(id)
    }

    /// Whether a schema that was there is changed.
    async fn replaces(&self) -> bool {
        self.0.replaces
    }

    /// The exact statements that change the target database, in order.
    async fn statements(&self) -> &[String] {
        &self.0.statements
    }

    /// What to think of.
    async fn warnings(&self) -> &[String] {
        &self.0.warnings
    }

    /// What is in the way; only a dry run answers with any, otherwise they are an error.
    async fn problems(&self) -> Vec<SchemaImportProblem> {
        let problems = self.0.problems.iter().cloned();
        problems.map(SchemaImportProblem).collect()
    }

    /// The groups that the document names.
    async fn groups(&self) -> Vec<ImportedGroup> {
        self.0.groups.iter().cloned().map(ImportedGroup).collect()
    }
}

/// Something in the way of an import.
struct SchemaImportProblem(quillback_core::Problem);

#[Object]
impl SchemaImportProblem {
    /// Where: names and positions, joined with dots, such as `document.fields.2.kind`.
    async fn path(&self) -> &str {
        &self.0.path
    }

    /// Stable code of the rule that is broken.
    async fn code(&self) -> &str {
        self.0.code
    }

    /// What is wrong and what would be right.
    async fn message(&self) -> &str {
        &self.0.message
    }
}

/// A group that a document names.
struct ImportedGroup(StoredGroup);

#[Object]
impl ImportedGroup {
    /// Its name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What becomes of it.
    async fn state(&self) -> ImportedGroupState {
        self.0.state.into()
    }
}
