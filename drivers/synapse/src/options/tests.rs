//! Tests of the connection options.

use quillback_plugin_api::Category;
use serde_json::json;

use super::*;

fn refused(options: serde_json::Value) -> String {
    let error = read(options).err().unwrap();
    assert_eq!(error.category, Category::Config);
    error.message
}

#[test]
fn an_address_gives_all_its_parts() {
    let url = "synapse://m%65:p%40ss@db.example:1434/po%20ol?tls=require&root_certificate=/ca.pem&certificate_host=db\
               &distribution=hash&distribution_column=region&storage=columnstore&allow_dirty_reads=true";
    let checked = read(json!({ "url": url })).unwrap();
    let settings = &checked.settings;
    assert_eq!(
        (settings.host.as_str(), settings.port),
        ("db.example", Some(1434))
    );
    assert_eq!(settings.database.as_deref(), Some("po ol"));
    assert!(
        settings.account
            == Account::Sql {
                user: "me".into(),
                password: "p@ss".into()
            }
    );
    assert_eq!(settings.tls, Tls::Require);
    assert_eq!(settings.root_certificate.as_deref(), Some("/ca.pem"));
    assert_eq!(settings.certificate_host.as_deref(), Some("db"));
    assert_eq!(checked.layout.distribution, Distribution::Hash);
    assert_eq!(checked.layout.column.as_deref(), Some("region"));
    assert_eq!(checked.layout.storage, Storage::Columnstore);
    assert!(checked.allow_dirty_reads);
}

#[test]
fn what_is_not_said_is_safe() {
    let checked = read(json!({ "url": "synapse://me:secret@h/pool" })).unwrap();
    assert_eq!(checked.settings.tls, Tls::VerifyIdentity);
    assert_eq!(checked.settings.port, None);
    assert_eq!(checked.layout.distribution, Distribution::RoundRobin);
    assert_eq!(checked.layout.storage, Storage::Heap);
    assert!(!checked.allow_dirty_reads);
}

#[test]
fn single_options_win_over_the_address() {
    let checked = read(json!({
        "url": "synapse://me:secret@one:1433/pool?tls=disable&storage=columnstore&allow_dirty_reads=true",
        "host": "two", "tls": "strict", "storage": "heap", "allow_dirty_reads": false
    }));
    let checked = checked.unwrap();
    assert_eq!(checked.settings.host, "two");
    assert_eq!(checked.settings.tls, Tls::Strict);
    assert_eq!(checked.layout.storage, Storage::Heap);
    assert!(!checked.allow_dirty_reads);
}

#[test]
fn messages_name_the_option_and_not_its_value() {
    let with = |extra: serde_json::Value| {
        let mut options = json!({ "host": "h", "database": "pool", "user": "me" });
        let given = extra.as_object().unwrap().clone();
        options.as_object_mut().unwrap().extend(given);
        options
    };
    let url =
        |parameters: &str| json!({ "url": format!("synapse://me:hidden@h/pool?{parameters}") });
    for (options, option) in [
        (json!({ "user": "me", "database": "pool" }), "`host`"),
        (json!({ "host": "h", "user": "me" }), "`database`"),
        (
            json!({ "host": "h", "database": "pool", "password": "hidden" }),
            "`user`",
        ),
        (with(json!({ "port": 0 })), "`port`"),
        (with(json!({ "pool_size": 0 })), "`pool_size`"),
        (
            with(json!({ "connect_timeout_ms": 5 })),
            "`connect_timeout_ms`",
        ),
        (with(json!({ "tls": "hidden" })), "`tls`"),
        (with(json!({ "distribution": "hidden" })), "`distribution`"),
        (
            with(json!({ "distribution_column": "hidden" })),
            "`distribution_column`",
        ),
        (with(json!({ "storage": "hidden" })), "`storage`"),
        (
            with(json!({ "allow_dirty_reads": "hidden" })),
            "`allow_dirty_reads`",
        ),
        (with(json!({ "user": ["hidden"] })), "`user`"),
        (with(json!({ "no_such": "hidden" })), "`no_such`"),
        (json!({ "url": "mssql://me:hidden@h" }), "`url`"),
        (url("hidden=1"), "`url`"),
        (url("tls=hidden"), "`url`"),
        (url("distribution=hidden"), "`distribution`"),
        (url("storage=hidden"), "`storage`"),
        (url("allow_dirty_reads=hidden"), "`allow_dirty_reads`"),
    ] {
        let message = refused(options);
        assert!(message.contains(option), "{message}");
        assert!(!message.contains("hidden"), "{message}");
    }
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
