//! Runs the conformance suite against this driver, linked and loaded, where a server is at hand.

use std::process::ExitCode;

use quillback_conformance::{Access, Quirks, Session, Statements, Surroundings, Target};
use serde_json::{Value, json};
use tiberius::{AuthMethod, Client, Config, EncryptionLevel};
use tokio::net::TcpStream;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt as _};

fn main() -> ExitCode {
    let target = Target {
        id: "mssql",
        options: |around: &Surroundings| {
            let server = around.server(1433)?;
            Some(json!({
                "host": server.host, "port": server.port, "user": server.user, "password": server.password,
                "database": server.database, "tls": "require",
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
            keeps_nul: true,
            refuses_nan: true,
            refuses_infinity: true,
            ..Quirks::default()
        },
    };
    quillback_conformance::main(quillback_driver_mssql::driver_plugin(), target)
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
    config.encryption(EncryptionLevel::NotSupported);
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

fn trigger(table: &str, log: &str) -> Vec<String> {
    vec![format!(
        "CREATE TRIGGER {table}_log ON {table} AFTER INSERT AS \
         BEGIN INSERT INTO {log} (n) SELECT n FROM inserted; SELECT n FROM inserted END"
    )]
}
