//! Runs the conformance suite against this driver, linked and loaded, where a dedicated SQL pool is at hand.

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
        why: "Synapse: every row is an INSERT of its own; the time is not enough",
        fails: false,
    }
}

const LEVELS: &str =
    "Synapse: a transaction has READ UNCOMMITTED or READ_COMMITTED_SNAPSHOT, and nothing stricter";

/// What cannot hold by the documentation of the service. No run has shown yet whether this is all.
const EXCEPTIONS: &[Exception] = &[
    except("batch::every_isolation_level_runs", LEVELS),
    except("concurrency::a_repeatable_read_sees_one_state", LEVELS),
    except(
        "errors::a_violated_check_is_told_apart",
        "Synapse: there are no check constraints",
    ),
    slow("stream::a_dropped_piece_ends_the_stream"),
    slow("stream::a_dropped_stream_gives_its_connection_back"),
    slow("stream::a_hundred_thousand_rows_take_little_memory"),
    slow("writes::twenty_thousand_rows_arrive_as_single_rows_do"),
];

fn main() -> ExitCode {
    let target = Target {
        id: "synapse",
        options: |around: &Surroundings| {
            let server = around.server(1433)?;
            Some(json!({
                "host": server.host, "port": server.port, "user": server.user, "password": server.password,
                "database": server.database, "tls": "require", "allow_dirty_reads": true,
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
            integer: "INT",
            instant: "'2024-02-29 12:34:56 +00:00'",
            loose_text: "NVARCHAR(40) COLLATE Latin1_General_100_CI_AI",
            computed_column: None,
            trigger: None,
            ..Statements::default()
        },
        quirks: Quirks {
            keeps_nul: true,
            counts_utf16: true,
            refuses_nan: true,
            refuses_infinity: true,
            ..Quirks::default()
        },
    };
    quillback_conformance::main_except(
        quillback_driver_synapse::driver_plugin(),
        target,
        EXCEPTIONS,
    )
}

/// The driver's client library, used as plainly as can be: there is no other in Rust.
struct Beside {
    runtime: tokio::runtime::Runtime,
    client: Client<Compat<TcpStream>>,
}

fn open(options: &Value) -> Result<Box<dyn Session>, String> {
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
    Ok(Box::new(Beside {
        runtime,
        client: client?,
    }))
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
