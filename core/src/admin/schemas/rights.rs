//! Who may do what with a schema's rows: permissions by group, and row-level security.

use quillback_plugin_api::batch::Batch;
use serde_json::json;

use super::{get_whole, save};
use crate::app::App;
use crate::audit::events;
use crate::cx::Cx;
use crate::error::{Error, Problem, Result};
use crate::ids::{GroupId, PolicyId, SchemaId};
use crate::permit;
use crate::policy::{Policy, Rights, Rule, check_policy};
use crate::repo::schemas;

/// Gives groups rights on a schema; groups that are not named keep theirs, an empty set of rights takes all away.
///
/// # Errors
/// `Denied`, `NotFound`, `Invalid` for fields that the schema does not have.
pub async fn set_permissions(
    cx: &Cx,
    app: &App,
    id: &SchemaId,
    permissions: Vec<(GroupId, Rights)>,
) -> Result<()> {
    permit::manage_schemas(cx)?;
    let definition = get_whole(app, id).await?.schema.definition;
    let mut batch = Batch::default();
    let mut problems = Vec::new();
    for (position, (group, rights)) in permissions.iter().enumerate() {
        for field in rights.hidden.iter().chain(&rights.read_only) {
            if definition.field(field).is_none() {
                let message = format!("The schema has no field called {field}.");
                problems.push(Problem::new(
                    format!("permissions.{position}.fields"),
                    "UNKNOWN_FIELD",
                    message,
                ));
            }
        }
        schemas::set_permission(&mut batch, id, group, rights)?;
    }
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    schemas::touch_schema(&mut batch, id, cx.now());
    events::event(
        &mut batch,
        cx,
        "schema.permissions",
        "schema",
        Some(id.as_str()),
        json!({ "permissions": permissions }),
    )?;
    save(app, &batch).await
}

/// A policy as a client writes it down.
#[derive(Clone, Debug)]
pub struct PolicyDraft {
    /// Name for people.
    pub name: String,
    /// Rules that must all hold.
    pub rules: Vec<Rule>,
}

/// Replaces the row-level security of a schema. Without any policy everyone with the right to view sees every row.
///
/// # Errors
/// `Denied`, `NotFound`, `Invalid` with the path of every rule that does not fit the schema.
pub async fn set_policies(
    cx: &Cx,
    app: &App,
    id: &SchemaId,
    drafts: Vec<PolicyDraft>,
) -> Result<Vec<Policy>> {
    permit::manage_schemas(cx)?;
    let definition = get_whole(app, id).await?.schema.definition;
    let problems: Vec<Problem> = drafts
        .iter()
        .enumerate()
        .flat_map(|(position, draft)| {
            check_policy(&definition, &draft.rules, &format!("policies.{position}"))
        })
        .collect();
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    let policies: Vec<Policy> = drafts
        .into_iter()
        .map(|draft| Policy {
            id: PolicyId::from(cx.new_id()),
            name: draft.name,
            rules: draft.rules,
        })
        .collect();
    let mut batch = Batch::default();
    schemas::set_policies(&mut batch, id, &policies, cx.now())?;
    schemas::touch_schema(&mut batch, id, cx.now());
    let shown: Vec<_> = policies
        .iter()
        .map(|policy| json!({ "name": policy.name, "rules": policy.rules }))
        .collect();
    events::event(
        &mut batch,
        cx,
        "schema.policies",
        "schema",
        Some(id.as_str()),
        json!({ "policies": shown }),
    )?;
    save(app, &batch).await?;
    Ok(policies)
}
