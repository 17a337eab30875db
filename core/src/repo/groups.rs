//! `_groups` and `_group_members`: users in groups; every user is in the built-in group "everyone" without a record.

use quillback_plugin_api::batch::{Batch, Expect};
use quillback_plugin_api::civil::Timestamp;
use quillback_plugin_api::remote::RemoteInstance;
use quillback_plugin_api::sql::{Expr, Select};
use quillback_plugin_api::{Ident, TableRef, Value};

use super::{Record, Table, is, one_number, read, records, select};
use crate::cx;
use crate::error::{Error, Result};
use crate::ids::{GroupId, UserId};
use crate::permit::{ManageUsers, Reach, Within};

const GROUPS: Table = Table {
    name: "_groups",
    columns: &[
        "id",
        "name",
        "name_key",
        "builtin",
        "version",
        "created_at",
        "updated_at",
    ],
};

const MEMBERS: Table = Table {
    name: "_group_members",
    columns: &["group_id", "user_id"],
};

/// A group as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Identifier.
    pub id: GroupId,
    /// Name, unique whatever the case.
    pub name: String,
    /// Whether this is "everyone", which cannot be changed.
    pub builtin: bool,
    /// Grows with every edit.
    pub version: i64,
    /// When the group was made.
    pub created_at: Timestamp,
    /// When the group was last changed.
    pub updated_at: Timestamp,
}

fn key(name: &str) -> String {
    name.trim().to_lowercase()
}

fn group(record: &mut Record<'_>) -> Result<Group> {
    let id = GroupId::stored(record.text()?);
    let name = record.text()?;
    record.text()?;
    Ok(Group {
        id,
        name,
        builtin: record.flag()?,
        version: record.number()?,
        created_at: record.moment()?,
        updated_at: record.moment()?,
    })
}

fn values(group: &Group) -> Vec<Value> {
    vec![
        (&group.id).into(),
        group.name.as_str().into(),
        key(&group.name).into(),
        group.builtin.into(),
        group.version.into(),
        Value::Instant(group.created_at),
        Value::Instant(group.updated_at),
    ]
}

/// The group of that identifier.
///
/// # Errors
/// `NotFound` when there is none.
pub async fn get_group(repo: &RemoteInstance, id: &GroupId) -> Result<Group> {
    select(repo, GROUPS.select(is("id", id)), group)
        .await?
        .pop()
        .ok_or(Error::NotFound("group"))
}

/// Reads identifiers of groups and what makes their names the same, for batches of several reads.
pub(super) fn select_names(filter: Expr) -> Select {
    let columns = ["id", "name_key"].map(Ident::literal);
    Select::columns(GROUPS.table(), columns, filter)
}

/// All groups in the order of their names.
pub async fn list_groups(repo: &RemoteInstance) -> Result<Vec<Group>> {
    select(repo, GROUPS.select_by(Expr::True, "name_key"), group).await
}

/// The group that every user is in, once [`crate::bootstrap`] made it.
pub async fn find_everyone(repo: &RemoteInstance) -> Result<Option<Group>> {
    Ok(select(repo, GROUPS.select(is("builtin", true)), group)
        .await?
        .pop())
}

/// The groups of a user in the order of their names, "everyone" included.
pub async fn list_groups_of(repo: &RemoteInstance, user: &UserId) -> Result<Vec<cx::Group>> {
    let outcomes = read(repo, vec![select_groups_of(is("user_id", user))]).await?;
    outcomes
        .first()
        .map_or_else(|| Ok(Vec::new()), |outcome| records(outcome, read_group))
}

/// Who is in these groups, those who are in "everyone" only left out.
pub async fn list_members(
    repo: &RemoteInstance,
    groups: &[GroupId],
) -> Result<Vec<(GroupId, UserId)>> {
    list_memberships(repo, of_groups(groups)).await
}

/// In which groups these users are, "everyone" left out.
pub async fn list_groups_of_all(
    repo: &RemoteInstance,
    users: &[UserId],
) -> Result<Vec<(GroupId, UserId)>> {
    let values = users.iter().map(Value::from).collect();
    list_memberships(
        repo,
        Expr::In {
            column: Ident::literal("user_id"),
            values,
        },
    )
    .await
}

async fn list_memberships(repo: &RemoteInstance, filter: Expr) -> Result<Vec<(GroupId, UserId)>> {
    select(repo, select_memberships(filter), read_membership).await
}

/// Reads memberships by a condition on them, for batches of several reads.
pub(super) fn select_memberships(filter: Expr) -> Select {
    MEMBERS.select_by(filter, "user_id")
}

/// Reads the records of [`select_memberships`].
pub(super) fn read_membership(record: &mut Record<'_>) -> Result<(GroupId, UserId)> {
    let group = GroupId::stored(record.text()?);
    Ok((group, UserId::stored(record.text()?)))
}

/// Which records of the users somebody may know of: those of the groups within reach, those of no group, and their own.
pub(super) fn seen_by(user: &UserId, reach: &Reach) -> Expr {
    let Reach::Groups(groups) = reach else {
        return Expr::True;
    };
    let id = Ident::literal("id");
    let members = |filter: Expr| Expr::InSelect {
        column: id.clone(),
        select: Box::new(MEMBERS.column("user_id", filter)),
    };
    Expr::Or(vec![
        members(of_groups(groups)),
        members(Expr::True).negate(),
        is("id", user),
    ])
}

/// The members of these groups, as one column of identifiers.
pub(crate) fn members_of(groups: &[GroupId]) -> Select {
    MEMBERS.column("user_id", of_groups(groups))
}

fn of_groups(groups: &[GroupId]) -> Expr {
    Expr::In {
        column: Ident::literal("group_id"),
        values: groups.iter().map(Value::from).collect(),
    }
}

/// Whether a schema or connection names the group.
pub(crate) async fn is_used(repo: &RemoteInstance, group: &GroupId) -> Result<bool> {
    let counts = uses()
        .map(|table| Select::count(table, use_of(group)))
        .into();
    for outcome in read(repo, counts).await? {
        if records(&outcome, one_number)?
            .iter()
            .any(|count| *count > 0)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Demands that the group is still there.
pub(crate) fn check_group(batch: &mut Batch, group: &Group) {
    batch.check(GROUPS.table(), is("id", &group.id), Expect::Rows(1));
}

/// Adds a group with at most one member.
pub(crate) fn insert_group(batch: &mut Batch, group: &Group, member: Option<&UserId>) {
    batch.write(GROUPS.insert(&[values(group)]), Expect::Rows(1));
    insert_memberships(batch, member.into_iter().map(|user| (&group.id, user)));
}

/// Changes a group whose version is the one before `group.version`.
pub(crate) fn update_group(batch: &mut Batch, before: &Within<ManageUsers, Group>, group: &Group) {
    let set = GROUPS
        .columns
        .iter()
        .copied()
        .zip(values(group))
        .filter(|(column, _)| *column != "id")
        .collect();
    let filter = is("id", &before.id).and(is("version", group.version - 1));
    batch.write(GROUPS.update(set, filter), Expect::Rows(1));
}

/// Removes a group of that version with its members and entitlements.
pub(crate) fn delete_group(batch: &mut Batch, group: &Within<ManageUsers, Group>) {
    let entitlements = Table {
        name: "_rls_entitlements",
        columns: &[],
    };
    let of_group = is("assignable_type", "group").and(is("assignable_id", &group.id));
    batch.write(entitlements.delete(of_group), Expect::Any);
    batch.write(MEMBERS.delete(is("group_id", &group.id)), Expect::Any);
    batch.write(
        GROUPS.delete(is("id", &group.id).and(is("version", group.version))),
        Expect::Rows(1),
    );
}

/// Tables in which a group gives rights; it cannot go while one of them names it.
pub(crate) fn uses() -> [TableRef; 2] {
    ["_schema_permissions", "_connection_groups"].map(|name| TableRef::new(Ident::literal(name)))
}

/// Which records of the tables of [`uses`] name the group.
pub(crate) fn use_of(group: &GroupId) -> Expr {
    is("group_id", group)
}

/// Adds users to a group they are not in.
pub(crate) fn insert_members(
    batch: &mut Batch,
    group: &Within<ManageUsers, Group>,
    users: &Within<ManageUsers, Vec<UserId>>,
) {
    insert_memberships(batch, users.iter().map(|user| (&group.id, user)));
}

/// Adds memberships that are not there yet.
pub(super) fn insert_memberships<'a>(
    batch: &mut Batch,
    memberships: impl Iterator<Item = (&'a GroupId, &'a UserId)>,
) {
    let rows: Vec<_> = memberships
        .map(|(group, user)| vec![group.into(), user.into()])
        .collect();
    if !rows.is_empty() {
        batch.write(MEMBERS.insert(&rows), Expect::Rows(rows.len() as u64));
    }
}

/// Takes users out of a group; nobody, when there are none.
pub(crate) fn delete_members(
    batch: &mut Batch,
    group: &Within<ManageUsers, Group>,
    users: &Within<ManageUsers, Vec<UserId>>,
) {
    if users.is_empty() {
        return;
    }
    let values = users.iter().map(Value::from).collect();
    let filter = is("group_id", &group.id).and(Expr::In {
        column: Ident::literal("user_id"),
        values,
    });
    batch.write(MEMBERS.delete(filter), Expect::Any);
}

/// Reads the groups of the user whom a condition on `user_id` names, for batches of several reads.
pub(super) fn select_groups_of(filter: Expr) -> Select {
    let memberships = MEMBERS.column("group_id", filter);
    let is_member = Expr::InSelect {
        column: Ident::literal("id"),
        select: Box::new(memberships),
    };
    GROUPS.select_by(Expr::Or(vec![is("builtin", true), is_member]), "name_key")
}

/// Reads the records of [`select_groups_of`].
pub(super) fn read_group(record: &mut Record<'_>) -> Result<cx::Group> {
    group(record).map(|group| cx::Group {
        id: group.id,
        name: group.name,
        builtin: group.builtin,
    })
}
