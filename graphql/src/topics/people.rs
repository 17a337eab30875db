//! Users and groups.

use std::collections::HashMap;

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use quillback_auth::methods::password;
use quillback_core::admin::people::groups::{self, MemberChange};
use quillback_core::admin::people::roles;
use quillback_core::admin::people::users::{self, UserChange, UserDraft};
use quillback_core::cx::{self, Role as StoredRole};
use quillback_core::ids::{GroupId, UserId};
use quillback_core::repo::groups::Group as StoredGroup;
use quillback_core::repo::people::{self, User as StoredUser};
use zeroize::Zeroizing;

use super::connections::{DeletePayload, group_ids};
use crate::context::Env;
use crate::error::Public;
use crate::scalars::{DateTime, id};

#[derive(Default)]
pub(crate) struct PeopleQuery;

#[Object]
impl PeopleQuery {
    /// Users in the order of their names, a page at a time, for people who use the console: those of your groups and
    /// those of no group, and all for an admin.
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only names that contain this text.", default)] search: String,
        #[graphql(desc = "Most users to answer, 1 to 500.", default = 50)] first: u32,
        #[graphql(desc = "User name after which the page starts.")] after: Option<String>,
    ) -> Result<UserPage> {
        let (cx, app) = (ctx.cx()?, ctx.app()?);
        let page = users::list(
            cx,
            app,
            &search,
            after.as_deref(),
            first.clamp(1, 500).into(),
        )
        .await
        .public()?;
        let ids: Vec<UserId> = page.users.iter().map(|user| user.id.clone()).collect();
        let mut roles: HashMap<UserId, Vec<StoredRole>> = HashMap::new();
        for (user, role) in people::list_roles(&app.repo, &ids).await.public()? {
            roles.entry(user).or_default().push(role);
        }
        let mut memberships = memberships(ctx, &ids).await?;
        let user = |user: StoredUser| User {
            roles: roles.remove(&user.id).unwrap_or_default(),
            groups: memberships.remove(&user.id).unwrap_or_default(),
            stored: user,
        };
        Ok(UserPage {
            users: page.users.into_iter().map(user).collect(),
            has_more: page.has_more,
        })
    }

    /// Groups by name, for people who use the console: your own and "everyone", and all for an admin.
    async fn groups(&self, ctx: &Context<'_>) -> Result<Vec<Group>> {
        let all = groups::list(ctx.cx()?, ctx.app()?).await.public()?;
        Ok(all.into_iter().map(Group).collect())
    }
}

#[derive(Default)]
pub(crate) struct PeopleMutation;

#[Object]
impl PeopleMutation {
    /// Adds a user, who must set a new password at the first sign-in.
    async fn create_user(&self, ctx: &Context<'_>, input: CreateUserInput) -> Result<UserPayload> {
        let draft = UserDraft {
            username: input.username,
            display_name: input.display_name.unwrap_or_default(),
            email: input.email,
            roles: input.roles.into_iter().map(Into::into).collect(),
            groups: group_ids(&input.groups)?,
        };
        let password = input.password.map(Zeroizing::new);
        let password = password.as_ref().map(|password| password.as_str());
        let user = password::create_user(ctx.cx()?, ctx.app()?, ctx.auth()?, draft, password)
            .await
            .public()?;
        payload(ctx, &user.id).await
    }

    /// Changes a user. Users are switched off and not deleted, so that the audit trail keeps their names.
    async fn update_user(&self, ctx: &Context<'_>, input: UpdateUserInput) -> Result<UserPayload> {
        let user = UserId::parse(&input.id).public()?;
        let change = UserChange {
            username: input.username,
            display_name: input.display_name,
            email: input.email,
            active: input.active,
        };
        users::update(ctx.cx()?, ctx.app()?, &user, input.version, change)
            .await
            .public()?;
        payload(ctx, &user).await
    }

    /// Gives a user exactly these roles. Only an admin makes or unmakes an admin.
    async fn set_user_roles(
        &self,
        ctx: &Context<'_>,
        input: SetUserRolesInput,
    ) -> Result<UserPayload> {
        let user = UserId::parse(&input.id).public()?;
        let wanted = input.roles.into_iter().map(Into::into).collect();
        roles::set(ctx.cx()?, ctx.app()?, &user, input.version, wanted)
            .await
            .public()?;
        payload(ctx, &user).await
    }

    /// Sets the password of a user, who must set another one at the next sign-in. Ends all sessions of the user.
    async fn set_user_password(
        &self,
        ctx: &Context<'_>,
        input: SetUserPasswordInput,
    ) -> Result<UserPayload> {
        let user = UserId::parse(&input.id).public()?;
        let password = Zeroizing::new(input.password);
        password::set_password(ctx.cx()?, ctx.app()?, ctx.auth()?, &user, &password)
            .await
            .public()?;
        payload(ctx, &user).await
    }
}

async fn payload(ctx: &Context<'_>, id: &UserId) -> Result<UserPayload> {
    let found = users::get(ctx.cx()?, ctx.app()?, id).await.public()?;
    let groups = memberships(ctx, std::slice::from_ref(id))
        .await?
        .remove(id)
        .unwrap_or_default();
    Ok(UserPayload {
        user: User {
            stored: found.user,
            roles: found.roles,
            groups,
        },
    })
}

/// Groups by user, "everyone" left out, in two reads however many users there are.
async fn memberships(
    ctx: &Context<'_>,
    users: &[UserId],
) -> Result<HashMap<UserId, Vec<StoredGroup>>> {
    let mut memberships: HashMap<UserId, Vec<StoredGroup>> = HashMap::new();
    let found = groups::list_of(ctx.cx()?, ctx.app()?, users)
        .await
        .public()?;
    for (user, group) in found {
        memberships.entry(user).or_default().push(group);
    }
    Ok(memberships)
}

#[derive(Default)]
pub(crate) struct GroupMutation;

#[Object]
impl GroupMutation {
    /// Adds a group without members. Of a group that a user manager makes, the maker is a member, so as to manage it.
    async fn create_group(
        &self,
        ctx: &Context<'_>,
        input: CreateGroupInput,
    ) -> Result<GroupPayload> {
        let group = groups::create(ctx.cx()?, ctx.app()?, &input.name)
            .await
            .public()?;
        Ok(GroupPayload {
            group: Group(group),
        })
    }

    /// Gives a group another name.
    async fn rename_group(
        &self,
        ctx: &Context<'_>,
        input: RenameGroupInput,
    ) -> Result<GroupPayload> {
        let group = GroupId::parse(&input.id).public()?;
        let group = groups::rename(ctx.cx()?, ctx.app()?, &group, input.version, &input.name)
            .await
            .public()?;
        Ok(GroupPayload {
            group: Group(group),
        })
    }

    /// Removes a group that has no rights any more.
    async fn delete_group(
        &self,
        ctx: &Context<'_>,
        input: DeleteGroupInput,
    ) -> Result<DeletePayload> {
        let group = GroupId::parse(&input.id).public()?;
        groups::delete(ctx.cx()?, ctx.app()?, &group, input.version)
            .await
            .public()?;
        Ok(DeletePayload { id: input.id })
    }

    /// Puts users into a group and takes users out of it.
    async fn change_group_members(
        &self,
        ctx: &Context<'_>,
        input: ChangeMembersInput,
    ) -> Result<MembersPayload> {
        let (cx, app) = (ctx.cx()?, ctx.app()?);
        let group = GroupId::parse(&input.group_id).public()?;
        let ids = |ids: &[ID]| {
            ids.iter()
                .map(|id| UserId::parse(id))
                .collect::<quillback_core::Result<Vec<_>>>()
        };
        let change = MemberChange {
            add: ids(&input.add).public()?,
            remove: ids(&input.remove).public()?,
        };
        groups::change_members(cx, app, &group, change)
            .await
            .public()?;
        let members = groups::list_members(cx, app, std::slice::from_ref(&group))
            .await
            .public()?;
        Ok(MembersPayload {
            group_id: input.group_id,
            member_ids: members.iter().map(|(_, user)| id(user)).collect(),
        })
    }
}

/// A role in the console.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "StoredRole")]
pub(super) enum Role {
    /// Everything, whatever the groups.
    Admin,
    /// Makes connections; changes those of the own groups.
    ConnectionManager,
    /// Makes schemas; changes those of the own groups.
    SchemaManager,
    /// Makes and changes users who are not admins, and groups, within the own groups.
    UserManager,
}

/// A group that somebody is in.
#[derive(SimpleObject)]
pub(super) struct Membership {
    /// Identifier.
    pub(super) id: ID,
    /// Name.
    pub(super) name: String,
}

impl From<&StoredGroup> for Membership {
    fn from(group: &StoredGroup) -> Self {
        Self {
            id: id(&group.id),
            name: group.name.clone(),
        }
    }
}

impl From<&cx::Group> for Membership {
    fn from(group: &cx::Group) -> Self {
        Self {
            id: id(&group.id),
            name: group.name.clone(),
        }
    }
}

/// One page of users.
#[derive(SimpleObject)]
struct UserPage {
    /// Users in the order of their names.
    users: Vec<User>,
    /// Whether there are more.
    has_more: bool,
}

/// A user.
struct User {
    stored: StoredUser,
    roles: Vec<StoredRole>,
    groups: Vec<StoredGroup>,
}

#[Object]
impl User {
    /// Identifier.
    async fn id(&self) -> ID {
        id(&self.stored.id)
    }

    /// Name to sign in with.
    async fn username(&self) -> &str {
        &self.stored.username
    }

    /// Name for people.
    async fn display_name(&self) -> &str {
        &self.stored.display_name
    }

    /// Mail address.
    async fn email(&self) -> Option<&str> {
        self.stored.email.as_deref()
    }

    /// Whether the user may sign in.
    async fn active(&self) -> bool {
        self.stored.active
    }

    /// Whether the user has a password.
    async fn has_password(&self) -> bool {
        self.stored.password.is_some()
    }

    /// Roles in the console.
    async fn roles(&self) -> Vec<Role> {
        self.roles.iter().copied().map(Role::from).collect()
    }

    /// Groups beside "everyone", of those that you may see.
    async fn groups(&self) -> Vec<Membership> {
        self.groups.iter().map(Membership::from).collect()
    }

    /// Grows with every edit; name it when you change the user.
    async fn version(&self) -> i64 {
        self.stored.version
    }

    /// When the user was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.stored.created_at)
    }
}

/// A group of users.
struct Group(StoredGroup);

#[Object]
impl Group {
    /// Identifier.
    async fn id(&self) -> ID {
        id(&self.0.id)
    }

    /// Name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Whether this is "everyone": all users are in it, and it cannot be changed.
    async fn builtin(&self) -> bool {
        self.0.builtin
    }

    /// Grows with every edit; name it when you change the group.
    async fn version(&self) -> i64 {
        self.0.version
    }
}

/// A user to add.
#[derive(InputObject)]
struct CreateUserInput {
    /// Name to sign in with.
    username: String,
    /// Name for people; the user name when it is left out.
    display_name: Option<String>,
    /// Mail address.
    email: Option<String>,
    /// First password, 12 to 128 characters; without one the user cannot sign in by password.
    #[graphql(secret)]
    password: Option<String>,
    /// Roles in the console.
    #[graphql(default)]
    roles: Vec<Role>,
    /// Groups beside "everyone": your own ones, any for an admin.
    #[graphql(default)]
    groups: Vec<ID>,
}

/// A change of a user; what is left out stays.
#[derive(InputObject)]
struct UpdateUserInput {
    /// User.
    id: ID,
    /// Version that you saw.
    version: i64,
    /// Name to sign in with.
    username: Option<String>,
    /// Name for people.
    display_name: Option<String>,
    /// Mail address; an empty one removes it.
    email: Option<String>,
    /// Whether the user may sign in. Switching off ends all sessions and API tokens at once.
    active: Option<bool>,
}

/// Roles for a user.
#[derive(InputObject)]
struct SetUserRolesInput {
    /// User.
    id: ID,
    /// Version that you saw.
    version: i64,
    /// All roles that the user is to have.
    roles: Vec<Role>,
}

/// A password for a user.
#[derive(InputObject)]
struct SetUserPasswordInput {
    /// User.
    id: ID,
    /// New password, 12 to 128 characters.
    #[graphql(secret)]
    password: String,
}

/// A group to add.
#[derive(InputObject)]
struct CreateGroupInput {
    /// Name, unique.
    name: String,
}

/// A new name for a group.
#[derive(InputObject)]
struct RenameGroupInput {
    /// Group.
    id: ID,
    /// Version that you saw.
    version: i64,
    /// New name.
    name: String,
}

/// Which group to remove.
#[derive(InputObject)]
struct DeleteGroupInput {
    /// Group.
    id: ID,
    /// Version that you saw.
    version: i64,
}

/// Users to put into a group and to take out of it.
#[derive(InputObject)]
struct ChangeMembersInput {
    /// Group.
    group_id: ID,
    /// Users to put in; those who are in it already stay.
    #[graphql(default)]
    add: Vec<ID>,
    /// Users to take out; those who are not in it stay out.
    #[graphql(default)]
    remove: Vec<ID>,
}

/// A user that was added or changed.
#[derive(SimpleObject)]
struct UserPayload {
    /// The user.
    user: User,
}

/// A group that was added or changed.
#[derive(SimpleObject)]
struct GroupPayload {
    /// The group.
    group: Group,
}

/// Members of a group.
#[derive(SimpleObject)]
struct MembersPayload {
    /// Group.
    group_id: ID,
    /// Its members.
    member_ids: Vec<ID>,
}
