//! Changes of rows as the journal knows them: what became of each, and settling by hand what nobody could tell.

use std::collections::HashMap;

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use quillback_core::ids::{ChangeId, SchemaId, UserId};
use quillback_core::journal::{self, Verdict};
use quillback_core::repo::change_list::{ChangeFilter as Wanted, ChangeSummary};
use quillback_core::repo::changes::State;

use super::history::{ChangePurpose, user_names};
use crate::context::Env;
use crate::error::Public;
use crate::scalars::{DateTime, id};

#[derive(Default)]
pub(crate) struct ChangeQuery;

#[Object]
impl ChangeQuery {
    /// What is known of a change: of one that you sent, or of any for people who manage schemas.
    async fn change(&self, ctx: &Context<'_>, id: ID) -> Result<Change> {
        let id = ChangeId::parse(&id).public()?;
        let change = journal::find(ctx.cx()?, ctx.app()?, &id).await.public()?;
        let names = user_names(ctx, [&change.user].into_iter()).await?;
        Ok(Change::new(change, &names))
    }

    /// Changes of rows, those written down last first: your own ones, or all of them for people who manage schemas.
    async fn changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Which changes; all that you may see when it is left out.",
            default
        )]
        filter: ChangeFilter,
        #[graphql(desc = "Most changes to answer, 1 to 500.", default = 50)] first: u32,
        #[graphql(desc = "Id of the change after which the page starts.")] after: Option<ID>,
    ) -> Result<ChangePage> {
        let (cx, app) = (ctx.cx()?, ctx.app()?);
        let after = after.map(|id| ChangeId::parse(&id)).transpose().public()?;
        let mut wanted = filter.wanted().public()?;
        if filter.needs_attention {
            wanted.stuck_before = Some(journal::stuck_before(cx, app));
        }
        let page = journal::list(cx, app, wanted, after.as_ref(), first)
            .await
            .public()?;
        let names = user_names(ctx, page.changes.iter().map(|change| &change.user)).await?;
        let changes = page.changes.into_iter();
        Ok(ChangePage {
            changes: changes.map(|change| Change::new(change, &names)).collect(),
            has_more: page.more,
        })
    }
}

#[derive(Default)]
pub(crate) struct ChangeMutation;

#[Object]
impl ChangeMutation {
    /// Settles a change whose outcome is UNKNOWN, after a look into the database; for admins. The verdict goes into the
    /// audit trail under your name.
    async fn settle_change(
        &self,
        ctx: &Context<'_>,
        input: SettleChangeInput,
    ) -> Result<SettleChangePayload> {
        let (cx, app) = (ctx.cx()?, ctx.app()?);
        let id = ChangeId::parse(&input.id).public()?;
        journal::settle(cx, app, &id, input.verdict.into())
            .await
            .public()?;
        let change = journal::find(cx, app, &id).await.public()?;
        let names = user_names(ctx, [&change.user].into_iter()).await?;
        Ok(SettleChangePayload {
            change: Change::new(change, &names),
        })
    }
}

/// Which changes to list; what is left out does not limit.
#[derive(InputObject, Default)]
struct ChangeFilter {
    /// Only of this schema.
    schema_id: Option<ID>,
    /// Only of this user.
    user_id: Option<ID>,
    /// Only in one of these states.
    #[graphql(default)]
    states: Vec<ChangeState>,
    /// Only those written down at this moment or later.
    since: Option<DateTime>,
    /// Only those written down before this moment.
    until: Option<DateTime>,
    /// Only those that somebody should look at: unknown, or open for longer than a change may take.
    #[graphql(default)]
    needs_attention: bool,
}

impl ChangeFilter {
    fn wanted(&self) -> quillback_core::Result<Wanted> {
        let schema = self.schema_id.as_ref().map(|id| SchemaId::parse(id));
        let user = self.user_id.as_ref().map(|id| UserId::parse(id));
        Ok(Wanted {
            schema: schema.transpose()?,
            user: user.transpose()?,
            states: self.states.iter().copied().map(State::from).collect(),
            since: self.since.map(|moment| moment.0),
            until: self.until.map(|moment| moment.0),
            stuck_before: None,
        })
    }
}

/// One page of changes.
#[derive(SimpleObject)]
struct ChangePage {
    /// Changes, those written down last first.
    changes: Vec<Change>,
    /// Whether there are more.
    has_more: bool,
}

/// What an admin found in the database about a change.
#[derive(InputObject)]
struct SettleChangeInput {
    /// The change.
    id: ID,
    /// What was found.
    verdict: ChangeVerdict,
}

/// A change that was settled.
#[derive(SimpleObject)]
struct SettleChangePayload {
    /// The change as it is now.
    change: Change,
}

/// What became of a change, as somebody found by looking into the database.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Verdict")]
enum ChangeVerdict {
    /// It took effect: it goes into the history of its rows, and those who watch the schema are told.
    Applied,
    /// It did not, and never will.
    Abandoned,
}

/// What is known of a change.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "State")]
enum ChangeState {
    /// Written down, and not yet answered by the database.
    Open,
    /// It took effect.
    Applied,
    /// It was refused and took no effect.
    Rejected,
    /// It was lost on its way and took no effect.
    Abandoned,
    /// It is not known whether it took effect: the answer was lost and the database has no marker to ask.
    Unknown,
}

/// A change as the journal knows it.
struct Change {
    summary: ChangeSummary,
    username: Option<String>,
}

impl Change {
    fn new(summary: ChangeSummary, names: &HashMap<UserId, String>) -> Self {
        Self {
            username: names.get(&summary.user).cloned(),
            summary,
        }
    }
}

#[Object]
impl Change {
    /// Identifier that the client chose.
    async fn id(&self) -> ID {
        id(&self.summary.id)
    }

    /// Schema.
    async fn schema_id(&self) -> ID {
        id(&self.summary.schema)
    }

    /// Connection that the rows were sent to.
    async fn connection_id(&self) -> ID {
        id(&self.summary.connection)
    }

    /// What is known of it.
    async fn state(&self) -> ChangeState {
        self.summary.state.into()
    }

    /// What it was for.
    async fn purpose(&self) -> ChangePurpose {
        ChangePurpose::from(&self.summary.purpose)
    }

    /// The earlier change that it takes back (`ROLL_BACK`), or whose state of a row it brings back (`RESTORE`).
    async fn earlier_change_id(&self) -> Option<ID> {
        self.summary.purpose.earlier().map(id)
    }

    /// Who sent it; missing when there is no such user any more.
    async fn username(&self) -> Option<&str> {
        self.username.as_deref()
    }

    /// Whether the database can be asked what became of it, should its answer be lost.
    async fn has_marker(&self) -> bool {
        self.summary.marked
    }

    /// Number of row changes that were asked for.
    async fn row_count(&self) -> i64 {
        self.summary.row_count
    }

    /// When it was written down.
    async fn opened_at(&self) -> DateTime {
        DateTime(self.summary.opened_at)
    }

    /// When it was settled.
    async fn closed_at(&self) -> Option<DateTime> {
        self.summary.closed_at.map(DateTime)
    }
}
