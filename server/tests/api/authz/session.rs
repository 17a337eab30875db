//! Rows of the matrix: signing in and out, the own sessions and tokens.

use serde_json::json;

use super::{Row, Who, check, row, world::World};

#[tokio::test]
async fn authz_session() {
    check(rows()).await;
}

/// The rows of this topic.
pub fn rows() -> Vec<Row> {
    use Who::{Admin, AdminProgram, AdminReads, Anonymous, Claimed, Due};
    let tokens = [AdminProgram, AdminReads];
    vec![
        row("Query.viewer")
            .calls("{ viewer { username } }", |_, _| json!({}))
            .data(&Who::WITH_SESSION)
            .data(&tokens)
            .data(&[Due, Claimed])
            .nothing(&[Anonymous]),
        row("Query.mySessions")
            .calls("{ mySessions { id } }", |_, _| json!({}))
            .data(&Who::WITH_SESSION)
            .data(&[AdminProgram]),
        row("Query.myApiTokens")
            .calls("{ myApiTokens { id name } }", |_, _| json!({}))
            .data(&[Admin])
            .data(&tokens)
            .nothing(&Who::WITH_SESSION[..10]),
        row("Mutation.signIn")
            .calls(
                "mutation($input: SignInInput!) { signIn(input: $input) { token } }",
                |_, who| {
                    let (username, password) = (World::username(who), World::password(who));
                    json!({ "input": { "username": username, "password": password } })
                },
            )
            .data(&Who::WITH_SESSION)
            .data(&tokens)
            .data(&[Anonymous, Due, Claimed]),
        row("Mutation.signOut")
            .calls("mutation { signOut }", |_, _| json!({}))
            .data(&Who::WITH_SESSION)
            .data(&[Due, Claimed])
            .nothing(&[Anonymous])
            .nothing(&tokens),
        row("Mutation.revokeSession")
            .calls(
                "mutation($id: ID!) { revokeSession(input: { id: $id }) { id } }",
                |w, who| json!({ "id": w.session(who) }),
            )
            .data(&Who::WITH_SESSION)
            .data(&[AdminProgram]),
        row("Mutation.changePassword")
            .calls(
                "mutation($input: ChangePasswordInput!) { changePassword(input: $input) }",
                |_, who| {
                    let new = "nine otters in Oban harbour";
                    json!({ "input": { "currentPassword": World::password(who), "newPassword": new } })
                },
            )
            .data(&Who::WITH_SESSION)
            .data(&[Due]),
        row("Mutation.createApiToken")
            .calls(
                "mutation($input: CreateApiTokenInput!) { createApiToken(input: $input) { secret } }",
                |_, _| json!({ "input": { "name": "new", "scope": "READ", "expiresAt": World::tomorrow() } }),
            )
            .data(&Who::WITH_SESSION),
        row("Mutation.revokeApiToken")
            .calls(
                "mutation($id: ID!) { revokeApiToken(input: { id: $id }) { id } }",
                |w, _| json!({ "id": w.id("spare token") }),
            )
            .data(&Who::ADMINS)
            .code("NOT_FOUND", &Who::WITH_SESSION[..10])
            .code("NOT_FOUND", &[AdminReads, Claimed]),
    ]
}
