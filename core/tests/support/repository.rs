//! Empty databases for repositories, one a test.

use quillback_core::plugin_api::remote::{RemoteDriver, RemoteInstance};
use serde_json::{Value as Json, json};

/// A database that a repository can be on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A file.
    Sqlite,
    /// The server of `QUILLBACK_TEST_POSTGRES_URL`.
    Postgres,
    /// The server of `QUILLBACK_TEST_MYSQL_URL`.
    Mysql,
    /// The server of `QUILLBACK_TEST_MSSQL_URL`, which only its vendor has.
    Mssql,
}

impl Kind {
    /// Those that can be used here.
    pub(crate) fn at_hand() -> impl Iterator<Item = Self> {
        let all = [Self::Sqlite, Self::Postgres, Self::Mysql, Self::Mssql];
        all.into_iter()
            .filter(|kind| *kind == Self::Sqlite || kind.url().is_some())
    }

    /// Its driver.
    pub(crate) fn driver(self) -> RemoteDriver {
        let plugin = match self {
            Self::Sqlite => quillback_driver_sqlite::driver_plugin(),
            Self::Postgres => quillback_driver_postgres::driver_plugin(),
            Self::Mysql => quillback_driver_mysql::driver_plugin(),
            Self::Mssql => quillback_driver_mssql::driver_plugin(),
        };
        RemoteDriver::link(plugin).unwrap()
    }

    fn url(self) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => variable("QUILLBACK_TEST_POSTGRES_URL"),
            Self::Mysql => variable("QUILLBACK_TEST_MYSQL_URL"),
            Self::Mssql => variable("QUILLBACK_TEST_MSSQL_URL"),
        }
    }

    fn admin_url(self) -> Option<String> {
        match self {
            Self::Sqlite | Self::Mssql => None,
            Self::Postgres => variable("QUILLBACK_TEST_POSTGRES_ADMIN_URL"),
            Self::Mysql => variable("QUILLBACK_TEST_MYSQL_ADMIN_URL"),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests are told where servers are by the environment"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A database of one test, removed with it.
pub(crate) struct Repository {
    kind: Kind,
    options: Json,
    place: Place,
}

enum Place {
    Folder(tempfile::TempDir),
    Database { url: String, name: String },
}

impl Repository {
    /// An empty one.
    pub(crate) fn fresh(kind: Kind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let Some(url) = kind.url() else {
            let options =
                json!({ "path": folder.path().join("repository.sqlite"), "create": true });
            return Self {
                kind,
                options,
                place: Place::Folder(folder),
            };
        };
        // The name of a temporary folder is one that nobody else has.
        let suffix = folder
            .path()
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .replace('.', "")
            .to_lowercase();
        let name = format!("quillback_{suffix}_{}", std::process::id());
        run_sql(kind, &url, &format!("CREATE DATABASE {name}"));
        let options = json!({ "url": with_database(&url, &name) });
        Self {
            kind,
            options,
            place: Place::Database { url, name },
        }
    }

    /// Its kind.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// What a connection to it needs.
    pub(crate) fn options(&self) -> serde_json::Map<String, Json> {
        self.options.as_object().unwrap().clone()
    }

    /// What the database calls a schema where its server shows those of other tests as well.
    pub(crate) fn schema(&self) -> Option<String> {
        match &self.place {
            Place::Database { name, .. } if self.kind == Kind::Mysql => Some(name.clone()),
            _ => None,
        }
    }

    /// Lets the texts of a table compare as its server's own users know them: without case, accents and spaces at the
    /// end. `false` where texts have one comparison.
    pub(crate) fn compare_loosely(&self, table: &str) -> bool {
        let Place::Database { url, name } = &self.place else {
            return false;
        };
        if self.kind != Kind::Mysql {
            return false;
        }
        let collation = "CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci";
        let sql = format!("ALTER TABLE {name}.{table} CONVERT TO {collation}");
        run_sql(self.kind, url, &sql);
        true
    }

    /// Runs one statement beside the server, as other programs do.
    pub(crate) fn run(&self, sql: &str) {
        match &self.place {
            Place::Folder(_) => {
                let path = self.options["path"].as_str().unwrap();
                let file = rusqlite::Connection::open(path).unwrap();
                file.execute_batch(sql).unwrap();
            }
            Place::Database { url, name } => run_sql(self.kind, &with_database(url, name), sql),
        }
    }

    /// Opens it once more.
    pub(crate) async fn open(&self) -> (RemoteDriver, RemoteInstance) {
        let driver = self.kind.driver();
        let instance = driver.open(self.options.clone()).await.unwrap();
        (driver, instance)
    }

    /// The bytes of its files; of a server, which keeps them to itself, a dump.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match &self.place {
            Place::Folder(folder) => {
                let files = std::fs::read_dir(folder.path()).unwrap();
                files
                    .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
                    .collect()
            }
            Place::Database { .. } => Vec::new(),
        }
    }
}

impl Drop for Repository {
    fn drop(&mut self) {
        if let Place::Database { url, name } = &self.place {
            let force = if self.kind == Kind::Postgres {
                " WITH (FORCE)"
            } else {
                ""
            };
            // The superuser, where there is one: a worker of the server's own may be in the database.
            let url = self.kind.admin_url().unwrap_or_else(|| url.clone());
            if self.kind == Kind::Mssql {
                let alone =
                    format!("ALTER DATABASE {name} SET SINGLE_USER WITH ROLLBACK IMMEDIATE");
                let _ = try_sql(self.kind, &url, &alone);
            }
            let dropped = try_sql(self.kind, &url, &format!("DROP DATABASE {name}{force}"));
            // Babelfish has no way to take a database from connections that are still in it: there it stays.
            assert!(dropped || self.kind == Kind::Mssql || std::thread::panicking());
        }
    }
}

/// Runs one statement beside the driver: the contract makes no databases.
fn run_sql(kind: Kind, url: &str, sql: &str) {
    assert!(try_sql(kind, url, sql), "{sql}");
}

/// The same; `false` where it failed, which is printed.
fn try_sql(kind: Kind, url: &str, sql: &str) -> bool {
    let (url, sql) = (url.to_owned(), sql.to_owned());
    // A thread of its own, because a runtime cannot wait inside another.
    let work = move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        match kind {
            Kind::Sqlite => unreachable!("a file has no server"),
            Kind::Postgres => runtime.block_on(run_on_postgres(&url, &sql)),
            Kind::Mysql => runtime.block_on(run_on_mysql(&url, &sql)),
            Kind::Mssql => runtime.block_on(run_on_mssql(&url, &sql)),
        }
    };
    std::thread::spawn(work).join().is_ok()
}

async fn run_on_postgres(url: &str, sql: &str) {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls)
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    client.batch_execute(sql).await.unwrap();
    drop(client);
    connection.await.unwrap().unwrap();
}

async fn run_on_mysql(url: &str, sql: &str) {
    use mysql_async::prelude::Queryable;
    let mut client = mysql_async::Conn::from_url(url).await.unwrap();
    client.query_drop(sql).await.unwrap();
    client.disconnect().await.unwrap();
}

async fn run_on_mssql(url: &str, sql: &str) {
    // The driver may not have been opened yet, which else chooses the cryptography of the process.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let url = url::Url::parse(url).unwrap();
    let mut config = tiberius::Config::new();
    config.host(url.host_str().unwrap());
    config.port(url.port().unwrap_or(1433));
    config.database(url.path().trim_start_matches('/'));
    let password = url.password().unwrap_or_default();
    config.authentication(tiberius::AuthMethod::sql_server(url.username(), password));
    config.trust_cert();
    // Babelfish makes and drops one database at a time.
    let mut attempts = if sql.contains(" DATABASE ") { 5 } else { 1 };
    loop {
        attempts -= 1;
        match try_on_mssql(&config, sql).await {
            Err(error) if attempts == 0 => panic!("{sql}: {error}"),
            Err(_) => {}
            Ok(()) => return,
        }
    }
}

async fn try_on_mssql(config: &tiberius::Config, sql: &str) -> tiberius::Result<()> {
    use tokio_util::compat::TokioAsyncWriteCompatExt as _;
    let stream = tokio::net::TcpStream::connect(config.get_addr()).await?;
    let client = tiberius::Client::connect(config.clone(), stream.compat_write());
    let mut client = Box::pin(client).await?;
    client.simple_query(sql).await?.into_results().await?;
    Ok(())
}

fn with_database(url: &str, name: &str) -> String {
    let (address, query) = url
        .split_once('?')
        .map_or((url, String::new()), |(url, query)| {
            (url, format!("?{query}"))
        });
    let (server, _) = address.rsplit_once('/').unwrap();
    format!("{server}/{name}{query}")
}
