//! Signing in: what is proved and how, and what happens when a token or a session is over.
#![expect(clippy::unwrap_used, reason = "all of it belongs to tests")]

use quillback_plugin_api::Category;
use quillback_plugin_api::batch::{Batch, BatchOutcome};
use quillback_plugin_api::driver::Instance as _;
use serde_json::json;

use crate::failures::{read, write};
use crate::server::{Reply, Server, error, result, sql};

/// Made for tests.
const KEY: &str = include_str!("../../../families/http/tests/key.pem");

#[tokio::test]
async fn a_password_is_sent_once_and_names_are_quoted() {
    let server = Server::start(|_, _| None).await;
    let options = json!({ "warehouse": "W", "role": "r\"x", "schema": "PUBLIC" });
    server.open(options).await.unwrap();
    let asked = server.wait_for("POST", "/login-request").await;
    let data = &asked.json()["data"];
    assert_eq!(data["PASSWORD"], "hush");
    assert_eq!(
        (&data["LOGIN_NAME"], &data["ACCOUNT_NAME"]),
        (&json!("me"), &json!("ORG-ACC"))
    );
    assert!(asked.token.is_none());
    for part in [
        "databaseName=%22D%22",
        "warehouse=%22W%22",
        "roleName=%22r%22%22x%22",
    ] {
        assert!(asked.path.contains(part), "{part} in {}", asked.path);
    }
}

#[tokio::test]
async fn a_key_signs_a_token_that_names_its_fingerprint() {
    let server = Server::start(|_, _| None).await;
    let options = json!({ "password": null, "private_key": KEY });
    server.open(options).await.unwrap();
    let asked = server.wait_for("POST", "/login-request").await.json();
    let data = &asked["data"];
    assert_eq!(data["AUTHENTICATOR"], "SNOWFLAKE_JWT");
    let token = data["TOKEN"].as_str().unwrap();
    let parts: Vec<_> = token.split('.').collect();
    assert_eq!(parts.len(), 3);
    let claims: serde_json::Value = serde_json::from_slice(&decoded(parts[1])).unwrap();
    assert_eq!(claims["sub"], "ORG-ACC.ME");
    let fingerprint = include_str!("../../../families/http/tests/key.fingerprint").trim();
    let issuer = format!("ORG-ACC.ME.SHA256:{fingerprint}");
    assert_eq!(claims["iss"], json!(issuer));
    assert_eq!(
        claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(),
        60
    );
}

/// Base64 with the letters of addresses, without padding.
fn decoded(text: &str) -> Vec<u8> {
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bytes = Vec::new();
    let (mut bits, mut held) = (0_u32, 0);
    for letter in text.chars() {
        bits = bits << 6 | u32::try_from(letters.find(letter).unwrap()).unwrap();
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).unwrap());
        }
    }
    bytes
}

#[tokio::test]
async fn an_access_token_needs_no_user() {
    let server = Server::start(|_, _| None).await;
    let options = json!({ "password": null, "user": null, "token": "pat" });
    server.open(options).await.unwrap();
    let data = &server.wait_for("POST", "/login-request").await.json()["data"];
    assert_eq!(data["AUTHENTICATOR"], "PROGRAMMATIC_ACCESS_TOKEN");
    assert_eq!(data["TOKEN"], "pat");
    assert!(data.get("LOGIN_NAME").is_none());
}

#[tokio::test]
async fn wrong_credentials_and_databases_that_are_not_there_are_told_apart() {
    let server = Server::start(|asked, _| {
        let refused = error("390100", "08001", "Incorrect username or password: hush");
        asked.is("POST", "/login-request").then_some(refused)
    })
    .await;
    let refused = server.open(json!({})).await.err().unwrap();
    assert_eq!(refused.category, Category::Auth);
    assert!(!refused.message.contains("hush"));
    let server = Server::start(|asked, _| {
        let data = json!({ "token": "t", "sessionInfo": { "databaseName": null } });
        let nowhere = Reply::Json(200, json!({ "data": data, "success": true }));
        asked.is("POST", "/login-request").then_some(nowhere)
    })
    .await;
    let refused = server.open(json!({})).await.err().unwrap();
    assert_eq!(refused.category, Category::NotFound);
    assert!(refused.message.contains("`database`"));
}

#[tokio::test]
async fn a_token_that_is_used_up_is_renewed_in_the_middle_of_a_transaction() {
    let server = Server::start(|asked, _| {
        let is_old = asked.token.as_deref() == Some("Snowflake Token=\"first\"");
        (is_old && asked.is("POST", "/query-request") && sql(asked).starts_with("DELETE"))
            .then(|| error("390112", "08001", "Your session has expired"))
    })
    .await;
    let instance = server.open(json!({})).await.unwrap();
    let outcome = instance.apply(write()).await.unwrap();
    assert!(matches!(outcome, BatchOutcome::Committed(_)));
    let renewal = server.wait_for("POST", "/token-request").await;
    assert_eq!(renewal.token.as_deref(), Some("Snowflake Token=\"master\""));
    assert_eq!(renewal.json()["oldSessionToken"], "first");
    assert_eq!(server.count("POST", "/login-request"), 1);
    assert_eq!(server.statements().last().unwrap(), "COMMIT");
}

#[tokio::test]
async fn a_session_that_is_over_is_replaced_for_a_read_and_not_inside_a_transaction() {
    let server = Server::start(|asked, before| {
        if asked.is("POST", "/login-request") && before == 1 {
            return None;
        }
        let is_query = asked.is("POST", "/query-request");
        let is_over = is_query && (before == 0 || sql(asked).starts_with("DELETE"));
        is_over.then(|| error("390111", "08001", "Session no longer exists"))
    })
    .await;
    let instance = server.open(json!({})).await.unwrap();
    instance.apply(read()).await.unwrap();
    assert_eq!(server.count("POST", "/login-request"), 2);
    let failed = instance.apply(write()).await.unwrap_err();
    assert_eq!(failed.category, Category::Unavailable);
    assert!(!failed.outcome_unknown);
}

#[tokio::test]
async fn a_batch_without_steps_asks_nothing() {
    let server = Server::start(|_, _| Some(Reply::Json(200, result(&[], &[])))).await;
    assert!(server.open(json!({})).await.is_err());
    let server = Server::start(|_, _| None).await;
    let instance = server.open(json!({})).await.unwrap();
    instance.apply(Batch::default()).await.unwrap();
    assert!(server.statements().is_empty());
}
