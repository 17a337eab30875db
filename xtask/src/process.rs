//! Running other programs: what they print on success, and a readable error when they fail.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// Runs a command to its end and returns what it printed.
///
/// # Errors
/// When the command cannot be started or fails; the error carries its error output.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .with_context(|| format!("cannot start `{name}`"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let mut text = format!("`{name}` failed ({})", output.status);
    for stream in [&output.stdout, &output.stderr] {
        let said = String::from_utf8_lossy(stream);
        if !said.trim().is_empty() {
            let _ = write!(text, "\n{}", said.trim_end());
        }
    }
    bail!(text)
}

/// Runs a command whose output the reader should see.
///
/// # Errors
/// When the command cannot be started or fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command
        .status()
        .with_context(|| format!("cannot start `{name}`"))?;
    if !status.success() {
        bail!("`{name}` failed ({status})");
    }
    Ok(())
}

/// Finds a program on the search path or in the folders where administrators' programs live.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let fixed = ["/usr/local/sbin", "/usr/sbin", "/sbin"];
    std::env::split_paths(&path)
        .chain(fixed.iter().map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
}
