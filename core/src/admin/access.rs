//! Effective access: everything that a user may do, and the groups from which each right comes.

use std::collections::HashMap;
use std::sync::Arc;

use crate::app::App;
use crate::catalog::{Found, Loaded};
use crate::cx::{Cx, Group, Principal, Role};
use crate::error::Result;
use crate::ids::{ConnectionId, GroupId, UserId};
use crate::permit::{self, Reach, Within};
use crate::policy::{self, Action, Grant, Rights};
use crate::repo::connections::{self, Connection};
use crate::repo::groups;
use crate::repo::people::Person;
use crate::repo::schemas::{self, Whole};
use crate::schema::Schema;

/// Where a right comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Whether the role of an admin gives it.
    pub admin: bool,
    /// The groups that give it, in the order of their names.
    pub groups: Vec<Group>,
}

/// Something that the user may do with rows of a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionAccess {
    /// What.
    pub action: Action,
    /// Where the right comes from.
    pub from: Origin,
    /// Whether it is for rows that the user added only.
    pub own_only: bool,
}

/// What the user may do with a field of a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldAccess {
    /// Name of the field.
    pub name: String,
    /// Whether the user sees it.
    pub visible: bool,
    /// Whether the user writes it.
    pub writable: bool,
}

/// What the user may do with a schema.
#[derive(Clone, Debug, PartialEq)]
pub struct SchemaAccess {
    /// The schema.
    pub schema: Schema,
    /// What the user may do with its rows; nothing when the user only manages it.
    pub actions: Vec<ActionAccess>,
    /// Its fields, in the order of the form.
    pub fields: Vec<FieldAccess>,
    /// Policies of which one must let a row through; without any, all rows are seen.
    pub policies: usize,
    /// By what the user changes the schema itself; `None` when not at all.
    pub manages: Option<Origin>,
}

/// What the user may do with a connection.
#[derive(Clone, Debug, PartialEq)]
pub struct ConnectionAccess {
    /// The connection.
    pub connection: Connection,
    /// By what the user sees it, in order to make schemas on it or to change it.
    pub from: Origin,
    /// By what the user changes it; `None` when not at all.
    pub manages: Option<Origin>,
}

/// Everything that a user may do.
#[derive(Clone, Debug, PartialEq)]
pub struct EffectiveAccess {
    /// The user, with roles.
    pub person: Person,
    /// Groups in the order of their names, "everyone" included.
    pub groups: Vec<Group>,
    /// Whether the user is in more groups, which the caller may not see; what they give is left out.
    pub partial: bool,
    /// Schemas by label.
    pub schemas: Vec<SchemaAccess>,
    /// Connections by name.
    pub connections: Vec<ConnectionAccess>,
}

/// What a user may do: oneself, or for user managers a user of their groups. Who is no admin is told of others only what
/// comes from groups that they share.
///
/// # Errors
/// `Denied`; `NotFound`, also for a user of other groups.
pub async fn effective(cx: &Cx, app: &App, user: Option<&UserId>) -> Result<EffectiveAccess> {
    let principal = permit::signed_in(cx)?;
    let Some(user) = user.filter(|user| **user != principal.user) else {
        let person = permit::own_account(cx, app).await?;
        let stand_in = Principal {
            only_schemas: principal.only_schemas.clone(),
            read_only: principal.read_only,
            ..stand_in(app, &person).await?
        };
        return of(app, person.into_inner(), stand_in, false).await;
    };
    let permit = permit::see_users(cx)?;
    let person = permit.user(app, user).await?;
    let mut stand_in = stand_in(app, &person).await?;
    let all = stand_in.groups.len();
    if let Reach::Groups(own) = permit.reach() {
        stand_in
            .groups
            .retain(|group| group.builtin || own.contains(&group.id));
    }
    let partial = stand_in.groups.len() < all;
    of(app, person.into_inner(), stand_in, partial).await
}

/// What would be the principal of a user who signs in now. It is for asking what that user may do, and acts for nobody.
pub(super) async fn stand_in<A>(app: &App, person: &Within<A, Person>) -> Result<Principal> {
    let groups = groups::list_groups_of(&app.repo, &person.user.id).await?;
    Ok(Principal {
        user: person.user.id.clone(),
        username: person.user.username.clone(),
        groups,
        roles: person.roles.clone(),
        verified: true,
        session: None,
        must_change_password: false,
        read_only: false,
        only_schemas: None,
    })
}

async fn of(
    app: &App,
    person: Person,
    principal: Principal,
    partial: bool,
) -> Result<EffectiveAccess> {
    let all = connections::list_connections(&app.repo).await?;
    let by_id: HashMap<ConnectionId, Arc<Connection>> = all
        .iter()
        .map(|one| (one.id.clone(), Arc::new(one.clone())))
        .collect();
    let mut found = Vec::new();
    for whole in schemas::list_with_rights(&app.repo).await? {
        let Some(connection) = by_id.get(&whole.schema.connection) else {
            continue;
        };
        found.extend(schema(&principal, whole, connection));
    }
    let connections = connections_of(app, &principal, all).await?;
    Ok(EffectiveAccess {
        person,
        groups: principal.groups,
        partial,
        schemas: found,
        connections,
    })
}

/// What the grant says that rows are read and written with: there is no second opinion on rights.
fn schema(
    principal: &Principal,
    whole: Whole,
    connection: &Arc<Connection>,
) -> Option<SchemaAccess> {
    let found = Found {
        loaded: Arc::new(Loaded::new(whole, connection.clone())),
        entitlements: Vec::new(),
    };
    let grant = policy::grant(principal, &found).ok();
    let whole = &found.loaded.whole;
    let manages = manages(principal, whole);
    if grant.is_none() && manages.is_none() {
        return None;
    }
    let fields = whole.schema.definition.fields.iter().enumerate();
    let field = |(position, field): (usize, &crate::field::Field)| FieldAccess {
        name: field.name.clone(),
        visible: grant.as_ref().is_some_and(|grant| grant.sees(position)),
        writable: grant.as_ref().is_some_and(|grant| grant.writes(position)),
    };
    Some(SchemaAccess {
        actions: grant
            .as_ref()
            .map_or_else(Vec::new, |grant| actions(principal, whole, grant)),
        fields: fields.map(field).collect(),
        policies: whole.policies.len(),
        manages,
        schema: whole.schema.clone(),
    })
}

fn actions(principal: &Principal, whole: &Whole, grant: &Grant) -> Vec<ActionAccess> {
    let giving = |action: Action| {
        // A group without the right to see rows gives no other.
        let gives = |rights: &Rights| rights.allows(Action::View) && rights.allows(action);
        origin(principal, |group| {
            let mut held = whole.permissions.iter();
            held.any(|(id, rights)| id == group && gives(rights))
        })
    };
    let actions = grant.actions().iter().copied();
    actions
        .map(|action| ActionAccess {
            action,
            from: giving(action),
            own_only: grant.is_own_only(action),
        })
        .collect()
}

fn origin(principal: &Principal, gives: impl Fn(&GroupId) -> bool) -> Origin {
    let groups = principal.groups.iter();
    Origin {
        admin: principal.is_admin(),
        groups: groups.filter(|group| gives(&group.id)).cloned().collect(),
    }
}

fn manages(principal: &Principal, whole: &Whole) -> Option<Origin> {
    if !principal.has(Role::SchemaManager) || principal.only_schemas.is_some() {
        return None;
    }
    let own = principal.own_groups();
    let from = origin(principal, |group| {
        own.contains(group) && whole.permissions.iter().any(|(id, _)| id == group)
    });
    (from.admin || !from.groups.is_empty()).then_some(from)
}

async fn connections_of(
    app: &App,
    principal: &Principal,
    all: Vec<Connection>,
) -> Result<Vec<ConnectionAccess>> {
    let sees = principal.has(Role::ConnectionManager) || principal.has(Role::SchemaManager);
    if !sees || principal.only_schemas.is_some() {
        return Ok(Vec::new());
    }
    let ids: Vec<ConnectionId> = all.iter().map(|one| one.id.clone()).collect();
    let belongs = connections::list_groups_of(&app.repo, &ids).await?;
    let own = principal.own_groups();
    let access = |connection: Connection| {
        let is_of = |group: &GroupId| {
            let mut known = belongs.iter();
            known.any(|(id, of)| *id == connection.id && of == group)
        };
        let from = origin(principal, is_of);
        let manages = principal
            .has(Role::ConnectionManager)
            .then(|| origin(principal, |group| own.contains(group) && is_of(group)))
            .filter(|from| from.admin || !from.groups.is_empty());
        (from.admin || !from.groups.is_empty()).then_some(ConnectionAccess {
            connection,
            from,
            manages,
        })
    };
    Ok(all.into_iter().filter_map(access).collect())
}
