//! Runs the conformance suite against this driver, linked and loaded, where a server is at hand.

use std::process::ExitCode;

use quillback_conformance::{Access, Exception, Quirks, Session, Statements, Surroundings, Target};
use serde_json::{Value, json};
use tiberius::{AuthMethod, Client, Config, EncryptionLevel};
use tokio::net::TcpStream;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt as _};

const fn except(case: &'static str, why: &'static str) -> Exception {
    Exception {
        case,
        why,
        fails: true,
    }
}

const fn slow(case: &'static str) -> Exception {
    Exception {
        case,
        why: "Babelfish: it looks for an attention between statements only, and lets locks go seconds later",
        fails: false,
    }
}

/// What cannot hold on SQL Server.
const PADDED: Exception = except(
    "search::exact_texts_compare_byte_by_byte",
    "SQL Server: every comparison pads the shorter text with spaces, so that texts which differ by those are one key",
);

const SQL_SERVER: &[Exception] = &[PADDED];

const NUMBERS: &str =
    "Babelfish: it answers with 33557097 where SQL Server has a number of its own";
const WORDS: &str =
    "Babelfish: its messages have the words of PostgreSQL, in which names stand elsewhere";
const ALTER: &str = "Babelfish: it takes neither COLLATE nor NOT NULL in ALTER TABLE ALTER COLUMN";
const BRACKETS: &str = "Babelfish: it does not take ]] in a name";
const FOLDED: &str = "Babelfish: names are kept in small letters, cut, and without characters beyond the basic plane";
const HINTS: &str = "Babelfish: it reads table hints such as UPDLOCK over";
const NUL: &str = "Babelfish: its texts have no NUL, as those of PostgreSQL";

/// What does not hold on Babelfish, though it does on SQL Server by its documentation.
const BABELFISH: &[Exception] = &[
    PADDED,
    except("ddl::a_column_becomes_optional_and_required_again", ALTER),
    except("ddl::a_column_is_added", NUMBERS),
    except("ddl::a_column_is_removed", NUMBERS),
    except("ddl::a_column_is_renamed", FOLDED),
    except("ddl::a_column_with_nulls_cannot_become_required", ALTER),
    except("ddl::a_text_column_is_widened", ALTER),
    except("errors::a_key_that_exists_is_unique", WORDS),
    except("errors::a_missing_column_is_not_found", NUMBERS),
    except("errors::a_missing_required_value_names_its_column", WORDS),
    except("errors::a_missing_table_is_not_found", NUMBERS),
    except("errors::a_missing_table_is_not_found_by_a_stream", NUMBERS),
    except("errors::a_unique_index_is_named", WORDS),
    except("errors::a_violated_check_is_told_apart", WORDS),
    except(
        "identifiers::a_name_beyond_the_limit_is_refused_and_not_cut",
        FOLDED,
    ),
    except("identifiers::columns_are_renamed_to_any_name", BRACKETS),
    except("identifiers::columns_may_have_any_name", BRACKETS),
    except("identifiers::indexes_may_have_any_name", BRACKETS),
    except(
        "identifiers::names_beyond_the_basic_plane_stay_or_are_refused",
        FOLDED,
    ),
    except("identifiers::tables_may_have_any_name", BRACKETS),
    except("identifiers::the_case_of_names_is_kept", FOLDED),
    except("identifiers::the_longest_name_is_kept", FOLDED),
    except("locks::a_locking_read_waits", HINTS),
    except(
        "locks::a_deadlock_is_a_conflict_and_the_other_batch_wins",
        HINTS,
    ),
    slow("cancel::a_dropped_batch_lets_its_locks_go"),
    slow("locks::waiting_past_the_deadline_is_a_timeout_and_writes_nothing"),
    slow("marker::a_waiting_fence_keeps_its_deadline"),
    except("neighbours::a_column_removed_by_others_is_missed", NUMBERS),
    Exception {
        case: "outage::a_server_that_is_down_is_told_apart",
        why: "Babelfish: signing in takes longer than the second that the case gives it",
        fails: false,
    },
    except("types::texts_of_10_characters", NUL),
    except("types::texts_without_limit", NUL),
];

fn main() -> ExitCode {
    let is_babelfish = is_babelfish();
    let target = Target {
        id: "mssql",
        options: |around: &Surroundings| {
            let server = around.server(1433)?;
            Some(json!({
                "host": server.host, "port": server.port, "user": server.user, "password": server.password,
                "database": server.database, "tls": "disable",
            }))
        },
        access: Some(Access {
            host: "host",
            port: "port",
            password: "password",
            hurry: |options| options["connect_timeout_ms"] = json!(1_000),
        }),
        session: Some(open),
        statements: Statements {
            begin: "BEGIN TRANSACTION",
            instant: "'2024-02-29 12:34:56 +00:00'",
            loose_text: "NVARCHAR(40) COLLATE Latin1_General_CI_AI",
            computed_column: Some("doubled AS (n * 2) PERSISTED"),
            trigger: Some(trigger),
            ..Statements::default()
        },
        quirks: Quirks {
            keeps_nul: !is_babelfish,
            counts_utf16: true,
            refuses_nan: true,
            refuses_infinity: true,
            ..Quirks::default()
        },
    };
    let exceptions = if is_babelfish { BABELFISH } else { SQL_SERVER };
    quillback_conformance::main_except(quillback_driver_mssql::driver_plugin(), target, exceptions)
}

/// Whether the server at hand is Babelfish, which says so itself.
#[expect(
    clippy::disallowed_methods,
    reason = "a test finds its database through the environment"
)]
fn is_babelfish() -> bool {
    let address = std::env::var("QUILLBACK_TEST_MSSQL_URL").unwrap_or_default();
    let Ok(url) = url::Url::parse(&address) else {
        return false;
    };
    let options = json!({
        "host": url.host_str(), "port": url.port(), "user": url.username(), "password": url.password(),
        "database": url.path().trim_start_matches('/'),
    });
    Beside::open(&options)
        .and_then(|mut server| server.version())
        .is_ok_and(|version| version.contains("Babelfish"))
}

/// The driver's client library, used as plainly as can be: there is no other in Rust.
struct Beside {
    runtime: tokio::runtime::Runtime,
    client: Client<Compat<TcpStream>>,
}

fn open(options: &Value) -> Result<Box<dyn Session>, String> {
    Ok(Box::new(Beside::open(options)?))
}

impl Beside {
    fn open(options: &Value) -> Result<Self, String> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| error.to_string())?;
        let text = |name: &str| options[name].as_str().unwrap_or_default();
        let port = options["port"]
            .as_u64()
            .and_then(|port| u16::try_from(port).ok());
        let mut config = Config::new();
        config.host(text("host"));
        config.port(port.unwrap_or(1433));
        config.database(text("database"));
        config.authentication(AuthMethod::sql_server(text("user"), text("password")));
        config.encryption(EncryptionLevel::Required);
        config.trust_cert();
        let client = runtime.block_on(async {
            let stream = TcpStream::connect(config.get_addr())
                .await
                .map_err(|error| error.to_string())?;
            Box::pin(Client::connect(config, stream.compat_write()))
                .await
                .map_err(|error| error.to_string())
        });
        Ok(Self {
            runtime,
            client: client?,
        })
    }
}

impl Session for Beside {
    fn run(&mut self, sql: &str) -> Result<(), String> {
        let answer = self.runtime.block_on(async {
            let answer = self.client.simple_query(sql).await?;
            answer.into_results().await
        });
        answer.map(drop).map_err(|error| error.to_string())
    }
}

impl Beside {
    fn version(&mut self) -> Result<String, String> {
        let answer = self.runtime.block_on(async {
            let answer = self
                .client
                .simple_query("SELECT CAST(@@VERSION AS nvarchar(4000))")
                .await?;
            answer.into_row().await
        });
        let row = answer.map_err(|error| error.to_string())?;
        let version = row.as_ref().and_then(|row| row.get::<&str, _>(0));
        Ok(version.unwrap_or_default().to_owned())
    }
}

fn trigger(table: &str, log: &str) -> Vec<String> {
    vec![format!(
        "CREATE TRIGGER {table}_log ON {table} AFTER INSERT AS \
         BEGIN INSERT INTO {log} (n) SELECT n FROM inserted; SELECT n FROM inserted END"
    )]
}
