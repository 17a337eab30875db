//! Groups, rights and row rules for tests.

use serde_json::{Value as Json, json};

use super::{Client, Table};

async fn user_id(admin: &Client, name: &str) -> Json {
    let answer = admin
        .run("{ users { users { id username } } }", json!({}))
        .await;
    let users = answer["users"]["users"].as_array().unwrap();
    let user = users.iter().find(|user| user["username"] == name);
    user.unwrap()["id"].clone()
}

/// Adds a group with these members.
pub async fn group(admin: &Client, name: &str, members: &[&str]) -> Json {
    let made = admin
        .run(
            "mutation($input: CreateGroupInput!) { createGroup(input: $input) { group { id } } }",
            json!({ "input": { "name": name } }),
        )
        .await;
    let id = made["createGroup"]["group"]["id"].clone();
    let mut add = Vec::new();
    for member in members {
        add.push(user_id(admin, member).await);
    }
    admin
        .run(
            "mutation($input: ChangeMembersInput!) { changeGroupMembers(input: $input) { __typename } }",
            json!({ "input": { "groupId": id, "add": add } }),
        )
        .await;
    id
}

/// Gives a group rights on a schema, and takes those of all others.
pub async fn grant(admin: &Client, table: &Table, group: &Json, actions: &[&str]) {
    let permissions = json!([{ "groupId": group, "actions": actions }]);
    let input = json!({ "schemaId": table.schema, "permissions": permissions });
    admin
        .run(
            "mutation($input: SetPermissionsInput!) { setSchemaPermissions(input: $input) { schema { id } } }",
            json!({ "input": input }),
        )
        .await;
}

/// Everybody sees the rows whose name is one of their groups.
pub async fn limit_to_groups(admin: &Client, table: &Table) {
    let rule = json!({ "field": "name", "operator": "IN", "groups": true });
    let policies = json!([{ "name": "own groups", "rules": [rule] }]);
    admin
        .run(
            "mutation($input: SetPoliciesInput!) { setSchemaPolicies(input: $input) { schema { id } } }",
            json!({ "input": { "schemaId": table.schema, "policies": policies } }),
        )
        .await;
}
