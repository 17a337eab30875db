//! Users: made, changed, switched off and on, and given passwords. They are never deleted: the audit trail names them.

use quillback_plugin_api::batch::Batch;
use serde_json::{Value as Json, json};

use super::{checked_name, checked_text, has_all, has_all_of, keep_an_admin, save};
use crate::app::App;
use crate::audit::events;
use crate::cx::{Cx, Principal, Role};
use crate::error::{Error, Result};
use crate::ids::{GroupId, UserId};
use crate::permit;
use crate::repo::people::{self, PasswordHash, Person, User};
use crate::repo::{sessions, tokens};

const MAX_EMAIL: usize = 320;
const MAX_PAGE: u64 = 500;

/// What a client says of a new user; unchecked.
#[derive(Clone, Debug, Default)]
pub struct UserDraft {
    /// The name to sign in with.
    pub username: String,
    /// Name for people; the user name when empty.
    pub display_name: String,
    /// Mail address.
    pub email: Option<String>,
    /// Roles in the console.
    pub roles: Vec<Role>,
    /// Groups beside "everyone".
    pub groups: Vec<GroupId>,
}

/// What is to change of a user; `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct UserChange {
    /// The name to sign in with.
    pub username: Option<String>,
    /// Name for people.
    pub display_name: Option<String>,
    /// Mail address; an empty one removes it.
    pub email: Option<String>,
    /// Whether the user may sign in. Switching off ends all sessions and API tokens at once.
    pub active: Option<bool>,
}

/// One page of users.
#[derive(Clone, Debug)]
pub struct UserPage {
    /// Users in the order of their names.
    pub users: Vec<User>,
    /// Whether there are more.
    pub has_more: bool,
}

/// Adds a user, who must set a new password at the first sign-in when one is given.
///
/// # Errors
/// `Denied`, `Invalid`, `Taken` for a name that exists, `NotFound` for a group that does not or that the caller is not in.
pub async fn create(
    cx: &Cx,
    app: &App,
    draft: UserDraft,
    password: Option<PasswordHash>,
) -> Result<User> {
    let permit = permit::manage_users(cx)?;
    let mut roles = draft.roles;
    roles.sort_unstable();
    roles.dedup();
    has_all(
        permit.principal(),
        &roles,
        "give a role that you do not have",
    )?;
    let mut user = User {
        id: UserId::from(cx.new_id()),
        username: checked_name("username", &draft.username)?,
        display_name: checked_text("displayName", &draft.display_name, super::MAX_NAME)?,
        email: checked_email(draft.email.as_deref())?,
        must_change_password: password.is_some(),
        password,
        active: true,
        version: 1,
        created_at: cx.now(),
        updated_at: cx.now(),
    };
    if user.display_name.is_empty() {
        user.display_name.clone_from(&user.username);
    }
    let homes = permit.user_homes(app, draft.groups).await?;
    let mut batch = Batch::default();
    people::insert_user(&mut batch, &user, &homes);
    people::insert_roles(&mut batch, &user.id, &roles);
    let roles: Vec<_> = roles.iter().map(|role| role.as_str()).collect();
    let details = json!({ "user": shown(&user), "roles": roles, "groups": homes.groups() });
    events::event(
        &mut batch,
        cx,
        "user.create",
        "user",
        Some(user.id.as_str()),
        details,
    )?;
    save(app, &batch, "user", "username").await?;
    Ok(user)
}

/// Changes a user whose version is still `version`.
///
/// # Errors
/// `Denied`, `Invalid`, `Taken`, `NotFound` also for a user of other groups; `Stale` when someone else changed the user
/// meanwhile; `InUse` for the last active admin.
pub async fn update(
    cx: &Cx,
    app: &App,
    id: &UserId,
    version: i64,
    change: UserChange,
) -> Result<User> {
    let permit = permit::manage_users(cx)?;
    let found = permit.user(app, id).await?;
    let before = &found.user;
    if before.version != version {
        return Err(Error::Stale("user"));
    }
    let mut user = changed(before, change)?;
    if user.username != before.username {
        may_rename(permit.principal(), &found)?;
    }
    user.updated_at = cx.now();
    let mut batch = Batch::default();
    people::update_user(&mut batch, &found, &user);
    if before.active && !user.active {
        sessions::delete_sessions(&mut batch, id, None);
        tokens::delete_tokens(&mut batch, id);
        if found.roles.contains(&Role::Admin) {
            keep_an_admin(app, &mut batch, id).await?;
        }
    }
    let details = events::difference(&shown(before), &shown(&user));
    events::event(
        &mut batch,
        cx,
        "user.update",
        "user",
        Some(id.as_str()),
        details,
    )?;
    save(app, &batch, "user", "username").await?;
    Ok(user)
}

/// Gives a user another password, which they must replace at the next sign-in, and ends all their sessions.
///
/// # Errors
/// `Denied` for a user with roles or groups that the caller lacks, `NotFound`, `Stale`.
pub async fn set_password(cx: &Cx, app: &App, id: &UserId, hash: PasswordHash) -> Result<User> {
    let permit = permit::manage_users(cx)?;
    let found = permit.user(app, id).await?;
    has_all_of(
        permit.principal(),
        &found,
        "set the password of a user with roles or groups that you do not have",
    )?;
    let user = with_password(cx, found.user.clone(), hash, true);
    let mut batch = Batch::default();
    people::update_user(&mut batch, &found, &user);
    sessions::delete_sessions(&mut batch, id, None);
    events::event(
        &mut batch,
        cx,
        "user.set_password",
        "user",
        Some(id.as_str()),
        json!({ "password": "changed" }),
    )?;
    save(app, &batch, "user", "username").await?;
    Ok(user)
}

/// Gives the caller another password, after the sign-in method has seen the old one, and ends their other sessions.
///
/// # Errors
/// `Denied` without a session: an API token must not be able to take its user over. `Stale`.
pub async fn change_own_password(cx: &Cx, app: &App, hash: PasswordHash) -> Result<User> {
    let principal = cx.principal()?;
    let session = principal.session.as_ref().filter(|_| principal.verified);
    let session = session.ok_or(Error::Denied(
        "change a password without being signed in by password",
    ))?;
    let found = permit::own_account(cx, app).await?;
    let user = with_password(cx, found.user.clone(), hash, false);
    let id = user.id.as_str();
    let mut batch = Batch::default();
    people::update_user(&mut batch, &found, &user);
    sessions::delete_sessions(&mut batch, &user.id, Some(session));
    events::event(
        &mut batch,
        cx,
        "user.change_password",
        "user",
        Some(id),
        json!({ "password": "changed" }),
    )?;
    save(app, &batch, "user", "username").await?;
    Ok(user)
}

/// At most `limit` (1 to 500) users from after the name `after` on; only those with `search` in their user name where
/// it is not empty. Who is no admin sees users of the own groups and users of no group.
///
/// # Errors
/// `Denied` for those without a role.
pub async fn list(
    cx: &Cx,
    app: &App,
    search: &str,
    after: Option<&str>,
    limit: u64,
) -> Result<UserPage> {
    let permit = permit::console(cx)?;
    let limit = limit.clamp(1, MAX_PAGE);
    let seen_by = (&permit.principal().user, &permit.reach());
    let mut users =
        people::list_users_seen_by(&app.repo, seen_by, search, after, limit + 1).await?;
    let has_more = users.len() as u64 > limit;
    users.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(UserPage { users, has_more })
}

/// One user with their roles; everybody may look themselves up.
///
/// # Errors
/// `NotFound`, also for a user of other groups; `Denied` for those without a role.
pub async fn get(cx: &Cx, app: &App, id: &UserId) -> Result<Person> {
    if cx.principal()?.user == *id {
        return Ok(permit::own_account(cx, app).await?.into_inner());
    }
    let permit = permit::console(cx)?;
    Ok(permit.user(app, id).await?.into_inner())
}

/// Row rules may compare with the user name, so that a name is a right.
fn may_rename(principal: &Principal, person: &Person) -> Result<()> {
    if principal.user == person.user.id && !principal.is_admin() {
        return Err(Error::Denied("change your own user name"));
    }
    has_all_of(
        principal,
        person,
        "rename a user with roles or groups that you do not have",
    )
}

fn changed(before: &User, change: UserChange) -> Result<User> {
    let mut user = before.clone();
    user.version += 1;
    if let Some(username) = change.username {
        user.username = checked_name("username", &username)?;
    }
    if let Some(display_name) = change.display_name {
        user.display_name = checked_name("displayName", &display_name)?;
    }
    if let Some(email) = change.email {
        user.email = checked_email(Some(&email))?;
    }
    user.active = change.active.unwrap_or(user.active);
    Ok(user)
}

fn with_password(cx: &Cx, mut user: User, hash: PasswordHash, must_change: bool) -> User {
    user.password = Some(hash);
    user.must_change_password = must_change;
    user.version += 1;
    user.updated_at = cx.now();
    user
}

fn checked_email(email: Option<&str>) -> Result<Option<String>> {
    let email = checked_text("email", email.unwrap_or_default(), MAX_EMAIL)?;
    let has_parts = |email: &str| {
        email
            .split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
    };
    if email.is_empty() {
        Ok(None)
    } else if has_parts(&email) && !email.contains(char::is_whitespace) {
        Ok(Some(email))
    } else {
        Err(Error::invalid(
            "email",
            "FORMAT",
            "Write a mail address such as ada@example.com.",
        ))
    }
}

fn shown(user: &User) -> Json {
    json!({
        "username": user.username,
        "displayName": user.display_name,
        "email": user.email,
        "active": user.active,
    })
}
