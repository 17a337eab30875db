//! `quillback version`: what exactly is running.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use quillback_plugin_api::abi;

pub(super) fn run() -> anyhow::Result<ExitCode> {
    writeln!(
        io::stdout(),
        "quillback {} ({}-{})\nplugin interface {}.{}",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::ARCH,
        std::env::consts::OS,
        abi::MAJOR,
        abi::MINOR,
    )?;
    Ok(ExitCode::SUCCESS)
}
