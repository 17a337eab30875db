//! `_audit_seals`: the chain over the books, and what a seal does to the records that it covers.

use quillback_plugin_api::batch::{Batch, Expect};
use quillback_plugin_api::civil::Timestamp;
use quillback_plugin_api::remote::RemoteInstance;
use quillback_plugin_api::sql::{Compare, Direction, Expr, Select};
use quillback_plugin_api::{Ident, Value};

use super::books::{CHANGES, Covered, EVENTS};
use super::changes::AUDIT_ROWS;
use super::{Record, Table, is, select};
use crate::error::Result;

const SEALS: Table = Table {
    name: "_audit_seals",
    columns: &[
        "seq",
        "sealed_at",
        "previous",
        "hash",
        "contents",
        "retired_at",
    ],
};
/// Identifiers in one condition.
const IDS: usize = 400;

/// A seal: what was in the books at a moment, and the hash that links it to the seal before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seal {
    pub(crate) seq: i64,
    pub(crate) sealed_at: Timestamp,
    pub(crate) previous: String,
    pub(crate) hash: String,
    pub(crate) contents: String,
    pub(crate) retired_at: Option<Timestamp>,
}

fn seal(record: &mut Record<'_>) -> Result<Seal> {
    Ok(Seal {
        seq: record.number()?,
        sealed_at: record.moment()?,
        previous: record.text()?,
        hash: record.text()?,
        contents: record.text()?,
        retired_at: record.optional_moment()?,
    })
}

/// The newest seal.
pub(crate) async fn find_newest_seal(repo: &RemoteInstance) -> Result<Option<Seal>> {
    let mut read = SEALS.select_by(Expr::True, "seq");
    for order in &mut read.order {
        order.direction = Direction::Desc;
    }
    read.limit = Some(1);
    Ok(select(repo, read, seal).await?.pop())
}

/// The seal of this number.
pub(crate) async fn find_seal(repo: &RemoteInstance, seq: i64) -> Result<Option<Seal>> {
    Ok(select(repo, SEALS.select(is("seq", seq)), seal)
        .await?
        .pop())
}

/// At most `limit` seals in their order, from behind `after` on.
pub(crate) async fn list_seals(repo: &RemoteInstance, after: i64, limit: u64) -> Result<Vec<Seal>> {
    let filter = Expr::compare(&Ident::literal("seq"), Compare::Gt, after);
    let read = Select {
        limit: Some(limit),
        ..SEALS.select_by(filter, "seq")
    };
    select(repo, read, seal).await
}

/// The oldest seals from before `before` whose records are still there.
pub(crate) async fn list_seals_before(
    repo: &RemoteInstance,
    before: Timestamp,
    limit: u64,
) -> Result<Vec<Seal>> {
    let old = Expr::compare(
        &Ident::literal("sealed_at"),
        Compare::Lt,
        Value::Instant(before),
    );
    let filter = Expr::IsNull(Ident::literal("retired_at")).and(old);
    let read = Select {
        limit: Some(limit),
        ..SEALS.select_by(filter, "seq")
    };
    select(repo, read, seal).await
}

/// Adds a seal and marks what it covers.
pub(crate) fn insert_seal(batch: &mut Batch, seal: &Seal, changes: &[&str], events: &[&str]) {
    let values = vec![
        seal.seq.into(),
        Value::Instant(seal.sealed_at),
        seal.previous.as_str().into(),
        seal.hash.as_str().into(),
        seal.contents.as_str().into(),
        seal.retired_at.map_or(Value::Null, Value::Instant),
    ];
    batch.write(SEALS.insert(&[values]), Expect::Rows(1));
    for (table, ids) in [(&CHANGES, changes), (&EVENTS, events)] {
        for ids in ids.chunks(IDS) {
            let these = Expr::In {
                column: Ident::literal("id"),
                values: ids.iter().map(|id| Value::from(*id)).collect(),
            };
            batch.write(
                table.update(
                    vec![("seal", seal.seq.into())],
                    these.and(Covered::ByNone.filter()),
                ),
                Expect::Rows(ids.len() as u64),
            );
        }
    }
}

/// Numbers of records that a seal covers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub(crate) changes: u64,
    pub(crate) rows: u64,
    pub(crate) events: u64,
}

/// Removes the records that a seal covers; what is left of it is `contents`.
pub(crate) fn retire_seal(
    batch: &mut Batch,
    seq: i64,
    numbers: Numbers,
    contents: &str,
    now: Timestamp,
) {
    let covered = Covered::By(seq).filter();
    let of_these = Expr::InSelect {
        column: Ident::literal("change_id"),
        select: Box::new(CHANGES.column("id", covered.clone())),
    };
    batch.write(AUDIT_ROWS.delete(of_these), Expect::Rows(numbers.rows));
    batch.write(
        CHANGES.delete(covered.clone()),
        Expect::Rows(numbers.changes),
    );
    batch.write(EVENTS.delete(covered), Expect::Rows(numbers.events));
    let set = vec![
        ("contents", contents.into()),
        ("retired_at", Value::Instant(now)),
    ];
    let filter = is("seq", seq).and(Expr::IsNull(Ident::literal("retired_at")));
    batch.write(SEALS.update(set, filter), Expect::Rows(1));
}
