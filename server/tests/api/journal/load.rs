//! Clients that write at the same time: adds, removals, and edits of one row that all of them count up.

use serde_json::{Value as Json, json};

use super::dice::Dice;
use crate::support::{Client, PAGE, Table, WRITE, unique_id};

/// Rows that one change adds.
pub(super) const ADDED: usize = 3;

/// What a client was told of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It took effect.
    Applied,
    /// It was refused.
    Rejected,
    /// It was lost on its way.
    Abandoned,
    /// It may have taken effect.
    Uncertain,
    /// It did not take effect, with the code of why.
    Failed(String),
    /// There was no answer.
    None,
}

/// What a change does.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum What {
    /// Adds rows with its id in them.
    Add,
    /// Counts the shared row up to this number.
    Count(i64),
    /// Removes this row.
    Remove(Json),
    /// Adds the shared row.
    Shared,
}

/// A change that was sent, with everything that was answered to it.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) id: String,
    pub(super) what: What,
    pub(super) changes: Json,
    pub(super) answers: Vec<Answer>,
    /// Keys of the rows that it added.
    pub(super) keys: Vec<Json>,
}

impl Sent {
    pub(super) fn add() -> Self {
        let id = unique_id();
        let adds: Vec<Json> = (0..ADDED)
            .map(|n| json!({ "add": { "values": { "name": id, "count": n } } }))
            .collect();
        Self::new(id, What::Add, json!(adds))
    }

    pub(super) fn shared() -> Self {
        let changes = json!([{ "add": { "values": { "name": "shared", "count": 0 } } }]);
        Self::new(unique_id(), What::Shared, changes)
    }

    pub(super) fn remove(key: Json) -> Self {
        let changes = json!([{ "delete": { "key": key, "overwrite": true } }]);
        Self::new(unique_id(), What::Remove(key), changes)
    }

    fn count(key: &Json, (seen, version): (i64, Json), by_version: bool) -> Self {
        let (id, next) = (unique_id(), seen + 1);
        let mut edit = json!({ "key": key, "values": { "count": next, "note": id } });
        if by_version {
            edit["version"] = version;
        } else {
            edit["seen"] = json!({ "count": seen });
        }
        Self::new(id, What::Count(next), json!([{ "edit": edit }]))
    }

    fn new(id: String, what: What, changes: Json) -> Self {
        Self {
            id,
            what,
            changes,
            answers: Vec::new(),
            keys: Vec::new(),
        }
    }

    pub(super) fn was(&self, answer: &Answer) -> bool {
        self.answers.contains(answer)
    }

    /// Whether some answer leaves nothing open.
    pub(super) fn is_sure(&self) -> bool {
        let sure = [Answer::Applied, Answer::Rejected, Answer::Abandoned];
        sure.iter().any(|answer| self.was(answer))
    }

    /// Sends it, perhaps again.
    pub(super) async fn send(&mut self, client: &Client, table: &Table) {
        let reply = client
            .attempt(WRITE, table.input(&self.id, self.changes.clone()))
            .await;
        let answer = self.read(reply.map(|reply| reply.json));
        self.answers.push(answer);
    }

    fn read(&mut self, reply: Option<Json>) -> Answer {
        let Some(reply) = reply else {
            return Answer::None;
        };
        let outcome = &reply["data"]["writeRows"];
        match outcome["state"].as_str() {
            Some("APPLIED") => {
                if matches!(self.what, What::Add | What::Shared) {
                    let rows = outcome["rows"].as_array().unwrap();
                    self.keys = rows.iter().map(|row| row["key"].clone()).collect();
                }
                Answer::Applied
            }
            Some(_) => Answer::Rejected,
            None => {
                let extensions = &reply["errors"][0]["extensions"];
                let code = extensions["code"].as_str().unwrap_or_default();
                match code {
                    "OUTCOME_UNKNOWN" | "REPOSITORY_UNAVAILABLE" | "UNAVAILABLE" => {
                        Answer::Uncertain
                    }
                    _ if extensions["problems"][0]["code"] == "CHANGE_ABANDONED" => {
                        Answer::Abandoned
                    }
                    _ => Answer::Failed(format!("{code}: {}", reply["errors"][0]["message"])),
                }
            }
        }
    }
}

/// One writer: some changes, each sent once more when the answer is not sure, some twice for no reason.
pub(super) async fn write(
    client: Client,
    table: Table,
    shared: Json,
    mut removable: Vec<Json>,
    mut dice: Dice,
    acknowledged: tokio::sync::mpsc::UnboundedSender<()>,
) -> Vec<Sent> {
    let mut all = Vec::new();
    for _ in 0..4 {
        let mut sent = match dice.below(4) {
            0 if !removable.is_empty() => Sent::remove(removable.swap_remove(0)),
            0 | 1 => match seen(&client, &table, &shared).await {
                Some(seen) => Sent::count(&shared, seen, dice.below(2) == 0),
                None => break,
            },
            _ => Sent::add(),
        };
        sent.send(&client, &table).await;
        if sent.answers == [Answer::Uncertain] || dice.below(5) == 0 {
            sent.send(&client, &table).await;
        }
        let is_gone = sent.was(&Answer::None);
        if sent.was(&Answer::Applied) {
            // Nobody counts any more once the server was killed.
            let _ = acknowledged.send(());
        }
        all.push(sent);
        if is_gone {
            break;
        }
    }
    all
}

/// What the shared row holds now, and its version; none when the server is gone.
async fn seen(client: &Client, table: &Table, shared: &Json) -> Option<(i64, Json)> {
    let filter = json!({ "field": "id", "value": shared["id"] });
    let reply = client
        .attempt(PAGE, json!({ "schema": table.schema, "filter": filter }))
        .await?;
    let row = &reply.json["data"]["rows"]["nodes"][0];
    let count = &row["values"]["count"];
    let number = count.as_i64().or_else(|| count.as_str()?.parse().ok());
    Some((number?, row["version"].clone()))
}
