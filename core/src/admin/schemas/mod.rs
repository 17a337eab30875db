//! Schemas: planned, made, changed and removed together with the tables that Quillback made for them.

mod browse;
mod diff;
mod draft;
mod field_rules;
pub(crate) mod health;
mod owner;
mod rights;
mod save;
mod transfer;

pub use browse::{TableColumn, TableDetails, schemas as database_schemas, table, tables};
pub use draft::{FieldDraft, KeyDraft, SchemaDraft};
pub use health::{Finding, Health, health};
pub(crate) use rights::public_warning;
pub use rights::{PolicyDraft, set_conditions, set_permissions, set_policies};
pub use save::{create, create_in, delete, update};
pub use transfer::{
    GroupState, IdPolicy, Import, ImportMode, Imported, ImportedGroup, export, import,
};

use quillback_plugin_api::catalog::TableInfo;
use quillback_plugin_api::sql::Ddl;

use crate::app::App;
use crate::cx::Cx;
use crate::error::{Error, Result};
use crate::ids::{GroupId, SchemaId};
use crate::options;
use crate::permit::{self, ManageSchemas, Permit, Within};
use crate::policy::{self, Action, Rights};
use crate::repo::connections::Connection;
use crate::repo::schemas::{self, Whole};
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
    /// The table as it is now, if there is one.
    table: Option<TableInfo>,
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
    let (definition, table) = draft::definition(draft, before, permit, &target).await?;
    let problems = options::check_sources(app, permit, &target, &definition).await?;
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
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
            let found = table.as_ref();
            let (changes, more) =
                diff::changes(permit, &target, before, &definition, found, draft).await?;
            warnings.extend(more);
            changes
        }
        None if definition.managed => vec![diff::create_table(&definition)],
        None => Vec::new(),
    };
    Ok(Prepared {
        permit,
        connection,
        target,
        definition,
        table,
        changes,
        warnings,
    })
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
