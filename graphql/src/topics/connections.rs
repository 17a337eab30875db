//! Connections to target databases.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use quillback_core::admin::connections::{self, ConnectionDraft};
use quillback_core::admin::probe;
use quillback_core::ids::{ConnectionId, GroupId};
use quillback_core::repo::connections::Connection as Stored;

use crate::context::Env;
use crate::error::Public;
use crate::scalars::{DateTime, Json, id};

#[derive(Default)]
pub(crate) struct ConnectionQuery;

#[Object]
impl ConnectionQuery {
    /// Connections by name, for people who manage connections or schemas: those of your groups, and all for an admin.
    async fn connections(&self, ctx: &Context<'_>) -> Result<Vec<Connection>> {
        let all = connections::list(ctx.cx()?, ctx.app()?).await.public()?;
        with_groups(ctx, all).await
    }

    /// One connection.
    async fn connection(&self, ctx: &Context<'_>, id: ID) -> Result<Connection> {
        let id = ConnectionId::parse(&id).public()?;
        let found = connections::get(ctx.cx()?, ctx.app()?, &id).await;
        with_group(ctx, found.public()?).await
    }
}

#[derive(Default)]
pub(crate) struct ConnectionMutation;

#[Object]
impl ConnectionMutation {
    /// Adds a connection. It is not opened by this: test it first.
    async fn create_connection(
        &self,
        ctx: &Context<'_>,
        input: ConnectionInput,
    ) -> Result<ConnectionPayload> {
        let stored = connections::create(ctx.cx()?, ctx.app()?, input.draft()?)
            .await
            .public()?;
        Ok(ConnectionPayload {
            connection: with_group(ctx, stored).await?,
        })
    }

    /// Changes a connection. Secrets that are left out keep their values, unless the server or the user changes too.
    async fn update_connection(
        &self,
        ctx: &Context<'_>,
        input: UpdateConnectionInput,
    ) -> Result<ConnectionPayload> {
        let id = ConnectionId::parse(&input.id).public()?;
        let draft = input.connection.draft()?;
        let stored = connections::update(ctx.cx()?, ctx.app()?, &id, input.version, draft)
            .await
            .public()?;
        Ok(ConnectionPayload {
            connection: with_group(ctx, stored).await?,
        })
    }

    /// Removes a connection that no schema uses.
    async fn delete_connection(
        &self,
        ctx: &Context<'_>,
        input: DeleteConnectionInput,
    ) -> Result<DeletePayload> {
        let connection = ConnectionId::parse(&input.id).public()?;
        connections::delete(ctx.cx()?, ctx.app()?, &connection, input.version)
            .await
            .public()?;
        Ok(DeletePayload { id: input.id })
    }

    /// Opens a connection and tries what its account may do: make a table, add, read, change and remove a row, drop the
    /// table, and make the marker table. Nothing of the trial stays.
    async fn test_connection(
        &self,
        ctx: &Context<'_>,
        input: TestConnectionInput,
    ) -> Result<ConnectionTest> {
        let (cx, app) = (ctx.cx()?, ctx.app()?);
        let stored = input
            .id
            .map(|id| ConnectionId::parse(&id))
            .transpose()
            .public()?;
        let report = match (stored, input.connection) {
            (stored, Some(draft)) => {
                connections::test_draft(cx, app, stored.as_ref(), draft.draft()?).await
            }
            (Some(stored), None) => connections::test_stored(cx, app, &stored).await,
            (None, None) => Err(quillback_core::Error::invalid(
                "input",
                "REQUIRED",
                "Give the id of a connection, or the connection to test, or both.",
            )),
        };
        Ok(ConnectionTest(report.public()?))
    }
}

/// Connections with the groups that the caller may see, in one read however many there are.
async fn with_groups(ctx: &Context<'_>, all: Vec<Stored>) -> Result<Vec<Connection>> {
    let ids: Vec<ConnectionId> = all.iter().map(|one| one.id.clone()).collect();
    let groups = connections::groups_of(ctx.cx()?, ctx.app()?, &ids)
        .await
        .public()?;
    let connection = |stored: Stored| {
        let own = groups.iter().filter(|(id, _)| *id == stored.id);
        let own = own.map(|(_, group)| group.clone()).collect();
        Connection(stored, own)
    };
    Ok(all.into_iter().map(connection).collect())
}

async fn with_group(ctx: &Context<'_>, stored: Stored) -> Result<Connection> {
    let id = std::slice::from_ref(&stored.id);
    let groups = connections::groups_of(ctx.cx()?, ctx.app()?, id)
        .await
        .public()?;
    let groups = groups.into_iter().map(|(_, group)| group).collect();
    Ok(Connection(stored, groups))
}

/// A connection to a target database.
pub(super) struct Connection(Stored, Vec<GroupId>);

#[Object]
impl Connection {
    /// Identifier.
    async fn id(&self) -> ID {
        id(&self.0.id)
    }

    /// Name for people.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Driver that it uses.
    async fn driver(&self) -> &str {
        &self.0.driver
    }

    /// Options that are no secrets.
    async fn options(&self) -> Json {
        Json(self.0.options.clone().into())
    }

    /// Whether secrets are stored. They are never shown.
    async fn has_secrets(&self) -> bool {
        self.0.secrets.is_some()
    }

    /// Whether each change writes a marker row into the target database, so that a lost answer can be settled.
    async fn marker(&self) -> bool {
        self.0.marker
    }

    /// Groups that it belongs to, of those that you may see. Their connection managers change it, their schema managers
    /// make schemas on it.
    async fn group_ids(&self) -> Vec<ID> {
        self.1.iter().map(id).collect()
    }

    /// Grows with every edit; name it when you change or remove the connection.
    async fn version(&self) -> i64 {
        self.0.version
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it was last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }
}

/// A connection to add, or what one is to become.
#[derive(InputObject)]
struct ConnectionInput {
    /// Name for people, unique.
    name: String,
    /// Driver, by its id.
    driver: String,
    /// Options by the driver's JSON Schema, secrets included.
    options: Json,
    /// Whether each change writes a marker row into the target database.
    #[graphql(default = true)]
    marker: bool,
    /// Groups that it belongs to: your own ones, any for an admin. Left out, an edit keeps them, and a new connection
    /// belongs to your only group; of an admin it belongs to none, so that only admins see it. Groups that you may not
    /// see keep it.
    group_ids: Option<Vec<ID>>,
}

impl ConnectionInput {
    fn draft(self) -> Result<ConnectionDraft> {
        let options = self.options.into_object("options")?;
        Ok(ConnectionDraft {
            name: self.name,
            driver: self.driver,
            options,
            marker: self.marker,
            groups: self.group_ids.as_deref().map(group_ids).transpose()?,
        })
    }
}

/// Reads identifiers of groups.
pub(super) fn group_ids(ids: &[ID]) -> Result<Vec<GroupId>> {
    let ids = ids.iter().map(|id| GroupId::parse(id));
    ids.collect::<quillback_core::Result<_>>().public()
}

/// A change of a connection.
#[derive(InputObject)]
struct UpdateConnectionInput {
    /// Connection.
    id: ID,
    /// Version that you saw.
    version: i64,
    /// What it is to become.
    connection: ConnectionInput,
}

/// Which connection to remove.
#[derive(InputObject)]
struct DeleteConnectionInput {
    /// Connection.
    id: ID,
    /// Version that you saw.
    version: i64,
}

/// Which connection to test: a stored one, one that is not stored yet, or what a stored one is to become.
#[derive(InputObject)]
struct TestConnectionInput {
    /// Stored connection; secrets that `connection` leaves out are taken from it.
    id: Option<ID>,
    /// Connection as it is to be tested.
    connection: Option<ConnectionInput>,
}

/// A connection that was added or changed.
#[derive(SimpleObject)]
struct ConnectionPayload {
    /// The connection.
    connection: Connection,
}

/// Something that was removed.
#[derive(SimpleObject)]
pub(super) struct DeletePayload {
    /// Identifier it had.
    pub(super) id: ID,
}

/// What the test of a connection found.
struct ConnectionTest(probe::TestReport);

#[Object]
impl ConnectionTest {
    /// Whether everything went well.
    async fn ok(&self) -> bool {
        self.0.is_ok()
    }

    /// Milliseconds that the server took to answer.
    async fn milliseconds(&self) -> u64 {
        self.0.milliseconds
    }

    /// Product name, as the server says it; missing when no server answered.
    async fn product(&self) -> Option<&str> {
        self.0.server.as_ref().map(|server| server.product.as_str())
    }

    /// Version, as the server says it.
    async fn server_version(&self) -> Option<&str> {
        self.0.server.as_ref().map(|server| server.version.as_str())
    }

    /// Code of what went wrong; missing when all is well.
    async fn code(&self) -> Option<&'static str> {
        self.0.code
    }

    /// What was tried, in order.
    async fn checks(&self) -> Vec<ConnectionCheck> {
        let check = |check: &probe::Check| ConnectionCheck {
            name: check.name,
            problem: check.problem.clone(),
        };
        self.0.checks.iter().map(check).collect()
    }
}

/// One thing that the test of a connection tried.
#[derive(SimpleObject)]
struct ConnectionCheck {
    /// What was tried: `connect`, `create_table`, `insert`, `update`, `delete`, `drop_table`, `marker`.
    name: &'static str,
    /// What the database said against it; missing when it went well.
    problem: Option<String>,
}
