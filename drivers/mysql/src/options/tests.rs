//! Tests of the connection options.

use mysql_async::Opts;
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
    let url =
        "mariadb://m%65:p%40ss+w%2Frd=@db.example:3307/sh%20op?ssl-mode=VERIFY_CA&ssl-ca=/ca.pem";
    let settings = read(json!({ "url": url })).unwrap();
    let address = Opts::from(settings.address);
    assert_eq!(
        (address.ip_or_hostname(), address.tcp_port()),
        ("db.example", 3307)
    );
    assert_eq!(
        (address.user(), address.pass()),
        (Some("me"), Some("p@ss+w/rd="))
    );
    assert_eq!(address.db_name(), Some("sh op"));
    assert_eq!(settings.tls, Tls::VerifyCa);
    assert_eq!(settings.root_certificate.as_deref(), Some("/ca.pem"));
    assert_eq!(settings.pool_size, 8);
}

#[test]
fn single_options_win_over_the_address() {
    let settings = read(json!({
        "url": "mysql://me:secret@one/shop?tls=require", "host": "two", "port": 1, "tls": "disable"
    }));
    let settings = settings.unwrap();
    let address = Opts::from(settings.address);
    assert_eq!((address.ip_or_hostname(), address.tcp_port()), ("two", 1));
    assert_eq!(settings.tls, Tls::Disable);
}

#[test]
fn a_socket_needs_no_host_and_no_encryption() {
    let settings = read(json!({ "socket": "/run/my.sock", "user": "me" })).unwrap();
    assert_eq!(settings.tls, Tls::Disable);
    assert_eq!(Opts::from(settings.address).socket(), Some("/run/my.sock"));
    let message = refused(json!({ "socket": "/run/my.sock", "user": "me", "tls": "require" }));
    assert!(message.contains("`tls`"));
}

#[test]
fn messages_name_the_option_and_not_its_value() {
    for (options, option) in [
        (json!({ "user": "me" }), "`host`"),
        (json!({ "host": "h" }), "`user`"),
        (json!({ "host": "h", "user": "me", "port": 0 }), "`port`"),
        (
            json!({ "host": "h", "user": "me", "port": "s3cret" }),
            "`port`",
        ),
        (
            json!({ "host": "h", "user": "me", "password": 4711 }),
            "`password`",
        ),
        (
            json!({ "host": "h", "user": "me", "pool_size": 0 }),
            "`pool_size`",
        ),
        (
            json!({ "host": "h", "user": "me", "connect_timeout_ms": 1 }),
            "`connect_timeout_ms`",
        ),
        (
            json!({ "host": "h", "user": "me", "tls": "s3cret" }),
            "`tls`",
        ),
        (
            json!({ "host": "h", "user": "me", "pasword": "s3cret" }),
            "`pasword`",
        ),
        (json!({ "url": "http://me:s3cret@h/d" }), "`url`"),
        (
            json!({ "url": "mysql://me:s3cret@h/d?tls=s3cret" }),
            "`url`",
        ),
        (json!({ "url": "mysql://me:s3cret@h/d?s3cret=1" }), "`url`"),
    ] {
        let message = refused(options);
        assert!(message.contains(option), "{message}");
        assert!(
            !message.contains("s3cret") && !message.contains("4711"),
            "{message}"
        );
    }
}

#[test]
fn secrets_are_marked_in_the_schema() {
    let schema = schemars::schema_for!(Options).to_value();
    let is_secret = |name: &str| schema["properties"][name]["writeOnly"] == json!(true);
    assert!(is_secret("password") && is_secret("url") && !is_secret("host"));
    assert_eq!(schema["properties"]["pool_size"]["default"], json!(8));
    assert_eq!(schema["additionalProperties"], json!(false));
}
