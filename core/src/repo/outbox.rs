//! `_outbox`: what is to be told about changes, written down with them.

use quillback_plugin_api::batch::{Batch, Expect};
use quillback_plugin_api::civil::Timestamp;
use quillback_plugin_api::remote::RemoteInstance;
use quillback_plugin_api::sql::{Compare, Expr, Select};
use quillback_plugin_api::{Ident, Value};
use serde_json::Value as Json;

use super::{Record, Table, is, select, to_json};
use crate::error::{Error, Result};
use crate::ids::{ChangeId, DeliveryId, SchemaId};
use crate::outbox::Topic;

const OUTBOX: Table = Table {
    name: "_outbox",
    columns: &[
        "id",
        "change_id",
        "schema_id",
        "topic",
        "state",
        "payload",
        "created_at",
        "ready_at",
    ],
};

/// Whether a delivery may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// Not yet: the outcome of its change is not known.
    Held,
    /// Its change took effect.
    Ready,
}

impl DeliveryState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Ready => "ready",
        }
    }

    fn parse(name: &str) -> Result<Self> {
        match name {
            "held" => Ok(Self::Held),
            "ready" => Ok(Self::Ready),
            _ => Err(Error::Internal("a stored delivery state is unknown".into())),
        }
    }
}

/// Something to be told about a change.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// Identifier.
    pub id: DeliveryId,
    /// Change that it is about.
    pub change: ChangeId,
    /// Schema of the change.
    pub schema: SchemaId,
    /// What it is about the change.
    pub topic: Topic,
    /// Whether it may be made.
    pub state: DeliveryState,
    /// What is told; never a value of a row.
    pub payload: Json,
    /// When it was written down.
    pub created_at: Timestamp,
    /// When its change was booked as applied.
    pub ready_at: Option<Timestamp>,
}

/// Writes deliveries down.
pub fn insert_deliveries(batch: &mut Batch, deliveries: &[Delivery]) -> Result<()> {
    if deliveries.is_empty() {
        return Ok(());
    }
    let values = |delivery: &Delivery| {
        Ok(vec![
            (&delivery.id).into(),
            (&delivery.change).into(),
            (&delivery.schema).into(),
            delivery.topic.as_str().into(),
            delivery.state.as_str().into(),
            to_json(&delivery.payload)?.into(),
            Value::Instant(delivery.created_at),
            delivery.ready_at.map_or(Value::Null, Value::Instant),
        ])
    };
    let records = deliveries.iter().map(values).collect::<Result<Vec<_>>>()?;
    batch.write(OUTBOX.insert(&records), Expect::Rows(records.len() as u64));
    Ok(())
}

fn held_of(change: &ChangeId) -> Expr {
    is("change_id", change).and(is("state", DeliveryState::Held.as_str()))
}

/// The deliveries of a change may be made from now on.
pub fn release_deliveries(batch: &mut Batch, change: &ChangeId, now: Timestamp) {
    let set = vec![
        ("state", DeliveryState::Ready.as_str().into()),
        ("ready_at", Value::Instant(now)),
    ];
    batch.write(OUTBOX.update(set, held_of(change)), Expect::Any);
}

/// The deliveries of a change will never be made.
pub fn delete_held(batch: &mut Batch, change: &ChangeId) {
    batch.write(OUTBOX.delete(held_of(change)), Expect::Any);
}

fn ready_of(topic: Topic, how: Compare, moment: Timestamp) -> Expr {
    let ready_at = Ident::literal("ready_at");
    is("state", DeliveryState::Ready.as_str())
        .and(is("topic", topic.as_str()))
        .and(Expr::compare(&ready_at, how, Value::Instant(moment)))
}

/// Deliveries that became ready at `since` or later, the oldest first.
pub async fn list_ready(
    repo: &RemoteInstance,
    topic: Topic,
    since: Timestamp,
    limit: u64,
) -> Result<Vec<Delivery>> {
    let ready = Select {
        limit: Some(limit),
        ..OUTBOX.select_by(ready_of(topic, Compare::Ge, since), "ready_at")
    };
    select(repo, ready, record).await
}

/// Forgets deliveries that became ready before `before`.
pub fn delete_ready(batch: &mut Batch, topic: Topic, before: Timestamp) {
    batch.write(
        OUTBOX.delete(ready_of(topic, Compare::Lt, before)),
        Expect::Any,
    );
}

/// All deliveries of a change.
pub async fn list_deliveries(repo: &RemoteInstance, change: &ChangeId) -> Result<Vec<Delivery>> {
    select(
        repo,
        OUTBOX.select_by(is("change_id", change), "id"),
        record,
    )
    .await
}

fn record(record: &mut Record<'_>) -> Result<Delivery> {
    Ok(Delivery {
        id: DeliveryId::stored(record.text()?),
        change: ChangeId::stored(record.text()?),
        schema: SchemaId::stored(record.text()?),
        topic: Topic::parse(&record.text()?)?,
        state: DeliveryState::parse(&record.text()?)?,
        payload: record.json()?,
        created_at: record.moment()?,
        ready_at: record.optional_moment()?,
    })
}
