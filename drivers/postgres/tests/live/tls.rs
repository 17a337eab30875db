//! The five strengths of encryption against a server with a certificate of its own authority.

use quillback_plugin_api::Category;
use quillback_plugin_api::driver::Instance as _;
use serde_json::{Value as Json, json};

use crate::support::{lab, open, variable};

/// Whether the driver's connections are encrypted, as the server sees it.
async fn is_encrypted(lab: &crate::support::Lab, name: &str) -> bool {
    let sql = "SELECT bool_and(s.ssl) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) \
         WHERE a.application_name = $1";
    lab.client.query_one(sql, &[&name]).await.unwrap().get(0)
}

#[tokio::test]
async fn each_strength_protects_as_promised() {
    let Some(lab) = lab("").await else { return };
    let (Some(ours), Some(stranger)) = (
        variable("QUILLBACK_TEST_TLS_CA"),
        variable("QUILLBACK_TEST_TLS_OTHER_CA"),
    ) else {
        return lab.end().await;
    };
    let pem = std::fs::read_to_string(&ours).unwrap();
    // The certificate names localhost and 127.0.0.1; this spelling leads to the same server and is not on it.
    let unnamed = "0x7f000001";
    let cases: &[(&str, Option<&str>, &str, Option<bool>)] = &[
        ("disable", None, "127.0.0.1", Some(false)),
        ("prefer", None, "127.0.0.1", Some(true)),
        ("require", None, "127.0.0.1", Some(true)),
        ("verify-ca", Some(&ours), "127.0.0.1", Some(true)),
        ("verify-ca", Some(&pem), "127.0.0.1", Some(true)),
        ("verify-ca", Some(&stranger), "127.0.0.1", None),
        ("verify-ca", None, "127.0.0.1", None),
        ("verify-ca", Some(&ours), unnamed, Some(true)),
        ("verify-full", Some(&ours), unnamed, None),
        ("verify-full", Some(&ours), "127.0.0.1", Some(true)),
        ("verify-full", Some(&ours), "localhost", Some(true)),
        ("verify-full", Some(&stranger), "localhost", None),
    ];
    for (number, (tls, root, host, encrypted)) in cases.iter().enumerate() {
        let name = format!("tls-{number}-{}", lab.schema);
        let mut options = lab.with("tls", json!(tls));
        options["host"] = json!(host);
        options["application_name"] = json!(name);
        options["root_certificate"] = root.map_or(Json::Null, Json::from);
        match (open(options).await, encrypted) {
            (Ok(instance), Some(encrypted)) => {
                assert_eq!(is_encrypted(&lab, &name).await, *encrypted, "{tls}");
                instance.close().await;
            }
            (Err(error), None) => {
                assert_eq!(error.category, Category::Connect, "{tls}: {error:?}");
                assert!(error.message.contains("root_certificate"), "{error:?}");
            }
            (Ok(_), None) => panic!("{tls} with {root:?} let anybody in"),
            (Err(error), Some(_)) => panic!("{tls} with {root:?} at {host}: {error:?}"),
        }
    }
    lab.end().await;
}

#[tokio::test]
async fn a_root_certificate_that_cannot_be_read_is_named() {
    let Some(lab) = lab("").await else { return };
    for root in [
        "/nowhere/ca.pem",
        "-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----",
    ] {
        let mut options = lab.with("tls", json!("verify-full"));
        options["root_certificate"] = json!(root);
        let error = open(options).await.unwrap_err();
        assert_eq!(error.category, Category::Config, "{error:?}");
        assert!(error.message.contains("root_certificate"), "{error:?}");
    }
    lab.end().await;
}
