//! `_outbox`: what is to be told about changes that took effect.

use quillback_plugin_api::batch::{Batch, Expect};
use quillback_plugin_api::civil::Timestamp;
use quillback_plugin_api::remote::RemoteInstance;
use quillback_plugin_api::sql::{Compare, Expr, Select};
use quillback_plugin_api::{Ident, Value};
use serde_json::Value as Json;

use super::{Record, Table, is, select, to_json};
use crate::error::Result;
use crate::ids::{ChangeId, DeliveryId, SchemaId};
use crate::outbox::Topic;

const OUTBOX: Table = Table {
    name: "_outbox",
    columns: &[
        "id",
        "change_id",
        "schema_id",
        "topic",
        "payload",
        "ready_at",
    ],
};

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
    /// What is told; never a value of a row.
    pub payload: Json,
    /// When its change was booked as applied.
    pub ready_at: Timestamp,
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
            to_json(&delivery.payload)?.into(),
            Value::Instant(delivery.ready_at),
        ])
    };
    let records = deliveries.iter().map(values).collect::<Result<Vec<_>>>()?;
    batch.write(OUTBOX.insert(&records), Expect::Rows(records.len() as u64));
    Ok(())
}

fn ready_of(topic: Topic, how: Compare, moment: Timestamp) -> Expr {
    let ready_at = Ident::literal("ready_at");
    is("topic", topic.as_str()).and(Expr::compare(&ready_at, how, Value::Instant(moment)))
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
        payload: record.json()?,
        ready_at: record.moment()?,
    })
}
