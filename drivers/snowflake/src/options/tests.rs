//! What options are taken, and that refusals name the option and never its value.

use quillback_plugin_api::Category;
use serde_json::json;

use super::*;

#[test]
fn an_account_is_an_address_and_a_short_name() {
    let options =
        json!({ "account": "my_org-acc.eu-west-1", "user": "u", "password": "p", "database": "D" });
    let fine = read(options).unwrap();
    assert_eq!(
        fine.endpoint.as_str(),
        "https://my-org-acc.eu-west-1.snowflakecomputing.com/"
    );
    assert_eq!(
        (fine.account.as_str(), fine.schema.as_str()),
        ("MY_ORG-ACC", "PUBLIC")
    );
}

#[test]
fn one_way_to_sign_in_is_needed_and_no_second() {
    let with = |extra: serde_json::Value| {
        let mut options = json!({ "account": "a", "user": "u", "database": "D" });
        for (name, value) in extra.as_object().unwrap() {
            options[name] = value.clone();
        }
        read(options)
    };
    assert!(with(json!({})).is_err());
    assert!(with(json!({ "password": "p", "token": "t" })).is_err());
    assert!(with(json!({ "private_key": "k" })).is_ok());
    assert!(read(json!({ "account": "a", "token": "t", "database": "D" })).is_ok());
    assert!(read(json!({ "account": "a", "password": "p", "database": "D" })).is_err());
}

#[test]
fn refusals_name_the_option_and_keep_its_value_to_themselves() {
    let base = json!({ "account": "a", "user": "u", "password": "p", "database": "D" });
    for (option, wrong) in [
        ("database", json!("")),
        ("schema", json!(" ")),
        ("account", json!("a b-hush")),
        ("private_key", json!(["hush"])),
        ("endpoint", json!("ftp://hush")),
        ("endpoint", json!("https://me:hush@host")),
        ("max_connections", json!(0)),
        ("connect_timeout_ms", json!(1)),
        ("request_timeout_ms", json!(999)),
        ("retry_ms", json!(600_001)),
    ] {
        let mut options = base.clone();
        options[option] = wrong;
        let error = read(options).err().unwrap();
        assert_eq!(error.category, Category::Config);
        assert!(error.message.contains(option), "{}", error.message);
        assert!(!error.message.contains("hush"), "{}", error.message);
    }
}

#[test]
fn every_option_has_a_description_and_secrets_are_secret() {
    let schema = schemars::schema_for!(Options).to_value();
    for (name, option) in schema["properties"].as_object().unwrap() {
        assert!(option["description"].is_string(), "{name}");
        let is_secret = ["password", "private_key", "token"].contains(&name.as_str());
        assert_eq!(option["writeOnly"] == json!(true), is_secret, "{name}");
    }
}
