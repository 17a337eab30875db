//! Runs the conformance suite against this driver.

use std::process::ExitCode;

use mysql_async::prelude::Queryable;
use quillback_conformance::{Access, Quirks, Session, Statements, Surroundings, Target};
use serde_json::{Value, json};

fn main() -> ExitCode {
    let target = Target {
        id: "mysql",
        options: |around: &Surroundings| {
            let server = around.server(3306)?;
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
            // A civil time in UTC, as `README.md` says; a literal with an offset needs MySQL 8.0.19.
            instant: "'2024-02-29 12:34:56'",
            trigger: Some(trigger),
            loose_text: "VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
            ..Statements::default()
        },
        quirks: Quirks {
            keeps_nul: true,
            refuses_nan: true,
            refuses_infinity: true,
            ..Quirks::default()
        },
    };
    quillback_conformance::main(quillback_driver_mysql::driver_plugin(), target)
}

struct Beside {
    runtime: tokio::runtime::Runtime,
    connection: mysql_async::Conn,
}

fn open(options: &Value) -> Result<Box<dyn Session>, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let text = |name: &str| options[name].as_str().map(str::to_owned);
    let port = options["port"]
        .as_u64()
        .and_then(|port| u16::try_from(port).ok());
    let server = mysql_async::OptsBuilder::default()
        .ip_or_hostname(text("host").unwrap_or_default())
        .tcp_port(port.unwrap_or(3306))
        .user(text("user"))
        .pass(text("password"))
        .db_name(text("database"));
    let connection = runtime
        .block_on(mysql_async::Conn::new(server))
        .map_err(|error| error.to_string())?;
    Ok(Box::new(Beside {
        runtime,
        connection,
    }))
}

impl Session for Beside {
    fn run(&mut self, sql: &str) -> Result<(), String> {
        self.runtime
            .block_on(self.connection.query_drop(sql))
            .map_err(|error| error.to_string())
    }
}

fn trigger(table: &str, log: &str) -> Vec<String> {
    vec![format!(
        "CREATE TRIGGER {table}_log AFTER INSERT ON {table} FOR EACH ROW INSERT INTO {log} (n) VALUES (NEW.n)"
    )]
}
