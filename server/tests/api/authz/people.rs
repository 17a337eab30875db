//! Rows of the matrix: users, groups and roles.

use serde_json::json;

use super::{
    Row, Who, check, row,
    world::{GIVEN, World},
};

#[tokio::test]
async fn authz_people() {
    check(rows()).await;
}

/// The rows of this topic.
pub fn rows() -> Vec<Row> {
    use Who::{ConnectionsIn, ConnectionsOut, SchemasIn, SchemasOut, UsersIn, UsersOut};
    let console = [
        ConnectionsIn,
        ConnectionsOut,
        SchemasIn,
        SchemasOut,
        UsersIn,
        UsersOut,
    ];
    let makers = [UsersIn, UsersOut];
    vec![
        row("Query.users")
            .calls("{ users { users { username } } }", |_, _| json!({}))
            .looks("/users/users")
            .data(&console)
            .data(&Who::ALL_ADMINS),
        row("Query.groups")
            .calls("{ groups { name } }", |_, _| json!({}))
            .data(&console)
            .data(&Who::ALL_ADMINS),
        row("Mutation.createUser")
            .calls(
                "mutation($input: CreateUserInput!) { createUser(input: $input) { user { id } } }",
                |_, _| json!({ "input": { "username": World::fresh(), "password": GIVEN } }),
            )
            .data(&makers)
            .data(&Who::ADMINS),
        row("Mutation.createUser: an administrator")
            .calls(
                "mutation($input: CreateUserInput!) { createUser(input: $input) { user { id } } }",
                |_, _| json!({ "input": { "username": World::fresh(), "password": GIVEN, "roles": ["ADMIN"] } }),
            )
            .data(&Who::ADMINS),
        row("Mutation.updateUser")
            .calls(
                "mutation($input: UpdateUserInput!) { updateUser(input: $input) { user { id } } }",
                |w, _| json!({ "input": { "id": w.id("subject"), "version": w.id("subject version"), "active": false } }),
            )
            .data(&[UsersIn])
            .code("NOT_FOUND", &[UsersOut])
            .data(&Who::ADMINS),
        row("Mutation.setUserRoles")
            .calls(
                "mutation($input: SetUserRolesInput!) { setUserRoles(input: $input) { user { id } } }",
                |w, _| {
                    let (id, version) = (w.id("subject"), w.id("subject version"));
                    json!({ "input": { "id": id, "version": version, "roles": ["USER_MANAGER"] } })
                },
            )
            .data(&[UsersIn])
            .code("NOT_FOUND", &[UsersOut])
            .data(&Who::ADMINS),
        row("Mutation.setUserRoles: a role of others")
            .calls(
                "mutation($input: SetUserRolesInput!) { setUserRoles(input: $input) { user { id } } }",
                |w, _| {
                    let (id, version) = (w.id("subject"), w.id("subject version"));
                    json!({ "input": { "id": id, "version": version, "roles": ["SCHEMA_MANAGER"] } })
                },
            )
            .code("NOT_FOUND", &[UsersOut])
            .data(&Who::ADMINS),
        row("Mutation.setUserPassword")
            .calls(
                "mutation($input: SetUserPasswordInput!) { setUserPassword(input: $input) { user { id } } }",
                |w, _| json!({ "input": { "id": w.id("subject"), "password": "nine otters in Oban harbour" } }),
            )
            .data(&[UsersIn])
            .code("NOT_FOUND", &[UsersOut])
            .data(&Who::ADMINS),
        row("Mutation.setUserPassword: of an administrator")
            .calls(
                "mutation($input: SetUserPasswordInput!) { setUserPassword(input: $input) { user { id } } }",
                |w, _| json!({ "input": { "id": w.id("admin"), "password": "nine otters in Oban harbour" } }),
            )
            .data(&Who::ADMINS),
        row("Mutation.createGroup")
            .calls("mutation($name: String!) { createGroup(input: { name: $name }) { group { id } } }", |_, _| {
                json!({ "name": World::fresh() })
            })
            .data(&makers)
            .data(&Who::ADMINS),
        row("Mutation.renameGroup")
            .calls(
                "mutation($input: RenameGroupInput!) { renameGroup(input: $input) { group { id } } }",
                |w, _| json!({ "input": { "id": w.id("sales"), "version": w.id("sales version"), "name": "Sold" } }),
            )
            .data(&[UsersIn])
            .code("NOT_FOUND", &[UsersOut])
            .data(&Who::ADMINS),
        row("Mutation.deleteGroup")
            .calls(
                "mutation($input: DeleteGroupInput!) { deleteGroup(input: $input) { id } }",
                |w, _| json!({ "input": { "id": w.id("unused"), "version": w.id("unused version") } }),
            )
            .data(&[UsersIn])
            .code("NOT_FOUND", &[UsersOut])
            .data(&Who::ADMINS),
        row("Mutation.changeGroupMembers")
            .calls(
                "mutation($input: ChangeMembersInput!) { changeGroupMembers(input: $input) { memberIds } }",
                |w, _| json!({ "input": { "groupId": w.id("sales"), "remove": [w.id("subject")] } }),
            )
            .data(&[UsersIn])
            .code("NOT_FOUND", &[UsersOut])
            .data(&Who::ADMINS),
        row("Mutation.changeGroupMembers: oneself into another group")
            .calls(
                "mutation($input: ChangeMembersInput!) { changeGroupMembers(input: $input) { memberIds } }",
                |w, who| {
                    let group = if who == Who::UsersOut { "sales" } else { "other group" };
                    json!({ "input": { "groupId": w.id(group), "add": [w.user(who)] } })
                },
            )
            .data(&Who::ADMINS),
    ]
}
