//! Effective access: what a user may do, and the groups from which each right comes.

use async_graphql::{Context, ID, Object, Result};
use quillback_core::admin::access::{self, ConnectionAccess as StoredConnection};
use quillback_core::admin::access::{EffectiveAccess as Stored, SchemaAccess as StoredSchema};
use quillback_core::ids::UserId;

use super::people::{Membership, Role};
use super::rights::Action;
use crate::context::Env;
use crate::error::Public;
use crate::scalars::id;

#[derive(Default)]
pub(crate) struct AccessQuery;

#[Object]
impl AccessQuery {
    /// Everything that a user may do, and the groups from which each right comes: yourself, or for user managers a user
    /// of their groups.
    async fn effective_access(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "User; yourself when it is left out.")] user_id: Option<ID>,
    ) -> Result<EffectiveAccess> {
        let user = user_id.map(|id| UserId::parse(&id)).transpose().public()?;
        let found = access::effective(ctx.cx()?, ctx.app()?, user.as_ref()).await;
        Ok(EffectiveAccess(found.public()?))
    }
}

/// Everything that a user may do.
struct EffectiveAccess(Stored);

#[Object]
impl EffectiveAccess {
    /// User.
    async fn user_id(&self) -> ID {
        id(&self.0.person.user.id)
    }

    /// Name to sign in with.
    async fn username(&self) -> &str {
        &self.0.person.user.username
    }

    /// Whether the user may sign in; if not, the rest is what it would be.
    async fn active(&self) -> bool {
        self.0.person.user.active
    }

    /// Roles in the console.
    async fn roles(&self) -> Vec<Role> {
        let roles = self.0.person.roles.iter();
        roles.copied().map(Role::from).collect()
    }

    /// Groups, "everyone" included.
    async fn groups(&self) -> Vec<Membership> {
        self.0.groups.iter().map(Membership::from).collect()
    }

    /// Whether the user is in more groups, which you may not see: what they give is left out here.
    async fn partial(&self) -> bool {
        self.0.partial
    }

    /// Schemas whose rows the user sees or which the user manages, by label.
    async fn schemas(&self) -> Vec<SchemaAccess> {
        self.0.schemas.iter().cloned().map(SchemaAccess).collect()
    }

    /// Connections that the user sees, by name.
    async fn connections(&self) -> Vec<ConnectionAccess> {
        let all = self.0.connections.iter().cloned();
        all.map(ConnectionAccess).collect()
    }
}

/// Where a right comes from.
struct AccessOrigin(access::Origin);

#[Object]
impl AccessOrigin {
    /// Whether the role of an admin gives it, whatever the groups.
    async fn admin(&self) -> bool {
        self.0.admin
    }

    /// Groups that give it.
    async fn groups(&self) -> Vec<Membership> {
        self.0.groups.iter().map(Membership::from).collect()
    }
}

/// What a user may do with a schema.
struct SchemaAccess(StoredSchema);

#[Object]
impl SchemaAccess {
    /// Schema.
    async fn schema_id(&self) -> ID {
        id(&self.0.schema.id)
    }

    /// Its name for people.
    async fn label(&self) -> &str {
        &self.0.schema.label
    }

    /// What the user may do with its rows.
    async fn actions(&self) -> Vec<ActionAccess> {
        self.0.actions.iter().cloned().map(ActionAccess).collect()
    }

    /// Fields that the user does not see.
    async fn hidden_fields(&self) -> Vec<&str> {
        let fields = self.0.fields.iter().filter(|field| !field.visible);
        fields.map(|field| field.name.as_str()).collect()
    }

    /// Fields that the user sees and does not write.
    async fn read_only_fields(&self) -> Vec<&str> {
        let fields = self.0.fields.iter();
        let fixed = fields.filter(|field| field.visible && !field.writable);
        fixed.map(|field| field.name.as_str()).collect()
    }

    /// Policies of which one must let a row through; with none, every row is seen.
    async fn policy_count(&self) -> usize {
        self.0.policies
    }

    /// By what the user changes the schema itself; nothing when not at all.
    async fn manages(&self) -> Option<AccessOrigin> {
        self.0.manages.clone().map(AccessOrigin)
    }
}

/// Something that a user may do with the rows of a schema.
struct ActionAccess(access::ActionAccess);

#[Object]
impl ActionAccess {
    /// What.
    async fn action(&self) -> Action {
        self.0.action.into()
    }

    /// Where the right comes from.
    async fn origin(&self) -> AccessOrigin {
        AccessOrigin(self.0.from.clone())
    }

    /// Whether it is for rows that the user added only.
    async fn own_rows_only(&self) -> bool {
        self.0.own_only
    }
}

/// What a user may do with a connection.
struct ConnectionAccess(StoredConnection);

#[Object]
impl ConnectionAccess {
    /// Connection.
    async fn connection_id(&self) -> ID {
        id(&self.0.connection.id)
    }

    /// Its name for people.
    async fn name(&self) -> &str {
        &self.0.connection.name
    }

    /// By what the user sees it.
    async fn origin(&self) -> AccessOrigin {
        AccessOrigin(self.0.from.clone())
    }

    /// By what the user changes it; nothing when not at all.
    async fn manages(&self) -> Option<AccessOrigin> {
        self.0.manages.clone().map(AccessOrigin)
    }
}
