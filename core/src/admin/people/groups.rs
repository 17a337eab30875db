//! Groups: rights over connections and schemas are given to groups only, never to single users.

use quillback_plugin_api::batch::{Batch, Expect};
use serde_json::json;

use super::{checked_name, save};
use crate::app::App;
use crate::audit::events;
use crate::cx::Cx;
use crate::error::{Error, Result};
use crate::ids::{GroupId, UserId};
use crate::permit::{self, ManageUsers, Permit, Within};
use crate::repo::groups::{self, Group};
use crate::repo::schemas;

/// Who is to come into a group and who is to leave it.
#[derive(Clone, Debug, Default)]
pub struct MemberChange {
    /// Users to put in; those who are in it already stay.
    pub add: Vec<UserId>,
    /// Users to take out; those who are not in it stay out.
    pub remove: Vec<UserId>,
}

/// Adds a group without members; of one that a user manager makes, the maker is a member, so as to manage it.
///
/// # Errors
/// `Denied`, `Invalid`, `Taken` for a name that exists.
pub async fn create(cx: &Cx, app: &App, name: &str) -> Result<Group> {
    let permit = permit::manage_users(cx)?;
    may_name(app, &permit).await?;
    let group = Group {
        id: GroupId::from(cx.new_id()),
        name: checked_name("name", name)?,
        builtin: false,
        version: 1,
        created_at: cx.now(),
        updated_at: cx.now(),
    };
    let mut batch = Batch::default();
    let principal = permit.principal();
    let member = Some(&principal.user).filter(|_| !principal.is_admin());
    groups::insert_group(&mut batch, &group, member);
    let details = json!({ "name": group.name, "member": member });
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
/// `Denied`, `Invalid`, `Taken`, `NotFound` also for a group that the caller is not in, `Stale`; `InUse` for "everyone".
pub async fn rename(cx: &Cx, app: &App, id: &GroupId, version: i64, name: &str) -> Result<Group> {
    let permit = permit::manage_users(cx)?;
    let found = changeable(app, &permit, id, version).await?;
    may_name(app, &permit).await?;
    let mut group = (*found).clone();
    let before = std::mem::replace(&mut group.name, checked_name("name", name)?);
    group.version += 1;
    group.updated_at = cx.now();
    let mut batch = Batch::default();
    groups::update_group(&mut batch, &found, &group);
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
/// `Denied`, `NotFound` also for a group that the caller is not in, `Stale`; `InUse` for "everyone", and while a schema or connection names the group: a schema
/// whose last group goes would be open to all.
pub async fn delete(cx: &Cx, app: &App, id: &GroupId, version: i64) -> Result<()> {
    let permit = permit::manage_users(cx)?;
    let group = changeable(app, &permit, id, version).await?;
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
    let group = permit.group(app, id).await?;
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
    let add = permit.users(app, &add).await?;
    let remove = permit.users(app, &remove).await?;
    let mut batch = Batch::default();
    groups::check_group(&mut batch, &group);
    groups::delete_members(&mut batch, &group, &remove);
    groups::insert_members(&mut batch, &group, &add);
    let details = json!({ "name": group.name, "added": *add, "removed": *remove });
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

/// Groups by name: all for an admin, otherwise the own ones and "everyone".
///
/// # Errors
/// `Denied` for those without a role.
pub async fn list(cx: &Cx, app: &App) -> Result<Vec<Group>> {
    let permit = permit::console(cx)?;
    let mut all = groups::list_groups(&app.repo).await?;
    all.retain(|group| permit.sees_group(group));
    Ok(all)
}

/// Who is in these groups; those who are in "everyone" only are not listed, and neither are groups that the caller may
/// not see.
///
/// # Errors
/// `Denied` for those without a role.
pub async fn list_members(cx: &Cx, app: &App, ids: &[GroupId]) -> Result<Vec<(GroupId, UserId)>> {
    let permit = permit::console(cx)?;
    let reach = permit.reach();
    let ids: Vec<_> = ids.iter().filter(|id| reach.over([*id])).cloned().collect();
    groups::list_members(&app.repo, &ids).await
}

/// In which groups these users are, "everyone" and groups that the caller may not see left out; everybody may ask for
/// themselves.
///
/// # Errors
/// `Denied` for those without a role.
pub async fn list_of(cx: &Cx, app: &App, users: &[UserId]) -> Result<Vec<(UserId, Group)>> {
    let own = cx.principal()?;
    let is_shown = if users.iter().all(|user| *user == own.user) {
        None
    } else {
        Some(permit::console(cx)?)
    };
    let all = groups::list_groups(&app.repo).await?;
    let memberships = groups::list_groups_of_all(&app.repo, users).await?;
    let with_group = |(id, user): (GroupId, UserId)| {
        let group = all.iter().find(|group| group.id == id)?;
        let shown = is_shown
            .as_ref()
            .is_none_or(|permit| permit.sees_group(group));
        (shown || user == own.user).then(|| (user, group.clone()))
    };
    Ok(memberships.into_iter().filter_map(with_group).collect())
}

/// Where row rules compare with the names of groups, a name is a right: only an admin gives it.
async fn may_name(app: &App, permit: &Permit<ManageUsers>) -> Result<()> {
    if !permit.principal().is_admin() && schemas::rules_name_groups(&app.repo).await? {
        return Err(Error::Denied(
            "name groups while row rules compare with the names of groups",
        ));
    }
    Ok(())
}

async fn changeable(
    app: &App,
    permit: &Permit<ManageUsers>,
    id: &GroupId,
    version: i64,
) -> Result<Within<ManageUsers, Group>> {
    let group = permit.group(app, id).await?;
    if group.version == version {
        Ok(group)
    } else {
        Err(Error::Stale("group"))
    }
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
