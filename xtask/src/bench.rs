//! `cargo xtask bench`: an optimised build, private database servers that keep what they commit, and
//! the benchmark program with the way to all of them.

use std::process::Command;

use anyhow::Result;

use crate::db::{self, Durability, Engine, Instances};
use crate::plugins::{self, Profile};
use crate::{process, workspace};

/// Options of `bench`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Start no database servers; for measurements that need none
    #[arg(long)]
    no_servers: bool,
    /// Arguments of the benchmark program, after `--`
    #[arg(last = true)]
    args: Vec<String>,
}

/// Builds, starts the servers, and runs the benchmark program with these variables set:
/// `QUILLBACK_BENCH_SERVER` (the server program), `QUILLBACK_BENCH_PLUGINS` (a folder with every
/// driver plugin) and those of `db up`.
///
/// # Errors
/// When something does not compile, a server does not start or the program fails.
pub(crate) fn run(options: &Options) -> Result<()> {
    let drivers = workspace::drivers(&workspace::root())?;
    let built = plugins::build(&drivers, Profile::Release)?;
    let mut cargo = workspace::cargo();
    process::run(cargo.args(["build", "--release", "-p", "quillback-bench"]))?;
    let folder = workspace::target()?.join("bench").join("drivers");
    plugins::place(&built, &drivers, &folder)?;

    let program = format!("quillback-bench{}", std::env::consts::EXE_SUFFIX);
    let mut command = Command::new(built.join(program));
    command.args(&options.args).current_dir(workspace::root());
    command.env(
        "QUILLBACK_BENCH_SERVER",
        built.join(workspace::server_program()),
    );
    command.env("QUILLBACK_BENCH_PLUGINS", &folder);
    let servers = if options.no_servers {
        None
    } else {
        let engines = [Engine::Postgres, Engine::Mysql];
        db::packages::require(&engines)?;
        Some(Instances::start(&engines, Durability::Full)?)
    };
    if let Some(servers) = &servers {
        command.envs(servers.exports().iter());
    }
    process::run(&mut command)
}
