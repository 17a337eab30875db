//! The boundary keeps its promises for a linked driver and for a loaded one: values, cancellation, panics, threads.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use crate::odd::Folder;
use quillback_plugin_api::abi::op;
use quillback_plugin_api::batch::{Batch, BatchOutcome, Expect};
use quillback_plugin_api::catalog::{Catalog, Introspect};
use quillback_plugin_api::error::Category;
use quillback_plugin_api::remote::{RemoteInstance, RemoteStream, Settings};
use quillback_plugin_api::rows::RowBuffer;
use quillback_plugin_api::sql::{Expr, Insert, Select, Statement};
use quillback_plugin_api::value::Value;
use quillback_plugin_api::{DriverError, Ident, TableRef, message};
use quillback_plugin_host::{Isolate, Options, Registry, RemoteDriver};

fn linked(isolate: Isolate) -> RemoteDriver {
    let plugin = quillback_driver_fixture::driver_plugin();
    let info = quillback_plugin_api::remote::describe(plugin).unwrap();
    let settings = Settings {
        isolate,
        ..Settings::default()
    };
    RemoteDriver::start(plugin, info, settings).unwrap()
}

fn loaded(isolate: Isolate) -> RemoteDriver {
    let folder = Folder::new();
    folder.fixture("loaded", "well");
    let registry = Registry::load(&Options {
        isolate,
        ..folder.options()
    });
    registry.get("loaded").unwrap()
}

/// Runs a test with a linked and with a loaded driver, each in the caller's threads and in its own.
macro_rules! everywhere {
    ($($test:ident),+ $(,)?) => {
        mod linked { $(
            #[tokio::test]
            async fn $test() { super::$test(super::linked(super::Isolate::Off)).await }
        )+ }
        mod linked_isolated { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() { super::$test(super::linked(super::Isolate::On)).await }
        )+ }
        mod loaded { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() { super::$test(super::loaded(super::Isolate::Off)).await }
        )+ }
        mod loaded_isolated { $(
            #[tokio::test]
            async fn $test() { super::$test(super::loaded(super::Isolate::On)).await }
        )+ }
    };
}

everywhere!(
    values_cross_unchanged,
    errors_cross_unchanged,
    a_panic_is_an_error_and_the_next_call_succeeds,
    a_panic_while_dropping_ends_nothing_else,
    dropping_a_call_drops_it_in_the_driver,
    tasks_and_timers_work_in_the_driver,
    a_thousand_calls_at_once_all_end,
    a_result_comes_in_pieces,
    a_result_ends_when_a_piece_is_given_up,
    requests_that_make_no_sense_are_protocol_errors,
    every_other_call_is_answered,
);

async fn open(driver: &RemoteDriver) -> RemoteInstance {
    driver.open(serde_json::json!({})).await.unwrap()
}

fn table(name: &str) -> TableRef {
    TableRef::new(Ident::new(name).unwrap())
}

fn insert(name: &str, rows: &[Vec<Value>]) -> Batch {
    let width = rows.first().map_or(0, Vec::len);
    let mut batch = Batch::default();
    let statement = Statement::Insert(Insert {
        table: table(name),
        columns: (0..width)
            .map(|column| Ident::new(format!("c{column}")).unwrap())
            .collect(),
        rows: RowBuffer::from_rows(width, rows).unwrap(),
        returning: Vec::new(),
    });
    batch.write(statement, Expect::Any);
    batch
}

/// A batch that makes the fixture do what `name` says.
fn told(name: &str) -> Batch {
    insert(name, &[vec![Value::I64(1)]])
}

async fn counts(instance: &RemoteInstance) -> String {
    instance.ping().await.unwrap().version
}

/// Isolated calls end a moment after they are dropped.
async fn counts_become(instance: &RemoteInstance, wanted: &str) {
    let waiting = async {
        while counts(instance).await != wanted {
            tokio::task::yield_now().await;
        }
    };
    let ended = tokio::time::timeout(Duration::from_secs(20), waiting).await;
    let now = counts(instance).await;
    assert!(ended.is_ok(), "{now} instead of {wanted}");
}

struct Quiet;

impl Wake for Quiet {
    fn wake(self: Arc<Self>) {}
}

fn poll_once<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    let waker = Waker::from(Arc::new(Quiet));
    future.poll(&mut Context::from_waker(&waker))
}

async fn values_cross_unchanged(driver: RemoteDriver) {
    let instance = open(&driver).await;
    let rows = vec![
        vec![
            Value::I64(i64::MIN),
            Value::Null,
            Value::Text("ß🚀\0".into()),
        ],
        vec![
            Value::Bytes(vec![0; 100_000]),
            Value::List(vec![Value::F32(0.1), Value::Null]),
            Value::Uuid([9; 16]),
        ],
    ];
    let outcome = instance.apply(&insert("echo", &rows)).await.unwrap();
    let BatchOutcome::Committed(done) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(done[0].found, 2);
    let set = done[0].rows.as_ref().unwrap();
    assert_eq!(set.rows.to_rows(), rows);
    assert_eq!(set.columns[2].name, "c2");
}

async fn errors_cross_unchanged(driver: RemoteDriver) {
    let instance = open(&driver).await;
    let error = instance.apply(&told("error")).await.unwrap_err();
    assert_eq!(error.category, Category::Unique);
    assert_eq!(error.step, Some(0));
    assert_eq!(error.origin.constraint.as_deref(), Some("t_pkey"));
    assert!(!error.outcome_unknown);
    let refused = serde_json::json!({"refuse": "no"});
    let error = driver.open(refused).await.unwrap_err();
    assert_eq!((error.category, &*error.message), (Category::Auth, "no"));
}

async fn a_panic_is_an_error_and_the_next_call_succeeds(driver: RemoteDriver) {
    let instance = open(&driver).await;
    let error = instance.apply(&told("panic")).await.unwrap_err();
    assert_eq!(error.category, Category::Internal);
    assert!(error.outcome_unknown);
    assert!(error.message.contains("apply was told to panic"), "{error}");
    let error = instance.apply(&told("panic secretly")).await.unwrap_err();
    assert!(!error.message.contains("the value was"), "{error}");
    let error = instance
        .apply(&told("panic with a bomb"))
        .await
        .unwrap_err();
    assert_eq!(error.category, Category::Internal);
    let mut reading = Batch::default();
    reading.read(Select::count(table("panic"), Expr::True));
    let error = instance.apply(&reading).await.unwrap_err();
    assert!(!error.outcome_unknown);
    assert_eq!(driver.counters().panics, 4);
    instance.apply(&told("anything")).await.unwrap();
}

async fn a_panic_while_dropping_ends_nothing_else(driver: RemoteDriver) {
    let instance = open(&driver).await;
    for _ in 0..3 {
        let batch = told("bomb");
        let mut call = Box::pin(instance.apply(&batch));
        assert!(poll_once(call.as_mut()).is_pending());
        drop(call);
    }
    instance.apply(&told("anything")).await.unwrap();
}

async fn dropping_a_call_drops_it_in_the_driver(driver: RemoteDriver) {
    let instance = open(&driver).await;
    let batch = told("wait");
    drop(instance.apply(&batch));
    let mut call = Box::pin(instance.apply(&batch));
    assert!(poll_once(call.as_mut()).is_pending());
    counts_become(&instance, "1 waiting, 0 dropped").await;
    drop(call);
    if driver.counters().isolated {
        counts_become(&instance, "0 waiting, 1 dropped").await;
    } else {
        assert_eq!(counts(&instance).await, "0 waiting, 1 dropped");
    }
    let gone = tokio::time::timeout(Duration::from_millis(5), instance.apply(&batch)).await;
    assert!(gone.is_err());
    counts_become(&instance, "0 waiting, 2 dropped").await;
}

async fn tasks_and_timers_work_in_the_driver(driver: RemoteDriver) {
    let instance = open(&driver).await;
    instance.apply(&told("spawn")).await.unwrap();
    // Dropped on a thread that knows no runtime.
    let other = instance.clone();
    let call = async move {
        let batch = told("wait");
        other.apply(&batch).await
    };
    let mut call = Box::pin(call);
    assert!(poll_once(call.as_mut()).is_pending());
    counts_become(&instance, "1 waiting, 0 dropped").await;
    std::thread::spawn(move || drop(call)).join().unwrap();
    counts_become(&instance, "0 waiting, 1 dropped").await;
    std::thread::spawn(move || drop(instance)).join().unwrap();
}

async fn a_thousand_calls_at_once_all_end(driver: RemoteDriver) {
    let instance = open(&driver).await;
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..1_000 {
        let instance = instance.clone();
        let name = ["spawn", "yield", "echo", "panic"][number % 4];
        calls.spawn(async move { (name, instance.apply(&told(name)).await) });
    }
    let mut ended = 0;
    while let Some(call) = calls.join_next().await {
        let (name, outcome) = call.unwrap();
        assert_eq!(outcome.is_err(), name == "panic", "{name}: {outcome:?}");
        ended += 1;
    }
    assert_eq!(ended, 1_000);
    assert_eq!(driver.counters().panics, 250);
}

async fn rows_of(stream: &mut RemoteStream) -> Result<Vec<usize>, DriverError> {
    let mut sizes = Vec::new();
    while let Some(rows) = stream.next().await? {
        assert_eq!(rows.width(), stream.columns().len());
        assert_eq!(rows.iter().count(), rows.len());
        sizes.push(rows.len());
    }
    Ok(sizes)
}

fn numbers(name: &str, rows: u64) -> Select {
    Select {
        limit: Some(rows),
        ..Select::columns(table(name), [Ident::new("id").unwrap()], Expr::True)
    }
}

async fn a_result_comes_in_pieces(driver: RemoteDriver) {
    let instance = open(&driver).await;
    for (rows, sizes) in [
        (0, vec![]),
        (1, vec![1]),
        (1_024, vec![1_024]),
        (2_500, vec![1_024, 1_024, 452]),
    ] {
        let mut stream = instance.stream(&numbers("t", rows)).await.unwrap();
        assert_eq!(stream.columns().len(), 10);
        assert_eq!(stream.columns()[3].name, "name");
        assert_eq!(rows_of(&mut stream).await.unwrap(), sizes);
        assert_eq!(stream.next().await.unwrap(), None);
    }
    counts_become(&instance, "0 waiting, 4 dropped").await;
    let stream = instance.stream(&numbers("t", 5_000)).await.unwrap();
    assert_eq!(counts(&instance).await, "1 waiting, 4 dropped");
    drop(stream);
    assert_eq!(counts(&instance).await, "0 waiting, 5 dropped");
}

async fn a_result_ends_when_a_piece_is_given_up(driver: RemoteDriver) {
    let instance = open(&driver).await;
    let mut stream = instance.stream(&numbers("wait", 5_000)).await.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap().len(), 1_024);
    assert!(poll_once(pin!(stream.next())).is_pending());
    counts_become(&instance, "0 waiting, 1 dropped").await;
    let error = stream.next().await.unwrap_err();
    assert_eq!(error.category, Category::Protocol);
}

async fn requests_that_make_no_sense_are_protocol_errors(driver: RemoteDriver) {
    let instance = open(&driver).await;
    let good = message::encode_batch(&told("echo")).unwrap();
    for cut in 0..good.len() {
        let error = instance.probe(op::APPLY, &good[..cut]).await.unwrap_err();
        assert_eq!(error.category, Category::Protocol, "{cut}");
    }
    for op in [
        op::INTROSPECT,
        op::STREAM,
        op::DEFINE,
        op::RENDER,
        op::RENDER_DDL,
    ] {
        for request in [&b""[..], b"{", b"\xff\xff\xff\xff{}", b"null\0"] {
            let error = instance.probe(op, request).await.unwrap_err();
            assert_eq!(error.category, Category::Protocol, "{op}");
        }
    }
    for op in [0, op::OPEN, op::NEXT, 11, u32::MAX] {
        let error = instance.probe(op, b"").await.unwrap_err();
        assert_eq!(error.category, Category::Unsupported, "{op}");
    }
    assert!(instance.probe(op::APPLY, &good).await.is_ok());
}

async fn every_other_call_is_answered(driver: RemoteDriver) {
    let instance = open(&driver).await;
    let catalog = instance.introspect(&Introspect::Schemas).await.unwrap();
    assert_eq!(catalog, Catalog::Schemas(Vec::new()));
    let rendered = instance.render(&told("t")).await.unwrap();
    assert_eq!(rendered[0].statement.sql, "1 steps");
    assert_eq!(instance.render_ddl(&[]).await.unwrap(), ["0 changes"]);
    let error = instance.define(&[]).await.unwrap_err();
    assert_eq!(error.category, Category::Unsupported);
    assert_eq!(instance.ping().await.unwrap().product, "Fixture");
    assert!(driver.info().build.starts_with("rustc "));
    assert!(!driver.info().api_version.is_empty());
    instance.close().await;
}

#[tokio::test]
async fn a_driver_that_blocks_is_noticed_and_moved_to_threads_of_its_own() {
    let driver = loaded(Isolate::Auto);
    let instance = open(&driver).await;
    assert!(!driver.counters().isolated);
    instance.apply(&told("block")).await.unwrap();
    assert!(!driver.counters().isolated, "once may be an accident");
    // A machine that is busy may spread them over more than a second.
    while !driver.counters().isolated {
        instance.apply(&told("block")).await.unwrap();
    }
    let slow = driver.counters().slow_polls;
    assert!(slow >= 5, "{slow}");
}

#[test]
fn a_loaded_driver_works_without_a_runtime_of_the_caller() {
    for isolate in [Isolate::Off, Isolate::On] {
        let driver = loaded(isolate);
        let version = block_on(async {
            let instance = open(&driver).await;
            instance.apply(&told("spawn")).await.unwrap();
            counts(&instance).await
        });
        assert_eq!(version, "0 waiting, 0 dropped");
    }
}

/// The smallest runtime there is: it wakes its own thread.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(std::thread::Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutting_a_driver_down_ends_its_calls() {
    let driver = loaded(Isolate::On);
    let instance = open(&driver).await;
    let waiting = {
        let instance = instance.clone();
        tokio::spawn(async move { instance.apply(&told("wait")).await })
    };
    counts_become(&instance, "1 waiting, 0 dropped").await;
    tokio::task::spawn_blocking(move || driver.shutdown(Duration::from_secs(5)))
        .await
        .unwrap();
    let error = waiting.await.unwrap().unwrap_err();
    assert_eq!(error.category, Category::Cancelled);
}

#[tokio::test]
async fn the_place_of_a_panic_in_a_loaded_driver_is_told() {
    let instance = open(&loaded(Isolate::Off)).await;
    let error = instance.apply(&told("panic secretly")).await.unwrap_err();
    assert!(error.message.contains("behave.rs:"), "{error}");
}

#[tokio::test]
async fn what_a_driver_logs_reaches_the_server() {
    static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let settings = Settings {
        log_level: quillback_plugin_api::abi::level::INFO,
        on_log: |level, target, message| {
            let line = format!("{level} {target}: {message}");
            LINES.lock().unwrap().push(line);
        },
        ..Settings::default()
    };
    let plugin = quillback_driver_fixture::driver_plugin();
    let info = quillback_plugin_api::remote::describe(plugin).unwrap();
    let driver = RemoteDriver::start(plugin, info, settings).unwrap();
    open(&driver).await;
    // The line about the connection is more detailed than wanted.
    assert_eq!(*LINES.lock().unwrap(), ["3 fixture: the driver was made"]);
}
