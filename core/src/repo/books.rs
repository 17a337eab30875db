//! The books as they are sealed and verified: every column of changes, their rows and events as it is stored.

use quillback_plugin_api::civil::Timestamp;
use quillback_plugin_api::remote::RemoteInstance;
use quillback_plugin_api::sql::{Compare, Direction, Expr, Order, Select};
use quillback_plugin_api::{Ident, Value};

use super::changes::AUDIT_ROWS;
use super::{Record, Table, is, one_text, select};
use crate::audit::{ChangeForm, EventForm, Form, RowForm};
use crate::error::Result;

pub(super) const CHANGES: Table = Table {
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
        "outcome",
        "opened_at",
        "closed_at",
        "purpose",
        "reverts",
        "audited",
        "mac",
    ],
};
pub(super) const EVENTS: Table = Table {
    name: "_audit_events",
    columns: &[
        "id",
        "at",
        "user_id",
        "action",
        "subject_type",
        "subject_id",
        "details",
        "mac",
    ],
};
/// A change as it is booked.
pub(crate) struct BookedChange {
    pub(crate) id: String,
    schema: String,
    connection: String,
    user: String,
    pub(crate) state: String,
    digest: String,
    marked: bool,
    verified: bool,
    pub(crate) row_count: i64,
    outcome: Option<String>,
    opened_at: Timestamp,
    closed_at: Option<Timestamp>,
    purpose: Option<String>,
    reverts: Option<String>,
    pub(crate) audited: Option<i64>,
    pub(crate) mac: Option<String>,
}

/// A row of a change as it is booked.
pub(crate) struct BookedRow {
    pub(crate) change: String,
    pub(crate) position: i64,
    schema: String,
    key_hash: String,
    key: String,
    action: String,
    before: Option<String>,
    after: Option<String>,
    user: String,
    at: Timestamp,
    pub(crate) mac: Option<String>,
}

/// An entry of the administrative audit trail as it is booked.
pub(crate) struct BookedEvent {
    pub(crate) id: String,
    at: Timestamp,
    user: Option<String>,
    action: String,
    subject_type: String,
    subject_id: Option<String>,
    details: String,
    pub(crate) mac: Option<String>,
}

impl BookedChange {
    pub(crate) fn form(&self) -> Form {
        ChangeForm {
            id: &self.id,
            schema: &self.schema,
            connection: &self.connection,
            user: &self.user,
            state: &self.state,
            digest: &self.digest,
            marked: self.marked,
            verified: self.verified,
            row_count: self.row_count,
            outcome: self.outcome.as_deref(),
            opened_at: self.opened_at,
            closed_at: self.closed_at,
            purpose: self.purpose.as_deref(),
            reverts: self.reverts.as_deref(),
            audited: self.audited.unwrap_or(-1),
        }
        .form()
    }
}

impl BookedRow {
    pub(crate) fn form(&self) -> Form {
        RowForm {
            change: &self.change,
            position: self.position,
            schema: &self.schema,
            key_hash: &self.key_hash,
            key: &self.key,
            action: &self.action,
            before: self.before.as_deref(),
            after: self.after.as_deref(),
            user: &self.user,
            at: self.at,
        }
        .form()
    }
}

impl BookedEvent {
    pub(crate) fn form(&self) -> Form {
        EventForm {
            id: &self.id,
            at: self.at,
            user: self.user.as_deref(),
            action: &self.action,
            subject_type: &self.subject_type,
            subject_id: self.subject_id.as_deref(),
            details: &self.details,
        }
        .form()
    }
}

fn change(record: &mut Record<'_>) -> Result<BookedChange> {
    Ok(BookedChange {
        id: record.text()?,
        schema: record.text()?,
        connection: record.text()?,
        user: record.text()?,
        state: record.text()?,
        digest: record.text()?,
        marked: record.flag()?,
        verified: record.flag()?,
        row_count: record.number()?,
        outcome: record.optional_text()?,
        opened_at: record.moment()?,
        closed_at: record.optional_moment()?,
        purpose: record.optional_text()?,
        reverts: record.optional_text()?,
        audited: record.optional_number()?,
        mac: record.optional_text()?,
    })
}

fn row(record: &mut Record<'_>) -> Result<BookedRow> {
    Ok(BookedRow {
        change: record.text()?,
        position: record.number()?,
        schema: record.text()?,
        key_hash: record.text()?,
        key: record.text()?,
        action: record.text()?,
        before: record.optional_text()?,
        after: record.optional_text()?,
        user: record.text()?,
        at: record.moment()?,
        mac: record.optional_text()?,
    })
}

fn event(record: &mut Record<'_>) -> Result<BookedEvent> {
    Ok(BookedEvent {
        id: record.text()?,
        at: record.moment()?,
        user: record.optional_text()?,
        action: record.text()?,
        subject_type: record.text()?,
        subject_id: record.optional_text()?,
        details: record.text()?,
        mac: record.optional_text()?,
    })
}

/// Which records of a table of the books to read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Covered {
    /// Those that this seal covers.
    By(i64),
    /// Those that none covers.
    ByNone,
}

impl Covered {
    pub(super) fn filter(self) -> Expr {
        match self {
            Self::By(seq) => is("seal", seq),
            Self::ByNone => Expr::IsNull(Ident::literal("seal")),
        }
    }
}

fn behind(column: &'static str, after: Option<&str>) -> Expr {
    after.map_or(Expr::True, |after| {
        Expr::compare(&Ident::literal(column), Compare::Gt, after)
    })
}

/// At most `limit` changes in the order of their ids, from behind `after` on.
pub(crate) async fn list_changes(
    repo: &RemoteInstance,
    covered: Covered,
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<BookedChange>> {
    let read = Select {
        limit: Some(limit),
        ..CHANGES.select_by(covered.filter().and(behind("id", after)), "id")
    };
    select(repo, read, change).await
}

/// At most `limit` entries in the order of their ids, from behind `after` on.
pub(crate) async fn list_events(
    repo: &RemoteInstance,
    covered: Covered,
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<BookedEvent>> {
    let read = Select {
        limit: Some(limit),
        ..EVENTS.select_by(covered.filter().and(behind("id", after)), "id")
    };
    select(repo, read, event).await
}

/// Settled changes and entries that no seal covers yet, with a keyed hash or without one.
pub(crate) async fn list_unsealed(
    repo: &RemoteInstance,
    has_mac: bool,
    limit: u64,
) -> Result<(Vec<BookedChange>, Vec<BookedEvent>)> {
    let missing = Expr::IsNull(Ident::literal("mac"));
    let mac = if has_mac { missing.negate() } else { missing };
    let filter = Covered::ByNone.filter().and(mac);
    let settled = Expr::In {
        column: Ident::literal("state"),
        values: ["applied", "rejected", "abandoned"].map(Value::from).into(),
    };
    let read = Select {
        limit: Some(limit),
        ..CHANGES.select(filter.clone().and(settled))
    };
    let changes = select(repo, read, change).await?;
    let read = Select {
        limit: Some(limit),
        ..EVENTS.select(filter)
    };
    Ok((changes, select(repo, read, event).await?))
}

/// At most `limit` audit rows of these changes in the order of change and position, from behind `after` on.
pub(crate) async fn list_rows(
    repo: &RemoteInstance,
    changes: &[&str],
    after: Option<(&str, i64)>,
    limit: u64,
) -> Result<Vec<BookedRow>> {
    let mut filter = Expr::In {
        column: Ident::literal("change_id"),
        values: changes.iter().map(|id| Value::from(*id)).collect(),
    };
    if let Some((change, position)) = after {
        let (id, at) = (Ident::literal("change_id"), Ident::literal("position"));
        let same = Expr::eq(&id, change).and(Expr::compare(&at, Compare::Gt, position));
        let start = Expr::compare(&id, Compare::Ge, change);
        let later = Expr::compare(&id, Compare::Gt, change);
        filter = filter.and(start).and(Expr::Or(vec![same, later]));
    }
    let mut read = AUDIT_ROWS.select_by(filter.clone(), "change_id");
    read.order
        .extend(AUDIT_ROWS.select_by(filter, "position").order);
    read.limit = Some(limit);
    select(repo, read, row).await
}

/// At most `limit` changes that audit rows name, in the order of their ids, from behind `after` on.
pub(crate) async fn list_named_changes(
    repo: &RemoteInstance,
    after: &str,
    limit: u64,
) -> Result<Vec<String>> {
    let id = Ident::literal("change_id");
    let order = Order {
        column: id.clone(),
        direction: Direction::Asc,
        nullable: false,
    };
    let read = Select {
        distinct: true,
        order: vec![order],
        limit: Some(limit),
        ..AUDIT_ROWS.column("change_id", Expr::compare(&id, Compare::Gt, after))
    };
    select(repo, read, one_text).await
}

/// Those of these changes that are there.
pub(crate) async fn list_known_changes(
    repo: &RemoteInstance,
    ids: &[String],
) -> Result<Vec<String>> {
    let these = Expr::In {
        column: Ident::literal("id"),
        values: ids.iter().map(|id| Value::from(id.as_str())).collect(),
    };
    select(repo, CHANGES.column("id", these), one_text).await
}

/// Some changes and entries that name a seal behind `last`, or one before the first.
pub(crate) async fn list_strays(
    repo: &RemoteInstance,
    last: i64,
    limit: u64,
) -> Result<(Vec<BookedChange>, Vec<BookedEvent>)> {
    let seal = Ident::literal("seal");
    let filter = Expr::Or(vec![
        Expr::compare(&seal, Compare::Gt, last),
        Expr::compare(&seal, Compare::Lt, 1),
    ]);
    let read = Select {
        limit: Some(limit),
        ..CHANGES.select_by(filter.clone(), "id")
    };
    let changes = select(repo, read, change).await?;
    let read = Select {
        limit: Some(limit),
        ..EVENTS.select_by(filter, "id")
    };
    Ok((changes, select(repo, read, event).await?))
}
