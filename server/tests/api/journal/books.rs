//! What the target holds and what the repository says about it, and whether both tell the same story.

use std::collections::{BTreeSet, HashMap, HashSet};

use quillback_core::{
    App, Cx,
    ids::SchemaId,
    journal,
    outbox::Topic,
    plugin_api::{civil::Timestamp, sql::Direction},
    read::{self, PageCommand, PageRow},
    repo::{
        change_list::ChangeFilter,
        changes::{AuditFilter, AuditRow, State, list_audit_rows},
        outbox::list_ready,
    },
};
use quillback_server::wire::{self, Parts};
use serde_json::Value as Json;

use super::load::{ADDED, Answer, Sent, What};

/// Entries read at once.
const PAGE: u64 = 500;

pub(super) struct Books {
    changes: HashMap<String, State>,
    audit: HashMap<String, Vec<AuditRow>>,
    /// Deliveries that may be made, by change.
    ready: HashMap<String, usize>,
    rows: Vec<Row>,
}

/// A row of the target.
struct Row {
    key: Json,
    values: Json,
}

impl Books {
    pub(super) async fn read(parts: &Parts, token: &str, schema: &str) -> Self {
        let app = &parts.app;
        let schema = SchemaId::parse(schema).unwrap();
        let mut cx = wire::own_request(&app.surroundings, "test");
        let admin = quillback_auth::authenticate(&cx, app, &parts.auth, token).await;
        cx.principal = Some(admin.unwrap());
        let long_ago = Timestamp {
            seconds: 0,
            nanos: 0,
        };
        let mut ready: HashMap<String, usize> = HashMap::new();
        let news = list_ready(&app.repo, Topic::RowsChanged, long_ago, u64::from(u32::MAX)).await;
        for delivery in news
            .unwrap()
            .iter()
            .filter(|delivery| delivery.schema == schema)
        {
            *ready.entry(delivery.change.to_string()).or_default() += 1;
        }
        Self {
            changes: changes(&cx, app, &schema).await,
            audit: audit(app, &schema).await,
            ready,
            rows: rows(&cx, app, &schema).await,
        }
    }

    /// Everything that does not fit what was sent and answered.
    pub(super) fn differences(&self, sent: &[Sent], shared: &Json) -> Vec<String> {
        let mut found = Vec::new();
        let known: HashSet<&str> = sent.iter().map(|sent| sent.id.as_str()).collect();
        let strangers = self
            .changes
            .keys()
            .chain(self.audit.keys())
            .chain(self.ready.keys());
        for id in strangers.filter(|id| !known.contains(id.as_str())) {
            found.push(format!("{id} is in the books and was never sent"));
        }
        let removed = self.removed(sent);
        for sent in sent {
            let mut one = self.answers(sent);
            one.extend(self.entries(sent));
            one.extend(self.effect(sent, &removed));
            found.extend(one.iter().map(|what| format!("{what}: {sent:?}")));
        }
        found.extend(self.count(sent, shared));
        found.extend(self.replay());
        found
    }

    fn is_applied(&self, sent: &Sent) -> bool {
        self.changes.get(&sent.id) == Some(&State::Applied)
    }

    fn removed<'a>(&self, sent: &'a [Sent]) -> Vec<&'a Json> {
        let applied = sent.iter().filter(|sent| self.is_applied(sent));
        applied
            .filter_map(|sent| match &sent.what {
                What::Remove(key) => Some(key),
                _ => None,
            })
            .collect()
    }

    /// What was answered is what the books say.
    fn answers(&self, sent: &Sent) -> Vec<String> {
        let state = self.changes.get(&sent.id).copied();
        let mut found = Vec::new();
        if !matches!(
            state,
            None | Some(State::Applied | State::Rejected | State::Abandoned)
        ) {
            found.push(format!("the change is still {state:?}"));
        }
        let told = [
            (Answer::Applied, State::Applied),
            (Answer::Rejected, State::Rejected),
            (Answer::Abandoned, State::Abandoned),
        ];
        for (answer, expected) in told {
            // A refusal before anything was written down is none that the books know.
            let is_fine =
                state == Some(expected) || (answer == Answer::Rejected && state.is_none());
            if sent.was(&answer) && !is_fine {
                found.push(format!("answered {answer:?}, and it is {state:?}"));
            }
        }
        let all_failed = sent
            .answers
            .iter()
            .all(|answer| matches!(answer, Answer::Failed(_)));
        if all_failed && state == Some(State::Applied) {
            found.push("answered that nothing took effect, and it did".to_owned());
        }
        found
    }

    /// An applied change has its rows in the audit trail and its news once; any other has nothing.
    fn entries(&self, sent: &Sent) -> Vec<String> {
        let audit = self.audit.get(&sent.id).map_or(&[][..], Vec::as_slice);
        let news = self.ready.get(&sent.id).copied().unwrap_or_default();
        let applied = usize::from(self.is_applied(sent));
        let rows = applied * if sent.what == What::Add { ADDED } else { 1 };
        let mut found = Vec::new();
        if (audit.len(), news) != (rows, applied) {
            found.push(format!(
                "{} audit rows and {news} news, not {rows} and {applied}",
                audit.len()
            ));
        }
        let positions: BTreeSet<i64> = audit.iter().map(|row| row.position).collect();
        if positions.len() != audit.len() {
            found.push("a row is in the audit trail twice".to_owned());
        }
        let action = match sent.what {
            What::Add | What::Shared => "add",
            What::Count(_) => "edit",
            What::Remove(_) => "delete",
        };
        if audit.iter().any(|row| row.action != action) {
            found.push("the audit trail has another action".to_owned());
        }
        found
    }

    /// What a change did to the rows is there once, whole, and nothing else of it.
    fn effect(&self, sent: &Sent, removed: &[&Json]) -> Option<String> {
        let here = |key: &Json| self.rows.iter().any(|row| row.key == *key);
        match &sent.what {
            What::Shared | What::Count(_) => None,
            What::Remove(key) => (here(key) == self.is_applied(sent)).then(|| {
                "the row is there though it was removed, or the other way round".to_owned()
            }),
            What::Add => {
                let audit = self.audit.get(&sent.id).into_iter().flatten();
                let keys: Vec<&Json> = audit.map(|row| &row.key).collect();
                let gone = keys.iter().filter(|key| removed.contains(key)).count();
                let mine: Vec<&Row> = self
                    .rows
                    .iter()
                    .filter(|row| row.values["name"] == sent.id.as_str())
                    .collect();
                let expected = if self.is_applied(sent) {
                    ADDED - gone
                } else {
                    0
                };
                let counts: BTreeSet<i64> = mine
                    .iter()
                    .map(|row| number(&row.values["count"]))
                    .collect();
                let is_fine = mine.len() == expected
                    && counts.len() == expected
                    && mine.iter().all(|row| keys.contains(&&row.key))
                    && sent.keys.iter().all(|key| keys.contains(&key));
                (!is_fine).then(|| format!("{} rows, not {expected}", mine.len()))
            }
        }
    }

    /// The edits of the shared row are a chain without gap and without fork, and the row is at its end.
    fn count(&self, sent: &[Sent], shared: &Json) -> Option<String> {
        let mut steps: Vec<(i64, &str)> = sent
            .iter()
            .filter(|sent| self.is_applied(sent))
            .filter_map(|sent| match sent.what {
                What::Count(to) => Some((to, sent.id.as_str())),
                _ => None,
            })
            .collect();
        steps.sort_unstable();
        let is_chain = steps
            .iter()
            .zip(1..)
            .all(|((to, _), expected)| *to == expected);
        let Some(row) = self.rows.iter().find(|row| row.key == *shared) else {
            return Some("the shared row is gone".to_owned());
        };
        let (last, by) = steps.last().copied().unwrap_or((0, ""));
        let is_end = number(&row.values["count"]) == last
            && row.values["note"].as_str().unwrap_or_default() == by;
        (!is_chain || !is_end).then(|| {
            format!(
                "the shared row is {}, and its edits are {steps:?}",
                row.values
            )
        })
    }

    /// The rows that the audit trail amounts to are the rows that are there.
    fn replay(&self) -> Option<String> {
        let mut keys: HashSet<String> = HashSet::new();
        let all = || self.audit.values().flatten();
        keys.extend(
            all()
                .filter(|row| row.action == "add")
                .map(|row| row.key.to_string()),
        );
        for row in all().filter(|row| row.action == "delete") {
            if !keys.remove(&row.key.to_string()) {
                return Some(format!(
                    "the audit trail removes {} which is not there",
                    row.key
                ));
            }
        }
        let here: HashSet<String> = self.rows.iter().map(|row| row.key.to_string()).collect();
        let differing: Vec<&String> = keys.symmetric_difference(&here).collect();
        (!differing.is_empty())
            .then(|| format!("the audit trail and the target differ in {differing:?}"))
    }
}

fn number(json: &Json) -> i64 {
    json.as_i64()
        .or_else(|| json.as_str()?.parse().ok())
        .unwrap_or(-1)
}

async fn changes(cx: &Cx, app: &App, schema: &SchemaId) -> HashMap<String, State> {
    let filter = ChangeFilter {
        schema: Some(schema.clone()),
        ..ChangeFilter::default()
    };
    let mut all = HashMap::new();
    let mut after = None;
    loop {
        let page = journal::list(cx, app, filter.clone(), after.as_ref(), 500)
            .await
            .unwrap();
        after = page.changes.last().map(|change| change.id.clone());
        let changes = page.changes.into_iter();
        all.extend(changes.map(|change| (change.id.to_string(), change.state)));
        if !page.more {
            return all;
        }
    }
}

async fn audit(app: &App, schema: &SchemaId) -> HashMap<String, Vec<AuditRow>> {
    let mut all: HashMap<String, Vec<AuditRow>> = HashMap::new();
    let mut offset = 0;
    loop {
        let filter = AuditFilter {
            schema,
            key_hash: None,
            change: None,
            offset,
            limit: PAGE,
        };
        let page = list_audit_rows(&app.repo, &filter).await.unwrap();
        if page.is_empty() {
            return all;
        }
        offset += page.len() as u64;
        for row in page {
            all.entry(row.change.to_string()).or_default().push(row);
        }
    }
}

async fn rows(cx: &Cx, app: &App, schema: &SchemaId) -> Vec<Row> {
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let command = PageCommand {
            schema: schema.clone(),
            filter: None,
            sort: vec![("id".to_owned(), Direction::Asc)],
            first: 500,
            after,
            count: false,
        };
        let page = read::page(cx, app, command).await.unwrap();
        after = page.rows.last().map(PageRow::cursor);
        all.extend(page.rows.iter().map(|row| Row {
            key: row.key(),
            values: row.values(),
        }));
        if !page.more {
            return all;
        }
    }
}
