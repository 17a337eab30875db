//! Numbers that no float holds.

use anyhow::{Result, ensure};
use serde_json::{Value as Json, json};

use crate::{
    many::bulk,
    tables::{Table, fields, list},
    world::World,
};

/// Decimals are kept, compared, sorted and added to digit by digit.
pub async fn exact(world: &World) -> Result<()> {
    let amount =
        json!({ "name": "amount", "type": { "name": "DECIMAL", "precision": 18, "scale": 2 } });
    let table = Table::make(
        &world.admin,
        &world.connection,
        &json!([fields()[0], amount]),
    )
    .await?;
    let given = ["-0.01", "0.10", "9007199254740993.07"];
    let rows = given.map(|amount| json!({ "name": "exact", "amount": amount }));
    table.add(&world.admin, &rows).await?;
    let found = table.column(&world.admin, "exact", "amount").await?;
    ensure!(found == given, "found {found:?}");
    let filter = json!({ "field": "amount", "op": "GE", "value": "9007199254740993.07" });
    let page = table
        .page(&world.admin, json!({ "filter": filter }))
        .await?;
    ensure!(list(&page["nodes"]).len() == 1, "{page:#}");
    let set = json!([{ "field": "amount", "plus": "0.01" }]);
    bulk(&table, &world.admin, &Json::Null, &set, 3).await?;
    let found = table.column(&world.admin, "exact", "amount").await?;
    ensure!(
        found == ["0.00", "0.11", "9007199254740993.08"],
        "found {found:?}"
    );
    table.drop(&world.admin).await
}
