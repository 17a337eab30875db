//! What options are taken, and that refusals name the option and never its value.

use quillback_plugin_api::Category;
use serde_json::json;

use super::*;

#[test]
fn a_key_means_signing_in_with_it_and_nothing_means_application_default() {
    let fine = read(json!({ "project": "p", "dataset": "d" })).unwrap();
    assert_eq!(fine.authentication, Authentication::ApplicationDefault);
    assert_eq!(fine.endpoint.as_str(), "https://bigquery.googleapis.com/");
    let fine = read(json!({ "dataset": "d", "key": "{}" })).unwrap();
    assert_eq!(fine.authentication, Authentication::Key);
}

#[test]
fn refusals_name_the_option_and_keep_its_value_to_themselves() {
    let base = json!({ "project": "p", "dataset": "d" });
    for (option, wrong) in [
        ("dataset", json!("")),
        ("project", json!("a b-hush")),
        ("location", json!("eu;hush")),
        ("key", json!(["hush"])),
        ("authentication", json!("hush")),
        ("endpoint", json!("ftp://hush")),
        ("endpoint", json!("https://me:hush@host")),
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
    assert!(read(json!({ "dataset": "d" })).is_err());
}

#[test]
fn every_option_has_a_description_and_the_key_is_secret() {
    let schema = schemars::schema_for!(Options).to_value();
    for (name, option) in schema["properties"].as_object().unwrap() {
        assert!(option["description"].is_string(), "{name}");
    }
    assert_eq!(schema["properties"]["key"]["writeOnly"], json!(true));
}
