//! `_users` and `_user_roles`: who may sign in, and what they may do in the console.

use std::collections::{HashMap, HashSet};
use std::fmt;

use quillback_plugin_api::batch::{Batch, Expect};
use quillback_plugin_api::civil::Timestamp;
use quillback_plugin_api::remote::RemoteInstance;
use quillback_plugin_api::sql::{Compare, Expr, Select, TextMatch};
use quillback_plugin_api::{Ident, Value};

use super::{Record, Table, groups, is, one_number, one_text, read, records, select};
use crate::cx::Role;
use crate::error::{Error, Result};
use crate::ids::{GroupId, UserId};
use crate::permit::{Homes, Reach, Within};

const USERS: Table = Table {
    name: "_users",
    columns: &[
        "id",
        "username",
        "username_key",
        "display_name",
        "email",
        "password_hash",
        "must_change_password",
        "active",
        "version",
        "created_at",
        "updated_at",
    ],
};

const ROLES: Table = Table {
    name: "_user_roles",
    columns: &["user_id", "role"],
};

/// A hash of a password in the PHC text form, such as `$argon2id$v=19$..`; prints as `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Takes a hash. Making one is the sign-in method's task.
    pub fn new(phc: String) -> Self {
        Self(phc)
    }

    /// The hash in PHC form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A user as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    /// Identifier.
    pub id: UserId,
    /// The name to sign in with, unique whatever the case.
    pub username: String,
    /// Name for people.
    pub display_name: String,
    /// Mail address.
    pub email: Option<String>,
    /// Hash of the password; a user without one cannot sign in by password.
    pub password: Option<PasswordHash>,
    /// Whether the user must set a new password before anything else.
    pub must_change_password: bool,
    /// Whether the user may sign in. Users are switched off, not deleted, so that the audit trail keeps their names.
    pub active: bool,
    /// Grows with every edit.
    pub version: i64,
    /// When the user was made.
    pub created_at: Timestamp,
    /// When the user was last changed.
    pub updated_at: Timestamp,
}

/// A user with what decides who may change them.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// The user.
    pub user: User,
    /// Roles in the console.
    pub roles: Vec<Role>,
    /// Groups, "everyone" left out.
    pub groups: Vec<GroupId>,
}

/// What makes two user names the same.
pub(crate) fn username_key(username: &str) -> String {
    username.trim().to_lowercase()
}

fn user(record: &mut Record<'_>) -> Result<User> {
    let id = UserId::stored(record.text()?);
    let username = record.text()?;
    record.text()?;
    Ok(User {
        id,
        username,
        display_name: record.text()?,
        email: record.optional_text()?,
        password: record.optional_text()?.map(PasswordHash),
        must_change_password: record.flag()?,
        active: record.flag()?,
        version: record.number()?,
        created_at: record.moment()?,
        updated_at: record.moment()?,
    })
}

fn values(user: &User) -> Vec<Value> {
    vec![
        (&user.id).into(),
        user.username.as_str().into(),
        username_key(&user.username).into(),
        user.display_name.as_str().into(),
        user.email.clone().into(),
        user.password.as_ref().map(|hash| hash.0.clone()).into(),
        user.must_change_password.into(),
        user.active.into(),
        user.version.into(),
        Value::Instant(user.created_at),
        Value::Instant(user.updated_at),
    ]
}

/// The user of that name.
pub async fn find_user_by_name(repo: &RemoteInstance, username: &str) -> Result<Option<User>> {
    // No name has one, and `PostgreSQL` takes none in a text.
    if username.contains('\0') {
        return Ok(None);
    }
    let by_name = USERS.select(is("username_key", username_key(username)));
    Ok(select(repo, by_name, user).await?.pop())
}

/// The user of that identifier.
///
/// # Errors
/// `NotFound` when there is none.
pub async fn get_user(repo: &RemoteInstance, id: &UserId) -> Result<User> {
    select(repo, USERS.select(is("id", id)), user)
        .await?
        .pop()
        .ok_or(Error::NotFound("user"))
}

/// The users of these identifiers, in no order; those that do not exist are left out.
pub async fn list_users_by_id(repo: &RemoteInstance, ids: &[UserId]) -> Result<Vec<User>> {
    let values = ids.iter().map(Value::from).collect();
    select(
        repo,
        USERS.select(Expr::In {
            column: Ident::literal("id"),
            values,
        }),
        user,
    )
    .await
}

/// At most `limit` users in the order of their names, from after the name `after` on. Where `search` is not empty, only
/// those who have it in their user name.
pub async fn list_users(
    repo: &RemoteInstance,
    search: &str,
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<User>> {
    users_page(repo, Expr::True, search, after, limit).await
}

/// The same, of the users whom `user` may know of with this reach.
pub async fn list_users_seen_by(
    repo: &RemoteInstance,
    (user, reach): (&UserId, &Reach),
    search: &str,
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<User>> {
    users_page(repo, groups::seen_by(user, reach), search, after, limit).await
}

async fn users_page(
    repo: &RemoteInstance,
    mut filter: Expr,
    search: &str,
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<User>> {
    if search.contains('\0') || after.is_some_and(|after| after.contains('\0')) {
        return Ok(Vec::new());
    }
    let column = Ident::literal("username_key");
    let search = username_key(search);
    if let Some(after) = after {
        filter = filter.and(Expr::compare(&column, Compare::Gt, username_key(after)));
    }
    if !search.is_empty() {
        filter = filter.and(Expr::Match {
            column,
            how: TextMatch::Contains,
            ignore_case: false,
            text: search.into(),
        });
    }
    let page = Select {
        limit: Some(limit),
        ..USERS.select_by(filter, "username_key")
    };
    select(repo, page, user).await
}

/// A user with their roles, in one exchange.
///
/// # Errors
/// `NotFound` when there is none.
pub async fn get_user_and_roles(repo: &RemoteInstance, id: &UserId) -> Result<(User, Vec<Role>)> {
    let person = get_person(repo, id).await?;
    Ok((person.user, person.roles))
}

/// A user with their roles and groups, in one exchange.
///
/// # Errors
/// `NotFound` when there is none.
pub async fn get_person(repo: &RemoteInstance, id: &UserId) -> Result<Person> {
    let people = list_people(repo, std::slice::from_ref(id)).await?;
    people.into_iter().next().ok_or(Error::NotFound("user"))
}

/// The users of these identifiers with their roles and groups, in one exchange and in no order; those that do not exist
/// are left out.
pub async fn list_people(repo: &RemoteInstance, ids: &[UserId]) -> Result<Vec<Person>> {
    let of = |column: &'static str| Expr::In {
        column: Ident::literal(column),
        values: ids.iter().map(Value::from).collect(),
    };
    let selects = vec![
        USERS.select(of("id")),
        ROLES.select_by(of("user_id"), "role"),
        groups::select_memberships(of("user_id")),
    ];
    let outcomes = read(repo, selects).await?;
    let [users, roles, memberships] = outcomes.as_slice() else {
        return Ok(Vec::new());
    };
    let roles = records(roles, |record| {
        Ok((UserId::stored(record.text()?), record.text()?))
    })?;
    let memberships = records(memberships, groups::read_membership)?;
    let person = |user: User| {
        let own = roles.iter().filter(|(id, _)| *id == user.id);
        let mut held: Vec<Role> = own.filter_map(|(_, name)| Role::parse(name)).collect();
        held.sort_unstable();
        let own = memberships.iter().filter(|(_, id)| *id == user.id);
        Person {
            roles: held,
            groups: own.map(|(group, _)| group.clone()).collect(),
            user,
        }
    };
    Ok(records(users, user)?.into_iter().map(person).collect())
}

/// Roles of these users.
pub async fn list_roles(repo: &RemoteInstance, users: &[UserId]) -> Result<Vec<(UserId, Role)>> {
    let values = users.iter().map(Value::from).collect();
    let of_users = ROLES.select_by(
        Expr::In {
            column: Ident::literal("user_id"),
            values,
        },
        "role",
    );
    let rows = select(repo, of_users, |record| {
        Ok((UserId::stored(record.text()?), record.text()?))
    })
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|(id, role)| Some((id, Role::parse(&role)?)))
        .collect())
}

/// Identifiers by what makes names the same.
#[derive(Debug, Default)]
pub(super) struct NamesById {
    by_key: HashMap<String, String>,
    ids: HashSet<String>,
}

impl NamesById {
    /// The identifier that `text` is, or the identifier of that name.
    pub(super) fn find(&self, text: &str) -> Option<String> {
        let id = text.trim().to_lowercase();
        if self.ids.contains(&id) {
            return Some(id);
        }
        self.by_key.get(&username_key(text)).cloned()
    }
}

/// Reads identifiers of users and what makes their names the same, for batches of several reads.
pub(super) fn select_names(filter: Expr) -> Select {
    let columns = ["id", "username_key"].map(Ident::literal);
    Select::columns(USERS.table(), columns, filter)
}

/// Reads the records of identifiers and of what makes names the same.
pub(super) fn read_names(outcome: &quillback_plugin_api::batch::StepOutcome) -> Result<NamesById> {
    let mut names = NamesById::default();
    for (id, key) in records(outcome, |record| Ok((record.text()?, record.text()?)))? {
        names.by_key.insert(key, id.clone());
        names.ids.insert(id);
    }
    Ok(names)
}

/// Whether there is any user at all.
pub async fn has_users(repo: &RemoteInstance) -> Result<bool> {
    let one = Select {
        limit: Some(1),
        ..USERS.column("id", Expr::True)
    };
    Ok(!select(repo, one, one_text).await?.is_empty())
}

/// The active users who are admins, except `except`.
pub(crate) fn other_admins(except: &UserId) -> Expr {
    let admins = ROLES.column("user_id", is("role", Role::Admin.as_str()));
    Expr::all([
        is("active", true),
        is("id", except).negate(),
        Expr::InSelect {
            column: Ident::literal("id"),
            select: Box::new(admins),
        },
    ])
}

/// How many users hold `filter`.
pub(crate) async fn count_users(repo: &RemoteInstance, filter: Expr) -> Result<u64> {
    let rows = select(repo, Select::count(USERS.table(), filter), one_number).await?;
    Ok(rows
        .first()
        .and_then(|count| u64::try_from(*count).ok())
        .unwrap_or(0))
}

/// Demands that `expected` users hold `filter`.
pub(crate) fn check_users(batch: &mut Batch, filter: Expr, expected: u64) {
    batch.check(USERS.table(), filter, Expect::Rows(expected));
}

/// Adds a user who is in these groups.
pub(crate) fn insert_user(batch: &mut Batch, user: &User, homes: &Homes) {
    batch.write(USERS.insert(&[values(user)]), Expect::Rows(1));
    groups::insert_memberships(batch, homes.groups().iter().map(|group| (group, &user.id)));
}

/// Changes a user whose version is the one before `user.version`.
pub(crate) fn update_user<A>(batch: &mut Batch, before: &Within<A, Person>, user: &User) {
    let set = USERS
        .columns
        .iter()
        .copied()
        .zip(values(user))
        .filter(|(column, _)| *column != "id")
        .collect();
    let filter = is("id", &before.user.id).and(is("version", user.version - 1));
    batch.write(USERS.update(set, filter), Expect::Rows(1));
}

/// Replaces the hash of a password by one of the same password, if it is still that of `user`. No edit for people: the
/// version stays.
pub fn update_hash(batch: &mut Batch, user: &User, hash: &PasswordHash) {
    let filter = is("id", &user.id).and(is("version", user.version));
    batch.write(
        USERS.update(vec![("password_hash", hash.0.clone().into())], filter),
        Expect::Any,
    );
}

/// Gives a user exactly these roles.
pub(crate) fn replace_roles<A>(batch: &mut Batch, before: &Within<A, Person>, roles: &[Role]) {
    let user = &before.user.id;
    batch.write(ROLES.delete(is("user_id", user)), Expect::Any);
    insert_roles(batch, user, roles);
}

/// Adds roles to a user who has none.
pub(crate) fn insert_roles(batch: &mut Batch, user: &UserId, roles: &[Role]) {
    let rows: Vec<_> = roles
        .iter()
        .map(|role| vec![user.into(), role.as_str().into()])
        .collect();
    if !rows.is_empty() {
        batch.write(ROLES.insert(&rows), Expect::Rows(rows.len() as u64));
    }
}

/// Reads users by a condition on their identifier, for batches of several reads.
pub(super) fn select_users(filter: Expr) -> Select {
    USERS.select(filter)
}

/// Reads the records of [`select_users`].
pub(super) fn read_user(record: &mut Record<'_>) -> Result<User> {
    user(record)
}

/// Reads names of roles by a condition on `user_id`, for batches of several reads.
pub(super) fn select_roles(filter: Expr) -> Select {
    ROLES.column("role", filter)
}

/// Reads the records of [`select_roles`]; a role that this version does not know gives no right.
pub(super) fn read_roles(outcome: &quillback_plugin_api::batch::StepOutcome) -> Result<Vec<Role>> {
    let names = records(outcome, one_text)?;
    let mut roles: Vec<_> = names.iter().filter_map(|name| Role::parse(name)).collect();
    roles.sort_unstable();
    Ok(roles)
}
