//! Overload, lost answers, slow statements, and keys that are there already.
#![expect(clippy::unwrap_used, reason = "all of it belongs to tests")]

use quillback_plugin_api::batch::{Batch, BatchOutcome, Expect};
use quillback_plugin_api::driver::Instance as _;
use quillback_plugin_api::sql::{Delete, Expr, Insert, Select, Statement};
use quillback_plugin_api::{Category, Ident, RowBuffer, TableRef};
use serde_json::json;

use crate::server::{Asked, Reply, Server, error, result, sql};

fn table() -> TableRef {
    TableRef::new(Ident::literal("t"))
}

pub(crate) fn write() -> Batch {
    let mut batch = Batch::default();
    let delete = Delete {
        table: table(),
        filter: Expr::eq(&Ident::literal("id"), 1),
    };
    batch.write(Statement::Delete(delete), Expect::Rows(1));
    batch
}

pub(crate) fn select() -> Select {
    Select::columns(table(), [Ident::literal("t")], Expr::True)
}

pub(crate) fn read() -> Batch {
    let mut batch = Batch::default();
    batch.read(select());
    batch
}

fn insert() -> Batch {
    let mut batch = Batch::default();
    let insert = Insert {
        table: table(),
        columns: vec![Ident::literal("id"), Ident::literal("t")],
        rows: RowBuffer::from_rows(2, &[vec![1.into(), "x".into()]]).unwrap(),
        returning: Vec::new(),
    };
    batch.write(Statement::Insert(insert), Expect::Rows(1));
    batch
}

fn starts(asked: &Asked, with: &str) -> bool {
    asked.is("POST", "/query-request") && sql(asked).starts_with(with)
}

#[tokio::test]
async fn an_overloaded_service_is_asked_again() {
    let server = Server::start(|asked, before| {
        let busy = asked.is("POST", "/login-request") && before == 0;
        busy.then(|| Reply::Json(503, json!({})))
    })
    .await;
    server.open(json!({})).await.unwrap();
    assert_eq!(server.count("POST", "/login-request"), 2);
}

#[tokio::test]
async fn what_is_no_answer_of_the_service_is_told() {
    let server = Server::start(|_, _| Some(Reply::Json(404, json!("a page")))).await;
    let error = server.open(json!({})).await.err().unwrap();
    assert_eq!(error.category, Category::Protocol);
    assert!(error.message.contains("404") && error.message.contains("`account`"));
}

#[tokio::test]
async fn a_lost_read_is_sent_again_and_a_lost_write_is_not() {
    let server = Server::start(|asked, before| {
        let lost = starts(asked, "SELECT") && before < 4 || starts(asked, "DELETE");
        lost.then_some(Reply::Break)
    })
    .await;
    let instance = server.open(json!({})).await.unwrap();
    instance.apply(read()).await.unwrap();
    let failed = instance.apply(write()).await.unwrap_err();
    assert_eq!((failed.category, failed.step), (Category::Connect, Some(0)));
    assert!(!failed.outcome_unknown, "no commit was sent");
    let deletes = server
        .statements()
        .into_iter()
        .filter(|sql| sql.starts_with("DELETE"));
    assert_eq!(deletes.count(), 1);
    // What may still be running is stopped, and the session with its transaction is ended.
    server.wait_for("POST", "/abort-request").await;
    server.wait_for("POST", "/session?delete=true").await;
}

#[tokio::test]
async fn only_a_commit_without_an_answer_leaves_the_outcome_open() {
    let server = Server::start(|asked, _| starts(asked, "COMMIT").then_some(Reply::Break)).await;
    let instance = server.open(json!({})).await.unwrap();
    assert!(instance.apply(write()).await.unwrap_err().outcome_unknown);
    let server =
        Server::start(|asked, _| starts(asked, "COMMIT").then(|| error("000625", "57014", "hush")))
            .await;
    let instance = server.open(json!({})).await.unwrap();
    let refused = instance.apply(write()).await.unwrap_err();
    assert_eq!(
        (refused.category, refused.outcome_unknown),
        (Category::Conflict, false)
    );
    assert!(refused.is_retryable() && !refused.message.contains("hush"));
    let server = Server::start(|asked, _| {
        starts(asked, "COMMIT").then(|| Reply::Json(500, json!({ "success": false })))
    })
    .await;
    let instance = server.open(json!({})).await.unwrap();
    assert!(instance.apply(write()).await.unwrap_err().outcome_unknown);
}

#[tokio::test]
async fn a_deadline_stops_the_statement_and_the_session() {
    let server = Server::start(|asked, _| starts(asked, "DELETE").then_some(Reply::Never)).await;
    let instance = server.open(json!({})).await.unwrap();
    let batch = Batch {
        deadline_ms: 300,
        ..write()
    };
    let late = instance.apply(batch).await.unwrap_err();
    assert_eq!(
        (late.category, late.outcome_unknown),
        (Category::Timeout, false)
    );
    let abort = server.wait_for("POST", "/abort-request").await;
    let asked = server.asked();
    let stopped = asked.iter().find(|asked| starts(asked, "DELETE")).unwrap();
    let id = abort.json()["requestId"].as_str().unwrap().to_owned();
    assert!(stopped.path.contains(&id));
    assert!(sql(&abort).starts_with("DELETE"));
    server.wait_for("POST", "/session?delete=true").await;
}

#[tokio::test]
async fn a_slow_statement_is_asked_about_until_it_ends() {
    let to_come = |code: &str| {
        let data = json!({ "getResultUrl": "/queries/q1/result" });
        Reply::Json(200, json!({ "data": data, "code": code, "success": false }))
    };
    let server = Server::start(move |asked, before| {
        if starts(asked, "SELECT") {
            return Some(to_come("333334"));
        }
        let look = asked.is("GET", "/queries/q1/result");
        look.then(|| match before {
            0 => to_come("333333"),
            1 => error("390112", "08001", "Your session has expired"),
            _ => Reply::Json(200, result(&["t"], &[&["x"]])),
        })
    })
    .await;
    let instance = server.open(json!({})).await.unwrap();
    let BatchOutcome::Committed(done) = instance.apply(read()).await.unwrap() else {
        panic!("refused")
    };
    assert_eq!(done[0].found, 1);
    assert_eq!(server.count("GET", "/queries/q1/result"), 3);
    assert_eq!(server.count("POST", "/token-request"), 1);
}

#[tokio::test]
async fn a_key_that_is_there_is_found_before_or_after_the_lock() {
    for (statement, number) in [("INSERT", "0"), ("SELECT COUNT", "2")] {
        let server = Server::start(move |asked, _| {
            starts(asked, statement).then(|| Reply::Json(200, result(&["n"], &[&[number]])))
        })
        .await;
        let instance = server.open(json!({})).await.unwrap();
        let refused = instance.apply(insert()).await.unwrap_err();
        assert_eq!(
            (refused.category, refused.step),
            (Category::Unique, Some(0))
        );
        assert_eq!(server.statements().last().unwrap(), "ROLLBACK");
    }
    let server = Server::start(|_, _| None).await;
    let instance = server.open(json!({})).await.unwrap();
    instance.apply(insert()).await.unwrap();
    let begins: Vec<_> = server
        .statements()
        .iter()
        .map(|sql| sql.split(' ').next().unwrap().to_owned())
        .collect();
    assert_eq!(begins, ["BEGIN", "INSERT", "UPDATE", "SELECT", "COMMIT"]);
}

#[tokio::test]
async fn a_refused_batch_is_rolled_back_and_its_session_used_again() {
    let server = Server::start(|asked, _| {
        starts(asked, "DELETE").then(|| Reply::Json(200, result(&["n"], &[&["0"]])))
    })
    .await;
    let instance = server.open(json!({})).await.unwrap();
    let outcome = instance.apply(write()).await.unwrap();
    assert!(matches!(
        outcome,
        BatchOutcome::Refused {
            step: 0,
            found: 0,
            ..
        }
    ));
    assert_eq!(
        server.statements(),
        ["BEGIN", &server.statements()[1], "ROLLBACK"]
    );
    instance.apply(read()).await.unwrap();
    assert_eq!(server.count("POST", "/login-request"), 1);
}

#[tokio::test]
async fn a_table_with_a_collation_is_refused() {
    let server = Server::start(|asked, _| {
        let columns = ["name", "type", "null?"];
        let collated = result(&columns, &[&["t", "VARCHAR(20) COLLATE 'en-ci'", "Y"]]);
        starts(asked, "DESCRIBE").then_some(Reply::Json(200, collated))
    })
    .await;
    let instance = server.open(json!({})).await.unwrap();
    let refused = instance.apply(read()).await.unwrap_err();
    assert_eq!(refused.category, Category::Unsupported);
}
