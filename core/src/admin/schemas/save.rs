//! Makes, changes and removes schemas, and the tables that Quillback keeps for them.

use quillback_plugin_api::batch::Batch;
use quillback_plugin_api::sql::Ddl;
use serde_json::{Value as Json, json};

use super::{Prepared, SchemaDraft, draft, prepare, rights};
use crate::app::App;
use crate::audit::events;
use crate::cx::Cx;
use crate::error::{Error, Problem, Result};
use crate::ids::{GroupId, SchemaId};
use crate::permit::{self, Homes, ManageSchemas, Within};
use crate::repo::schemas::{self, Whole};
use crate::repo::{commit, is_duplicate};
use crate::schema::Schema;

/// Makes a schema that belongs to the maker's only group, or for an admin to none: see [`create_in`].
///
/// # Errors
/// As [`create_in`].
pub async fn create(cx: &Cx, app: &App, draft: SchemaDraft) -> Result<Schema> {
    create_in(cx, app, draft, None).await
}

/// Makes a schema, and its table where Quillback keeps one for it. The schema managers of its `groups` change it; nobody
/// but admins sees its rows until a group gets rights.
///
/// # Errors
/// As [`super::plan`]; `Taken` for a label that exists, `Target` when the table cannot be made, `NotFound` for a group
/// that the caller is not in.
pub async fn create_in(
    cx: &Cx,
    app: &App,
    draft: SchemaDraft,
    groups: Option<Vec<GroupId>>,
) -> Result<Schema> {
    let permit = permit::manage_schemas(cx)?;
    let homes = permit.schema_homes(app, groups).await?;
    let prepared = prepare(app, &permit, None, &draft).await?;
    let schema = new(cx, &prepared, SchemaId::from(cx.new_id()), &draft)?;
    make(cx, app, &prepared, &homes, schema, |_, _| Ok(())).await
}

/// The schema `id` as prepared, which is not stored yet.
pub(super) fn new(
    cx: &Cx,
    prepared: &Prepared<'_>,
    id: SchemaId,
    draft: &SchemaDraft,
) -> Result<Schema> {
    let now = cx.now();
    Ok(Schema {
        id,
        label: draft::label(draft)?,
        module: draft.module,
        connection: prepared.connection.id.clone(),
        definition: prepared.definition.clone(),
        revision: 1,
        created_at: now,
        updated_at: now,
    })
}

/// Stores a new schema and makes its table; `more` adds what is to take effect with it.
pub(super) async fn make(
    cx: &Cx,
    app: &App,
    prepared: &Prepared<'_>,
    homes: &Homes,
    schema: Schema,
    more: impl FnOnce(&mut Batch, &Within<ManageSchemas, Whole>) -> Result<()>,
) -> Result<Schema> {
    let made = homes.made(schema.clone());
    let mut batch = Batch::default();
    schemas::insert_schema(&mut batch, &schema, homes)?;
    more(&mut batch, &made)?;
    event(&mut batch, cx, "schema.create", &schema.id, shown(&schema)?)?;
    save(app, &batch).await?;
    // The repository comes first: a label that is taken leaves no table behind, and a table that cannot be made takes
    // its schema with it.
    if let Err(error) = define(prepared).await {
        let mut undo = Batch::default();
        schemas::delete_schema(&mut undo, &made, schema.revision);
        let why = json!({ "reason": error.code() });
        event(&mut undo, cx, "schema.delete", &schema.id, why)?;
        commit(&app.repo, &undo, "schema").await?;
        return Err(error);
    }
    Ok(schema)
}

/// Changes a schema whose revision is still `revision`, and its table where Quillback keeps one for it.
///
/// # Errors
/// As [`create`]; `Stale` when someone else changed it meanwhile; `Invalid` with `DATA_LOSS` when values would be lost
/// and the draft does not allow it.
pub async fn update(
    cx: &Cx,
    app: &App,
    id: &SchemaId,
    revision: i64,
    draft: SchemaDraft,
) -> Result<Schema> {
    let permit = permit::manage_schemas(cx)?;
    let found = permit.schema(app, id).await?;
    if found.schema.revision != revision {
        return Err(Error::Stale("schema"));
    }
    let prepared = prepare(app, &permit, Some(&found), &draft).await?;
    rights::check_still_fits(&found, &prepared.definition)?;
    change(cx, app, &prepared, &found, &draft, |_| Ok(())).await
}

/// Changes a schema as prepared; `more` adds what is to take effect with it.
pub(super) async fn change(
    cx: &Cx,
    app: &App,
    prepared: &Prepared<'_>,
    found: &Within<ManageSchemas, Whole>,
    draft: &SchemaDraft,
    more: impl FnOnce(&mut Batch) -> Result<()>,
) -> Result<Schema> {
    let label = draft::label(draft)?;
    let revision = if prepared.changes.is_empty() {
        found.schema.revision
    } else {
        alter(cx, app, prepared, found, &label).await?
    };
    let schema = Schema {
        label,
        definition: prepared.definition.clone(),
        revision: revision + 1,
        updated_at: cx.now(),
        ..found.schema.clone()
    };
    let mut batch = Batch::default();
    schemas::update_schema(&mut batch, found, &schema, revision)?;
    more(&mut batch)?;
    let difference = events::difference(&shown(&found.schema)?, &shown(&schema)?);
    event(&mut batch, cx, "schema.update", &schema.id, difference)?;
    save(app, &batch).await?;
    Ok(schema)
}

/// Changes the table of a schema and returns the revision that the books have by then.
///
/// Revision and label are taken before the table is touched: of two changes at the same moment one is refused while
/// nothing has happened yet, and the statements are in the audit trail whatever happens next. If this server ends before the
/// new definition is stored, saving the schema again finds the table as it is and does only what is left.
async fn alter(
    cx: &Cx,
    app: &App,
    prepared: &Prepared<'_>,
    found: &Within<ManageSchemas, Whole>,
    label: &str,
) -> Result<i64> {
    let before = found.schema.revision;
    let taken = Schema {
        label: label.to_owned(),
        revision: before + 1,
        updated_at: cx.now(),
        ..found.schema.clone()
    };
    let statements = prepared
        .target
        .render_ddl(prepared.permit, &prepared.changes)
        .await?;
    let mut batch = Batch::default();
    schemas::update_schema(&mut batch, found, &taken, before)?;
    let details = json!({ "statements": statements });
    event(&mut batch, cx, "schema.alter", &taken.id, details)?;
    save(app, &batch).await?;
    if let Err(error) = define(prepared).await {
        let mut undo = Batch::default();
        schemas::update_schema(&mut undo, found, &found.schema, taken.revision)?;
        let why = json!({ "reason": error.code() });
        event(&mut undo, cx, "schema.alter.failed", &taken.id, why)?;
        save(app, &undo).await?;
        return Err(error);
    }
    Ok(taken.revision)
}

/// Removes a schema; its audit trail stays. The table stays too unless `drop_table` says otherwise, and a table that
/// Quillback did not make is never dropped.
///
/// # Errors
/// `Stale` when someone else changed it meanwhile, `InUse` while fields of other schemas have options from it, `Target`
/// when the table cannot be dropped.
pub async fn delete(
    cx: &Cx,
    app: &App,
    id: &SchemaId,
    revision: i64,
    drop_table: bool,
) -> Result<()> {
    let permit = permit::manage_schemas(cx)?;
    let found = permit.schema(app, id).await?;
    let definition = &found.schema.definition;
    if drop_table && !definition.managed {
        let message = "Quillback did not make this table, so it does not drop it.";
        return Err(Error::invalid("dropTable", "NOT_MANAGED", message));
    }
    let readers = schemas::labels_reading(&app.repo, id).await?;
    if !readers.is_empty() {
        let message = format!(
            "Fields of {} have their options from this schema. Give them other options first.",
            readers.join(", ")
        );
        return Err(Error::InUse(message));
    }
    let mut batch = Batch::default();
    schemas::delete_schema(&mut batch, &found, revision);
    let details = json!({ "label": found.schema.label, "dropTable": drop_table });
    event(&mut batch, cx, "schema.delete", id, details)?;
    save(app, &batch).await?;
    if drop_table {
        let connection = found.connection(app).await?;
        let target = app.targets.get(&app.keyring, &connection).await?;
        target
            .define(&permit, &[Ddl::DropTable(definition.table.clone())])
            .await?;
    }
    Ok(())
}

async fn define(prepared: &Prepared<'_>) -> Result<()> {
    if prepared.changes.is_empty() {
        return Ok(());
    }
    prepared
        .target
        .define(prepared.permit, &prepared.changes)
        .await
}

/// Adds an entry about a schema to the audit trail.
pub(super) fn event(
    batch: &mut Batch,
    cx: &Cx,
    action: &'static str,
    id: &SchemaId,
    details: Json,
) -> Result<()> {
    events::event(batch, cx, action, "schema", Some(id.as_str()), details)
}

/// Runs a batch about a schema; the only name in it that can be taken is its label.
pub(super) async fn save(app: &App, batch: &Batch) -> Result<()> {
    match commit(&app.repo, batch, "schema").await {
        Err(error) if is_duplicate(&error) => Err(Error::Taken(Problem::new(
            "label",
            "TAKEN",
            "There is a schema of this label already. Choose another one.",
        ))),
        other => other.map(|_| ()),
    }
}

pub(super) fn shown(schema: &Schema) -> Result<Json> {
    let definition = serde_json::to_value(&schema.definition)
        .map_err(|error| Error::Internal(error.to_string()))?;
    Ok(json!({
        "label": schema.label,
        "module": schema.module,
        "connection": schema.connection,
        "definition": definition,
        "revision": schema.revision,
    }))
}
