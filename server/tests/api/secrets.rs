//! Secrets go in and never come out: not in answers, not in the log, not in the files.

use std::path::Path;

use serde_json::json;

use crate::support::{Log, PASSWORD, TestServer, unique_id};

#[tokio::test]
async fn no_secret_is_answered_logged_or_stored_in_the_clear() {
    let log = Log::start();
    let (server, mut admin) = TestServer::start().await;
    let canary = format!("canary-{}", unique_id());
    admin.note("the password of a connection", &canary);
    admin.note("the password of a user", PASSWORD);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    for driver in ["postgres", "mysql"] {
        let options = json!({ "host": "127.0.0.1", "port": port, "user": "ann", "password": canary, "database": "shop" });
        let input = json!({ "name": driver, "driver": driver, "options": options });
        let test = "mutation($input: TestConnectionInput!) { testConnection(input: $input) { ok checks { problem } } }";
        admin
            .run(test, json!({ "input": { "connection": input } }))
            .await;
        let create = "mutation($input: ConnectionInput!) {
            createConnection(input: $input) { connection { id name options } }
        }";
        let made = admin.run(create, json!({ "input": input })).await;
        let id = &made["createConnection"]["connection"]["id"];
        admin.run(test, json!({ "input": { "id": id } })).await;
        // A secret of the wrong type, in the wrong place, and in an address that cannot be read.
        for options in [
            json!({ "host": "h", "password": [canary] }),
            json!({ "host": "h", "passwrd": canary }),
            json!({ "url": format!("{driver}://ann:{canary}@h:port/x") }),
        ] {
            let input = json!({ "name": unique_id(), "driver": driver, "options": options });
            admin
                .ask(test, json!({ "input": { "connection": input } }))
                .await;
            admin.ask(create, json!({ "input": input })).await;
        }
    }
    let sign_in = "mutation($input: SignInInput!) { signIn(input: $input) { token } }";
    let wrong = json!({ "input": { "username": canary, "password": canary } });
    admin.ask(sign_in, wrong).await;
    admin
        .run(
            "{ auditEvents(first: 500) { action details username } }",
            json!({}),
        )
        .await;
    admin
        .run(
            "{ connections { name options hasSecrets } server { drivers { id } } }",
            json!({}),
        )
        .await;

    let answers = admin.answers();
    let logged = log.text();
    assert!(logged.len() > 1_000, "the log was collected");
    let token = admin.token.clone().unwrap();
    let server = server.restart().await;
    for (what, secret) in admin
        .notes()
        .iter()
        .map(|(what, secret)| (what.as_str(), secret.as_str()))
    {
        assert!(!answers.contains(secret), "{what} was answered");
        assert!(!logged.contains(secret), "{what} was logged");
        no_file_holds(&server.file("data"), what, secret);
    }
    assert!(!logged.contains(&token), "a token was logged");
    no_file_holds(&server.file("data"), "a token", &token);
}

fn no_file_holds(folder: &Path, what: &str, secret: &str) {
    let mut looked = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let found = bytes
            .windows(secret.len())
            .any(|window| window == secret.as_bytes());
        assert!(!found, "{what} stands in {}", path.display());
        looked += 1;
    }
    assert!(looked >= 2, "the repository and the key file are there");
}
