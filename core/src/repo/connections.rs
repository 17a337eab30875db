//! `_connections` and `_connection_groups`: where target databases are, with their secrets sealed, and whose they are.

use quillback_plugin_api::batch::{Batch, Expect};
use quillback_plugin_api::civil::Timestamp;
use quillback_plugin_api::remote::RemoteInstance;
use quillback_plugin_api::sql::{Expr, Select};
use quillback_plugin_api::{Ident, Value};

use super::{Record, Table, is, one_text, read, records, select, to_json};
use crate::error::{Error, Result};
use crate::ids::{ConnectionId, GroupId};
use crate::permit::{Homes, ManageConnections, Within};

const CONNECTIONS: Table = Table {
    name: "_connections",
    columns: &[
        "id",
        "name",
        "name_key",
        "driver",
        "options",
        "secrets",
        "marker",
        "version",
        "created_at",
        "updated_at",
    ],
};

const GROUPS: Table = Table {
    name: "_connection_groups",
    columns: &["connection_id", "group_id"],
};

/// A connection as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Connection {
    /// Identifier.
    pub id: ConnectionId,
    /// Name for people, unique whatever the case.
    pub name: String,
    /// Driver.
    pub driver: String,
    /// Options that are no secrets.
    pub options: serde_json::Map<String, serde_json::Value>,
    /// Options that are secrets, as one sealed JSON object.
    pub secrets: Option<String>,
    /// Whether changes write a marker row in the target.
    pub marker: bool,
    /// Grows with every edit.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What makes two names the same.
pub(crate) fn name_key(name: &str) -> String {
    name.trim().to_lowercase()
}

fn record(record: &mut Record<'_>) -> Result<Connection> {
    let id = ConnectionId::stored(record.text()?);
    let name = record.text()?;
    record.text()?;
    Ok(Connection {
        id,
        name,
        driver: record.text()?,
        options: record.json()?,
        secrets: record.optional_text()?,
        marker: record.flag()?,
        version: record.number()?,
        created_at: record.moment()?,
        updated_at: record.moment()?,
    })
}

fn values(connection: &Connection) -> Result<Vec<Value>> {
    Ok(vec![
        (&connection.id).into(),
        connection.name.as_str().into(),
        name_key(&connection.name).into(),
        connection.driver.as_str().into(),
        to_json(&connection.options)?.into(),
        connection.secrets.clone().into(),
        connection.marker.into(),
        connection.version.into(),
        Value::Instant(connection.created_at),
        Value::Instant(connection.updated_at),
    ])
}

/// The statement that reads one connection.
pub(crate) fn one(id: &ConnectionId) -> Select {
    CONNECTIONS.select(is("id", id))
}

/// Reads the answer of [`one`].
pub(crate) fn from_outcome(
    outcome: &quillback_plugin_api::batch::StepOutcome,
) -> Result<Option<Connection>> {
    Ok(super::records(outcome, record)?.pop())
}

/// The connection, if there is one.
pub async fn find_connection(
    repo: &RemoteInstance,
    id: &ConnectionId,
) -> Result<Option<Connection>> {
    Ok(select(repo, one(id), record).await?.pop())
}

/// The connection.
///
/// # Errors
/// `NotFound` when there is none.
pub async fn get_connection(repo: &RemoteInstance, id: &ConnectionId) -> Result<Connection> {
    find_connection(repo, id)
        .await?
        .ok_or(Error::NotFound("connection"))
}

/// All connections by name.
pub async fn list_connections(repo: &RemoteInstance) -> Result<Vec<Connection>> {
    select(repo, CONNECTIONS.select_by(Expr::True, "name_key"), record).await
}

/// A connection with its groups, in one exchange.
///
/// # Errors
/// `NotFound` when there is none.
pub async fn get_with_groups(
    repo: &RemoteInstance,
    id: &ConnectionId,
) -> Result<(Connection, Vec<GroupId>)> {
    let groups = GROUPS.column("group_id", is("connection_id", id));
    let outcomes = read(repo, vec![one(id), groups]).await?;
    let [found, groups] = outcomes.as_slice() else {
        return Err(Error::NotFound("connection"));
    };
    let connection = from_outcome(found)?.ok_or(Error::NotFound("connection"))?;
    let groups = records(groups, one_text)?;
    Ok((
        connection,
        groups.into_iter().map(GroupId::stored).collect(),
    ))
}

/// The connections that belong to one of these groups, by name.
pub async fn list_connections_of(
    repo: &RemoteInstance,
    groups: &[GroupId],
) -> Result<Vec<Connection>> {
    let of_groups = Expr::In {
        column: Ident::literal("group_id"),
        values: groups.iter().map(Value::from).collect(),
    };
    let filter = Expr::InSelect {
        column: Ident::literal("id"),
        select: Box::new(GROUPS.column("connection_id", of_groups)),
    };
    select(repo, CONNECTIONS.select_by(filter, "name_key"), record).await
}

/// Which of these connections belong to which groups.
pub async fn list_groups_of(
    repo: &RemoteInstance,
    connections: &[ConnectionId],
) -> Result<Vec<(ConnectionId, GroupId)>> {
    let of_connections = Expr::In {
        column: Ident::literal("connection_id"),
        values: connections.iter().map(Value::from).collect(),
    };
    select(repo, GROUPS.select(of_connections), |record| {
        let connection = ConnectionId::stored(record.text()?);
        Ok((connection, GroupId::stored(record.text()?)))
    })
    .await
}

/// Adds a connection that belongs to these groups.
pub fn insert_connection(batch: &mut Batch, connection: &Connection, homes: &Homes) -> Result<()> {
    batch.write(CONNECTIONS.insert(&[values(connection)?]), Expect::Rows(1));
    insert_groups(batch, &connection.id, homes);
    Ok(())
}

/// Lets a connection belong to exactly these groups.
pub fn replace_groups(
    batch: &mut Batch,
    before: &Within<ManageConnections, Connection>,
    homes: &Homes,
) {
    batch.write(GROUPS.delete(is("connection_id", &before.id)), Expect::Any);
    insert_groups(batch, &before.id, homes);
}

fn insert_groups(batch: &mut Batch, connection: &ConnectionId, homes: &Homes) {
    let groups = homes.groups().iter();
    let rows: Vec<_> = groups
        .map(|group| vec![connection.into(), group.into()])
        .collect();
    if !rows.is_empty() {
        batch.write(GROUPS.insert(&rows), Expect::Rows(rows.len() as u64));
    }
}

/// Replaces a connection whose version is still that of `before`.
pub fn update_connection(
    batch: &mut Batch,
    before: &Within<ManageConnections, Connection>,
    connection: &Connection,
) -> Result<()> {
    let set = CONNECTIONS
        .columns
        .iter()
        .copied()
        .zip(values(connection)?)
        .skip(1)
        .collect();
    let filter = is("id", &before.id).and(is("version", before.version));
    batch.write(CONNECTIONS.update(set, filter), Expect::Rows(1));
    Ok(())
}

/// Removes a connection whose version is still `seen`.
pub fn delete_connection(
    batch: &mut Batch,
    connection: &Within<ManageConnections, Connection>,
    seen: i64,
) {
    let id = &connection.id;
    batch.write(
        CONNECTIONS.delete(is("id", id).and(is("version", seen))),
        Expect::Rows(1),
    );
    batch.write(GROUPS.delete(is("connection_id", id)), Expect::Any);
}
