//! Groups: rights over connections and schemas are given to groups only, never to single users.

use quillback_plugin_api::batch::{Batch, Expect};
use serde_json::json;

use super::{checked_name, save};
use crate::app::App;
use crate::audit::events;
use crate::cx::Cx;
use crate::error::{Error, Result};
use crate::ids::{GroupId, UserId};
use crate::permit::{self, ManageUsers, Permit};
use crate::repo::groups::{self, Group};
use crate::repo::people;

/// Who is to come into a group and who is to leave it.
#[derive(Clone, Debug, Default)]
pub struct MemberChange {
    /// Users to put in; those who are in it already stay.
    pub add: Vec<UserId>,
    /// Users to take out; those who are not in it stay out.
    pub remove: Vec<UserId>,
}

/// Adds a group without members.
///
/// # Errors
/// `Denied`, `Invalid`, `Taken` for a name that exists.
pub async fn create(cx: &Cx, app: &App, name: &str) -> Result<Group> {
    permit::manage_users(cx)?;
    let group = Group {
        id: GroupId::from(cx.new_id()),
        name: checked_name("name", name)?,
        builtin: false,
        version: 1,
        created_at: cx.now(),
        updated_at: cx.now(),
    };
    let mut batch = Batch::default();
    groups::insert_group(&mut batch, &group);
    let details = json!({ "name": group.name });
    events::event(
        &mut batch,
        cx,
        "group.create",
        "group",
        Some(group.id.as_str()),
        details,
    )?;
    save(app, &batch, "group", "name").await?;
    Ok(group)
}

/// Gives a group whose version is still `version` another name.
///
/// # Errors
/// `Denied`, `Invalid`, `Taken`, `NotFound`, `Stale`; `InUse` for "everyone".
pub async fn rename(cx: &Cx, app: &App, id: &GroupId, version: i64, name: &str) -> Result<Group> {
    permit::manage_users(cx)?;
    let mut group = changeable(app, id, version).await?;
    let before = std::mem::replace(&mut group.name, checked_name("name", name)?);
    group.version += 1;
    group.updated_at = cx.now();
    let mut batch = Batch::default();
    groups::update_group(&mut batch, &group);
    let details = json!({ "before": { "name": before }, "after": { "name": group.name } });
    events::event(
        &mut batch,
        cx,
        "group.rename",
        "group",
        Some(id.as_str()),
        details,
    )?;
    save(app, &batch, "group", "name").await?;
    Ok(group)
}

/// Removes a group with its memberships and entitlements.
///
/// # Errors
/// `Denied`, `NotFound`, `Stale`; `InUse` for "everyone", and while a schema or connection names the group: a schema
/// whose last group goes would be open to all.
pub async fn delete(cx: &Cx, app: &App, id: &GroupId, version: i64) -> Result<()> {
    permit::manage_users(cx)?;
    let group = changeable(app, id, version).await?;
    if groups::is_used(&app.repo, id).await? {
        let message = "The group has rights on schemas or connections. Take them away there first.";
        return Err(Error::InUse(message.into()));
    }
    let mut batch = Batch::default();
    for table in groups::uses() {
        batch.check(table, groups::use_of(id), Expect::Rows(0));
    }
    groups::delete_group(&mut batch, &group);
    let details = json!({ "name": group.name });
    events::event(
        &mut batch,
        cx,
        "group.delete",
        "group",
        Some(id.as_str()),
        details,
    )?;
    save(app, &batch, "group", "name").await
}

/// Puts users into a group and takes others out.
///
/// # Errors
/// `Denied`, for the own membership too unless the caller is an admin; `NotFound`; `InUse` for "everyone"; `Stale` when
/// someone else does the same at once.
pub async fn change_members(cx: &Cx, app: &App, id: &GroupId, change: MemberChange) -> Result<()> {
    let permit = permit::manage_users(cx)?;
    keep_own_groups(&permit, &change)?;
    let group = not_builtin(groups::get_group(&app.repo, id).await?)?;
    let members: Vec<_> = groups::list_members(&app.repo, std::slice::from_ref(id)).await?;
    let is_member = |user: &UserId| members.iter().any(|(_, member)| member == user);
    let remove: Vec<_> = unique(change.remove)
        .into_iter()
        .filter(|user| is_member(user))
        .collect();
    let add: Vec<_> = unique(change.add)
        .into_iter()
        .filter(|user| !is_member(user))
        .collect();
    if people::list_users_by_id(&app.repo, &add).await?.len() < add.len() {
        return Err(Error::NotFound("user"));
    }
    let mut batch = Batch::default();
    groups::check_group(&mut batch, &group);
    groups::delete_members(&mut batch, id, &remove);
    let added: Vec<_> = add.iter().map(|user| (id.clone(), user.clone())).collect();
    groups::insert_members(&mut batch, &added);
    let details = json!({ "name": group.name, "added": add, "removed": remove });
    events::event(
        &mut batch,
        cx,
        "group.change_members",
        "group",
        Some(id.as_str()),
        details,
    )?;
    match save(app, &batch, "group", "add").await {
        Err(Error::Taken(_)) => Err(Error::Stale("group")),
        other => other,
    }
}

/// All groups by name.
///
/// # Errors
/// `Denied` for those without a role.
pub async fn list(cx: &Cx, app: &App) -> Result<Vec<Group>> {
    permit::console(cx)?;
    groups::list_groups(&app.repo).await
}

/// Who is in these groups; those who are in "everyone" only are not listed.
///
/// # Errors
/// `Denied` for those without a role.
pub async fn list_members(cx: &Cx, app: &App, ids: &[GroupId]) -> Result<Vec<(GroupId, UserId)>> {
    permit::console(cx)?;
    groups::list_members(&app.repo, ids).await
}

async fn changeable(app: &App, id: &GroupId, version: i64) -> Result<Group> {
    let group = not_builtin(groups::get_group(&app.repo, id).await?)?;
    if group.version == version {
        Ok(group)
    } else {
        Err(Error::Stale("group"))
    }
}

fn not_builtin(group: Group) -> Result<Group> {
    if group.builtin {
        return Err(Error::InUse(
            "This group is built in: every user is in it, and it cannot be changed.".into(),
        ));
    }
    Ok(group)
}

fn keep_own_groups(permit: &Permit<ManageUsers>, change: &MemberChange) -> Result<()> {
    let principal = permit.principal();
    let touches = |users: &[UserId]| users.contains(&principal.user);
    if !principal.is_admin() && (touches(&change.add) || touches(&change.remove)) {
        return Err(Error::Denied("change your own groups"));
    }
    Ok(())
}

fn unique(mut users: Vec<UserId>) -> Vec<UserId> {
    users.sort_unstable();
    users.dedup();
    users
}
