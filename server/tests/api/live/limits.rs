//! What is refused, politely or not: SES-15, GQL-24.

use std::collections::BTreeSet;

use serde_json::json;

use super::{Events, Heard, Socket, add, code, told, watch};
use crate::support::{Database, TestServer, WRITE, unique_id};

#[tokio::test]
async fn a_foreign_origin_is_refused_before_the_upgrade() {
    let (server, admin) = TestServer::start().await;
    let own = format!("http://{}", server.address);
    let bearer = format!("Bearer {}", admin.token.as_deref().unwrap());
    let cookie = format!("quillback={}", admin.token.as_deref().unwrap());
    let foreign = ("origin", "https://evil.example");
    for headers in [
        vec![foreign],
        vec![("origin", "null")],
        vec![foreign, ("authorization", bearer.as_str())],
        vec![foreign, ("cookie", cookie.as_str())],
        // A browser always says where it is: a cookie without that is none of a browser's.
        vec![("cookie", cookie.as_str())],
        vec![("origin", own.as_str()), ("sec-fetch-site", "cross-site")],
    ] {
        let refused = Socket::open(server.address, &headers).await.err();
        assert_eq!(
            refused.map(|status| status.as_u16()),
            Some(403),
            "{headers:?}"
        );
    }
    // What is not foreign needs no other proof than the cookie.
    let headers = [("origin", own.as_str()), ("cookie", cookie.as_str())];
    let mut socket = Socket::open(server.address, &headers).await.unwrap();
    socket.say(&json!({ "type": "connection_init" })).await;
    assert_eq!(socket.message().await, json!({ "type": "connection_ack" }));
}

#[tokio::test]
async fn another_protocol_is_refused_before_the_upgrade() {
    let (server, _) = TestServer::start().await;
    for protocol in ["graphql-ws", "mqtt"] {
        let refused = Socket::open(server.address, &[("sec-websocket-protocol", protocol)]).await;
        assert_eq!(
            refused.err().map(|status| status.as_u16()),
            Some(400),
            "{protocol}"
        );
    }
}

#[tokio::test]
async fn who_says_nothing_or_cannot_prove_anything_is_sent_away() {
    let (server, _) = TestServer::with(|config| config.limits.socket_init_ms = 200).await;
    let mut silent = Socket::open(server.address, &[]).await.unwrap();
    assert_eq!(silent.hear().await, Heard::Closed(4408));
    for payload in [json!({}), json!({ "authorization": "Bearer nonsense" })] {
        let mut socket = Socket::open(server.address, &[]).await.unwrap();
        socket
            .say(&json!({ "type": "connection_init", "payload": payload }))
            .await;
        assert_eq!(socket.hear().await, Heard::Closed(4403));
    }
}

#[tokio::test]
async fn who_does_not_keep_to_the_protocol_is_sent_away() {
    let (server, admin) = TestServer::start().await;
    let table = Database::sqlite(&server.file("")).table(&admin).await;
    let subscribe = json!({ "type": "subscribe", "id": "one", "payload": watch(&table) });
    let mut early = Socket::open(server.address, &[]).await.unwrap();
    early.say(&subscribe).await;
    assert_eq!(early.hear().await, Heard::Closed(4401));
    let init = json!({ "type": "connection_init" });
    for (messages, code) in [
        (vec![&init], 4429),
        (vec![&subscribe, &subscribe], 4409),
        (vec![&json!({ "type": "start", "id": "one" })], 4400),
        (vec![&json!(["connection_init"])], 4400),
    ] {
        let mut socket = Socket::sign_in(&admin).await;
        for message in messages {
            socket.say(message).await;
        }
        assert_eq!(socket.hear().await, Heard::Closed(code));
    }
    let mut binary = Socket::sign_in(&admin).await;
    binary.say_bytes(vec![1, 2, 3]).await;
    assert_eq!(binary.hear().await, Heard::Closed(4400));
}

#[tokio::test]
async fn a_frame_of_a_megabyte_ends_the_connection() {
    let (server, admin) = TestServer::start().await;
    let mut socket = Socket::sign_in(&admin).await;
    socket.say_text("x".repeat(1024 * 1024)).await;
    let heard = socket.hear().await;
    // The system may break the connection before the reason is read.
    assert!(
        [Heard::Closed(1009), Heard::Closed(0)].contains(&heard),
        "{heard:?}"
    );
    Socket::sign_in(&admin).await.ask_whether_there().await;
    drop(server);
}

#[tokio::test]
async fn a_thousand_subscriptions_are_refused_politely() {
    let (server, admin) = TestServer::start().await;
    let table = Database::sqlite(&server.file("")).table(&admin).await;
    let mut socket = Socket::sign_in(&admin).await;
    for n in 0..1_000 {
        socket.subscribe(&format!("s{n}"), &watch(&table)).await;
    }
    for n in 20..1_000 {
        let errors = socket.refused(&format!("s{n}")).await;
        assert_eq!(code(&errors), "LIMIT_EXCEEDED", "{errors:#}");
        assert_eq!(errors[0]["extensions"]["limit"], "socket_subscriptions");
    }
    socket.ask_whether_there().await;
    // Those that were taken work, and one that ends makes room. Rows are added until all are told: a subscription begins
    // some time after it was sent.
    let writer = (admin.clone(), table.clone());
    let writing = tokio::spawn(async move {
        loop {
            add(&writer.0, &writer.1, json!({ "name": "seen" })).await;
        }
    });
    let mut told_to = BTreeSet::new();
    while told_to.len() < 20 {
        let message = socket.message().await;
        told(&message["payload"]);
        told_to.insert(message["id"].as_str().unwrap().to_owned());
    }
    let expected: BTreeSet<String> = (0..20).map(|n| format!("s{n}")).collect();
    assert_eq!(told_to, expected);
    socket.complete("s3").await;
    socket.subscribe("again", &watch(&table)).await;
    while socket.message().await["id"] != "again" {}
    writing.abort();
    // A user has so many on all connections together.
    let mut second = Socket::sign_in(&admin).await;
    let mut third = Socket::sign_in(&admin).await;
    for n in 0..20 {
        second.subscribe(&format!("s{n}"), &watch(&table)).await;
        third.subscribe(&format!("s{n}"), &watch(&table)).await;
    }
    let mut refused = 0;
    while refused < 10 {
        let message = tokio::select! {
            message = second.message() => message,
            message = third.message() => message,
        };
        if message["type"] == "error" {
            assert_eq!(
                message["payload"][0]["extensions"]["limit"],
                "subscriptions"
            );
            refused += 1;
        }
    }
    let (status, answer) = Events::open(&admin, &watch(&table)).await.err().unwrap();
    assert_eq!((status, code(&answer)), (400, "LIMIT_EXCEEDED"));
}

#[tokio::test]
async fn other_documents_and_costly_ones_are_refused_in_both_transports() {
    let (server, admin) = TestServer::start().await;
    let table = Database::sqlite(&server.file("")).table(&admin).await;
    let field = format!("rowsChanged(schemaId: \"{}\") {{ reload }}", table.schema);
    let aliases: String = (0..25).map(|n| format!("a{n}: reload ")).collect();
    let costly = format!("subscription {{ rowsChanged(schemaId: \"x\") {{ {aliases} }} }}");
    let two = format!("subscription {{ one: {field} two: {field} }}");
    let unknown = "subscription { nonsense }";
    let write = table.input(
        &unique_id(),
        json!([{ "add": { "values": { "name": "x" } } }]),
    );
    let bodies = [
        (json!({ "query": "{ schemas { id } }" }), "BAD_REQUEST"),
        (json!({ "query": WRITE, "variables": write }), "BAD_REQUEST"),
        (json!({ "query": costly }), "LIMIT_EXCEEDED"),
        (json!({ "query": two }), "BAD_REQUEST"),
        (json!({ "query": "subscription {" }), "BAD_REQUEST"),
    ];
    let mut socket = Socket::sign_in(&admin).await;
    for (body, expected) in &bodies {
        socket.subscribe("one", body).await;
        assert_eq!(code(&socket.refused("one").await), *expected, "{body}");
        let (status, answer) = Events::open(&admin, body).await.err().unwrap();
        assert_eq!((status, code(&answer)), (400, *expected), "{body}");
    }
    socket.subscribe("one", &json!({ "query": unknown })).await;
    assert_eq!(code(&socket.next("one").await), "BAD_REQUEST");
    socket.completed("one").await;
    assert_eq!(table.page(&admin, json!({})).await["totalCount"], 0);
    let nobody = server.stranger();
    let (_, answer) = Events::open(&nobody, &watch(&table)).await.err().unwrap();
    assert_eq!(code(&answer), "UNAUTHENTICATED");
    // Over plain requests they are refused with a hint.
    let reply = admin
        .ask(super::WATCH, json!({ "schema": table.schema }))
        .await;
    assert_eq!(reply.code(), "BAD_REQUEST");
}
