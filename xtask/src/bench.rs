//! `cargo xtask bench`: an optimised build, private database servers that keep what they commit, and
//! the benchmark program with the way to all of them.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::db::{self, Durability, Engine, Instances};
use crate::plugins::{self, Profile};
use crate::{process, workspace};

/// Options of `bench`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Scenarios are `boundary` (the plugin boundary alone) and those of the whole server: add,\n\
        edit, page, page-deep, page-entitled, page-policies, delete, history, bulk-add, bulk-edit and\n\
        sign-in. What is said after `--` goes to `quillback-bench server`:\n\n  \
        cargo xtask bench --quick\n  \
        cargo xtask bench add edit -- --concurrency 1,16,64\n  \
        cargo xtask bench add page -- --target sqlite\n  \
        cargo xtask bench add page -- --rate 300\n  \
        cargo xtask bench add page -- --crowd 10000 --rows 10000000\n\n\
        Close other programs first, and compare only figures of one run with each other."
)]
pub(crate) struct Options {
    /// Little of everything, to see that it works; not to quote
    #[arg(long)]
    quick: bool,
    /// Also install and measure PostGraphile and Directus on the same table; needs Node and about 2 GB
    #[arg(long)]
    peers: bool,
    /// What to measure; everything when nothing is named
    #[arg(value_name = "SCENARIO")]
    scenarios: Vec<String>,
    /// Arguments of the measurement of the whole server, after `--`
    #[arg(last = true)]
    args: Vec<String>,
}

const BOUNDARY: &str = "boundary";

/// Folders below `bench/peers`.
const PEERS: [&str; 2] = ["postgraphile", "directus"];

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
    let results = workspace::target()?.join("bench");
    let folder = results.join("drivers");
    plugins::place(&built, &drivers, &folder)?;

    let all = options.scenarios.is_empty();
    let whole: Vec<&String> = options
        .scenarios
        .iter()
        .filter(|scenario| *scenario != BOUNDARY)
        .collect();
    if all || whole.len() < options.scenarios.len() {
        let mut command = program(&built, &results, BOUNDARY);
        if options.quick {
            command.args(["--rounds", "50"]);
        }
        process::run(&mut command)?;
    }
    if all || !whole.is_empty() {
        let engines = [Engine::Postgres];
        db::packages::require(&engines, &[])?;
        let servers = Instances::start(&engines, &[], Durability::Full)?;
        let mut command = program(&built, &results, "server");
        command.args(options.quick.then_some("--quick"));
        if options.peers {
            command
                .arg("--peers")
                .env("QUILLBACK_BENCH_PEERS", install_peers(&results)?);
        }
        command.args(whole).args(&options.args);
        command.env(
            "QUILLBACK_BENCH_SERVER",
            built.join(workspace::server_program()),
        );
        command.env("QUILLBACK_BENCH_PLUGINS", &folder);
        command.envs(servers.exports().iter());
        process::run(&mut command)?;
    }
    println!("\nas JSON and Markdown in {}", results.display());
    Ok(())
}

/// Installs what `bench/peers` names beside the results and answers the folder.
fn install_peers(results: &Path) -> Result<PathBuf> {
    let (from, to) = (workspace::root().join("bench/peers"), results.join("peers"));
    for peer in PEERS {
        let folder = to.join(peer);
        std::fs::create_dir_all(&folder)?;
        for file in ["package.json", "server.mjs"] {
            plugins::replace(&from.join(peer).join(file), &folder.join(file))?;
        }
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--no-package-lock"]);
        process::run(npm.current_dir(&folder))?;
    }
    Ok(to)
}

fn program(built: &Path, results: &Path, what: &str) -> Command {
    let name = format!("quillback-bench{}", std::env::consts::EXE_SUFFIX);
    let json: PathBuf = results.join(format!("{what}.json"));
    let mut command = Command::new(built.join(name));
    command.arg(what).arg("--json").arg(json);
    command.current_dir(workspace::root());
    command
}
