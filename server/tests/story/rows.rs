//! Steps with single rows.

use anyhow::{Result, ensure};
use serde_json::{Value as Json, json};

use crate::{
    tables::{list, statuses},
    world::{World, unique_id},
};

/// An edit of what was seen.
fn edit(row: &Json, values: Json) -> Json {
    json!([{ "edit": { "key": row["key"], "version": row["version"], "values": values } }])
}

/// Rows are added and read as they were given: signs of all planes, empty texts beside no texts, the ends of numbers.
pub async fn add(world: &World) -> Result<()> {
    let given = [
        json!({ "name": "add", "count": -2_147_483_648_i64, "day": "0001-01-01", "done": false, "note": "" }),
        json!({ "name": "add", "count": 0, "day": "2024-02-29", "done": true, "note": "50% of_é \\ 'a' \"b\" ☃ 🦆\nnext" }),
        json!({ "name": "add", "count": 2_147_483_647, "day": "9999-12-31", "done": null, "note": null }),
    ];
    let added = world.table.add(&world.admin, &given).await?;
    let arguments =
        json!({ "filter": { "field": "name", "value": "add" }, "sort": [{ "field": "count" }] });
    let page = world.table.page(&world.admin, arguments).await?;
    let nodes = list(&page["nodes"]);
    ensure!(nodes.len() == given.len(), "{page:#}");
    for ((given, added), read) in given.iter().zip(&added).zip(&nodes) {
        ensure!(
            read["values"] == *given,
            "gave {given}, read {}",
            read["values"]
        );
        ensure!(added["key"] == read["key"], "{added} was read as {read}");
        ensure!(
            added["version"] == read["version"],
            "{added} was read as {read}"
        );
    }
    Ok(())
}

/// Pages follow one another without gap or repetition, also among equal values, and a filter combines.
pub async fn page(world: &World) -> Result<()> {
    let counts = [3, 1, 2, 2, 5, 4, 2];
    let rows = counts.map(|count| json!({ "name": "page", "count": count }));
    world.table.add(&world.admin, &rows).await?;
    let name = json!({ "field": "name", "value": "page" });
    let sort = json!([{ "field": "count", "direction": "DESC" }]);
    let (mut keys, mut found, mut after) = (Vec::new(), Vec::new(), Json::Null);
    for more in [true, true, false] {
        let arguments = json!({ "filter": name, "sort": sort, "first": 3, "after": after });
        let page = world.table.page(&world.admin, arguments).await?;
        ensure!(page["totalCount"] == 7, "{page:#}");
        ensure!(page["pageInfo"]["hasNextPage"] == more, "{page:#}");
        for node in list(&page["nodes"]) {
            ensure!(!keys.contains(&node["key"]), "a row came twice: {node}");
            keys.push(node["key"].clone());
            found.push(node["values"]["count"].clone());
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    ensure!(found == [5, 4, 3, 2, 2, 2, 1], "found {found:?}");
    let either = json!([{ "field": "count", "op": "GT", "value": 3 }, { "field": "count", "op": "IN", "value": [1, 9] }]);
    let filter = json!({ "and": [name, { "or": either }] });
    let page = world
        .table
        .page(&world.admin, json!({ "filter": filter, "sort": sort }))
        .await?;
    let found: Vec<Json> = list(&page["nodes"])
        .iter()
        .map(|node| node["values"]["count"].clone())
        .collect();
    ensure!(found == [5, 4, 1], "found {found:?}");
    Ok(())
}

/// A row is edited, and has another version afterwards.
pub async fn edit_row(world: &World, name: &str) -> Result<(Json, Json)> {
    let row = json!({ "name": name, "count": 1, "note": "first" });
    let before = world.table.add(&world.admin, &[row]).await?.remove(0);
    let change = edit(&before, json!({ "count": 2, "note": null }));
    let after = world.table.apply(&world.admin, change).await?.remove(0);
    Ok((before, after))
}

/// An edit takes effect, and the row has another version.
pub async fn edit_step(world: &World) -> Result<()> {
    let (before, after) = edit_row(world, "edit").await?;
    ensure!(before["version"] != after["version"], "{before} {after}");
    let arguments = json!({ "filter": { "field": "name", "value": "edit" } });
    let page = world.table.page(&world.admin, arguments).await?;
    let values = &page["nodes"][0]["values"];
    ensure!(
        (&values["count"], &values["note"]) == (&json!(2), &Json::Null),
        "{page:#}"
    );
    Ok(())
}

/// Who comes second learns what the first did, and writes nothing.
pub async fn conflict(world: &World) -> Result<()> {
    let (before, after) = edit_row(world, "conflict").await?;
    let seen = json!([{ "edit": { "key": before["key"], "seen": { "count": 1 }, "values": { "count": 9 } } }]);
    for late in [edit(&before, json!({ "count": 9 })), seen] {
        let outcome = world.table.write(&world.admin, &unique_id(), late).await?;
        let row = &outcome["rows"][0];
        ensure!(outcome["state"] == "REJECTED", "{outcome:#}");
        ensure!(
            row["status"] == "CONFLICT" && row["row"]["count"] == 2,
            "{outcome:#}"
        );
        ensure!(row["version"] == after["version"], "{outcome:#}");
    }
    let count = world
        .table
        .column(&world.admin, "conflict", "count")
        .await?;
    ensure!(count == [2], "found {count:?}");
    Ok(())
}

/// A row is deleted, and is not found after that.
pub async fn delete(world: &World) -> Result<()> {
    let rows = [1, 2].map(|count| json!({ "name": "delete", "count": count }));
    let row = world.table.add(&world.admin, &rows).await?.remove(0);
    let change = json!([{ "delete": { "key": row["key"], "version": row["version"] } }]);
    world.table.apply(&world.admin, change.clone()).await?;
    let outcome = world
        .table
        .write(&world.admin, &unique_id(), change)
        .await?;
    let gone = [("NOT_FOUND".to_owned(), "NOT_FOUND".to_owned())];
    ensure!(statuses(&outcome) == gone, "{outcome:#}");
    let left = world.table.column(&world.admin, "delete", "count").await?;
    ensure!(left == [2], "found {left:?}");
    Ok(())
}

/// A change that is sent again is answered and not applied again.
pub async fn send_twice(world: &World) -> Result<()> {
    let change = unique_id();
    let adds = json!([{ "add": { "values": { "name": "twice", "count": 1 } } }]);
    let first = world
        .table
        .write(&world.admin, &change, adds.clone())
        .await?;
    let second = world.table.write(&world.admin, &change, adds).await?;
    ensure!(
        first["repeated"] == false && second["repeated"] == true,
        "{first} {second}"
    );
    ensure!(
        first["rows"][0]["key"] == second["rows"][0]["key"],
        "{first} {second}"
    );
    let found = world.table.column(&world.admin, "twice", "count").await?;
    ensure!(found == [1], "found {found:?}");
    Ok(())
}
