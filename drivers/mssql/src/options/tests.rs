//! Tests of the connection options.

use quillback_family_tds::settings::Account;
use quillback_plugin_api::Category;
use serde_json::json;

use super::*;

fn refused(options: serde_json::Value) -> String {
    let error = read(options).err().unwrap();
    assert_eq!(error.category, Category::Config);
    error.message
}

fn signed_in(settings: &Settings) -> (&str, &str) {
    match &settings.account {
        Account::Sql { user, password } => (user, password),
        #[cfg(feature = "integrated")]
        Account::Process => ("", ""),
    }
}

#[test]
fn an_address_gives_all_its_parts() {
    let url = "mssql://m%65:p%40ss+w%2Frd=@db.example:1434/sh%20op?tls=strict&root_certificate=/ca.pem&certificate_host=db";
    let settings = read(json!({ "url": url })).unwrap();
    assert_eq!(
        (settings.host.as_str(), settings.port),
        ("db.example", Some(1434))
    );
    assert_eq!(signed_in(&settings), ("me", "p@ss+w/rd="));
    assert_eq!(settings.database.as_deref(), Some("sh op"));
    assert_eq!(settings.tls, Tls::Strict);
    assert_eq!(settings.root_certificate.as_deref(), Some("/ca.pem"));
    assert_eq!(settings.certificate_host.as_deref(), Some("db"));
    assert_eq!(settings.pool_size, 8);
}

#[test]
fn single_options_win_over_the_address() {
    let settings = read(json!({
        "url": "sqlserver://me:secret@one:1433/shop?tls=disable", "host": "two", "instance": "SALES", "tls": "require"
    }));
    let settings = settings.unwrap();
    assert_eq!((settings.host.as_str(), settings.port), ("two", None));
    assert_eq!(settings.instance.as_deref(), Some("SALES"));
    assert_eq!(settings.tls, Tls::Require);
}

#[test]
fn messages_name_the_option_and_not_its_value() {
    for (options, option) in [
        (json!({ "user": "me" }), "`host`"),
        (json!({ "host": "h", "password": "hidden" }), "`user`"),
        (json!({ "host": "h", "user": "me", "port": 0 }), "`port`"),
        (
            json!({ "host": "h", "user": "me", "port": 1, "instance": "hidden" }),
            "`instance`",
        ),
        (
            json!({ "host": "h", "user": "me", "pool_size": 0 }),
            "`pool_size`",
        ),
        (
            json!({ "host": "h", "user": "me", "connect_timeout_ms": 5 }),
            "`connect_timeout_ms`",
        ),
        (
            json!({ "host": "h", "user": "me", "tls": "hidden" }),
            "`tls`",
        ),
        (json!({ "host": "h", "user": ["hidden"] }), "`user`"),
        (json!({ "url": "mysql://me:hidden@h" }), "`url`"),
        (json!({ "url": "mssql://me:hidden@h?hidden=1" }), "`url`"),
        (json!({ "url": "mssql://me:hidden@h?tls=hidden" }), "`url`"),
        (json!({ "host": "h", "no_such": "hidden" }), "`no_such`"),
    ] {
        let message = refused(options);
        assert!(message.contains(option), "{message}");
        assert!(!message.contains("hidden"), "{message}");
    }
}

#[cfg(not(feature = "integrated"))]
#[test]
fn without_an_account_the_driver_says_what_it_was_built_without() {
    let message = refused(json!({ "host": "h" }));
    assert!(message.contains("`integrated`"), "{message}");
}

#[test]
fn secrets_are_marked_in_the_schema() {
    let schema = schemars::schema_for!(Options).to_value();
    for (name, field) in schema["properties"].as_object().unwrap() {
        let secret = matches!(name.as_str(), "password" | "url");
        assert_eq!(field["writeOnly"] == json!(true), secret, "{name}");
        assert!(field["description"].is_string(), "{name}");
    }
}
