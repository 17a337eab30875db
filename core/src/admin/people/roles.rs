//! Roles of users in the console.

use quillback_plugin_api::batch::Batch;
use serde_json::json;

use super::{has_all, keep_an_admin, save};
use crate::app::App;
use crate::audit::events;
use crate::cx::{Cx, Role};
use crate::error::{Error, Result};
use crate::ids::UserId;
use crate::permit;
use crate::repo::people::{self, Person, User};
use crate::repo::sessions;

/// Gives a user whose version is still `version` exactly these roles, and ends their sessions if that changes any.
///
/// # Errors
/// `Denied` for an admin's roles and for roles that the caller lacks, `NotFound` also for a user of other groups, `Stale`,
/// `InUse` for the last active admin.
pub async fn set(
    cx: &Cx,
    app: &App,
    id: &UserId,
    version: i64,
    mut roles: Vec<Role>,
) -> Result<User> {
    let permit = permit::manage_users(cx)?;
    let principal = permit.principal();
    let found = permit.user(app, id).await?;
    let Person {
        mut user,
        roles: before,
        ..
    } = (*found).clone();
    if user.version != version {
        return Err(Error::Stale("user"));
    }
    roles.sort_unstable();
    roles.dedup();
    let differing: Vec<_> = Role::ALL
        .into_iter()
        .filter(|role| roles.contains(role) != before.contains(role))
        .collect();
    if differing.is_empty() {
        return Ok(user);
    }
    if principal.user == *id && !principal.is_admin() {
        return Err(Error::Denied("change your own roles"));
    }
    has_all(
        principal,
        &differing,
        "give or take a role that you do not have",
    )?;
    user.version += 1;
    user.updated_at = cx.now();
    let mut batch = Batch::default();
    people::update_user(&mut batch, &found, &user);
    people::replace_roles(&mut batch, &found, &roles);
    sessions::delete_sessions(&mut batch, id, None);
    if user.active && before.contains(&Role::Admin) && !roles.contains(&Role::Admin) {
        keep_an_admin(app, &mut batch, id).await?;
    }
    let details = json!({ "before": names(&before), "after": names(&roles) });
    events::event(
        &mut batch,
        cx,
        "user.set_roles",
        "user",
        Some(id.as_str()),
        details,
    )?;
    save(app, &batch, "user", "roles").await?;
    Ok(user)
}

fn names(roles: &[Role]) -> Vec<&'static str> {
    roles.iter().map(|role| role.as_str()).collect()
}
