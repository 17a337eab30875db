//! What is measured, and the documents that ask for it.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value as Json, json};

use super::load::Body;
use super::store::{NewRow, Work};
use super::table::{Known, REGION, Table};

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
    /// Add 10,000 rows in one request.
    BulkAdd,
}

impl Scenario {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Add,
        Self::Edit,
        Self::Page,
        Self::PageDeep,
        Self::BulkAdd,
    ];

    /// Requests under way: one where each is large.
    pub(super) fn concurrency(self, wanted: usize) -> usize {
        if self == Self::BulkAdd { 1 } else { wanted }
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
        Scenario::Page | Scenario::PageDeep => Work::Page {
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
        Scenario::Page | Scenario::PageDeep => {
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
            Work::Page { region, after } => {
                let (due, id) = after.unzip();
                json!({ "region": region, "due": due, "id": id })
            }
        };
        json!({ "query": document, "variables": variables }).to_string()
    })
}

/// Bodies that ask Quillback for the same, in this schema; deep pages start at the cursor.
pub(super) fn quillback(
    scenario: Scenario,
    table: &Table,
    run: u64,
    schema: &str,
    deep: &str,
) -> Body {
    let work = work(scenario, table, run);
    let (nonce, known) = (table.nonce, Arc::clone(&table.known));
    let (schema, deep) = (schema.to_owned(), deep.to_owned());
    let page = format!(
        "query($schema: ID!, $after: String) {{ rows(schemaId: $schema, first: {PAGE}, after: $after, \
         sort: [{{ field: \"due\" }}]) {{ nodes {{ key values }} }} }}"
    );
    let write = "mutation($input: WriteRowsInput!) { writeRows(input: $input) { state rows { status key } } }";
    Arc::new(move |number| {
        let changes: Vec<Json> = match work(number) {
            Work::Add(rows) => rows.iter().map(add).collect(),
            Work::Edit { id, amount, note } => vec![json!({ "edit": {
                "key": id, "seen": { "product": nth(&known, number).product },
                "values": { "amount": amount, "note": note },
            } })],
            Work::Page { after, .. } => {
                let after = after.map(|_| deep.as_str());
                let variables = json!({ "schema": schema, "after": after });
                return json!({ "query": page, "variables": variables }).to_string();
            }
        };
        let change = Table::new_id(!nonce, run, number);
        let input = json!({ "changeId": change, "schemaId": schema, "changes": changes });
        json!({ "query": write, "variables": { "input": input } }).to_string()
    })
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

fn row(id: String, number: u64) -> NewRow {
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
