//! `cargo xtask run`: builds the server with its driver plugins and starts it.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::plugins::{self, Profile};
use crate::workspace;

/// Options of `run`.
#[derive(Debug, clap::Args)]
pub(crate) struct Run {
    /// Build with optimisation: slower to build, much faster to run
    #[arg(long)]
    release: bool,
    /// Fill a target database with real data and one schema per module on the first start
    #[arg(long)]
    demo: bool,
    /// Build and load only these drivers, for example `sqlite,postgres` [default: all]
    #[arg(long, value_delimiter = ',', value_name = "IDS")]
    drivers: Vec<String>,
    /// Where the server keeps its files
    #[arg(long, default_value = "data", value_name = "DIR")]
    data: PathBuf,
    /// More arguments for `quillback serve`, after `--`
    #[arg(last = true)]
    args: Vec<String>,
}

/// Builds everything, then becomes the server, so that a Ctrl-C reaches it directly.
///
/// # Errors
/// When something does not compile or the server fails.
pub(crate) fn run(options: &Run) -> Result<()> {
    let profile = if options.release {
        Profile::Release
    } else {
        Profile::Dev
    };
    let drivers = plugins::choose(workspace::drivers(&workspace::root())?, &options.drivers)?;
    let built = plugins::build(&drivers, profile)?;
    let home = workspace::target()?.join("run");
    let folder = home.join("drivers");
    plugins::place(&built, &drivers, &folder)?;
    // The server also searches its own folder, and cargo's holds every plugin ever built.
    let server = home.join(workspace::server_program());
    plugins::replace(&built.join(workspace::server_program()), &server)?;
    let mut command = Command::new(server);
    command.arg("serve").arg("--data-folder").arg(&options.data);
    command.arg("--plugins").arg(&folder);
    if options.demo {
        command.arg("--demo");
    }
    command.args(&options.args);
    become_program(command)
}

#[cfg(unix)]
fn become_program(mut command: Command) -> Result<()> {
    use std::os::unix::process::CommandExt as _;
    let error = command.exec();
    Err(anyhow::Error::new(error)
        .context(format!("cannot start {}", command.get_program().display())))
}

#[cfg(not(unix))]
fn become_program(mut command: Command) -> Result<()> {
    crate::process::run(&mut command)
}
