//! A database to test with, and a connection beside the driver that watches what the server does.

use std::future::Future;
use std::time::Duration;

use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Opts};
use quillback_driver_mysql::{MySql, MySqlInstance};
use quillback_plugin_api::driver::{Context, Driver as _, Instance as _};
use quillback_plugin_api::{DriverError, Ident, TableRef};
use serde_json::{Value as Json, json};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

const PATIENCE: Duration = Duration::from_secs(20);

/// An open instance, and a look at its server from beside.
pub(crate) struct Lab {
    pub(crate) instance: MySqlInstance,
    pub(crate) server: Beside,
}

/// A connection of the test's own, and what the test made through it.
pub(crate) struct Beside {
    conn: Conn,
    prefix: String,
    made: Vec<String>,
}

pub(crate) fn name(text: &str) -> Ident {
    Ident::new(text).unwrap()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test finds its database through the environment"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

/// The address of the database, or a failure where `QUILLBACK_REQUIRE_DRIVERS` demands one.
fn address() -> Option<String> {
    let url = variable("QUILLBACK_TEST_MYSQL_URL");
    let required = variable("QUILLBACK_REQUIRE_DRIVERS").unwrap_or_default();
    assert!(
        url.is_some() || !required.split(',').any(|id| id.trim() == "mysql"),
        "QUILLBACK_TEST_MYSQL_URL is not set"
    );
    url
}

/// The certificates of an authority that signed the server's, and of one that did not.
pub(crate) fn authorities() -> Option<(String, String)> {
    address()?;
    Some((
        variable("QUILLBACK_TEST_TLS_CA")?,
        variable("QUILLBACK_TEST_TLS_OTHER_CA")?,
    ))
}

fn options(more: &Json) -> Option<Json> {
    let mut options = json!({ "url": address()? });
    for (key, value) in more.as_object().unwrap() {
        options[key] = value.clone();
    }
    Some(options)
}

/// How the driver refuses to open with these options.
pub(crate) async fn refusal(more: Json) -> DriverError {
    let driver = MySql::new(Context::default()).unwrap();
    driver
        .open(options(&more).unwrap())
        .await
        .err()
        .expect("it opened")
}

impl Lab {
    pub(crate) async fn open(test: &str) -> Option<Self> {
        Self::open_with(test, json!({})).await
    }

    pub(crate) async fn open_with(test: &str, more: Json) -> Option<Self> {
        let options = options(&more)?;
        let instance = MySql::new(Context::default())
            .unwrap()
            .open(options)
            .await
            .unwrap();
        let conn = Conn::new(Opts::from_url(&address()?).unwrap())
            .await
            .unwrap();
        let prefix = format!("live_{}_{test}", std::process::id());
        Some(Self {
            instance,
            server: Beside {
                conn,
                prefix,
                made: Vec::new(),
            },
        })
    }

    /// Removes what the test made.
    pub(crate) async fn end(mut self) {
        self.instance.close().await;
        for sql in std::mem::take(&mut self.server.made).into_iter().rev() {
            self.server.run(&sql).await;
        }
    }
}

impl Beside {
    pub(crate) async fn run(&mut self, sql: &str) {
        self.conn
            .query_drop(sql)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    pub(crate) async fn table(&mut self, hint: &str, columns: &str) -> TableRef {
        let table = format!("{}_{hint}", self.prefix);
        self.run("SET SESSION sql_mode = ''").await;
        self.run(&format!(
            "CREATE TABLE {table} ({columns}) ENGINE=InnoDB CHARACTER SET utf8mb4"
        ))
        .await;
        self.made.push(format!("DROP TABLE {table}"));
        TableRef::new(name(&table))
    }

    pub(crate) async fn view(&mut self, hint: &str, select: &str) -> TableRef {
        let view = format!("{}_{hint}", self.prefix);
        self.run(&format!("CREATE VIEW {view} AS {select}")).await;
        self.made.push(format!("DROP VIEW {view}"));
        TableRef::new(name(&view))
    }

    pub(crate) async fn max_packet(&mut self) -> usize {
        let answer = self.conn.query_first("SELECT @@max_allowed_packet").await;
        answer.unwrap().unwrap()
    }

    /// Whether the server is a `MariaDB` that has the type `UUID`.
    pub(crate) async fn is_mariadb_from_10_7(&mut self) -> bool {
        let version: String = self
            .conn
            .query_first("SELECT VERSION()")
            .await
            .unwrap()
            .unwrap();
        let mut numbers = version
            .split('.')
            .map(|part| part.parse::<u32>().unwrap_or(0));
        let version_number = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        version.contains("MariaDB") && version_number >= (10, 7)
    }

    /// A database of the test's own.
    pub(crate) async fn other_database(&mut self) -> String {
        let database = format!("quillback_{}", self.prefix);
        self.run(&format!("CREATE DATABASE {database}")).await;
        self.made.push(format!("DROP DATABASE {database}"));
        database
    }

    /// How many statements that mention `text` run on the server.
    async fn running(&mut self, text: &str) -> usize {
        let sql = format!(
            "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE '%{text}%' AND ID <> CONNECTION_ID()"
        );
        self.conn.query_first(sql).await.unwrap().unwrap()
    }

    async fn wait(&mut self, text: &str, wanted: bool) {
        let waiting = async {
            while (self.running(text).await > 0) != wanted {
                tokio::task::yield_now().await;
            }
        };
        let result = tokio::time::timeout(PATIENCE, waiting).await;
        assert!(
            result.is_ok(),
            "a statement on {text} {} the server",
            if wanted { "never reached" } else { "stays on" }
        );
    }

    /// Waits until the server runs a statement that mentions `text`.
    pub(crate) async fn until_running(&mut self, text: &TableRef) {
        self.wait(text.name.as_str(), true).await;
    }

    /// Waits until the server runs no statement that mentions `text`.
    pub(crate) async fn until_gone(&mut self, text: &TableRef) {
        self.wait(text.name.as_str(), false).await;
    }

    /// Polls `call` until the server runs its statement, then drops it.
    pub(crate) async fn drop_once_running<T>(
        &mut self,
        call: impl Future<Output = T>,
        text: &TableRef,
    ) {
        tokio::select! {
            _ = call => panic!("the statement on {text} ended by itself"),
            () = self.until_running(text) => {}
        }
    }
}

/// Passes connections on to the server from another address of this machine, which is in no certificate.
pub(crate) struct OtherAddress {
    pub(crate) port: u16,
    passing: tokio::task::JoinHandle<()>,
}

/// That address: Linux answers on all of 127.0.0.0/8.
pub(crate) const OTHER_ADDRESS: &str = "127.0.0.2";

impl OtherAddress {
    pub(crate) async fn open() -> Option<Self> {
        let opts = Opts::from_url(&address()?).unwrap();
        let server = format!("{}:{}", opts.ip_or_hostname(), opts.tcp_port());
        let listener = TcpListener::bind((OTHER_ADDRESS, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let passing = tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let mut server = TcpStream::connect(&server).await.unwrap();
                tokio::spawn(async move { copy_bidirectional(&mut client, &mut server).await });
            }
        });
        Some(Self { port, passing })
    }
}

impl Drop for OtherAddress {
    fn drop(&mut self) {
        self.passing.abort();
    }
}
