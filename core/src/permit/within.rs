//! What a permit reaches: things are loaded and checked against the caller's groups in one step, and only what came out
//! of that step can be changed.
//!
//! ```compile_fail,E0423
//! use quillback_core::permit::{ManageConnections, Within};
//! use quillback_core::repo::connections::Connection;
//!
//! fn forge(connection: Connection) -> Within<ManageConnections, Connection> {
//!     Within(connection, std::marker::PhantomData)
//! }
//! ```

use std::marker::PhantomData;
use std::ops::Deref;

use super::{
    Admin, Console, ManageConnections, ManageSchemas, ManageUsers, Permit, SeeConnections,
    SeeSchemas, SeeUsers,
};
use crate::app::App;
use crate::bootstrap::EVERYONE;
use crate::cx::Role;
use crate::error::{Error, Result};
use crate::ids::{ConnectionId, GroupId, SchemaId, UserId};
use crate::policy::Rights;
use crate::repo::connections::{self, Connection};
use crate::repo::groups::{self, Group};
use crate::repo::people::{self, Person};
use crate::repo::schemas::{self, Whole};
use crate::schema::Schema;

/// A thing that the holder of a permit for `A` may deal with. Only this module makes one.
#[derive(Debug)]
pub struct Within<A, T>(T, PhantomData<fn() -> A>);

impl<A, T> Within<A, T> {
    fn new(thing: T) -> Self {
        Self(thing, PhantomData)
    }

    /// The thing alone, with which nothing can be changed any more.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<A, T> Deref for Within<A, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl Within<ManageSchemas, Whole> {
    /// The connection of the schema, whatever groups the connection has.
    ///
    /// # Errors
    /// `Repository`.
    pub async fn connection(&self, app: &App) -> Result<Within<ManageSchemas, Connection>> {
        let connection = connections::get_connection(&app.repo, &self.schema.connection).await?;
        Ok(Within::new(connection))
    }
}

/// The caller's own account, for what everybody may do with it.
pub enum Own {}
/// Any account, for the operator at the command line.
pub enum Operator {}

/// The groups that a new thing belongs to: the maker's own, or any for an admin. Only this module makes one.
#[derive(Debug)]
pub struct Homes(Vec<GroupId>);

impl Homes {
    /// The groups, each once.
    pub fn groups(&self) -> &[GroupId] {
        &self.0
    }

    /// The schema that was just made for these groups.
    pub(crate) fn made(&self, schema: Schema) -> Within<ManageSchemas, Whole> {
        let groups = self.0.iter();
        Within::new(Whole {
            schema,
            permissions: groups
                .map(|group| (group.clone(), Rights::default()))
                .collect(),
            policies: Vec::new(),
        })
    }

    /// No group: for what the server makes itself.
    pub(crate) fn none() -> Self {
        Self(Vec::new())
    }
}

/// How far a permit reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Over everything.
    All,
    /// Over what belongs to one of these groups; "everyone" is never among them.
    Groups(Vec<GroupId>),
}

impl Reach {
    /// Whether it reaches what belongs to these groups.
    pub fn over<'a>(&self, groups: impl IntoIterator<Item = &'a GroupId>) -> bool {
        match self {
            Self::All => true,
            Self::Groups(own) => groups.into_iter().any(|group| own.contains(group)),
        }
    }
}

impl<A> Permit<A> {
    /// How far it reaches.
    pub fn reach(&self) -> Reach {
        if self.principal.is_admin() {
            Reach::All
        } else {
            Reach::Groups(self.principal.own_groups())
        }
    }

    /// Which users the caller may know of: those of the own groups, those of no group, and the caller.
    fn sees(&self, person: &Person) -> bool {
        person.groups.is_empty()
            || self.reach().over(&person.groups)
            || person.user.id == self.principal.user
    }

    async fn visible_person(&self, app: &App, id: &UserId) -> Result<Person> {
        let person = people::get_person(&app.repo, id).await?;
        if self.sees(&person) {
            Ok(person)
        } else {
            Err(Error::NotFound("user"))
        }
    }

    /// The groups that are to be a thing's: those of `wanted`, which must be the caller's own, or the only own one.
    async fn homes(&self, app: &App, wanted: Option<Vec<GroupId>>) -> Result<Homes> {
        let (own, wanted) = match (self.reach(), wanted) {
            (Reach::All, wanted) => return known(app, unique(wanted.unwrap_or_default())).await,
            (Reach::Groups(own), Some(wanted)) => (own, unique(wanted)),
            (Reach::Groups(own), None) if own.len() == 1 => return Ok(Homes(own)),
            (Reach::Groups(own), None) => (own, Vec::new()),
        };
        if own.is_empty() {
            let message = "You are in no group, so that afterwards only administrators could manage it. \
                           Ask one of them to put you into a group.";
            return Err(Error::invalid("groups", "NO_GROUP", message));
        }
        if wanted.is_empty() {
            let message = "Name at least one of your groups that it is to belong to.";
            return Err(Error::invalid("groups", "REQUIRED", message));
        }
        if wanted.iter().all(|group| own.contains(group)) {
            Ok(Homes(wanted))
        } else {
            Err(Error::NotFound("group"))
        }
    }
}

impl Permit<ManageConnections> {
    /// A connection that the caller may change.
    ///
    /// # Errors
    /// `NotFound`, also for one that belongs to none of the caller's groups.
    pub async fn connection(
        &self,
        app: &App,
        id: &ConnectionId,
    ) -> Result<Within<ManageConnections, Connection>> {
        let (connection, groups) = connections::get_with_groups(&app.repo, id).await?;
        if self.reach().over(&groups) {
            Ok(Within::new(connection))
        } else {
            Err(Error::NotFound("connection"))
        }
    }

    /// The groups of a new connection: `wanted`, or the caller's only one.
    ///
    /// # Errors
    /// `NotFound` for a group that the caller is not in; `Invalid` when none would be left.
    pub async fn connection_homes(&self, app: &App, wanted: Option<Vec<GroupId>>) -> Result<Homes> {
        self.homes(app, wanted).await
    }

    /// The groups of a connection after an edit: of the groups that the caller is in, it belongs to `wanted` from now
    /// on; to others it belongs as before.
    ///
    /// # Errors
    /// As [`Self::connection_homes`].
    pub async fn connection_moves(
        &self,
        app: &App,
        before: &Within<ManageConnections, Connection>,
        wanted: Vec<GroupId>,
    ) -> Result<Homes> {
        let Homes(mut groups) = self.homes(app, Some(wanted)).await?;
        if let Reach::Groups(own) = self.reach() {
            let (_, others) = connections::get_with_groups(&app.repo, &before.id).await?;
            groups.extend(others.into_iter().filter(|group| !own.contains(group)));
        }
        Ok(Homes(groups))
    }
}

impl Permit<SeeConnections> {
    /// Of which groups the caller sees the connections: "everyone" counts here.
    fn visible(&self) -> Reach {
        if self.principal.is_admin() {
            return Reach::All;
        }
        let groups = self.principal.groups.iter();
        Reach::Groups(groups.map(|group| group.id.clone()).collect())
    }

    /// A connection that the caller may see.
    ///
    /// # Errors
    /// `NotFound`, also for one that belongs to none of the caller's groups.
    pub async fn connection(
        &self,
        app: &App,
        id: &ConnectionId,
    ) -> Result<Within<SeeConnections, Connection>> {
        let (connection, groups) = connections::get_with_groups(&app.repo, id).await?;
        if self.visible().over(&groups) {
            Ok(Within::new(connection))
        } else {
            Err(Error::NotFound("connection"))
        }
    }

    /// All connections that the caller may see, by name.
    ///
    /// # Errors
    /// `Repository`.
    pub async fn connections(&self, app: &App) -> Result<Vec<Connection>> {
        match self.visible() {
            Reach::All => connections::list_connections(&app.repo).await,
            Reach::Groups(groups) => connections::list_connections_of(&app.repo, &groups).await,
        }
    }
}

impl Permit<ManageSchemas> {
    /// A connection that the caller may make schemas on and look into.
    ///
    /// # Errors
    /// `NotFound`, also for one that belongs to none of the caller's groups.
    pub async fn connection(
        &self,
        app: &App,
        id: &ConnectionId,
    ) -> Result<Within<ManageSchemas, Connection>> {
        let see = Permit::<SeeConnections> {
            principal: self.principal.clone(),
            of: PhantomData,
        };
        see.connection(app, id)
            .await
            .map(|found| Within::new(found.into_inner()))
    }

    /// A schema that the caller may change.
    ///
    /// # Errors
    /// `NotFound`, also for one on which none of the caller's groups has rights; that "everyone" has some is not enough.
    pub async fn schema(&self, app: &App, id: &SchemaId) -> Result<Within<ManageSchemas, Whole>> {
        let whole = schemas::get_whole(&app.repo, id).await?;
        if belongs(&self.reach(), &whole) {
            Ok(Within::new(whole))
        } else {
            Err(Error::NotFound("schema"))
        }
    }

    /// The groups of a new schema: `wanted`, or the caller's only one.
    ///
    /// # Errors
    /// `NotFound` for a group that the caller is not in; `Invalid` when none would be left.
    pub async fn schema_homes(&self, app: &App, wanted: Option<Vec<GroupId>>) -> Result<Homes> {
        self.homes(app, wanted).await
    }

    /// Groups to which the caller may give rights: the own ones and "everyone".
    ///
    /// # Errors
    /// `NotFound` for a group that does not exist or that the caller is not in.
    pub async fn receivers<'a>(
        &self,
        app: &App,
        wanted: impl Iterator<Item = &'a GroupId>,
    ) -> Result<()> {
        let own = |group: &Group| match self.reach() {
            Reach::All => true,
            Reach::Groups(own) => group.builtin || own.contains(&group.id),
        };
        let all = groups::list_groups(&app.repo).await?;
        for id in wanted {
            if !all.iter().any(|group| group.id == *id && own(group)) {
                return Err(Error::NotFound("group"));
            }
        }
        Ok(())
    }

    /// Whose entitlements the caller may set: those of the own groups and of their members.
    pub fn entitlements(&self) -> Within<ManageSchemas, Reach> {
        Within::new(self.reach())
    }

    /// A user whose rows the caller may look at.
    ///
    /// # Errors
    /// `NotFound`, also for a user of other groups.
    pub async fn user(&self, app: &App, id: &UserId) -> Result<Within<ManageSchemas, Person>> {
        self.visible_person(app, id).await.map(Within::new)
    }
}

impl Permit<SeeSchemas> {
    /// Whose entitlements the caller may look at: those of the own groups and of their members.
    pub fn entitlements(&self) -> Within<SeeSchemas, Reach> {
        Within::new(self.reach())
    }

    /// Whether the schema is one that the caller manages.
    pub fn manages(&self, whole: &Whole) -> bool {
        belongs(&self.reach(), whole)
    }
}

fn belongs(reach: &Reach, whole: &Whole) -> bool {
    reach.over(whole.permissions.iter().map(|(group, _)| group))
}

impl Permit<ManageUsers> {
    /// A user whom the caller may change.
    ///
    /// # Errors
    /// `NotFound`, also for a user of other groups; `Denied` for an admin when the caller is none.
    pub async fn user(&self, app: &App, id: &UserId) -> Result<Within<ManageUsers, Person>> {
        let person = self.visible_person(app, id).await?;
        self.not_above(&person.roles)?;
        Ok(Within::new(person))
    }

    /// Users whom the caller may put into groups and take out of them.
    ///
    /// # Errors
    /// As [`Self::user`].
    pub async fn users(
        &self,
        app: &App,
        ids: &[UserId],
    ) -> Result<Within<ManageUsers, Vec<UserId>>> {
        let found = people::list_people(&app.repo, ids).await?;
        for id in ids {
            let person = found.iter().find(|person| person.user.id == *id);
            let person = person.filter(|person| self.sees(person));
            self.not_above(&person.ok_or(Error::NotFound("user"))?.roles)?;
        }
        Ok(Within::new(ids.to_vec()))
    }

    /// Only an admin changes an admin.
    fn not_above(&self, roles: &[Role]) -> Result<()> {
        if roles.contains(&Role::Admin) && !self.principal.is_admin() {
            return Err(Error::Denied("change an administrator"));
        }
        Ok(())
    }

    /// A group that the caller may change.
    ///
    /// # Errors
    /// `NotFound`, also for a group that the caller is not in; `InUse` for "everyone".
    pub async fn group(&self, app: &App, id: &GroupId) -> Result<Within<ManageUsers, Group>> {
        let group = groups::get_group(&app.repo, id).await?;
        if group.builtin {
            let message = format!(
                "The group {EVERYONE} is built in: every user is in it, and it cannot be changed."
            );
            return Err(Error::InUse(message));
        }
        if self.reach().over([id]) {
            Ok(Within::new(group))
        } else {
            Err(Error::NotFound("group"))
        }
    }

    /// The groups of a new user, "everyone" left out: there may be none.
    ///
    /// # Errors
    /// `NotFound` for a group that the caller is not in.
    pub async fn user_homes(&self, app: &App, wanted: Vec<GroupId>) -> Result<Homes> {
        let Homes(mut groups) = known(app, unique(wanted)).await?;
        let everyone = groups::find_everyone(&app.repo).await?;
        groups.retain(|group| everyone.as_ref().is_none_or(|all| all.id != *group));
        let is_own = |group: &GroupId| self.reach().over([group]);
        if groups.iter().all(is_own) {
            Ok(Homes(groups))
        } else {
            Err(Error::NotFound("group"))
        }
    }
}

impl Permit<SeeUsers> {
    /// A user whose rights the caller may look at.
    ///
    /// # Errors
    /// `NotFound`, also for a user of other groups.
    pub async fn user(&self, app: &App, id: &UserId) -> Result<Within<SeeUsers, Person>> {
        self.visible_person(app, id).await.map(Within::new)
    }
}

impl Permit<Console> {
    /// A user whom the caller may look at.
    ///
    /// # Errors
    /// `NotFound`, also for a user of other groups.
    pub async fn user(&self, app: &App, id: &UserId) -> Result<Within<Console, Person>> {
        self.visible_person(app, id).await.map(Within::new)
    }

    /// Whether the caller may know of a group: the own ones and "everyone".
    pub fn sees_group(&self, group: &Group) -> bool {
        group.builtin || self.reach().over([&group.id])
    }
}

impl Permit<Admin> {
    /// Any user.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn user(&self, app: &App, id: &UserId) -> Result<Within<Admin, Person>> {
        people::get_person(&app.repo, id).await.map(Within::new)
    }
}

/// The caller's own account.
///
/// # Errors
/// `Unauthenticated`; `NotFound` for an account that is none, such as the operator's.
pub async fn own_account(cx: &crate::cx::Cx, app: &App) -> Result<Within<Own, Person>> {
    let id = &cx.principal()?.user;
    people::get_person(&app.repo, id).await.map(Within::new)
}

/// Any account, without asking who calls: for the operator at the command line alone.
pub(crate) fn by_operator(person: Person) -> Within<Operator, Person> {
    Within::new(person)
}

async fn known(app: &App, wanted: Vec<GroupId>) -> Result<Homes> {
    if wanted.is_empty() {
        return Ok(Homes::none());
    }
    let all = groups::list_groups(&app.repo).await?;
    let exists = |id: &GroupId| all.iter().any(|group| group.id == *id);
    if wanted.iter().all(exists) {
        Ok(Homes(wanted))
    } else {
        Err(Error::NotFound("group"))
    }
}

fn unique(mut groups: Vec<GroupId>) -> Vec<GroupId> {
    groups.sort_unstable();
    groups.dedup();
    groups
}
