//! Pages of `_changes` without what was asked for and what came of it, which may be large.

use quillback_plugin_api::civil::Timestamp;
use quillback_plugin_api::remote::RemoteInstance;
use quillback_plugin_api::sql::{Compare, Direction, Expr, Order, Select};
use quillback_plugin_api::{Ident, Value};

use super::changes::State;
use super::{Record, Table, is, select};
use crate::error::Result;
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
        "purpose",
        "reverts",
        "marked",
        "verified",
        "row_count",
        "opened_at",
        "closed_at",
    ],
};

/// A change as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeSummary {
    /// Identifier that the client chose.
    pub id: ChangeId,
    /// Schema.
    pub schema: SchemaId,
    /// Connection.
    pub connection: ConnectionId,
    /// Who.
    pub user: UserId,
    /// What is known of it.
    pub state: State,
    /// What it is for.
    pub purpose: Purpose,
    /// Whether the target can be asked what became of it.
    pub marked: bool,
    /// Whether the identity was proved and not only claimed.
    pub verified: bool,
    /// Number of row changes asked for.
    pub row_count: i64,
    /// When it was written down.
    pub opened_at: Timestamp,
    /// When it was settled.
    pub closed_at: Option<Timestamp>,
}

/// Which changes to list; what is empty does not limit.
#[derive(Clone, Debug, Default)]
pub struct ChangeFilter {
    /// Only of this schema.
    pub schema: Option<SchemaId>,
    /// Only of this user.
    pub user: Option<UserId>,
    /// Only in one of these states.
    pub states: Vec<State>,
    /// Only those written down at this moment or later.
    pub since: Option<Timestamp>,
    /// Only those written down before.
    pub until: Option<Timestamp>,
    /// Only those whose outcome is unknown, and those written down before this moment that are still open.
    pub stuck_before: Option<Timestamp>,
}

impl ChangeFilter {
    fn condition(&self) -> Expr {
        let opened_at = Ident::literal("opened_at");
        let opened =
            |how, moment: Timestamp| Expr::compare(&opened_at, how, Value::Instant(moment));
        let mut conditions = Vec::new();
        conditions.extend(self.schema.as_ref().map(|schema| is("schema_id", schema)));
        conditions.extend(self.user.as_ref().map(|user| is("user_id", user)));
        if !self.states.is_empty() {
            conditions.push(Expr::In {
                column: Ident::literal("state"),
                values: self
                    .states
                    .iter()
                    .map(|state| state.as_str().into())
                    .collect(),
            });
        }
        conditions.extend(self.since.map(|since| opened(Compare::Ge, since)));
        conditions.extend(self.until.map(|until| opened(Compare::Lt, until)));
        conditions.extend(self.stuck_before.map(|before| {
            let open = is("state", State::Open.as_str()).and(opened(Compare::Lt, before));
            Expr::Or(vec![is("state", State::Unknown.as_str()), open])
        }));
        Expr::all(conditions)
    }
}

/// Which changes somebody may know of.
#[derive(Clone, Debug)]
pub struct Sight {
    /// Whose changes; `None` is everybody's.
    pub user: Option<UserId>,
    /// Schemas of which everybody's changes are seen.
    pub managed: Vec<SchemaId>,
    /// The only schemas of which any are seen; `None` is no limit.
    pub only: Option<Vec<SchemaId>>,
}

impl Sight {
    /// Whether this change is among them.
    pub fn covers(&self, change: &ChangeSummary) -> bool {
        let by_user = self.user.as_ref().is_none_or(|user| change.user == *user);
        let within = |only: &Vec<SchemaId>| only.contains(&change.schema);
        (by_user || self.managed.contains(&change.schema)) && self.only.as_ref().is_none_or(within)
    }

    fn condition(&self) -> Expr {
        let of_schemas = |schemas: &[SchemaId]| Expr::In {
            column: Ident::literal("schema_id"),
            values: schemas.iter().map(Value::from).collect(),
        };
        let seen = self.user.as_ref().map_or(Expr::True, |user| {
            Expr::Or(vec![is("user_id", user), of_schemas(&self.managed)])
        });
        let only = self.only.as_deref().map_or(Expr::True, of_schemas);
        seen.and(only)
    }
}

/// At most `limit` changes in sight, those written down last first, from behind `after` on.
pub async fn list_changes(
    repo: &RemoteInstance,
    sight: &Sight,
    filter: &ChangeFilter,
    after: Option<&(Timestamp, ChangeId)>,
    limit: u64,
) -> Result<Vec<ChangeSummary>> {
    let mut condition = filter.condition().and(sight.condition());
    if let Some((moment, id)) = after {
        let opened_at = Ident::literal("opened_at");
        let compared = |how| Expr::compare(&opened_at, how, Value::Instant(*moment));
        let same = compared(Compare::Eq).and(Expr::compare(&Ident::literal("id"), Compare::Lt, id));
        condition = condition
            .and(compared(Compare::Le))
            .and(Expr::Or(vec![compared(Compare::Lt), same]));
    }
    let newest = |column| Order {
        column: Ident::literal(column),
        direction: Direction::Desc,
        nullable: false,
    };
    let page = Select {
        order: vec![newest("opened_at"), newest("id")],
        limit: Some(limit),
        ..CHANGES.select(condition)
    };
    select(repo, page, record).await
}

/// The change without what is large about it, if it was ever written down.
pub async fn find_summary(repo: &RemoteInstance, id: &ChangeId) -> Result<Option<ChangeSummary>> {
    Ok(select(repo, CHANGES.select(is("id", id)), record)
        .await?
        .pop())
}

/// Those of these changes that are there.
pub async fn list_by_id(repo: &RemoteInstance, ids: &[ChangeId]) -> Result<Vec<ChangeSummary>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let these = Expr::In {
        column: Ident::literal("id"),
        values: ids.iter().map(Value::from).collect(),
    };
    select(repo, CHANGES.select(these), record).await
}

fn record(record: &mut Record<'_>) -> Result<ChangeSummary> {
    Ok(ChangeSummary {
        id: ChangeId::stored(record.text()?),
        schema: SchemaId::stored(record.text()?),
        connection: ConnectionId::stored(record.text()?),
        user: UserId::stored(record.text()?),
        state: State::parse(&record.text()?)?,
        purpose: {
            let name = record.optional_text()?;
            let earlier = record.optional_text()?.map(ChangeId::stored);
            Purpose::stored(name.as_deref(), earlier)?
        },
        marked: record.flag()?,
        verified: record.flag()?,
        row_count: record.number()?,
        opened_at: record.moment()?,
        closed_at: record.optional_moment()?,
    })
}
