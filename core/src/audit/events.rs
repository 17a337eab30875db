//! `_audit_events`: what was done to users, groups, connections, schemas and settings, by whom.

use quillback_plugin_api::batch::{Batch, Expect};
use quillback_plugin_api::civil::Timestamp;
use quillback_plugin_api::sql::{Compare, Direction, Expr, Select, TextMatch};
use quillback_plugin_api::{Ident, Value};
use serde::Serialize;
use serde_json::{Map, Value as Json, json};

use super::EventForm;
use crate::app::App;
use crate::cx::{Cx, Surroundings};
use crate::error::Result;
use crate::ids::{EventId, UserId};
use crate::permit;
use crate::repo::{Record, Table, is, select, to_json};

const EVENTS: Table = Table {
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

/// An entry of the administrative audit trail.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Identifier; later entries have greater ones.
    pub id: EventId,
    /// When it was done.
    pub at: Timestamp,
    /// Who did it; `None` is the server itself, or somebody not signed in.
    pub user: Option<UserId>,
    /// What was done, such as `user.create`.
    pub action: String,
    /// What kind of thing it was done to, such as `user`.
    pub subject_type: String,
    /// Which one.
    pub subject_id: Option<String>,
    /// What changed, as a JSON object; of secrets only that they changed.
    pub details: Json,
}

/// Which entries to list.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Only of this user.
    pub user: Option<UserId>,
    /// Only of this kind of thing.
    pub subject_type: Option<String>,
    /// Only of this thing.
    pub subject_id: Option<String>,
    /// Only of this action, such as `user.create`; one that ends in a point stands for all that begin with it.
    pub action: Option<String>,
    /// Only those of this moment or later.
    pub since: Option<Timestamp>,
    /// Only those before this moment.
    pub until: Option<Timestamp>,
}

/// Adds an entry about what the rest of the batch does, in the name of whoever is signed in.
///
/// # Errors
/// `Internal` when the details cannot be written as JSON.
pub fn event(
    batch: &mut Batch,
    cx: &Cx,
    action: &'static str,
    subject_type: &'static str,
    subject_id: Option<&str>,
    details: impl Serialize,
) -> Result<()> {
    let user = cx
        .principal
        .as_ref()
        .map(|principal| principal.user.clone());
    let subject = Subject {
        kind: subject_type,
        id: subject_id,
    };
    event_by(
        batch,
        &cx.surroundings,
        user.as_ref(),
        action,
        subject,
        details,
    )
}

/// What something was done to.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// What kind of thing.
    pub kind: &'static str,
    /// Which one.
    pub id: Option<&'a str>,
}

/// As [`event`], in the name of `user`: for those who are about to be signed in, and for the server itself (`None`).
///
/// # Errors
/// `Internal` when the details cannot be written as JSON.
pub fn event_by(
    batch: &mut Batch,
    surroundings: &Surroundings,
    user: Option<&UserId>,
    action: &'static str,
    subject: Subject<'_>,
    details: impl Serialize,
) -> Result<()> {
    let id = EventId::from(surroundings.new_id());
    let at = surroundings.clock.now();
    let details = to_json(&details)?;
    let form = EventForm {
        id: id.as_str(),
        at,
        user: user.map(UserId::as_str),
        action,
        subject_type: subject.kind,
        subject_id: subject.id,
        details: &details,
    };
    let mac = surroundings.books.sign(&form.form());
    let values = vec![
        (&id).into(),
        Value::Instant(at),
        user.map(Value::from).into(),
        action.into(),
        subject.kind.into(),
        subject.id.into(),
        details.into(),
        mac.into(),
    ];
    batch.write(EVENTS.insert(&[values]), Expect::Rows(1));
    Ok(())
}

/// What differs between two states of a thing, as `before` and `after`: of nested objects only the parts that differ.
pub(crate) fn difference(before: &Json, after: &Json) -> Json {
    let (before, after) = parts(before, after);
    json!({ "before": before, "after": after })
}

fn parts(before: &Json, after: &Json) -> (Json, Json) {
    let (Json::Object(from), Json::Object(to)) = (before, after) else {
        return (before.clone(), after.clone());
    };
    let (mut old, mut new) = (Map::new(), Map::new());
    let added = to.keys().filter(|name| !from.contains_key(*name));
    for name in from.keys().chain(added) {
        let (was, is) = (from.get(name), to.get(name));
        if was == is {
            continue;
        }
        let (was, is) = match (was, is) {
            (Some(was), Some(is)) => parts(was, is),
            _ => (
                was.cloned().unwrap_or_default(),
                is.cloned().unwrap_or_default(),
            ),
        };
        old.insert(name.clone(), was);
        new.insert(name.clone(), is);
    }
    (Json::Object(old), Json::Object(new))
}

/// At most `limit` entries, the latest first, from before the entry `before` on.
///
/// # Errors
/// `Denied` for those who are no admins and ask for more than what they did themselves.
pub async fn list_events(
    cx: &Cx,
    app: &App,
    filter: &EventFilter,
    before: Option<&EventId>,
    limit: u64,
) -> Result<Vec<Event>> {
    let principal = permit::signed_in(cx)?;
    if filter.user.as_ref() != Some(&principal.user) {
        permit::admin(cx)?;
    }
    let mut conditions = Vec::new();
    conditions.extend(filter.user.as_ref().map(|user| is("user_id", user)));
    conditions.extend(
        filter
            .subject_type
            .as_deref()
            .map(|kind| is("subject_type", kind)),
    );
    conditions.extend(filter.subject_id.as_deref().map(|id| is("subject_id", id)));
    conditions.extend(filter.action.as_deref().map(of_action));
    let at = Ident::literal("at");
    let moment = |how, moment: Timestamp| Expr::compare(&at, how, Value::Instant(moment));
    conditions.extend(filter.since.map(|since| moment(Compare::Ge, since)));
    conditions.extend(filter.until.map(|until| moment(Compare::Lt, until)));
    let id = Ident::literal("id");
    conditions.extend(before.map(|before| Expr::compare(&id, Compare::Lt, before)));
    let mut page = Select {
        limit: Some(limit),
        ..EVENTS.select_by(Expr::all(conditions), "id")
    };
    for order in &mut page.order {
        order.direction = Direction::Desc;
    }
    select(&app.repo, page, record).await
}

fn of_action(action: &str) -> Expr {
    if action.ends_with('.') {
        Expr::Match {
            column: Ident::literal("action"),
            how: TextMatch::StartsWith,
            ignore_case: false,
            text: action.into(),
        }
    } else {
        is("action", action)
    }
}

fn record(record: &mut Record<'_>) -> Result<Event> {
    Ok(Event {
        id: EventId::stored(record.text()?),
        at: record.moment()?,
        user: record.optional_text()?.map(UserId::stored),
        action: record.text()?,
        subject_type: record.text()?,
        subject_id: record.optional_text()?,
        details: record.json()?,
    })
}
