//! Runs the conformance suite against this driver.

use std::process::ExitCode;

use quillback_conformance::{Access, Quirks, Session, Statements, Surroundings, Target};
use serde_json::{Value, json};

fn main() -> ExitCode {
    let target = Target {
        id: "postgres",
        options: |around: &Surroundings| {
            let server = around.server(5432)?;
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
            trigger: Some(trigger),
            ..Statements::default()
        },
        quirks: Quirks {
            reformats_json: true,
            ..Quirks::default()
        },
    };
    quillback_conformance::main(quillback_driver_postgres::driver_plugin(), target)
}

struct Beside {
    runtime: tokio::runtime::Runtime,
    client: tokio_postgres::Client,
}

/// Another client than the driver's own, so that a fault of the one is not hidden by the same fault of the other.
fn open(options: &Value) -> Result<Box<dyn Session>, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let text = |name: &str| options[name].as_str().unwrap_or_default().to_owned();
    let port = options["port"]
        .as_u64()
        .and_then(|port| u16::try_from(port).ok());
    let mut config = tokio_postgres::Config::new();
    config
        .host(text("host"))
        .port(port.unwrap_or(5432))
        .user(text("user"))
        .password(text("password"))
        .dbname(text("database"));
    let client = runtime.block_on(async {
        let (client, connection) = config.connect(tokio_postgres::NoTls).await?;
        tokio::spawn(connection);
        Ok::<_, tokio_postgres::Error>(client)
    });
    let client = client.map_err(|error| error.to_string())?;
    Ok(Box::new(Beside { runtime, client }))
}

impl Session for Beside {
    fn run(&mut self, sql: &str) -> Result<(), String> {
        self.runtime
            .block_on(self.client.batch_execute(sql))
            .map_err(|error| error.to_string())
    }
}

fn trigger(table: &str, log: &str) -> Vec<String> {
    vec![
        format!(
            "CREATE FUNCTION {table}_log() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN INSERT INTO {log} (n) VALUES (NEW.n); RETURN NULL; END $$"
        ),
        format!(
            "CREATE TRIGGER {table}_log AFTER INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_log()"
        ),
    ]
}
