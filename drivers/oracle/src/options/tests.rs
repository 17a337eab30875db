//! Options are checked, and never repeated in messages.

use quillback_plugin_api::Category;
use serde_json::json;

use super::*;

fn wrong(options: serde_json::Value) -> String {
    let error = read(options).err().unwrap();
    assert_eq!(error.category, Category::Config);
    error.message
}

#[test]
fn the_descriptor_is_made_of_the_parts() {
    let given = json!({"host": "db.example", "service": "SALES", "user": "U", "password": "p"});
    let settings = read(given.clone()).unwrap();
    assert_eq!(
        settings.descriptor,
        "(DESCRIPTION=(ADDRESS=(PROTOCOL=tcp)(HOST=db.example)(PORT=1521))(CONNECT_DATA=(SERVICE_NAME=SALES)))"
    );
    let mut with_tls = given;
    with_tls["tls"] = json!(true);
    let settings = read(with_tls).unwrap();
    assert!(
        settings
            .descriptor
            .contains("(PROTOCOL=tcps)(HOST=db.example)(PORT=2484)")
    );
}

#[test]
fn no_part_adds_a_clause_to_the_descriptor() {
    for option in ["host", "service"] {
        let mut options = json!({"host": "h", "service": "s", "user": "U", "password": "p"});
        options[option] = json!("x)(SECURITY=(SSL_SERVER_DN_MATCH=off)");
        let message = wrong(options);
        assert!(
            message.contains(option) && !message.contains("SECURITY"),
            "{message}"
        );
    }
}

#[test]
fn what_is_missing_is_named_and_secrets_are_not_repeated() {
    assert!(wrong(json!({})).contains("`host`"));
    assert!(wrong(json!({"host": "h"})).contains("`service`"));
    assert!(wrong(json!({"host": "h", "service": "s", "sid": "s"})).contains("not both"));
    assert!(wrong(json!({"host": "h", "service": "s"})).contains("`user`"));
    assert!(wrong(json!({"host": "h", "service": "s", "user": "u"})).contains("`password`"));
    let message = wrong(json!({"password": {"hunter2": 1}}));
    assert!(
        message.contains("`password") && !message.contains("hunter2"),
        "{message}"
    );
}

#[test]
fn secrets_are_write_only_in_the_schema() {
    let schema = schemars::schema_for!(Options).to_value();
    for secret in ["password", "wallet_password"] {
        assert_eq!(
            schema["properties"][secret]["writeOnly"],
            json!(true),
            "{secret}"
        );
    }
}
