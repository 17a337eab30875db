//! Row-level security by entitlement: on every path only the rows of one's own.

use anyhow::{Result, ensure};
use serde_json::{Value as Json, json};

use crate::{
    client::Client,
    many::bulk,
    tables::{Table, fields, list, statuses},
    world::{World, call, unique_id},
};

const ACTIONS: [&str; 7] = [
    "VIEW",
    "ADD",
    "EDIT",
    "DELETE",
    "BULK_EDIT",
    "HISTORY",
    "ROLL_BACK",
];

/// Ann sees and changes the rows of the north; those of the south answer like rows that are not there.
pub async fn row_level_security(world: &World) -> Result<()> {
    let (admin, ann) = (&world.admin, &world.ann);
    let table = Table::make(admin, &world.connection, &fields()).await?;
    open_to_ann(admin, &table).await?;
    let rows = [("north", 1), ("south", 2), ("north", 3)];
    let rows = rows.map(|(name, count)| json!({ "name": name, "count": count }));
    let rows = table.add(admin, &rows).await?;

    let page = table
        .page(ann, json!({ "sort": [{ "field": "count" }] }))
        .await?;
    let seen: Vec<Json> = list(&page["nodes"])
        .iter()
        .map(|node| node["values"]["count"].clone())
        .collect();
    ensure!(
        seen == [1, 3] && page["totalCount"] == 2,
        "ann sees {seen:?}"
    );

    let edit = |key: &Json, values: Json| json!([{ "edit": { "key": key, "overwrite": true, "values": values } }]);
    let (north, south) = (&rows[0]["key"], &rows[1]["key"]);
    let beyond = [
        (edit(south, json!({ "count": 9 })), "NOT_FOUND"),
        (
            json!([{ "delete": { "key": south, "overwrite": true } }]),
            "NOT_FOUND",
        ),
        (edit(north, json!({ "name": "south" })), "CHECK_FAILED"),
        (
            json!([{ "add": { "values": { "name": "south" } } }]),
            "CHECK_FAILED",
        ),
    ];
    for (changes, code) in beyond {
        let outcome = table.write(ann, &unique_id(), changes).await?;
        let wanted = [(code.to_owned(), code.to_owned())];
        ensure!(statuses(&outcome) == wanted, "{outcome:#}");
    }
    table.apply(ann, edit(north, json!({ "count": 5 }))).await?;
    table
        .add(ann, &[json!({ "name": "north", "count": 7 })])
        .await?;
    bulk(
        &table,
        ann,
        &Json::Null,
        &json!([{ "field": "count", "plus": 1 }]),
        3,
    )
    .await?;
    let found = [
        table.column(admin, "north", "count").await?,
        table.column(admin, "south", "count").await?,
    ];
    ensure!(
        found == [vec![json!(4), json!(6), json!(8)], vec![json!(2)]],
        "found {found:?}"
    );

    // What she is no longer entitled to is gone with her next request.
    entitle(admin, "ann", &[]).await?;
    let page = table.page(ann, json!({})).await?;
    ensure!(page["totalCount"] == 0, "{page:#}");
    table.drop(admin).await
}

async fn entitle(admin: &Client, name: &str, values: &[&str]) -> Result<()> {
    let input = json!({ "type": "USER", "assignable": name, "property": "desk", "values": values });
    let document =
        "mutation($input: SetEntitlementsInput!) { setEntitlements(input: $input) { __typename } }";
    call(admin, document, json!({ "input": input })).await?;
    Ok(())
}

/// Gives ann all rights on the rows whose name is one of her desks; so with the administrator, who has both.
async fn open_to_ann(admin: &Client, table: &Table) -> Result<()> {
    let made = call(
        admin,
        "mutation($input: CreateGroupInput!) { createGroup(input: $input) { group { id } } }",
        json!({ "input": { "name": "desks" } }),
    )
    .await?;
    let group = &made["createGroup"]["group"]["id"];
    let known = call(admin, "{ users { users { id username } } }", json!({})).await?;
    let users = list(&known["users"]["users"]);
    let ann = users
        .iter()
        .find(|user| user["username"] == "ann")
        .map(|user| &user["id"]);
    let document = "mutation($input: ChangeMembersInput!) { changeGroupMembers(input: $input) { __typename } }";
    call(
        admin,
        document,
        json!({ "input": { "groupId": group, "add": [ann] } }),
    )
    .await?;
    let permissions = json!([{ "groupId": group, "actions": ACTIONS }]);
    let document = "mutation($input: SetPermissionsInput!) { setSchemaPermissions(input: $input) { schema { id } } }";
    call(
        admin,
        document,
        json!({ "input": { "schemaId": table.schema, "permissions": permissions } }),
    )
    .await?;
    let rule = json!({ "field": "name", "operator": "IN", "property": "desk" });
    let policies = json!([{ "name": "own desks", "rules": [rule] }]);
    let document = "mutation($input: SetPoliciesInput!) { setSchemaPolicies(input: $input) { schema { id } } }";
    call(
        admin,
        document,
        json!({ "input": { "schemaId": table.schema, "policies": policies } }),
    )
    .await?;
    entitle(admin, "admin", &["north", "south"]).await?;
    entitle(admin, "ann", &["north"]).await
}
