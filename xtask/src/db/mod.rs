//! Private database servers: started on free ports in a temporary folder, stopped with the command.
//!
//! Nothing here touches a server that happens to run on the machine.

mod account;
pub(crate) mod guard;
mod instances;
mod mysql;
pub(crate) mod packages;
pub(crate) mod peer;
mod postgres;
mod server;
mod tls;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;

pub(crate) use instances::Instances;

/// A server that can be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Engine {
    /// `PostgreSQL` from Debian's `postgresql` package.
    Postgres,
    /// `MariaDB` from Debian's `mariadb-server` package, for the MySQL driver.
    Mysql,
}

impl Engine {
    /// The variable that leads tests to a server. Whoever sets it has a server of their own.
    pub(crate) fn variable(self) -> &'static str {
        match self {
            Self::Postgres => "QUILLBACK_TEST_POSTGRES_URL",
            Self::Mysql => "QUILLBACK_TEST_MYSQL_URL",
        }
    }
}

/// How sure a commit has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// A power cut may lose anything: quick, and good enough for tests.
    None,
    /// A commit is on disk, as in a server that people rely on: for measurements.
    Full,
}

/// What to do with the private servers.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Start private servers, print how to reach them, and stay until Ctrl-C.
    #[command(after_help = "Example, in two terminals:\n  \
        cargo xtask db up --print-env /tmp/quillback.env\n  \
        . /tmp/quillback.env && cargo nextest run -p quillback-driver-postgres\n\n\
        The servers listen on free ports of 127.0.0.1, keep their files in a temporary folder and\n\
        are removed when the command ends, however it ends.")]
    Up(Up),
}

/// Options of `db up`.
#[derive(Debug, clap::Args)]
pub(crate) struct Up {
    /// Which servers to start [default: all, and every driver's peer]
    #[arg(value_enum)]
    engines: Vec<Engine>,
    /// Start the stand-in that this driver's `peer.toml` describes; may be repeated
    #[arg(long = "peer", value_name = "DRIVER")]
    peers: Vec<String>,
    /// Keep every commit on disk, as measurements need it; slower
    #[arg(long)]
    durable: bool,
    /// Also write the export lines to this file (readable only by you: it holds passwords)
    #[arg(long, value_name = "FILE")]
    print_env: Option<PathBuf>,
}

/// Runs one of the `db` commands.
///
/// # Errors
/// When a server cannot be started or stops by itself.
pub(crate) fn run(command: Command) -> Result<()> {
    let Command::Up(up) = command;
    let (mut engines, mut peers) = (up.engines, peer::all()?);
    if let Some(stranger) = up
        .peers
        .iter()
        .find(|id| peers.iter().all(|p| p.id() != *id))
    {
        bail!("the driver `{stranger}` has no peer.toml");
    }
    if engines.is_empty() && up.peers.is_empty() {
        engines = Engine::value_variants().to_vec();
    } else {
        peers.retain(|peer| up.peers.iter().any(|id| id == peer.id()));
    }
    engines.sort_unstable();
    engines.dedup();
    packages::require(&engines, &peers)?;
    let durability = if up.durable {
        Durability::Full
    } else {
        Durability::None
    };
    let mut instances = Instances::start(&engines, &peers, durability)?;
    let lines = instances.exports().shell();
    print!("{lines}");
    if let Some(path) = up.print_env {
        write_private(&path, &lines)?;
        println!("# written to {}", path.display());
    }
    println!("# running; stop with Ctrl-C");
    loop {
        if let Some(name) = instances.first_stopped()? {
            bail!("{name} stopped by itself\n{}", instances.log_tail(&name));
        }
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// Writes a file that only its owner can read, complete or not at all.
fn write_private(path: &std::path::Path, text: &str) -> Result<()> {
    use std::io::Write as _;
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => std::path::Path::new("."),
    };
    let mut file = tempfile::NamedTempFile::new_in(folder)
        .with_context(|| format!("cannot write in {}", folder.display()))?;
    file.write_all(text.as_bytes())?;
    file.persist(path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(())
}
