//! GQL-02 to GQL-11, GQL-25, GQL-28: documents that are too deep, too wide or too expensive.

use std::{
    fs,
    sync::{LazyLock, atomic::Ordering},
    time::{Duration, Instant},
};

use hyper::StatusCode;
use quillback_server::{
    config::LimitsSection,
    http::graphql::{Envelope, Gate},
};
use serde_json::json;

use crate::support::{TestServer, post, send};

/// Processor time that the gate may take for the worst document, whatever else the machine does; without optimisation, on
/// a machine that others slow down, it takes several times as long.
const GATE_TIME: Duration = Duration::from_millis(if cfg!(debug_assertions) { 250 } else { 50 });

fn nested(depth: usize) -> String {
    let inner = depth - 2;
    format!(
        "{{item{}{{name}}{}}}",
        "{child".repeat(inner),
        "}".repeat(inner)
    )
}

/// Processor time of this thread; the time of day where the system does not tell.
fn processor_time() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let told = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|text| text.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| START.elapsed(), Duration::from_nanos)
}

/// Lets the gate judge a document, checks the time, and gives the limit (or code) that refused it.
fn judge(document: &str) -> Result<(), String> {
    let body = json!({ "query": document }).to_string();
    let started = processor_time();
    let envelope = Envelope::from_json(body.as_bytes()).unwrap();
    let judged = Gate::new(LimitsSection::default(), &[]).admit(&envelope);
    let took = processor_time().saturating_sub(started);
    assert!(took < GATE_TIME, "{took:?} for {} bytes", document.len());
    match judged {
        Ok(_) => Ok(()),
        Err(error) => Err(error
            .details
            .get("limit")
            .and_then(|limit| limit.as_str())
            .unwrap_or(error.code)
            .to_owned()),
    }
}

fn refused_by(limit: &str) -> Result<(), String> {
    Err(limit.to_owned())
}

#[test]
fn gql_02_depth_is_limited() {
    assert_eq!(judge(&nested(8)), Ok(()));
    assert_eq!(judge(&nested(12)), Ok(()));
    assert_eq!(judge(&nested(16)), Ok(()));
    assert_eq!(judge(&nested(17)), refused_by("depth"));
    assert_eq!(judge(&nested(2_000)), refused_by("nesting"));
    assert_eq!(judge(&nested(50_000)), refused_by("nesting"));
}

#[test]
fn gql_02_depth_counts_through_fragments() {
    let fragment = |levels: usize| {
        format!(
            "fragment F on Item{}{{name}}{}",
            "{child".repeat(levels),
            "}".repeat(levels)
        )
    };
    assert_eq!(judge(&format!("{{item{{...F}}}} {}", fragment(14))), Ok(()));
    assert_eq!(
        judge(&format!("{{item{{...F}}}} {}", fragment(15))),
        refused_by("depth")
    );
}

#[tokio::test]
async fn gql_02_the_standard_introspection_query_fits() {
    let server = TestServer::start().await;
    let type_reference = "fragment T on __Type{kind name ofType{kind name ofType{kind name ofType{kind name ofType{kind name \
         ofType{kind name ofType{kind name ofType{kind name}}}}}}}}";
    let value = "fragment V on __InputValue{name description type{...T} defaultValue}";
    let full = "fragment F on __Type{kind name description fields(includeDeprecated:true){name description args{...V} type{...T} \
         isDeprecated deprecationReason} inputFields{...V} interfaces{...T} enumValues(includeDeprecated:true){name \
         description isDeprecated deprecationReason} possibleTypes{...T}}";
    let document = format!(
        "query Introspection{{__schema{{queryType{{name}} mutationType{{name}} subscriptionType{{name}} types{{...F}} \
         directives{{name description locations args{{...V}}}}}}}} {full} {value} {type_reference}"
    );
    let reply = server.query(&document).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
    assert_eq!(
        reply.json()["data"]["__schema"]["queryType"]["name"],
        "Query"
    );
}

#[test]
fn gql_03_aliases_are_limited() {
    let aliases = |count: usize| {
        let fields: Vec<_> = (0..count).map(|n| format!("a{n}:name")).collect();
        format!("{{item{{{}}}}}", fields.join(" "))
    };
    assert_eq!(judge(&aliases(20)), Ok(()));
    assert_eq!(judge(&aliases(21)), refused_by("aliases"));
    assert_eq!(judge(&aliases(900)), refused_by("aliases"));
    assert_eq!(judge(&aliases(2_000)), refused_by("tokens"));
}

#[test]
fn gql_03_root_fields_are_limited_also_in_fragments() {
    let fields = |count: usize| "hello ".repeat(count);
    assert_eq!(judge(&format!("{{{}}}", fields(20))), Ok(()));
    assert_eq!(
        judge(&format!("{{{}}}", fields(21))),
        refused_by("root_fields")
    );
    let spread = format!("{{...F ...F ...F}} fragment F on Query{{{}}}", fields(7));
    assert_eq!(judge(&spread), refused_by("root_fields"));
}

#[test]
fn gql_05_directives_are_limited() {
    let directives = |count: usize| format!("{{hello {}}}", "@include(if:true)".repeat(count));
    assert_eq!(judge(&directives(6)), Ok(()));
    assert_eq!(judge(&directives(51)), refused_by("directives"));
    assert_eq!(judge(&directives(10_000)), refused_by("tokens"));
    let on_fragment = "{...F ...F ...F} fragment F on Query{".to_owned()
        + &"hello@skip(if:false)".repeat(5)
        + "}";
    assert_eq!(judge(&on_fragment), Ok(()));
    let many =
        "{...F ...F} fragment F on Query{hello".to_owned() + &"@skip(if:false)".repeat(26) + "}";
    assert_eq!(judge(&many), refused_by("directives"));
}

#[test]
fn gql_06_fragments_that_contain_themselves_are_refused() {
    for document in [
        "{...A} fragment A on Query{...A}",
        "{...A} fragment A on Query{...B} fragment B on Query{item{...A}}",
        "{hello} fragment A on Query{...B} fragment B on Query{... on Query{...A}}",
    ] {
        assert_eq!(judge(document), refused_by("BAD_REQUEST"), "{document}");
    }
}

/// A chain of `levels` fragments, each spreading the next `width` times.
fn bomb(levels: usize, width: usize, root: &str) -> String {
    let fragments: Vec<_> = (0..levels)
        .map(|level| {
            let inner = match level + 1 {
                next if next == levels => "name ".repeat(width),
                next => format!("...F{next} ").repeat(width),
            };
            format!("fragment F{level} on Item{{{inner}}}")
        })
        .collect();
    format!("{root} {}", fragments.join(" "))
}

#[test]
fn gql_06_fragment_bombs_cost_nothing() {
    for (levels, width) in [
        (24, 2),
        (12, 4),
        (5, 5),
        (7, 10),
        (10, 10),
        (20, 5),
        (10, 40),
        (50, 20),
    ] {
        for root in [
            "{item{...F0}}",
            "{hello}",
            "query A{hello} query B{item{...F0}}",
        ] {
            let document = bomb(levels, width, root);
            let judged = judge(&document);
            let expected = if root.starts_with("query") {
                "BAD_REQUEST"
            } else {
                "nodes"
            };
            assert_eq!(
                judged,
                refused_by(expected),
                "{levels} x {width} below {root}"
            );
        }
    }
}

#[test]
fn gql_06_sums_do_not_overflow() {
    // 20^49 fields do not fit into any integer.
    assert_eq!(judge(&bomb(50, 20, "{item{...F0}}")), refused_by("nodes"));
}

#[tokio::test]
async fn gql_06_the_largest_documents_that_pass_are_validated_quickly() {
    let server = TestServer::start().await;
    // 45 more fragments of 729 fields each, which validation visits one by one.
    let chain: String = (0..45)
        .map(|n| format!("fragment G{n} on Item{{...F0}} "))
        .collect();
    let document = bomb(3, 9, "{item{...F0}}") + &chain;
    let started = Instant::now();
    let reply = server.query(&document).await;
    // Unused fragments are an error, which is found after everything was visited.
    assert_eq!(reply.code(), "BAD_REQUEST", "{}", reply.text());
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn gql_07_inline_fragments_count_their_fields() {
    fn wide(level: usize) -> String {
        if level == 0 {
            return "name ".to_owned();
        }
        format!("...on Item{{{}}} ", wide(level - 1)).repeat(8)
    }
    assert_eq!(judge(&format!("{{item{{{}}}}}", wide(3))), Ok(()));
    assert_eq!(
        judge(&format!("{{item{{{}}}}}", wide(4))),
        refused_by("tokens")
    );
    let twice = format!("{{item{{...F ...F}}}} fragment F on Item{{{}}}", wide(3));
    assert_eq!(judge(&twice), refused_by("nodes"));
}

#[test]
fn gql_08_many_definitions_are_refused() {
    let fragments = |count: usize| -> String {
        (0..count)
            .map(|n| format!("fragment F{n} on Item{{name}}"))
            .collect()
    };
    let operations =
        |count: usize| -> String { (0..count).map(|n| format!("query Q{n}{{hello}}")).collect() };
    let variables =
        |count: usize| -> String { (0..count).map(|n| format!("$v{n}:Int ")).collect() };
    assert_eq!(
        judge(&format!("{{hello}} {}", fragments(51))),
        refused_by("fragments")
    );
    assert_eq!(
        judge(&format!("{{hello}} {}", fragments(5_000))),
        refused_by("tokens")
    );
    assert_eq!(judge(&operations(21)), refused_by("operations"));
    assert_eq!(judge(&operations(1_000)), refused_by("operations"));
    assert_eq!(
        judge(&format!("query({}){{hello}}", variables(101))),
        refused_by("variables")
    );
    assert_eq!(
        judge(&format!("query({}){{hello}}", variables(5_000))),
        refused_by("tokens")
    );
}

#[test]
fn gql_09_nested_literals_are_refused() {
    for (open, close) in [("[", "]"), ("{a:", "}")] {
        let document = format!(
            "{{hello(name:{}1{})}}",
            open.repeat(10_000),
            close.repeat(10_000)
        );
        assert_eq!(judge(&document), refused_by("nesting"));
    }
}

#[tokio::test]
async fn gql_11_page_sizes_multiply_the_cost_before_anything_runs() {
    let server = TestServer::start().await;
    let limits = [
        ("{items(first:500){name}}", "", ""),
        ("{items(first:500){children(first:500){name}}}", "", "cost"),
        (
            "query($n:Int){items(first:$n){children(first:$n){name}}}",
            r#"{"n":500}"#,
            "cost",
        ),
        (
            "query($n:Int=500){items(first:$n){children(first:$n){name}}}",
            "{}",
            "cost",
        ),
        (
            "query($n:Int=500){items(first:$n){children(first:$n){name}}}",
            r#"{"n":1}"#,
            "",
        ),
        (
            "query($n:Int){items(first:$n){...F}} fragment F on Item{children(first:$n){name}}",
            r#"{"n":500}"#,
            "cost",
        ),
        (
            "{items(first:2147483647){children(first:2147483647){children(first:2147483647){name}}}}",
            "",
            "cost",
        ),
    ];
    for (document, variables, limit) in limits {
        let before = server.gates.listed.load(Ordering::SeqCst);
        let variables: serde_json::Value = serde_json::from_str(variables).unwrap_or_default();
        let body = json!({ "query": document, "variables": variables });
        let reply = send(server.address, post(&body.to_string())).await;
        assert_eq!(reply.limit(), limit, "{document}: {}", reply.text());
        let ran = server.gates.listed.load(Ordering::SeqCst) > before;
        assert_eq!(ran, limit.is_empty(), "{document}");
    }
}

#[tokio::test]
async fn gql_28_a_budget_is_shared_by_all_connections_of_a_user() {
    let server = TestServer::with(|config| config.limits.cost_per_minute = 10).await;
    let document = json!({ "query": "{hello hi: hello ho: hello hu: hello}" }).to_string();
    let of = |token: &str| post(&document).header("authorization", &format!("Bearer {token}"));
    for _ in 0..2 {
        let reply = send(server.address, of("ann")).await;
        assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
    }
    let refused = send(server.address, of("ann")).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        (refused.code().as_str(), refused.limit().as_str()),
        ("BUDGET_EXCEEDED", "cost_per_minute")
    );
    let seconds: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    let other = send(server.address, of("bob")).await;
    assert_eq!(other.status, StatusCode::OK);
}

#[tokio::test]
async fn gql_25_a_document_signs_in_once() {
    let server = TestServer::start().await;
    let once = "mutation{signIn(name:\"a\")}";
    assert_eq!(server.query(once).await.status, StatusCode::OK);
    for document in [
        "mutation{a:signIn(name:\"a\") b:signIn(name:\"a\")}",
        "mutation{...F ...G} fragment F on Mutation{a:signIn(name:\"a\")} fragment G on Mutation{b:signIn(name:\"a\")}",
    ] {
        assert_eq!(server.query(document).await.limit(), "single", "{document}");
    }
}
