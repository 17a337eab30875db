//! What is measured, and the documents that ask for it.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value as Json, json};

use super::load::Body;
use super::store::{NewRow, Work};
use super::table::{Known, MANY_DAYS, REGION, Table};

/// Rows of a bulk write.
const BULK: u64 = 10_000;
/// Rows of a page.
pub(super) const PAGE: u32 = 100;

/// One kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Scenario {
    /// Add one row.
    Add,
    /// Edit one row by its key.
    Edit,
    /// The first page of 100 rows of one region, sorted.
    Page,
    /// A page far behind it.
    PageDeep,
    /// The first page for a user with 1,000 entitlements for the region.
    PageEntitled,
    /// The first page under 1,000 policies.
    PagePolicies,
    /// Remove one row by its key.
    Delete,
    /// The last 20 entries of the history of one row.
    History,
    /// Add 10,000 rows in one request.
    BulkAdd,
    /// Give about one row in a hundred of the table another note in one request.
    BulkEdit,
    /// Sign in with user name and password.
    SignIn,
}

impl Scenario {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Add,
        Self::Edit,
        Self::Page,
        Self::PageDeep,
        Self::PageEntitled,
        Self::PagePolicies,
        Self::Delete,
        Self::History,
        Self::BulkAdd,
        Self::BulkEdit,
        Self::SignIn,
    ];

    /// Requests under way: one where each is large, and few where a hash of a password keeps a core busy.
    pub(super) fn concurrency(self, wanted: usize) -> usize {
        match self {
            Self::BulkAdd | Self::BulkEdit => 1,
            Self::SignIn => wanted.min(4),
            _ => wanted,
        }
    }

    /// Whether there is a statement that does the same without Quillback.
    pub(super) fn is_plain(self) -> bool {
        !matches!(self, Self::History | Self::SignIn)
    }
}

/// The work of a request, by its number; `run` makes the ids of this run differ from those of others.
pub(super) fn work(
    scenario: Scenario,
    table: &Table,
    run: u64,
) -> impl Fn(u64) -> Work + Send + Sync + use<> {
    let (nonce, known, deep) = (table.nonce, Arc::clone(&table.known), table.deep.clone());
    let new = move |number| row(Table::new_id(nonce, run, number), number);
    move |number| match scenario {
        Scenario::Add => Work::Add(vec![new(number)]),
        Scenario::BulkAdd => Work::Add((number * BULK..(number + 1) * BULK).map(new).collect()),
        Scenario::Edit => Work::Edit {
            id: nth(&known, number).id,
            amount: amount(number),
            note: format!("edited {number}"),
        },
        Scenario::Delete => Work::Delete {
            id: Table::new_id(nonce, run, number),
        },
        Scenario::BulkEdit => Work::EditMany {
            note: format!("edited with many others, {run} {number}"),
        },
        Scenario::PageEntitled | Scenario::PagePolicies => Work::PageOfMany,
        Scenario::Page | Scenario::PageDeep | Scenario::History | Scenario::SignIn => Work::Page {
            region: REGION.to_owned(),
            after: (scenario == Scenario::PageDeep).then(|| deep.clone()),
        },
    }
}

/// Bodies that ask the bare server.
pub(super) fn thin(scenario: Scenario, table: &Table, run: u64) -> Body {
    let work = work(scenario, table, run);
    let document = match scenario {
        Scenario::Add => "mutation($row: NewRow!) { add(row: $row) }",
        Scenario::BulkAdd => "mutation($rows: [NewRow!]!) { addMany(rows: $rows) }",
        Scenario::Edit => {
            "mutation($id: String!, $amount: String!, $note: String!) { edit(id: $id, amount: $amount, note: $note) }"
        }
        Scenario::Delete => "mutation($id: String!) { delete(id: $id) }",
        Scenario::BulkEdit => "mutation($note: String!) { editMany(note: $note) }",
        Scenario::PageEntitled | Scenario::PagePolicies => {
            "{ pageOfMany { id region product amount note approved due updatedAt } }"
        }
        _ => {
            "query($region: String!, $due: String, $id: String) { page(region: $region, due: $due, id: $id) \
             { id region product amount note approved due updatedAt } }"
        }
    };
    Arc::new(move |number| {
        let variables = match work(number) {
            Work::Add(rows) if scenario == Scenario::Add => {
                json!({ "row": rows.first().map(input) })
            }
            Work::Add(rows) => json!({ "rows": rows.iter().map(input).collect::<Vec<_>>() }),
            Work::Edit { id, amount, note } => json!({ "id": id, "amount": amount, "note": note }),
            Work::Delete { id } => json!({ "id": id }),
            Work::EditMany { note } => json!({ "note": note }),
            Work::PageOfMany => json!({}),
            Work::Page { region, after } => {
                let (due, id) = after.unzip();
                json!({ "region": region, "due": due, "id": id })
            }
        };
        json!({ "query": document, "variables": variables }).to_string()
    })
}

/// What Quillback is asked about.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub(super) schema: String,
    /// The cursor at which deep pages start.
    pub(super) deep: String,
    pub(super) username: &'static str,
    pub(super) password: &'static str,
}

/// Bodies that ask Quillback for the same.
pub(super) fn quillback(scenario: Scenario, table: &Table, run: u64, subject: &Subject) -> Body {
    let work = work(scenario, table, run);
    let (nonce, known, many) = (table.nonce, Arc::clone(&table.known), table.many);
    let subject = subject.clone();
    let (page, write) = (page_document(), WRITE);
    Arc::new(move |number| {
        let schema = &subject.schema;
        let (document, variables) = match (scenario, work(number)) {
            (Scenario::SignIn, _) => {
                let Subject {
                    username, password, ..
                } = &subject;
                (
                    SIGN_IN,
                    json!({ "input": { "username": username, "password": password } }),
                )
            }
            (Scenario::History, _) => {
                let key = nth(&known, number).id;
                (HISTORY, json!({ "schema": schema, "key": { "id": key } }))
            }
            (_, Work::Page { after, .. }) => {
                let after = after.map(|_| subject.deep.as_str());
                (page.as_str(), json!({ "schema": schema, "after": after }))
            }
            (_, Work::PageOfMany) => (page.as_str(), json!({ "schema": schema })),
            (_, Work::EditMany { note }) => {
                let change = Table::new_id(!nonce, run, number);
                (
                    BULK_EDIT,
                    json!({ "input": bulk_edit(schema, &change, &note, many) }),
                )
            }
            (_, work) => {
                let changes = changes(work, &nth(&known, number).product);
                let change = Table::new_id(!nonce, run, number);
                let input = json!({ "changeId": change, "schemaId": schema, "changes": changes });
                (write, json!({ "input": input }))
            }
        };
        json!({ "query": document, "variables": variables }).to_string()
    })
}

const WRITE: &str =
    "mutation($input: WriteRowsInput!) { writeRows(input: $input) { state rows { status key } } }";
const BULK_EDIT: &str = "mutation($input: BulkEditInput!) { bulkEdit(input: $input) { state } }";
const SIGN_IN: &str = "mutation($input: SignInInput!) { signIn(input: $input) { token } }";
const HISTORY: &str = "query($schema: ID!, $key: JSON) { history(schemaId: $schema, key: $key, first: 20) \
    { entries { changeId action username at before after } } }";

fn page_document() -> String {
    format!(
        "query($schema: ID!, $after: String) {{ rows(schemaId: $schema, first: {PAGE}, after: $after, \
         sort: [{{ field: \"due\" }}]) {{ nodes {{ key values }} }} }}"
    )
}

fn bulk_edit(schema: &str, change: &str, note: &str, count: u64) -> Json {
    let (from, until) = MANY_DAYS;
    json!({
        "changeId": change, "schemaId": schema, "set": [{ "field": "note", "to": note }], "expectedCount": count,
        "filter": { "and": [
            { "field": "due", "op": "GE", "value": from }, { "field": "due", "op": "LT", "value": until },
        ] },
    })
}

/// The changes of a write. The rows that a run removes were put there by it.
fn changes(work: Work, product: &str) -> Vec<Json> {
    match work {
        Work::Add(rows) => rows.iter().map(add).collect(),
        Work::Edit { id, amount, note } => vec![json!({ "edit": {
            "key": id, "seen": { "product": product }, "values": { "amount": amount, "note": note },
        } })],
        Work::Delete { id } => {
            vec![json!({ "delete": { "key": id, "seen": { "region": REGION } } })]
        }
        Work::EditMany { .. } | Work::Page { .. } | Work::PageOfMany => Vec::new(),
    }
}

fn nth(known: &[Known], number: u64) -> Known {
    // A stride that is prime to the count visits all rows, and neighbours in time are not neighbours in the table.
    let position = (number * 7_919) % known.len().max(1) as u64;
    let known = known.get(usize::try_from(position).unwrap_or_default());
    known.cloned().unwrap_or(Known {
        id: String::new(),
        product: String::new(),
    })
}

fn amount(number: u64) -> String {
    format!("{}.{:02}", number % 1_000_000, number % 100)
}

pub(super) fn row(id: String, number: u64) -> NewRow {
    NewRow {
        id,
        region: REGION.to_owned(),
        product: format!("product {}", number % 1_000),
        amount: amount(number),
        note: Some("a note of some words".to_owned()),
        approved: number.is_multiple_of(2),
        due: "2026-11-25".to_owned(),
        updated_at: "2026-11-25T08:30:00Z".to_owned(),
    }
}

fn input(row: &NewRow) -> Json {
    json!({
        "id": row.id, "region": row.region, "product": row.product, "amount": row.amount, "note": row.note,
        "approved": row.approved, "due": row.due, "updatedAt": row.updated_at,
    })
}

fn add(row: &NewRow) -> Json {
    json!({ "add": { "key": row.id, "values": {
        "region": row.region, "product": row.product, "amount": row.amount, "note": row.note,
        "approved": row.approved, "due": row.due, "updated_at": row.updated_at,
    } } })
}
