//! `_connections`: where target databases are, with their secrets sealed.

use quillback_plugin_api::Value;
use quillback_plugin_api::batch::{Batch, Expect};
use quillback_plugin_api::civil::Timestamp;
use quillback_plugin_api::remote::RemoteInstance;
use quillback_plugin_api::sql::{Expr, Select};

use super::{Record, Table, is, select, to_json};
use crate::error::{Error, Result};
use crate::ids::ConnectionId;

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

/// Adds a connection.
pub fn insert_connection(batch: &mut Batch, connection: &Connection) -> Result<()> {
    batch.write(CONNECTIONS.insert(&[values(connection)?]), Expect::Rows(1));
    Ok(())
}

/// Replaces a connection whose version is still `seen`.
pub fn update_connection(batch: &mut Batch, connection: &Connection, seen: i64) -> Result<()> {
    let set = CONNECTIONS
        .columns
        .iter()
        .copied()
        .zip(values(connection)?)
        .skip(1)
        .collect();
    let filter = is("id", &connection.id).and(is("version", seen));
    batch.write(CONNECTIONS.update(set, filter), Expect::Rows(1));
    Ok(())
}

/// Removes a connection whose version is still `seen`.
pub fn delete_connection(batch: &mut Batch, id: &ConnectionId, seen: i64) {
    batch.write(
        CONNECTIONS.delete(is("id", id).and(is("version", seen))),
        Expect::Rows(1),
    );
}
