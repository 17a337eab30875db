//! Pages of `_audit_rows` as people read them, and the last entries of single rows.

use quillback_plugin_api::civil::Timestamp;
use quillback_plugin_api::remote::RemoteInstance;
use quillback_plugin_api::sql::{Compare, Direction, Expr, Order, Select};
use quillback_plugin_api::{Ident, Value};
use serde::{Deserialize, Serialize};

use super::changes::{AUDIT_ROWS, AuditRow, audit_record};
use super::{is, read, records, select};
use crate::error::Result;
use crate::ids::{ChangeId, SchemaId, UserId};

/// Rows that are looked up in one exchange.
const LOOKUPS: usize = 100;

/// Which entries to read; what is empty does not limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryFilter {
    /// Only of this user.
    pub user: Option<UserId>,
    /// Only `add`, `edit` or `delete`.
    pub action: Option<String>,
    /// Only of this change.
    pub change: Option<ChangeId>,
    /// Only those of this moment or later.
    pub since: Option<Timestamp>,
    /// Only those before this moment.
    pub until: Option<Timestamp>,
}

/// Where an entry stands among all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) micros: i64,
    pub(crate) change: String,
    pub(crate) position: i64,
}

impl Place {
    pub(crate) fn of(row: &AuditRow) -> Self {
        Self {
            micros: row.at.to_micros().unwrap_or(i64::MAX),
            change: row.change.as_str().to_owned(),
            position: row.position,
        }
    }
}

impl HistoryFilter {
    fn condition(&self) -> Expr {
        let at = Ident::literal("at");
        let moment = |how, moment: Timestamp| Expr::compare(&at, how, Value::Instant(moment));
        let mut conditions = Vec::new();
        conditions.extend(self.user.as_ref().map(|user| is("user_id", user)));
        conditions.extend(self.action.as_deref().map(|action| is("action", action)));
        conditions.extend(self.change.as_ref().map(|change| is("change_id", change)));
        conditions.extend(self.since.map(|since| moment(Compare::Ge, since)));
        conditions.extend(self.until.map(|until| moment(Compare::Lt, until)));
        Expr::all(conditions)
    }
}

fn newest_first(condition: Expr, limit: u64) -> Select {
    let by = |column, direction| Order {
        column: Ident::literal(column),
        direction,
        nullable: false,
    };
    Select {
        order: vec![
            by("at", Direction::Desc),
            by("change_id", Direction::Desc),
            by("position", Direction::Asc),
        ],
        limit: Some(limit),
        ..AUDIT_ROWS.select(condition)
    }
}

/// Entries behind a place: earlier, or of the same moment and behind it there.
fn behind(place: &Place) -> Expr {
    let (at, change, position) = (
        Ident::literal("at"),
        Ident::literal("change_id"),
        Ident::literal("position"),
    );
    let moment = Value::Instant(Timestamp::from_micros(place.micros));
    let id = || Value::from(place.change.as_str());
    let same_moment = Expr::compare(&at, Compare::Eq, moment.clone());
    let same_change = same_moment.clone().and(Expr::eq(&change, id()));
    let later = vec![
        Expr::compare(&at, Compare::Lt, moment.clone()),
        same_moment.and(Expr::compare(&change, Compare::Lt, id())),
        same_change.and(Expr::compare(&position, Compare::Gt, place.position)),
    ];
    // Follows from the rest, and lets the database begin to read its index at the place.
    Expr::compare(&at, Compare::Le, moment).and(Expr::Or(later))
}

/// At most `limit` entries of a schema or of one of its rows, newest first, from behind `after` on.
pub(crate) async fn list_history(
    repo: &RemoteInstance,
    schema: &SchemaId,
    key_hash: Option<&str>,
    filter: &HistoryFilter,
    after: Option<&Place>,
    limit: u64,
) -> Result<Vec<AuditRow>> {
    let mut condition = is("schema_id", schema);
    if let Some(hash) = key_hash {
        condition = condition.and(is("key_hash", hash));
    }
    condition = condition.and(filter.condition());
    if let Some(place) = after {
        condition = condition.and(behind(place));
    }
    select(repo, newest_first(condition, limit), audit_record).await
}

/// The last two entries of each of these rows.
pub(crate) async fn list_last(
    repo: &RemoteInstance,
    schema: &SchemaId,
    key_hashes: &[String],
) -> Result<Vec<Vec<AuditRow>>> {
    let mut last = Vec::with_capacity(key_hashes.len());
    for hashes in key_hashes.chunks(LOOKUPS) {
        let selects = hashes.iter().map(|hash| {
            let condition = is("schema_id", schema).and(is("key_hash", hash.as_str()));
            newest_first(condition, 2)
        });
        for outcome in read(repo, selects.collect()).await? {
            last.push(records(&outcome, audit_record)?);
        }
    }
    Ok(last)
}
