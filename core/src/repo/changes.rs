//! `_changes` and `_audit_rows`: the books of the write path.

use quillback_plugin_api::batch::{Batch, Expect};
use quillback_plugin_api::civil::Timestamp;
use quillback_plugin_api::remote::RemoteInstance;
use quillback_plugin_api::sql::{Compare, Direction, Expr, Order, Select};
use quillback_plugin_api::{Ident, Value};
use serde_json::Value as Json;

use super::{Record, Table, is, parse_json, select, to_json};
use crate::audit::{ChangeForm, MacKeys, RowForm};
use crate::error::{Error, Result};
use crate::ids::{ChangeId, ConnectionId, SchemaId, UserId};
use crate::plan::Purpose;

const CHANGES: Table = Table {
    name: "_changes",
    columns: &[
        "id",
        "schema_id",
        "connection_id",
        "user_id",
        "state",
        "digest",
        "marked",
        "verified",
        "row_count",
        "plan",
        "outcome",
        "opened_at",
        "closed_at",
        "purpose",
        "reverts",
    ],
};
pub(super) const AUDIT_ROWS: Table = Table {
    name: "_audit_rows",
    columns: &[
        "change_id",
        "position",
        "schema_id",
        "key_hash",
        "row_key",
        "action",
        "before",
        "after",
        "user_id",
        "at",
        "mac",
    ],
};

/// What is known of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Written down, not yet answered by the target.
    Open,
    /// It took effect.
    Applied,
    /// It was refused; nothing took effect.
    Rejected,
    /// It was lost on the way and can never take effect any more.
    Abandoned,
    /// It is not known whether it took effect, and the target has no marker to ask.
    Unknown,
}

impl State {
    const ALL: [Self; 5] = [
        Self::Open,
        Self::Applied,
        Self::Rejected,
        Self::Abandoned,
        Self::Unknown,
    ];

    /// The name in the repository.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Applied => "applied",
            Self::Rejected => "rejected",
            Self::Abandoned => "abandoned",
            Self::Unknown => "unknown",
        }
    }

    pub(super) fn parse(name: &str) -> Result<Self> {
        let known = Self::ALL.into_iter().find(|state| state.as_str() == name);
        known.ok_or_else(|| Error::Internal("a stored state is unknown".into()))
    }
}

/// A change as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Identifier that the client chose.
    pub id: ChangeId,
    /// Schema.
    pub schema: SchemaId,
    /// Connection.
    pub connection: ConnectionId,
    /// Who.
    pub user: UserId,
    /// What is known.
    pub state: State,
    /// SHA-256 of what was asked for.
    pub digest: String,
    /// Whether the target writes a marker with it.
    pub marked: bool,
    /// Whether the identity was proved and not only claimed.
    pub verified: bool,
    /// Number of row changes asked for.
    pub row_count: i64,
    /// What was asked for, enough to write the audit trail when the answer was lost; JSON text, `null` once it is settled.
    pub plan: String,
    /// What came of it.
    pub outcome: Option<Json>,
    /// When it was written down.
    pub opened_at: Timestamp,
    /// When it was settled.
    pub closed_at: Option<Timestamp>,
    /// What it is for.
    pub purpose: Purpose,
}

fn record(record: &mut Record<'_>) -> Result<Change> {
    Ok(Change {
        id: ChangeId::stored(record.text()?),
        schema: SchemaId::stored(record.text()?),
        connection: ConnectionId::stored(record.text()?),
        user: UserId::stored(record.text()?),
        state: State::parse(&record.text()?)?,
        digest: record.text()?,
        marked: record.flag()?,
        verified: record.flag()?,
        row_count: record.number()?,
        plan: record.text()?,
        outcome: record
            .optional_text()?
            .map(|text| parse_json(&text))
            .transpose()?,
        opened_at: record.moment()?,
        closed_at: record.optional_moment()?,
        purpose: {
            let name = record.optional_text()?;
            let earlier = record.optional_text()?.map(ChangeId::stored);
            Purpose::stored(name.as_deref(), earlier)?
        },
    })
}

/// Writes a change down.
pub fn insert_change(batch: &mut Batch, change: &Change) -> Result<()> {
    let values = vec![
        (&change.id).into(),
        (&change.schema).into(),
        (&change.connection).into(),
        (&change.user).into(),
        change.state.as_str().into(),
        change.digest.as_str().into(),
        change.marked.into(),
        change.verified.into(),
        change.row_count.into(),
        change.plan.as_str().into(),
        change.outcome.as_ref().map(to_json).transpose()?.into(),
        Value::Instant(change.opened_at),
        change.closed_at.map_or(Value::Null, Value::Instant),
        change.purpose.as_str().into(),
        change.purpose.earlier().map(Value::from).into(),
    ];
    batch.write(CHANGES.insert(&[values]), Expect::Rows(1));
    Ok(())
}

/// How a change is settled.
#[derive(Clone, Debug)]
pub struct Closing<'a> {
    /// What is known now.
    pub state: State,
    /// What came of it, as JSON text.
    pub outcome: &'a str,
    /// When.
    pub at: Timestamp,
    /// Rows of it that the same batch adds to the audit trail.
    pub audited: usize,
}

/// Settles a change; refused when it is not in the state any more in which it was read, because someone else settled it
/// first. What was planned is needed no longer then, unless a person must find out what became of it.
pub fn close_change(
    batch: &mut Batch,
    keys: &MacKeys,
    change: &Change,
    closing: &Closing<'_>,
) -> Result<()> {
    let audited = i64::try_from(closing.audited).unwrap_or(i64::MAX);
    let form = ChangeForm {
        id: change.id.as_str(),
        schema: change.schema.as_str(),
        connection: change.connection.as_str(),
        user: change.user.as_str(),
        state: closing.state.as_str(),
        digest: &change.digest,
        marked: change.marked,
        verified: change.verified,
        row_count: change.row_count,
        outcome: Some(closing.outcome),
        opened_at: change.opened_at,
        closed_at: Some(closing.at),
        purpose: change.purpose.as_str(),
        reverts: change.purpose.earlier().map(ChangeId::as_str),
        audited,
    };
    let mac = keys.sign(&form.form());
    let mut set = vec![
        ("state", closing.state.as_str().into()),
        ("outcome", closing.outcome.into()),
        ("closed_at", Value::Instant(closing.at)),
        ("audited", audited.into()),
        ("mac", mac.into()),
    ];
    if closing.state != State::Unknown {
        set.push(("plan", "null".into()));
    }
    let filter = is("id", &change.id).and(is("state", change.state.as_str()));
    batch.write(CHANGES.update(set, filter), Expect::Rows(1));
    Ok(())
}

/// The change, if it was ever written down.
pub async fn find_change(repo: &RemoteInstance, id: &ChangeId) -> Result<Option<Change>> {
    Ok(select(repo, CHANGES.select(is("id", id)), record)
        .await?
        .pop())
}

/// Open changes that were written down before `before`, oldest first.
pub async fn list_open_changes(
    repo: &RemoteInstance,
    before: Timestamp,
    limit: u64,
) -> Result<Vec<Change>> {
    let opened = Expr::compare(
        &Ident::literal("opened_at"),
        Compare::Lt,
        Value::Instant(before),
    );
    let filter = is("state", State::Open.as_str()).and(opened);
    select(
        repo,
        Select {
            limit: Some(limit),
            ..CHANGES.select_by(filter, "opened_at")
        },
        record,
    )
    .await
}

/// One row of a change in the audit trail.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditRow {
    /// Change.
    pub change: ChangeId,
    /// Position of the row in it.
    pub position: i64,
    /// Schema.
    pub schema: SchemaId,
    /// SHA-256 of the key's JSON.
    pub key_hash: String,
    /// Key, as JSON object.
    pub key: Json,
    /// `add`, `edit` or `delete`.
    pub action: String,
    /// Values before; missing for an add, and for a change whose answer was lost.
    pub before: Option<Json>,
    /// Values after; missing for a delete.
    pub after: Option<Json>,
    /// Who.
    pub user: UserId,
    /// When.
    pub at: Timestamp,
}

/// Adds rows to the audit trail.
pub fn insert_audit_rows(batch: &mut Batch, keys: &MacKeys, rows: &[AuditRow]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let records = rows
        .iter()
        .map(|row| audit_values(keys, row))
        .collect::<Result<Vec<_>>>()?;
    batch.write(AUDIT_ROWS.insert(&records), Expect::Rows(rows.len() as u64));
    Ok(())
}

fn audit_values(keys: &MacKeys, row: &AuditRow) -> Result<Vec<Value>> {
    let key = to_json(&row.key)?;
    let before = row.before.as_ref().map(to_json).transpose()?;
    let after = row.after.as_ref().map(to_json).transpose()?;
    let form = RowForm {
        change: row.change.as_str(),
        position: row.position,
        schema: row.schema.as_str(),
        key_hash: &row.key_hash,
        key: &key,
        action: &row.action,
        before: before.as_deref(),
        after: after.as_deref(),
        user: row.user.as_str(),
        at: row.at,
    };
    let mac = keys.sign(&form.form());
    Ok(vec![
        (&row.change).into(),
        row.position.into(),
        (&row.schema).into(),
        row.key_hash.as_str().into(),
        key.into(),
        row.action.as_str().into(),
        before.into(),
        after.into(),
        (&row.user).into(),
        Value::Instant(row.at),
        mac.into(),
    ])
}

pub(super) fn audit_record(record: &mut Record<'_>) -> Result<AuditRow> {
    let json = |text: Option<String>| text.map(|text| parse_json(&text)).transpose();
    Ok(AuditRow {
        change: ChangeId::stored(record.text()?),
        position: record.number()?,
        schema: SchemaId::stored(record.text()?),
        key_hash: record.text()?,
        key: record.json()?,
        action: record.text()?,
        before: json(record.optional_text()?)?,
        after: json(record.optional_text()?)?,
        user: UserId::stored(record.text()?),
        at: record.moment()?,
    })
}

/// Which part of the audit trail to read.
#[derive(Clone, Debug)]
pub struct AuditFilter<'a> {
    /// Schema.
    pub schema: &'a SchemaId,
    /// Only this row.
    pub key_hash: Option<&'a str>,
    /// Only this change.
    pub change: Option<&'a ChangeId>,
    /// Entries to pass over.
    pub offset: u64,
    /// Most entries.
    pub limit: u64,
}

/// Entries of the audit trail, newest first.
pub async fn list_audit_rows(
    repo: &RemoteInstance,
    filter: &AuditFilter<'_>,
) -> Result<Vec<AuditRow>> {
    let mut condition = is("schema_id", filter.schema);
    if let Some(hash) = filter.key_hash {
        condition = condition.and(is("key_hash", hash));
    }
    if let Some(change) = filter.change {
        condition = condition.and(is("change_id", change));
    }
    let by = |column, direction| Order {
        column: Ident::literal(column),
        direction,
        nullable: false,
    };
    let order = vec![
        by("at", Direction::Desc),
        by("change_id", Direction::Desc),
        by("position", Direction::Asc),
    ];
    let read = Select {
        order,
        limit: Some(filter.limit),
        offset: filter.offset,
        ..AUDIT_ROWS.select(condition)
    };
    select(repo, read, audit_record).await
}
