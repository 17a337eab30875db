//! `quillback version`: what exactly is running.

use std::{
    io::{self, Write},
    process::ExitCode,
};

pub(super) fn run() -> anyhow::Result<ExitCode> {
    writeln!(
        io::stdout(),
        "quillback {} ({}-{})",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::ARCH,
        std::env::consts::OS,
    )?;
    Ok(ExitCode::SUCCESS)
}
