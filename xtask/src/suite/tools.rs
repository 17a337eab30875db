//! Cargo's extra commands that the steps need.

use std::process::Stdio;

use anyhow::{Context as _, Result};

use crate::{process, workspace};

/// Whether `cargo <command>` exists.
pub(crate) fn has(command: &str) -> bool {
    let mut probe = workspace::cargo();
    probe
        .args([command, "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    probe.status().is_ok_and(|status| status.success())
}

/// Installs a tool from the registry, saying so.
///
/// # Errors
/// When it cannot be installed; the error names the command to run by hand.
pub(crate) fn install(tool: &str) -> Result<()> {
    println!("Installing {tool} with `cargo install {tool} --locked` (a few minutes, once)");
    let mut command = workspace::cargo();
    process::run(command.args(["install", tool, "--locked"]))
        .with_context(|| format!("install it by hand: cargo install {tool} --locked"))
}
