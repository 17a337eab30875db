//! `cargo xtask dist`: an optimised server with its driver plugins and their digests, in `dist/`.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::plugins::{self, Profile};
use crate::{process, workspace};

/// Options of `dist`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Take only these drivers, for example `sqlite,postgres` [default: all]
    #[arg(long, value_delimiter = ',', value_name = "IDS")]
    drivers: Vec<String>,
    /// Where to put the result
    #[arg(long, default_value = "dist", value_name = "DIR")]
    out: PathBuf,
}

/// Builds, copies and writes `SHA256SUMS`, which `sha256sum --check` reads.
///
/// # Errors
/// When something does not compile or a file cannot be written.
pub(crate) fn run(options: &Options) -> Result<()> {
    let root = workspace::root();
    let drivers = plugins::choose(workspace::drivers(&root)?, &options.drivers)?;
    let built = plugins::build(&drivers, Profile::Release)?;
    let out = root.join(&options.out);
    plugins::place(&built, &drivers, &out.join("drivers"))?;
    let server = workspace::server_program();
    plugins::replace(&built.join(&server), &out.join(&server))?;
    let mut names = vec![server];
    names.extend(
        drivers
            .iter()
            .map(|id| format!("drivers/{}", workspace::driver_library(id))),
    );
    let mut list = String::new();
    for name in &names {
        let _ = writeln!(list, "{}  {name}", sha256(&out.join(name))?);
    }
    std::fs::write(out.join("SHA256SUMS"), &list).context("cannot write SHA256SUMS")?;
    print!("{list}");
    println!("written to {}", out.display());
    Ok(())
}

/// The digest of a file in hexadecimal, by whichever of the usual commands exists.
fn sha256(path: &std::path::Path) -> Result<String> {
    let mut command = if process::find("sha256sum").is_some() {
        Command::new("sha256sum")
    } else {
        let mut command = Command::new("shasum");
        command.args(["-a", "256"]);
        command
    };
    let output = process::capture(command.arg(path))?;
    let digest = output
        .trim_start_matches('\\')
        .split_whitespace()
        .next()
        .unwrap_or_default();
    if digest.len() != 64 {
        bail!("no digest for {}", path.display());
    }
    Ok(digest.to_owned())
}

#[cfg(test)]
mod tests {
    use super::sha256;

    #[test]
    fn the_digest_of_a_known_text() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "abc").unwrap();
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(file.path()).unwrap(), known);
    }
}
