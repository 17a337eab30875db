//! GQL-01: the audits of the GraphQL-over-HTTP specification, run by their own program.
//!
//! They need Node.js and `npm ci` in `server/tests/graphql-http`. Where the packages are not installed, only the tests
//! of the other files hold the same ground; with `QUILLBACK_REQUIRE_AUDITS` set, missing packages are a failure.

use std::{path::Path, process::Command};

use crate::support::TestServer;

#[tokio::test]
async fn gql_01_all_audits_of_the_specification_are_passed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/graphql-http");
    if !folder.join("node_modules/graphql-http").exists() {
        let required = std::env::var_os("QUILLBACK_REQUIRE_AUDITS").is_some();
        assert!(!required, "run `npm ci` in {}", folder.display());
        return;
    }
    let server = TestServer::start().await;
    let url = format!("http://{}/graphql", server.address);
    let audit = tokio::task::spawn_blocking(move || {
        Command::new("node")
            .arg("audit.mjs")
            .arg(url)
            .arg("known")
            .current_dir(folder)
            .output()
    });
    let output = audit.await.unwrap().unwrap();
    let report = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{report}{errors}");
    assert!(report.contains("61 of 61 audits passed"), "{report}");
}
