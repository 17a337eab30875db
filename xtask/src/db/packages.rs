//! The Debian packages that the private servers come from.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use super::{Engine, account, mysql, postgres};
use crate::process;

/// Makes sure that the programs of the given servers are installed.
///
/// On Debian, as root, missing packages are installed. Everywhere else nothing is changed.
///
/// # Errors
/// When something is missing and we may not install it; the error names the command to run.
pub(crate) fn require(engines: &[Engine]) -> Result<()> {
    let missing = missing(engines);
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    let variables: Vec<&str> = engines.iter().map(|engine| engine.variable()).collect();
    let variables = variables.join(" and ");
    let by_hand = format!("apt-get install --no-install-recommends {list}");
    if !is_debian() || process::find("apt-get").is_none() {
        bail!(
            "missing: {list}. Install the packages of your system that hold them (on Debian: \
             `{by_hand}`), or start servers of your own and set {variables}"
        );
    }
    if !account::is_root()? {
        bail!("missing: {list}. Run this and try again: sudo {by_hand}");
    }
    println!("Installing from Debian: {list}");
    println!("(used for private test servers; the packages' own services are not needed)");
    let mut update = Command::new("apt-get");
    process::run(update.args(["update", "-q"]))?;
    let mut install = Command::new("apt-get");
    install
        .args(["install", "-q", "-y", "--no-install-recommends"])
        .args(&missing);
    process::run(install.env("DEBIAN_FRONTEND", "noninteractive"))
}

fn missing(engines: &[Engine]) -> Vec<&'static str> {
    let mut packages = Vec::new();
    for engine in engines {
        match engine {
            Engine::Postgres if postgres::programs().is_none() => packages.push("postgresql"),
            Engine::Mysql if mysql::program().is_none() => packages.push("mariadb-server"),
            Engine::Postgres | Engine::Mysql => {}
        }
    }
    if process::find("openssl").is_none() {
        packages.push("openssl");
    }
    packages
}

fn is_debian() -> bool {
    Path::new("/etc/debian_version").is_file()
}
