//! Tokens: asked for with a signed assertion or a refresh token, kept, renewed when refused, and never shown.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use quillback_plugin_api::Category;
use quillback_plugin_api::driver::Instance as _;
use ring::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};

use crate::server::{Asked, Reply, Server};

/// Made for these tests, and good for nothing else.
const KEY: &str = include_str!("key.pem");

/// Hands out the tokens t0, t1 and so on, and refuses all but `good`.
fn tokens(asked: &Asked, before: usize, good: &str) -> Option<Reply> {
    if asked.is("POST", "/token") {
        let token = json!({ "access_token": format!("t{before}"), "expires_in": 3600, "token_type": "Bearer" });
        return Some(Reply::Json(200, token));
    }
    let is_good = asked.token.as_deref() == Some(&format!("Bearer {good}"));
    (!is_good).then(|| {
        Reply::Json(
            401,
            json!({ "error": { "message": "no", "errors": [{ "reason": "authError" }] } }),
        )
    })
}

fn account(server: &Server) -> Value {
    let key = json!({
        "type": "service_account", "project_id": "p", "client_email": "robot@p.example", "private_key_id": "k1",
        "private_key": KEY, "token_uri": format!("{}/token", server.url),
    });
    json!({ "authentication": "key", "key": key.to_string() })
}

#[tokio::test]
async fn a_service_account_signs_for_its_token_and_keeps_it() {
    let server = Server::start(|asked, before| tokens(asked, before, "t0")).await;
    let instance = server.open(account(&server)).await.unwrap();
    instance.ping().await.unwrap();
    assert_eq!(server.count("POST", "/token"), 1);
    let form = server.wait_for("POST", "/token").await.body;
    let assertion = form
        .split('&')
        .find_map(|part| part.strip_prefix("assertion="))
        .unwrap();
    let parts: Vec<_> = assertion.split('.').collect();
    let json = |part: &str| -> Value {
        serde_json::from_slice(&Base64UrlUnpadded::decode_vec(part).unwrap()).unwrap()
    };
    assert_eq!(
        (&json(parts[0])["alg"], &json(parts[0])["kid"]),
        (&json!("RS256"), &json!("k1"))
    );
    let claims = json(parts[1]);
    assert_eq!(claims["iss"], "robot@p.example");
    assert_eq!(claims["aud"], json!(format!("{}/token", server.url)));
    assert_eq!(
        claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(),
        3_600
    );
    let der = PrivatePkcs8KeyDer::from_pem_slice(KEY.as_bytes()).unwrap();
    let pair = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).unwrap();
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key());
    let signed = format!("{}.{}", parts[0], parts[1]);
    let signature = Base64UrlUnpadded::decode_vec(parts[2]).unwrap();
    public.verify(signed.as_bytes(), &signature).unwrap();
}

#[tokio::test]
async fn a_token_that_is_refused_is_renewed_once() {
    let server = Server::start(|asked, before| tokens(asked, before, "t1")).await;
    server.open(account(&server)).await.unwrap();
    assert_eq!(server.count("POST", "/token"), 2);

    let server = Server::start(|asked, before| tokens(asked, before, "never")).await;
    let error = server.open(account(&server)).await.err().unwrap();
    assert_eq!(error.category, Category::Auth);
    assert_eq!(server.count("POST", "/token"), 2);
}

#[tokio::test]
async fn refused_credentials_are_told_without_them() {
    let server = Server::start(|asked, _| {
        let denied = json!({ "error": "invalid_grant", "error_description": "hush-hush" });
        asked
            .is("POST", "/token")
            .then_some(Reply::Json(400, denied))
    })
    .await;
    let key = json!({
        "type": "authorized_user", "client_id": "c", "client_secret": "hush-secret", "refresh_token": "hush-refresh",
        "token_uri": format!("{}/token", server.url),
    });
    let options = json!({ "authentication": "key", "key": key.to_string() });
    let error = server.open(options).await.err().unwrap();
    assert_eq!(error.category, Category::Auth);
    assert!(
        error.message.contains("invalid_grant") && !error.message.contains("hush"),
        "{}",
        error.message
    );
    let form = server.wait_for("POST", "/token").await.body;
    assert!(
        form.contains("grant_type=refresh_token") && form.contains("refresh_token=hush-refresh")
    );
}

#[tokio::test]
async fn keys_that_are_none_are_refused_by_name() {
    let server = Server::start(|_, _| None).await;
    for key in [
        "{\"type\":\"hush\"}",
        "{hush",
        "/no/such/hush",
        "{\"type\":\"service_account\",\"private_key\":\"hush\",\"client_email\":\"e\"}",
    ] {
        let options = json!({ "authentication": "key", "key": key });
        let error = server.open(options).await.err().unwrap();
        assert_eq!(error.category, Category::Config);
        assert!(!error.message.contains("hush"), "{}", error.message);
    }
}
