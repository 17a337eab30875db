//! Who may do what with a schema's rows: permissions by group, and row-level security.

use quillback_plugin_api::batch::Batch;
use serde_json::json;

use super::save::save;
use crate::app::App;
use crate::audit::events;
use crate::cx::Cx;
use crate::error::{Error, Problem, Result};
use crate::ids::{GroupId, PolicyId, SchemaId};
use crate::permit::{self, ManageSchemas, Permit, Within};
use crate::policy::{Action, Policy, Rights, Rule, check_policy, check_rules};
use crate::repo::groups;
use crate::repo::schemas::{self, Whole};
use crate::schema::{Conditions, Definition};

/// Gives groups rights on a schema; groups that are not named keep theirs, an empty set of rights takes all away. Answers
/// what to think of: that everybody sees the schema.
///
/// # Errors
/// `Denied`; `NotFound`, also for a schema of other groups and for a group that the caller is not in; `Invalid` for
/// fields that the schema does not have, and when the caller would lose the schema.
pub async fn set_permissions(
    cx: &Cx,
    app: &App,
    id: &SchemaId,
    permissions: Vec<(GroupId, Rights)>,
) -> Result<Option<String>> {
    let permit = permit::manage_schemas(cx)?;
    let found = permit.schema(app, id).await?;
    let receivers = permissions.iter().map(|(group, _)| group);
    permit.receivers(app, receivers).await?;
    keep_a_home(&permit, &found, &permissions)?;
    let definition = &found.schema.definition;
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
        if rights.own_only && definition.owner().is_none() {
            let message = "Nobody can tell who added a row of this schema. Give the schema an owner field first.";
            problems.push(Problem::new(
                format!("permissions.{position}.ownOnly"),
                "OWNER_REQUIRED",
                message,
            ));
        }
        schemas::set_permission(&mut batch, &found, group, rights)?;
    }
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    schemas::touch_schema(&mut batch, &found, cx.now());
    events::event(
        &mut batch,
        cx,
        "schema.permissions",
        "schema",
        Some(id.as_str()),
        json!({ "before": found.permissions, "after": permissions }),
    )?;
    save(app, &batch).await?;
    let after = schemas::get_whole(&app.repo, id).await?;
    public_warning(app, &after.permissions).await
}

/// Who manages a schema by a group must not lose it with that group's rights.
fn keep_a_home(
    permit: &Permit<ManageSchemas>,
    before: &Within<ManageSchemas, Whole>,
    permissions: &[(GroupId, Rights)],
) -> Result<()> {
    let named = |group: &GroupId| permissions.iter().rfind(|(named, _)| named == group);
    let kept = before.permissions.iter().map(|(group, _)| group);
    let kept = kept.filter(|group| named(group).is_none_or(|(_, rights)| !rights.is_empty()));
    let given = permissions.iter().filter(|(_, rights)| !rights.is_empty());
    if permit
        .reach()
        .over(kept.chain(given.map(|(group, _)| group)))
    {
        return Ok(());
    }
    let message =
        "Leave at least one of your groups a right, or you could not manage the schema any more.";
    Err(Error::invalid("permissions", "LAST_GROUP", message))
}

/// What to think of when everybody who can sign in may see rows of a schema.
pub(crate) async fn public_warning(
    app: &App,
    permissions: &[(GroupId, Rights)],
) -> Result<Option<String>> {
    let Some(everyone) = groups::find_everyone(&app.repo).await? else {
        return Ok(None);
    };
    let open = permissions
        .iter()
        .find(|(group, rights)| *group == everyone.id && rights.allows(Action::View));
    Ok(open.map(|(_, rights)| {
        let changes = rights.actions.iter().any(|action| action.changes_rows());
        let what = if changes { "see and change" } else { "see" };
        format!(
            "This schema is public: everybody who can sign in may {what} its rows, as far as its policies let them, \
             because the group {} has rights on it.",
            everyone.name
        )
    }))
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
    let permit = permit::manage_schemas(cx)?;
    let found = permit.schema(app, id).await?;
    let definition = &found.schema.definition;
    let problems: Vec<Problem> = drafts
        .iter()
        .enumerate()
        .flat_map(|(position, draft)| {
            check_policy(definition, &draft.rules, &format!("policies.{position}"))
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
    schemas::set_policies(&mut batch, &found, &policies, cx.now())?;
    schemas::touch_schema(&mut batch, &found, cx.now());
    let shown = |policies: &[Policy]| -> Vec<_> {
        let policies = policies.iter();
        policies
            .map(|policy| json!({ "name": policy.name, "rules": policy.rules }))
            .collect()
    };
    events::event(
        &mut batch,
        cx,
        "schema.policies",
        "schema",
        Some(id.as_str()),
        json!({ "before": shown(&found.policies), "after": shown(&policies) }),
    )?;
    save(app, &batch).await?;
    Ok(policies)
}

/// Replaces the conditions under which rows of a schema may be changed and added.
///
/// # Errors
/// `Denied`, `NotFound`, `Invalid` with the path of every rule that does not fit the schema, `Stale` when someone else
/// changed the schema meanwhile.
pub async fn set_conditions(
    cx: &Cx,
    app: &App,
    id: &SchemaId,
    conditions: Conditions,
) -> Result<()> {
    let permit = permit::manage_schemas(cx)?;
    let found = permit.schema(app, id).await?;
    let mut schema = found.schema.clone();
    let problems = check_conditions(&schema.definition, &conditions);
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    let seen = schema.revision;
    schema.revision += 1;
    schema.updated_at = cx.now();
    schema.definition.conditions = conditions;
    let mut batch = Batch::default();
    schemas::update_schema(&mut batch, &found, &schema, seen)?;
    events::event(
        &mut batch,
        cx,
        "schema.conditions",
        "schema",
        Some(id.as_str()),
        json!({ "before": found.schema.definition.conditions, "after": schema.definition.conditions }),
    )?;
    save(app, &batch).await
}

pub(super) fn check_conditions(definition: &Definition, conditions: &Conditions) -> Vec<Problem> {
    let mut problems = check_rules(definition, &conditions.edit, "editWhen");
    problems.extend(check_rules(definition, &conditions.add, "addWhen"));
    problems
}

/// Refuses a definition with which rules or rights that stay as they are would mean something else: a rule on a field
/// that is gone would let no row through.
pub(super) fn check_still_fits(whole: &Whole, after: &Definition) -> Result<()> {
    let policies = whole.policies.iter().flat_map(|policy| {
        let name = format!("the policy {}", policy.name);
        check_policy(after, &policy.rules, "fields")
            .into_iter()
            .map(move |problem| (name.clone(), problem))
    });
    let conditions = check_conditions(after, &after.conditions)
        .into_iter()
        .map(|problem| ("a condition".to_owned(), problem));
    let mut problems: Vec<Problem> = policies
        .chain(conditions)
        .map(|(name, problem)| {
            let message = format!("In use by {name}: {} Change that first.", problem.message);
            Problem::new("fields", "IN_USE", message)
        })
        .collect();
    let is_owner_needed = whole.permissions.iter().any(|(_, rights)| rights.own_only);
    if is_owner_needed && after.owner().is_none() {
        let message = "Groups have rights on their own rows only. Keep the owner field, or change those rights first.";
        problems.push(Problem::new("ownerField", "IN_USE", message));
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Error::Invalid(problems))
    }
}
