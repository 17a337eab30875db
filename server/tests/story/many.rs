//! Steps with many rows, and with what is written down about rows.

use anyhow::{Result, ensure};
use serde_json::{Value as Json, json};

use crate::{
    client::Client,
    rows,
    tables::{Table, list},
    world::{Refused, World, call, text, unique_id},
};

const BULK: &str = "mutation($input: BulkEditInput!) { bulkEdit(input: $input) { changeId state rows { status code } } }";
const PREVIEW: &str =
    "mutation($input: BulkEditInput!) { previewBulkEdit(input: $input) { wouldApply count } }";
const ROLL_BACK: &str = "mutation($input: RollBackInput!) { rollBack(input: $input) { changeId state rows { status code } } }";

/// Rows of a change.
const MANY: u32 = 120;

/// Tries a bulk edit out, and then does it; answers the change's id.
pub async fn bulk(
    table: &Table,
    client: &Client,
    filter: &Json,
    set: &Json,
    count: u32,
) -> Result<String> {
    let mut input =
        json!({ "changeId": unique_id(), "schemaId": table.schema, "filter": filter, "set": set });
    let preview = call(client, PREVIEW, json!({ "input": input })).await?;
    let told = &preview["previewBulkEdit"];
    ensure!(
        *told == json!({ "wouldApply": true, "count": count }),
        "{told}"
    );
    input["expectedCount"] = json!(count);
    let done = call(client, BULK, json!({ "input": input })).await?;
    let done = &done["bulkEdit"];
    ensure!(
        done["state"] == "APPLIED" && list(&done["rows"]).len() == count as usize,
        "{done:#}"
    );
    Ok(text(&done["changeId"]))
}

async fn undo(client: &Client, change: &str) -> Result<String> {
    let input = json!({ "changeId": unique_id(), "reverts": change });
    let back = call(client, ROLL_BACK, json!({ "input": input })).await?;
    let back = &back["rollBack"];
    ensure!(back["state"] == "APPLIED", "{back:#}");
    Ok(text(&back["changeId"]))
}

async fn add_many(world: &World, name: &str) -> Result<Vec<Json>> {
    let rows: Vec<Json> = (0..MANY)
        .map(|n| json!({ "name": name, "count": n }))
        .collect();
    world.table.add(&world.admin, &rows).await
}

fn numbers(from: u32) -> Vec<Json> {
    (from..from + MANY).map(Json::from).collect()
}

/// Many rows are added in one change, each with a key of its own.
pub async fn add(world: &World) -> Result<()> {
    let added = add_many(world, "bulk add").await?;
    let mut keys: Vec<String> = added.iter().map(|row| row["key"].to_string()).collect();
    keys.sort();
    keys.dedup();
    ensure!(keys.len() == MANY as usize, "{} keys", keys.len());
    let found = world
        .table
        .column(&world.admin, "bulk add", "count")
        .await?;
    ensure!(found == numbers(0), "found {found:?}");
    Ok(())
}

/// All rows of a filter are edited in one change, whose size is confirmed, and taken back in one.
pub async fn edit(world: &World) -> Result<()> {
    let (table, admin) = (&world.table, &world.admin);
    add_many(world, "bulk edit").await?;
    let filter = json!({ "field": "name", "value": "bulk edit" });
    let set = json!([{ "field": "count", "plus": 1 }, { "field": "note", "to": "edited" }]);
    let input = json!({
        "changeId": unique_id(), "schemaId": table.schema, "filter": filter, "set": set, "expectedCount": MANY - 1,
    });
    let other = call(admin, BULK, json!({ "input": input })).await;
    let refused = other
        .err()
        .and_then(|error| error.downcast::<Refused>().ok());
    ensure!(
        refused
            .as_ref()
            .is_some_and(|refused| refused.code == "COUNT_CHANGED"),
        "another number of rows: {refused:?}"
    );
    let change = bulk(table, admin, &filter, &set, MANY).await?;
    let found = table.column(admin, "bulk edit", "count").await?;
    ensure!(found == numbers(1), "found {found:?}");
    undo(admin, &change).await?;
    let found = table.column(admin, "bulk edit", "count").await?;
    ensure!(found == numbers(0), "found {found:?}");
    let notes = table.column(admin, "bulk edit", "note").await?;
    ensure!(notes.iter().all(Json::is_null), "found {notes:?}");
    Ok(())
}

/// The history of a row tells what it was and what it became, also of a row that is gone.
pub async fn history(world: &World) -> Result<()> {
    let (row, edited) = rows::edit_row(world, "history").await?;
    let delete = json!([{ "delete": { "key": row["key"], "version": edited["version"] } }]);
    world.table.apply(&world.admin, delete).await?;
    let document = "query($schema: ID!, $key: JSON) { history(schemaId: $schema, key: $key) {
        entries { action key before after username isVerified }
    } }";
    let asked = json!({ "schema": world.table.schema, "key": row["key"] });
    let answer = call(&world.admin, document, asked).await?;
    let entries = list(&answer["history"]["entries"]);
    let told: Vec<Json> = entries
        .iter()
        .map(|entry| {
            json!([
                entry["action"],
                entry["before"]["count"],
                entry["after"]["count"]
            ])
        })
        .collect();
    let wanted = [
        json!(["delete", 2, null]),
        json!(["edit", 1, 2]),
        json!(["add", null, 1]),
    ];
    ensure!(told == wanted, "told {told:?}");
    let ours = |entry: &Json| entry["username"] == "admin" && entry["isVerified"] == true;
    ensure!(entries.iter().all(ours), "{entries:?}");
    Ok(())
}

/// A change of all three kinds is taken back whole, and brought on again; later work stands in the way.
pub async fn roll_back(world: &World) -> Result<()> {
    let (table, admin) = (&world.table, &world.admin);
    let rows = [1, 2].map(|count| json!({ "name": "roll-back", "count": count }));
    let rows = table.add(admin, &rows).await?;
    let (one, two) = (&rows[0], &rows[1]);
    let change = unique_id();
    let changes = json!([
        { "edit": { "key": one["key"], "version": one["version"], "values": { "count": 10 } } },
        { "delete": { "key": two["key"], "version": two["version"] } },
        { "add": { "values": { "name": "roll-back", "count": 30 } } },
    ]);
    let outcome = table.write(admin, &change, changes).await?;
    ensure!(outcome["state"] == "APPLIED", "{outcome:#}");
    let counts = async || table.column(admin, "roll-back", "count").await;
    ensure!(counts().await? == [10, 30], "after the change");
    let back = undo(admin, &change).await?;
    ensure!(counts().await? == [1, 2], "after the roll-back");
    undo(admin, &back).await?;
    ensure!(
        counts().await? == [10, 30],
        "after the roll-back of the roll-back"
    );
    let later =
        json!([{ "edit": { "key": one["key"], "overwrite": true, "values": { "count": 11 } } }]);
    table.apply(admin, later).await?;
    let input = json!({ "changeId": unique_id(), "reverts": change });
    let stopped = call(admin, ROLL_BACK, json!({ "input": input })).await?;
    ensure!(stopped["rollBack"]["state"] == "REJECTED", "{stopped:#}");
    ensure!(
        counts().await? == [11, 30],
        "after a roll-back that was refused"
    );
    Ok(())
}
