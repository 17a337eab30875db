//! Options that are taken, and options that are refused without showing them.

use quillback_plugin_api::Category;
use serde_json::json;

use super::*;

fn string(options: serde_json::Value) -> String {
    read(options)
        .map(|settings| settings.connection_string)
        .unwrap()
}

fn refusal(options: serde_json::Value) -> String {
    let error = read(options).err().unwrap();
    assert_eq!(error.category, Category::Config);
    error.message
}

#[test]
fn attributes_are_escaped_so_that_none_adds_another() {
    let text = string(json!({
        "dialect": "postgresql", "driver": "PostgreSQL Unicode", "host": "db", "port": 5433, "database": "shop",
        "user": "me", "password": "a;b}c=d",
    }));
    assert_eq!(
        text,
        "Driver=PostgreSQL Unicode;Server=db;Port=5433;Database=shop;UID=me;PWD={a;b}}c=d};"
    );
}

#[test]
fn what_the_dialect_needs_comes_before_what_is_given_freely() {
    let text = string(json!({"dialect": "mysql", "connection_string": "DSN=shop;OPTION=3"}));
    assert_eq!(text, "OPTION=2;DSN=shop;OPTION=3");
}

#[test]
fn a_source_is_needed_and_only_one() {
    assert!(refusal(json!({"dialect": "sqlite"})).contains("`dsn`"));
    assert!(
        refusal(json!({"dialect": "sqlite", "connection_string": "Database=x"})).contains("`dsn`")
    );
    let both = json!({"dialect": "sqlite", "dsn": "x", "connection_string": " driver = y"});
    assert!(refusal(both).contains("not both"));
    assert!(refusal(json!({"dsn": "x"})).contains("`dialect`"));
}

#[test]
fn no_connection_chooses_a_file_of_the_server_to_load_or_to_write() {
    for own in [
        json!({"dialect": "sqlite", "driver": "/tmp/evil.so"}),
        json!({"dialect": "sqlite", "driver": "..\\evil.dll"}),
        json!({"dialect": "sqlite", "connection_string": "Database=x; DRIVER = {/tmp/evil.so}"}),
        json!({"dialect": "sqlite", "driver": "", "connection_string": "A={b};driver=/tmp/evil.so"}),
        json!({"dialect": "sqlite", "driver": "SQLite3", "connection_string": "driver=x;driver=/tmp/evil.so"}),
    ] {
        let message = refusal(own);
        assert!(message.contains("`odbcinst.ini`"), "{message}");
        assert!(!message.contains("evil"), "{message}");
    }
    for attribute in ["FileDSN=/tmp/x.dsn", "DSN=x;SaveFile=/tmp/x.dsn"] {
        let options = json!({"dialect": "sqlite", "connection_string": attribute});
        assert!(refusal(options).contains("`FILEDSN`"), "{attribute}");
    }
}

#[test]
fn what_is_wrong_is_named_and_not_shown() {
    let message = refusal(json!({"dialect": "secret-sql", "dsn": "x"}));
    assert!(
        message.contains("`dialect`") && !message.contains("secret-sql"),
        "{message}"
    );
    let message = refusal(json!({"dialect": "sqlite", "dsn": "x", "password": ["secret"]}));
    assert!(
        message.contains("`password`") && !message.contains("secret\""),
        "{message}"
    );
    for (name, value) in [("pool_size", 0), ("connect_timeout_ms", 5), ("port", 0)] {
        let mut options = json!({"dialect": "sqlite", "dsn": "x"});
        options[name] = json!(value);
        assert!(refusal(options).contains(name), "{name}");
    }
}
