//! A private `MariaDB` for the MySQL driver: initialised, started, given a user and a database.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::account::Account;
use super::guard::Guard;
use super::instances::{Exports, Place};
use super::server::{Server, free_port, password, write};
use super::{Durability, Engine};
use crate::process;

/// The server program, if it is installed.
pub(crate) fn program() -> Option<PathBuf> {
    process::find("mariadbd")
}

/// Starts a private instance below `folder` and records how to reach it.
///
/// # Errors
/// When the programs are missing or the server does not start.
pub(crate) fn start(place: &Place, guard: &mut Guard, exports: &mut Exports) -> Result<Server> {
    let Place {
        folder,
        certificates: tls,
        durability,
    } = place;
    let program = program().context("MariaDB's `mariadbd` was not found")?;
    let account = Account::find("mysql")?;
    let home = folder.join("mysql");
    account.folder(&home)?;
    let (admin, user, port) = (password()?, password()?, free_port()?);
    let data = initialise(&account, &home)?;
    let (certificate, key) = (home.join("server.pem"), home.join("server-key.pem"));
    for (from, to) in [(&tls.certificate, &certificate), (&tls.key, &key)] {
        std::fs::copy(from, to)?;
        account.own(to, 0o600)?;
    }
    let first = home.join("first.sql");
    write(&first, &first_statements(&admin, &user))?;
    account.own(&first, 0o600)?;

    let mut command = Command::new(program);
    command.arg("--no-defaults");
    let path = |name: &str, path: &Path| format!("--{name}={}", path.display());
    command.args([
        path("datadir", &data),
        path("socket", &home.join("my.sock")),
    ]);
    command.args([
        path("pid-file", &home.join("my.pid")),
        path("init-file", &first),
    ]);
    command.args([path("ssl-cert", &certificate), path("ssl-key", &key)]);
    command.args([
        "--bind-address=127.0.0.1",
        "--skip-name-resolve",
        "--max-connections=300",
    ]);
    // Without these two the server starts in latin1 and refuses four-byte characters.
    command.args([
        "--character-set-server=utf8mb4",
        "--collation-server=utf8mb4_unicode_ci",
    ]);
    command.arg("--local-infile=1");
    if *durability == Durability::None {
        command.arg("--innodb-flush-log-at-trx-commit=0");
    }
    command.arg(format!("--port={port}"));
    account.apply(command.current_dir(&home));
    let ready = || answers(port, &user);
    let log = folder.join("mysql.log");
    let server = Server::start("MariaDB", command, log, guard, "TERM", ready)?;

    let url = |name: &str, secret: &str, database: &str| {
        format!("mysql://{name}:{secret}@127.0.0.1:{port}/{database}")
    };
    exports.set(
        Engine::Mysql.variable(),
        url("quillback", &user, "quillback"),
    );
    exports.set(
        "QUILLBACK_TEST_MYSQL_ADMIN_URL",
        url("root", &admin, "mysql"),
    );
    Ok(server)
}

fn initialise(account: &Account, home: &Path) -> Result<PathBuf> {
    let data = home.join("data");
    let mut command = Command::new("mariadb-install-db");
    command.args([
        "--no-defaults",
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
    ]);
    command
        .arg(format!("--datadir={}", data.display()))
        .current_dir(home);
    process::capture(account.apply(&mut command))?;
    Ok(data)
}

/// What the server runs before it takes its first connection. The second grant lets tests make
/// databases of their own, the third those of the conformance suite.
fn first_statements(admin: &str, user: &str) -> String {
    format!(
        "DROP USER IF EXISTS ''@'localhost', ''@'127.0.0.1', 'root'@'127.0.0.1';\n\
         ALTER USER 'root'@'localhost' IDENTIFIED BY '{admin}';\n\
         CREATE USER 'root'@'127.0.0.1' IDENTIFIED BY '{admin}';\n\
         GRANT ALL ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;\n\
         CREATE DATABASE quillback;\n\
         CREATE USER 'quillback'@'127.0.0.1' IDENTIFIED BY '{user}';\n\
         GRANT ALL ON quillback.* TO 'quillback'@'127.0.0.1';\n\
         GRANT ALL ON `quillback\\_%`.* TO 'quillback'@'127.0.0.1';\n\
         GRANT ALL ON `qc%`.* TO 'quillback'@'127.0.0.1';\n"
    )
}

/// Signs in as the new user: the port opens only after the first statements have run.
fn answers(port: u16, user: &str) -> bool {
    let mut command = Command::new("mariadb");
    command.args([
        "--no-defaults",
        "-h",
        "127.0.0.1",
        "-u",
        "quillback",
        "-e",
        "SELECT 1",
    ]);
    command
        .args(["-P", &port.to_string(), "quillback"])
        .env("MYSQL_PWD", user);
    command.output().is_ok_and(|output| output.status.success())
}
