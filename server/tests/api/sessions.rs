//! Signing in and out: tokens, cookies, and what a caller who is nobody may do.

use hyper::StatusCode;
use serde_json::{Value as Json, json};

use crate::support::{PASSWORD, TestServer};

const SIGN_IN: &str =
    "mutation($input: SignInInput!) { signIn(input: $input) { token viewer { username } } }";
const VIEWER: &str = "{ viewer { username mustChangePassword } }";

fn credentials(username: &str, password: &str) -> Json {
    json!({ "input": { "username": username, "password": password } })
}

#[tokio::test]
async fn a_token_is_good_from_sign_in_to_sign_out() {
    let (server, admin) = TestServer::start().await;
    let user = server.sign_in("ADMIN", PASSWORD).await;
    assert_eq!(
        user.run(VIEWER, json!({})).await["viewer"]["username"],
        "admin"
    );
    assert_eq!(
        user.run("mutation { signOut }", json!({})).await["signOut"],
        true
    );
    assert_eq!(user.run(VIEWER, json!({})).await["viewer"], Json::Null);
    assert_eq!(
        admin.run(VIEWER, json!({})).await["viewer"]["username"],
        "admin",
        "the other session stays"
    );
}

#[tokio::test]
async fn wrong_name_and_wrong_password_look_alike() {
    let (server, _) = TestServer::start().await;
    let stranger = server.stranger();
    let wrong_password = stranger
        .ask(SIGN_IN, credentials("admin", "not the password at all"))
        .await;
    let wrong_name = stranger.ask(SIGN_IN, credentials("nobody", PASSWORD)).await;
    assert_eq!(wrong_password.code(), "WRONG_CREDENTIALS");
    assert_eq!(wrong_password.json["errors"], wrong_name.json["errors"]);
    assert!(wrong_name.headers.get("set-cookie").is_none());
}

#[tokio::test]
async fn nothing_is_allowed_before_the_first_password_is_changed() {
    let (server, admin) = TestServer::start().await;
    let given = "four herons at Finisterre";
    let input = json!({ "input": { "username": "ada", "password": given, "roles": ["ADMIN"] } });
    admin
        .run(
            "mutation($input: CreateUserInput!) { createUser(input: $input) { user { id } } }",
            input,
        )
        .await;
    let ada = server.sign_in("ada", given).await;
    assert_eq!(
        ada.run(VIEWER, json!({})).await["viewer"]["mustChangePassword"],
        true
    );
    assert_eq!(
        ada.ask("{ schemas { id } }", json!({})).await.code(),
        "PASSWORD_CHANGE_REQUIRED"
    );
    let change = "mutation($input: ChangePasswordInput!) { changePassword(input: $input) }";
    let easy = json!({ "input": { "currentPassword": given, "newPassword": "password1234" } });
    let refused = ada.ask(change, easy).await;
    assert_eq!(
        refused.problems(),
        [("newPassword".to_owned(), "TOO_EASY".to_owned())]
    );
    let good = json!({ "input": { "currentPassword": given, "newPassword": PASSWORD } });
    ada.run(change, good).await;
    ada.run("{ schemas { id } }", json!({})).await;
}

#[tokio::test]
async fn callers_who_are_nobody_get_nothing() {
    let (server, _) = TestServer::start().await;
    let id = "00000000-0000-4000-8000-000000000000";
    let mut forged = server.stranger();
    forged.token = Some(format!("qbs_{}", "A".repeat(43)));
    for caller in [server.stranger(), forged] {
        for document in [
            "{ schemas { id } }".to_owned(),
            "{ connections { id } }".to_owned(),
            "{ users { users { id } } }".to_owned(),
            "{ server { version } }".to_owned(),
            "{ auditEvents { id } }".to_owned(),
            format!("{{ rows(schemaId: \"{id}\") {{ totalCount }} }}"),
            format!("{{ history(schemaId: \"{id}\") {{ hasMore }} }}"),
            format!(
                "mutation {{ deleteConnection(input: {{ id: \"{id}\", version: 1 }}) {{ id }} }}"
            ),
        ] {
            assert_eq!(
                caller.ask(&document, json!({})).await.code(),
                "UNAUTHENTICATED",
                "{document}"
            );
        }
        let introspection = caller
            .ask("{ __schema { types { name } } }", json!({}))
            .await;
        assert_eq!(introspection.code(), "INTROSPECTION_DISABLED");
    }
}

#[tokio::test]
async fn a_browser_signs_in_with_a_cookie_that_other_sites_cannot_use() {
    let (server, _) = TestServer::start().await;
    let browser = server.stranger();
    let body = json!({ "query": SIGN_IN, "variables": credentials("admin", PASSWORD) });
    let signed = browser.send(&body, &[]).await;
    let cookie = signed.headers["set-cookie"].to_str().unwrap().to_owned();
    assert!(
        cookie.starts_with("quillback=qbs_") && cookie.contains("HttpOnly"),
        "{cookie}"
    );
    let pair = cookie.split(';').next().unwrap().to_owned();
    let viewer = json!({ "query": VIEWER });
    let own = [
        ("cookie", pair.clone()),
        ("x-quillback-request", "1".to_owned()),
    ];
    assert_eq!(
        browser.send(&viewer, &own).await.data()["viewer"]["username"],
        "admin"
    );
    let plain = browser.send(&viewer, &own[..1]).await;
    assert_eq!(
        (plain.status, plain.code()),
        (StatusCode::FORBIDDEN, "CROSS_SITE_REQUEST")
    );
    let foreign = [
        own[0].clone(),
        own[1].clone(),
        ("origin", "https://evil.example".to_owned()),
    ];
    assert_eq!(
        browser.send(&viewer, &foreign).await.code(),
        "CROSS_SITE_REQUEST"
    );
    let out = browser
        .send(&json!({ "query": "mutation { signOut }" }), &own)
        .await;
    assert!(
        out.headers["set-cookie"]
            .to_str()
            .unwrap()
            .contains("Max-Age=0")
    );
    assert_eq!(
        browser.send(&viewer, &own).await.data()["viewer"],
        Json::Null
    );
}

#[tokio::test]
async fn guesses_cannot_be_bundled() {
    let (server, _) = TestServer::start().await;
    let one = "signIn(input: { username: \"admin\", password: \"x\" }) { token }";
    let both = format!("mutation {{ a: {one} b: {one} }}");
    let reply = server.stranger().ask(&both, json!({})).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{:#}", reply.json);
    assert!(
        reply.json["errors"][0]["path"].is_null(),
        "nothing was tried"
    );
}

#[tokio::test]
async fn many_failures_make_the_account_wait() {
    let (server, _) = TestServer::start().await;
    let stranger = server.stranger();
    let mut codes = Vec::new();
    for _ in 0..8 {
        let reply = stranger
            .ask(SIGN_IN, credentials("admin", "not the password at all"))
            .await;
        codes.push(reply.code().to_owned());
    }
    assert_eq!(codes[0], "WRONG_CREDENTIALS");
    assert_eq!(codes[7], "TOO_MANY_ATTEMPTS", "{codes:?}");
}

#[tokio::test]
async fn a_restart_keeps_sessions_and_everything_else() {
    let (server, admin) = TestServer::start().await;
    let database = crate::support::Database::sqlite(&server.file(""));
    let table = database.table(&admin).await;
    table.add(&admin, &[json!({ "name": "kept" })]).await;
    let server = server.restart().await;
    let admin = admin.at(server.address);
    assert_eq!(
        admin.run(VIEWER, json!({})).await["viewer"]["username"],
        "admin"
    );
    assert_eq!(table.column(&admin, "name").await, ["kept"]);
}

#[tokio::test]
async fn a_token_for_reading_reads_and_does_not_write() {
    let (server, admin) = TestServer::start().await;
    let database = crate::support::Database::sqlite(&server.file(""));
    let table = database.table(&admin).await;
    let mut tomorrow = quillback_server::wire::surroundings().unwrap().clock.now();
    tomorrow.seconds += 86_400;
    let input = json!({ "input": { "name": "report", "scope": "READ", "expiresAt": format!("{tomorrow}Z") } });
    let create = "mutation($input: CreateApiTokenInput!) { createApiToken(input: $input) { secret apiToken { id } } }";
    let made = admin.run(create, input).await;
    let mut program = server.stranger();
    program.token = Some(
        made["createApiToken"]["secret"]
            .as_str()
            .unwrap()
            .to_owned(),
    );
    assert_eq!(table.column(&program, "name").await, Vec::<Json>::new());
    let add = json!([{ "add": { "values": { "name": "x" } } }]);
    let refused = program
        .ask(
            crate::support::WRITE,
            table.input(&crate::support::unique_id(), add),
        )
        .await;
    assert_eq!(refused.code(), "FORBIDDEN");
    let revoke = "mutation($input: RevokeApiTokenInput!) { revokeApiToken(input: $input) { id } }";
    admin
        .run(
            revoke,
            json!({ "input": { "id": made["createApiToken"]["apiToken"]["id"] } }),
        )
        .await;
    assert_eq!(program.run(VIEWER, json!({})).await["viewer"], Json::Null);
}

#[tokio::test]
async fn a_user_who_is_switched_off_is_out_at_once() {
    let (server, admin) = TestServer::start().await;
    let bob = server.add_user(&admin, "bob", json!([])).await;
    let found = admin
        .run(
            "{ users(search: \"bob\") { users { id version } } }",
            json!({}),
        )
        .await;
    let user = &found["users"]["users"][0];
    let input =
        json!({ "input": { "id": user["id"], "version": user["version"], "active": false } });
    admin
        .run(
            "mutation($input: UpdateUserInput!) { updateUser(input: $input) { user { active } } }",
            input,
        )
        .await;
    assert_eq!(bob.run(VIEWER, json!({})).await["viewer"], Json::Null);
    let again = server
        .stranger()
        .ask(SIGN_IN, credentials("bob", PASSWORD))
        .await;
    assert_eq!(again.code(), "WRONG_CREDENTIALS");
}
