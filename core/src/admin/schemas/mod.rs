//! Schemas: planned, made, changed and removed together with the tables that Quillback made for them.

mod browse;
mod diff;
mod draft;
mod owner;
mod rights;

pub use browse::{TableColumn, TableDetails, schemas as database_schemas, table, tables};
pub use draft::{FieldDraft, KeyDraft, SchemaDraft};
pub(crate) use rights::public_warning;
pub use rights::{PolicyDraft, set_conditions, set_permissions, set_policies};

use quillback_plugin_api::batch::Batch;
use quillback_plugin_api::sql::Ddl;
use serde_json::{Value as Json, json};

use crate::app::App;
use crate::audit::events;
use crate::cx::Cx;
use crate::error::{Error, Problem, Result};
use crate::ids::{GroupId, SchemaId};
use crate::permit::{self, ManageSchemas, Permit, Within};
use crate::policy::{self, Action, Rights};
use crate::repo::connections::Connection;
use crate::repo::schemas::{self, Whole};
use crate::repo::{commit, is_duplicate};
use crate::schema::{Conditions, Definition, Schema};
use crate::targets::Opened;

/// What saving a draft would do.
#[derive(Clone, Debug, PartialEq)]
pub struct SchemaPlan {
    /// Table, key and fields as they would be.
    pub definition: Definition,
    /// The exact statements that would change the target database, in order.
    pub statements: Vec<String>,
    /// What to think of before saving.
    pub warnings: Vec<String>,
}

struct Prepared<'a> {
    permit: &'a Permit<ManageSchemas>,
    connection: Within<ManageSchemas, Connection>,
    target: Opened,
    definition: Definition,
    changes: Vec<Ddl>,
    warnings: Vec<String>,
}

/// Shows what saving a draft would do, without doing it. With `id`, the draft would change that schema.
///
/// # Errors
/// `Denied`, `Invalid` with the path of every fault, `Target` when the database could not be asked.
pub async fn plan(
    cx: &Cx,
    app: &App,
    id: Option<&SchemaId>,
    draft: SchemaDraft,
) -> Result<SchemaPlan> {
    let permit = permit::manage_schemas(cx)?;
    let before = match id {
        Some(id) => Some(permit.schema(app, id).await?),
        None => None,
    };
    let prepared = prepare(app, &permit, before.as_ref(), &draft).await?;
    let statements = prepared
        .target
        .render_ddl(&permit, &prepared.changes)
        .await?;
    Ok(SchemaPlan {
        definition: prepared.definition,
        statements,
        warnings: prepared.warnings,
    })
}

async fn prepare<'a>(
    app: &App,
    permit: &'a Permit<ManageSchemas>,
    before: Option<&Within<ManageSchemas, Whole>>,
    draft: &SchemaDraft,
) -> Result<Prepared<'a>> {
    let connection = match before {
        // Who changes a schema need not see the other things on its connection.
        Some(whole) if whole.schema.connection == draft.connection => whole.connection(app).await,
        _ => permit.connection(app, &draft.connection).await,
    };
    let connection = connection.map_err(|error| match error {
        Error::NotFound(_) => Error::invalid(
            "connectionId",
            "UNKNOWN_CONNECTION",
            "There is no such connection, or you may not see it.",
        ),
        other => other,
    })?;
    let before = before.map(|whole| &whole.schema);
    let target = app.targets.get(&app.keyring, &connection).await?;
    let definition = draft::definition(draft, before, permit, &target).await?;
    let mut warnings = Vec::new();
    if connection.marker && !target.marked {
        warnings.push(
            "The account of this connection cannot make the marker table _quillback_changes: when the answer of the \
             database is lost, it stays unknown whether a change took effect."
                .to_owned(),
        );
    }
    let changes = match before {
        Some(before) => {
            diff::changes(permit, &target, before, &definition, draft, &mut warnings).await?
        }
        None if definition.managed => vec![diff::create_table(&definition)],
        None => Vec::new(),
    };
    Ok(Prepared {
        permit,
        connection,
        target,
        definition,
        changes,
        warnings,
    })
}

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
/// As [`plan`]; `Taken` for a label that exists, `Target` when the table cannot be made, `NotFound` for a group that the
/// caller is not in.
pub async fn create_in(
    cx: &Cx,
    app: &App,
    draft: SchemaDraft,
    groups: Option<Vec<GroupId>>,
) -> Result<Schema> {
    let permit = permit::manage_schemas(cx)?;
    let homes = permit.schema_homes(app, groups).await?;
    let prepared = prepare(app, &permit, None, &draft).await?;
    let now = cx.now();
    let schema = Schema {
        id: SchemaId::from(cx.new_id()),
        label: draft::label(&draft)?,
        module: draft.module,
        connection: prepared.connection.id.clone(),
        definition: prepared.definition.clone(),
        revision: 1,
        created_at: now,
        updated_at: now,
    };
    let mut batch = Batch::default();
    schemas::insert_schema(&mut batch, &schema, &homes)?;
    events::event(
        &mut batch,
        cx,
        "schema.create",
        "schema",
        Some(schema.id.as_str()),
        shown(&schema)?,
    )?;
    save(app, &batch).await?;
    // The repository comes first: a label that is taken leaves no table behind, and a table that cannot be made takes
    // its schema with it.
    if let Err(error) = define(&prepared).await {
        let mut undo = Batch::default();
        schemas::delete_schema(&mut undo, &homes.made(schema.clone()), schema.revision);
        events::event(
            &mut undo,
            cx,
            "schema.delete",
            "schema",
            Some(schema.id.as_str()),
            json!({ "reason": error.code() }),
        )?;
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
    let schema = Schema {
        label: draft::label(&draft)?,
        definition: prepared.definition.clone(),
        revision: revision + 1,
        updated_at: cx.now(),
        ..found.schema.clone()
    };
    define(&prepared).await?;
    let mut batch = Batch::default();
    schemas::update_schema(&mut batch, &found, &schema, revision)?;
    events::event(
        &mut batch,
        cx,
        "schema.update",
        "schema",
        Some(id.as_str()),
        events::difference(&shown(&found.schema)?, &shown(&schema)?),
    )?;
    save(app, &batch).await?;
    Ok(schema)
}

/// Removes a schema; its audit trail stays. The table stays too unless `drop_table` says otherwise, and a table that
/// Quillback did not make is never dropped.
///
/// # Errors
/// `Stale` when someone else changed it meanwhile, `Target` when the table cannot be dropped.
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
    let mut batch = Batch::default();
    schemas::delete_schema(&mut batch, &found, revision);
    events::event(
        &mut batch,
        cx,
        "schema.delete",
        "schema",
        Some(id.as_str()),
        json!({ "label": found.schema.label, "dropTable": drop_table }),
    )?;
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

async fn save(app: &App, batch: &Batch) -> Result<()> {
    match commit(&app.repo, batch, "schema").await {
        Err(error) if is_duplicate(&error) => Err(Error::Taken(Problem::new(
            "label",
            "TAKEN",
            "There is a schema of this label already. Choose another one.",
        ))),
        other => other.map(|_| ()),
    }
}

fn shown(schema: &Schema) -> Result<Json> {
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

/// A schema, and what the caller may do with its rows.
#[derive(Clone, Debug)]
pub struct VisibleSchema {
    /// The schema.
    pub schema: Schema,
    /// What the caller may do; empty for managers who only manage it.
    pub actions: Vec<Action>,
    /// Whether the caller sees the field at each position.
    pub visible: Vec<bool>,
    /// Whether the caller writes the field at each position.
    pub writable: Vec<bool>,
    /// Who sees it that one may not think of; only for those who manage the schema.
    pub public_warning: Option<String>,
    /// Rights by group; only for those who manage the schema.
    pub permissions: Vec<(GroupId, Rights)>,
    /// Row-level security; only for those who manage the schema.
    pub policies: Vec<policy::Policy>,
    /// When rows may be changed and added; only for those who manage schemas.
    pub conditions: Option<Conditions>,
}

/// All schemas that the caller manages or may see rows of, by label.
///
/// # Errors
/// `Unauthenticated`.
pub async fn list(cx: &Cx, app: &App) -> Result<Vec<Schema>> {
    let principal = permit::signed_in(cx)?;
    let mut found = if principal.is_admin() {
        schemas::list_schemas(&app.repo).await?
    } else {
        let groups = principal.groups.iter();
        let viewing: Vec<GroupId> = groups.map(|group| group.id.clone()).collect();
        let managing = permit::see_schemas(cx).map(|_| principal.own_groups());
        schemas::list_schemas_of(&app.repo, &viewing, &managing.unwrap_or_default()).await?
    };
    found.retain(|schema| principal.reaches(&schema.id));
    Ok(found)
}

/// One schema as the caller may see it: fields that are hidden from the caller are left out of sight.
///
/// # Errors
/// `NotFound` when the caller neither manages it nor may see rows of it.
pub async fn get(cx: &Cx, app: &App, id: &SchemaId) -> Result<VisibleSchema> {
    let principal = permit::signed_in(cx)?;
    let found = crate::catalog::find(app, id, &principal).await?;
    let whole = &found.loaded.whole;
    let manages = permit::see_schemas(cx).is_ok_and(|permit| permit.manages(whole));
    let fields = whole.schema.definition.fields.len();
    let (actions, visible, writable) = match policy::grant(&principal, &found) {
        Ok(grant) => (
            grant.actions().to_vec(),
            (0..fields).map(|at| manages || grant.sees(at)).collect(),
            (0..fields).map(|at| grant.writes(at)).collect(),
        ),
        Err(Error::NotFound(_)) if manages => (Vec::new(), vec![true; fields], vec![false; fields]),
        Err(error) => return Err(error),
    };
    let (permissions, policies, public_warning) = if manages {
        let warning = public_warning(app, &whole.permissions).await?;
        (whole.permissions.clone(), whole.policies.clone(), warning)
    } else {
        (Vec::new(), Vec::new(), None)
    };
    Ok(VisibleSchema {
        schema: whole.schema.clone(),
        actions,
        visible,
        writable,
        public_warning,
        permissions,
        policies,
        conditions: manages.then(|| whole.schema.definition.conditions.clone()),
    })
}
