//! Cargo's extra commands that the steps need.

use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

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

/// Makes sure of a part of the Rust toolchain that small installations leave out.
///
/// # Errors
/// When it is missing and may not or cannot be added; the error names the command to run by hand.
pub(crate) fn component(command: &str, name: &str, may_install: bool) -> Result<()> {
    if has(command) {
        return Ok(());
    }
    let by_hand = format!("rustup component add {name}");
    if !may_install {
        bail!("`cargo {command}` is not installed; install it with `{by_hand}`");
    }
    println!("Installing {name} with `{by_hand}`");
    process::run(Command::new("rustup").args(["component", "add", name]))
        .with_context(|| format!("install it by hand: {by_hand}"))
}

/// Installs a tool from the registry, saying so.
///
/// The build is not optimised: the tools spend their time waiting for others, and building
/// `cargo-nextest` takes two minutes this way instead of seven on two processors.
///
/// # Errors
/// When it cannot be installed; the error names the command to run by hand.
pub(crate) fn install(tool: &str) -> Result<()> {
    let mut arguments = vec!["install", tool, "--locked", "--debug"];
    if tool == "cargo-nextest" {
        // Without the code that replaces the tool by a newer one.
        arguments.extend(["--no-default-features", "--features", "default-no-update"]);
    }
    let by_hand = format!("cargo {}", arguments.join(" "));
    println!("Installing {tool} with `{by_hand}` (a few minutes, once)");
    let mut command = workspace::cargo();
    command.args(&arguments).env("CARGO_PROFILE_DEV_DEBUG", "0");
    process::run(&mut command).with_context(|| format!("install it by hand: {by_hand}"))
}
