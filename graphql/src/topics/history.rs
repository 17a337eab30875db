//! The audit trail: history of rows, and what was done in the console.

use std::collections::HashMap;

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use quillback_core::audit::events::{self, Event, EventFilter};
use quillback_core::audit::history::{self, HistoryCommand, HistoryEntry as Entry};
use quillback_core::ids::{ChangeId, SchemaId, UserId};
use quillback_core::repo::people;
use quillback_core::write::Purpose;

use crate::context::Env;
use crate::error::Public;
use crate::scalars::{DateTime, Json, id};

#[derive(Default)]
pub(crate) struct HistoryQuery;

#[Object]
impl HistoryQuery {
    /// History of the rows of a schema, or of one row, newest first. Needs the right HISTORY. Where row rules limit what you
    /// see, it shows rows that you see now and removed ones that you saw until then, and of each entry only values that the
    /// rules let through.
    #[graphql(complexity = "5 + child_complexity")]
    async fn history(
        &self,
        ctx: &Context<'_>,
        schema_id: ID,
        #[graphql(desc = "Only this row.")] key: Option<Json>,
        #[graphql(desc = "Which entries; all of them when it is left out.", default)]
        filter: HistoryFilter,
        #[graphql(desc = "Most entries to answer, 1 to 500.", default = 50)] first: u32,
        #[graphql(desc = "End cursor of the page after which this one starts.")] after: Option<
            String,
        >,
    ) -> Result<History> {
        let command = HistoryCommand {
            schema: SchemaId::parse(&schema_id).public()?,
            key: key.map(|json| json.0),
            filter: filter.wanted().public()?,
            after,
            first,
        };
        let history = history::history(ctx.cx()?, ctx.app()?, command)
            .await
            .public()?;
        let names = user_names(ctx, history.entries.iter().map(|entry| &entry.user)).await?;
        let entry = |entry: Entry| HistoryEntry {
            username: names.get(&entry.user).cloned(),
            entry,
        };
        Ok(History {
            entries: history.entries.into_iter().map(entry).collect(),
            has_more: history.more,
            end_cursor: history.end,
        })
    }

    /// What was done to users, groups, connections, schemas and settings, and who signed in, newest first. Admins see
    /// everything, others what they did themselves: they name themselves in the filter.
    async fn audit_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which entries; all of them when it is left out.", default)]
        filter: AuditEventFilter,
        #[graphql(desc = "Most entries to answer, 1 to 500.", default = 50)] first: u32,
        #[graphql(desc = "Id of the entry after which the page starts.")] after: Option<ID>,
    ) -> Result<Vec<AuditEvent>> {
        let filter = filter.wanted().public()?;
        let after = after
            .map(|id| quillback_core::ids::EventId::parse(&id))
            .transpose()
            .public()?;
        let events = events::list_events(
            ctx.cx()?,
            ctx.app()?,
            &filter,
            after.as_ref(),
            first.clamp(1, 500).into(),
        );
        let events = events.await.public()?;
        let names = user_names(ctx, events.iter().filter_map(|event| event.user.as_ref())).await?;
        let entry = |event: Event| {
            let username = event
                .user
                .as_ref()
                .and_then(|user| names.get(user).cloned());
            AuditEvent { event, username }
        };
        Ok(events.into_iter().map(entry).collect())
    }
}

/// Names of users, read in one exchange however many entries name them.
pub(super) async fn user_names<'a>(
    ctx: &Context<'_>,
    users: impl Iterator<Item = &'a UserId>,
) -> Result<HashMap<UserId, String>> {
    let mut ids: Vec<UserId> = users.cloned().collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let users = people::list_users_by_id(&ctx.app()?.repo, &ids)
        .await
        .public()?;
    Ok(users
        .into_iter()
        .map(|user| (user.id, user.username))
        .collect())
}

/// Which entries of the history to show; what is left out does not limit.
#[derive(InputObject, Default)]
struct HistoryFilter {
    /// Only of this user.
    user_id: Option<ID>,
    /// Only of this kind.
    action: Option<HistoryAction>,
    /// Only of this change.
    change_id: Option<ID>,
    /// Only those of this moment or later.
    since: Option<DateTime>,
    /// Only those before this moment.
    until: Option<DateTime>,
}

/// What can be done to a row.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
enum HistoryAction {
    /// It was added.
    Add,
    /// It was changed.
    Edit,
    /// It was removed.
    Delete,
}

impl HistoryFilter {
    fn wanted(&self) -> quillback_core::Result<history::HistoryFilter> {
        let user = self.user_id.as_ref().map(|id| UserId::parse(id));
        let change = self.change_id.as_ref().map(|id| ChangeId::parse(id));
        let action = self.action.map(|action| match action {
            HistoryAction::Add => "add",
            HistoryAction::Edit => "edit",
            HistoryAction::Delete => "delete",
        });
        Ok(history::HistoryFilter {
            user: user.transpose()?,
            action: action.map(str::to_owned),
            change: change.transpose()?,
            since: self.since.map(|moment| moment.0),
            until: self.until.map(|moment| moment.0),
        })
    }
}

/// Which entries of the audit trail to show; what is left out does not limit.
#[derive(InputObject, Default)]
struct AuditEventFilter {
    /// Only of this user.
    user_id: Option<ID>,
    /// Only of this action, such as `user.create`; one that ends in a point stands for all that begin with it.
    action: Option<String>,
    /// Only of this kind of thing, such as `schema`.
    subject_type: Option<String>,
    /// Only of this thing.
    subject_id: Option<String>,
    /// Only those of this moment or later.
    since: Option<DateTime>,
    /// Only those before this moment.
    until: Option<DateTime>,
}

impl AuditEventFilter {
    fn wanted(self) -> quillback_core::Result<EventFilter> {
        let user = self.user_id.as_ref().map(|id| UserId::parse(id));
        Ok(EventFilter {
            user: user.transpose()?,
            action: self.action,
            subject_type: self.subject_type,
            subject_id: self.subject_id,
            since: self.since.map(|moment| moment.0),
            until: self.until.map(|moment| moment.0),
        })
    }
}

/// A page of the history.
#[derive(SimpleObject)]
struct History {
    /// Entries, newest first.
    entries: Vec<HistoryEntry>,
    /// Whether there may be more behind them.
    has_more: bool,
    /// Cursor to go on behind this page. There may be one without entries, where a long stretch is hidden from you.
    end_cursor: Option<String>,
}

/// What happened to one row in one change.
struct HistoryEntry {
    entry: Entry,
    username: Option<String>,
}

#[Object]
impl HistoryEntry {
    /// Change that it is part of.
    async fn change_id(&self) -> ID {
        id(&self.entry.change)
    }

    /// Key of the row.
    async fn key(&self) -> Json {
        Json(self.entry.key.clone())
    }

    /// What was done: add, edit or delete.
    async fn action(&self) -> &str {
        &self.entry.action
    }

    /// Values before; missing for an added row, and for a change whose answer was lost.
    async fn before(&self) -> Option<Json> {
        self.entry.before.clone().map(Json)
    }

    /// Values after; missing for a removed row.
    async fn after(&self) -> Option<Json> {
        self.entry.after.clone().map(Json)
    }

    /// Whether row rules hide from you what was before, or what was after.
    async fn is_partial(&self) -> bool {
        self.entry.is_partial
    }

    /// Whether what was before is not known, because the answer of the database was lost.
    async fn is_recovered(&self) -> bool {
        self.entry.is_recovered
    }

    /// Who did it, by the name that they have now.
    async fn username(&self) -> Option<&str> {
        self.username.as_deref()
    }

    /// Whether the user was signed in; otherwise the identity was only claimed.
    async fn is_verified(&self) -> bool {
        self.entry.verified
    }

    /// What the change was for.
    async fn purpose(&self) -> ChangePurpose {
        (&self.entry.purpose).into()
    }

    /// The earlier change that it took back, or went back to.
    async fn reverts(&self) -> Option<ID> {
        self.entry.purpose.earlier().map(id)
    }

    /// When.
    async fn at(&self) -> DateTime {
        DateTime(self.entry.at)
    }
}

/// What a change was for.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChangePurpose {
    /// Rows that were named one by one.
    Write,
    /// It took an earlier change back.
    RollBack,
    /// It brought a row back to what it was after an earlier change.
    Restore,
    /// It gave the same values to all rows of a filter.
    BulkEdit,
    /// It filled gaps between known values.
    Interpolation,
}

impl From<&Purpose> for ChangePurpose {
    fn from(purpose: &Purpose) -> Self {
        match purpose {
            Purpose::Write => Self::Write,
            Purpose::RollBack { .. } => Self::RollBack,
            Purpose::Restore { .. } => Self::Restore,
            Purpose::BulkEdit => Self::BulkEdit,
            Purpose::Interpolation => Self::Interpolation,
        }
    }
}

/// Something that was done in the console.
struct AuditEvent {
    event: Event,
    username: Option<String>,
}

#[Object]
impl AuditEvent {
    /// Identifier.
    async fn id(&self) -> ID {
        id(&self.event.id)
    }

    /// When.
    async fn at(&self) -> DateTime {
        DateTime(self.event.at)
    }

    /// Who; missing for the server itself.
    async fn username(&self) -> Option<&str> {
        self.username.as_deref()
    }

    /// What was done, such as `schema.create`.
    async fn action(&self) -> &str {
        &self.event.action
    }

    /// What kind of thing it was done to, such as `schema`.
    async fn subject_type(&self) -> &str {
        &self.event.subject_type
    }

    /// Which one.
    async fn subject_id(&self) -> Option<&str> {
        self.event.subject_id.as_deref()
    }

    /// What changed. Of secrets only that they changed.
    async fn details(&self) -> Json {
        Json(self.event.details.clone())
    }
}
