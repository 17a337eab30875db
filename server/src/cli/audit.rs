//! `quillback audit`: whether anybody touched the books.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use clap::Subcommand;
use quillback_core::audit::{
    sealing,
    verify::{self, KeptSeal, Verification},
};

use super::Settings;
use crate::wire::{Parts, Use};

/// Time between two lines about how far the work is.
const PROGRESS_EVERY: Duration = Duration::from_secs(5);

/// What to do with the books. All of it can be done while the server runs.
#[derive(Debug, Clone, Subcommand)]
pub(super) enum Command {
    /// Check every record of the audit trail against its hash and its seal; exit code 1 when one was touched.
    Verify {
        /// Print what was found as JSON.
        #[arg(long)]
        json: bool,
        /// A seal that you kept, as the server logged it or as this command printed it: it must still be there.
        #[arg(long, value_name = "NUMBER:HASH", value_parser = parse_kept)]
        expect: Option<KeptSeal>,
    },
    /// Seal what was written since the last seal; a running server does so every minute.
    Seal,
}

fn parse_kept(text: &str) -> Result<KeptSeal, String> {
    let (seq, hash) = text
        .split_once(':')
        .ok_or("a seal is written NUMBER:HASH")?;
    let seq = seq
        .parse()
        .map_err(|_| "the part before `:` is no number")?;
    Ok(KeptSeal {
        seq,
        hash: hash.to_owned(),
    })
}

pub(super) fn run(command: &Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let ground = super::ground(settings)?;
    let (text, is_sound) = super::with_parts(&ground, Use::Beside, async |parts| match command {
        Command::Verify { json, expect } => verify(parts, *json, expect.as_ref()).await,
        Command::Seal => Ok((seal(parts).await?, true)),
    })?;
    io::stdout().write_all(text.as_bytes())?;
    Ok(if is_sound {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn verify(
    parts: &Parts,
    is_json: bool,
    kept: Option<&KeptSeal>,
) -> anyhow::Result<(String, bool)> {
    let mut last = Instant::now();
    let found = verify::verify(&parts.app, kept, |found| {
        if last.elapsed() >= PROGRESS_EVERY {
            last = Instant::now();
            // Nobody may be reading it; the work goes on.
            let _ = writeln!(
                io::stderr(),
                "{} seals, {} changes, {} rows, {} events so far; {} faults",
                found.seals,
                found.changes,
                found.rows,
                found.events,
                found.fault_count
            );
        }
    })
    .await
    .context("the books could not be read to their end")?;
    let text = if is_json {
        serde_json::to_string_pretty(&found)? + "\n"
    } else {
        told(&found)
    };
    Ok((text, found.is_sound()))
}

async fn seal(parts: &Parts) -> anyhow::Result<String> {
    let made = sealing::seal(&parts.app).await?;
    Ok(match made.last() {
        Some(last) => format!("newest seal: {}:{}\n", last.seq, last.hash),
        None => "There is nothing to seal.\n".to_owned(),
    })
}

fn told(found: &Verification) -> String {
    let mut text = String::new();
    for fault in &found.faults {
        let _ = writeln!(text, "FAULT  {fault}");
    }
    let unnamed = found.fault_count - found.faults.len() as u64;
    if unnamed > 0 {
        let _ = writeln!(text, "FAULT  and {unnamed} more");
    }
    let _ = writeln!(
        text,
        "verified: {} changes with {} rows, {} events, under {} seals ({} of them retired)",
        found.changes, found.rows, found.events, found.seals, found.retired
    );
    if found.unsealed > 0 {
        let _ = writeln!(
            text,
            "not sealed yet: {} records; that one of them is removed would not be noticed",
            found.unsealed
        );
    }
    if found.open > 0 {
        let _ = writeln!(text, "not settled yet: {} changes", found.open);
    }
    if found.before > 0 {
        let _ = writeln!(
            text,
            "from before records had keyed hashes: {}; only their seal vouches for them",
            found.before
        );
    }
    if let Some(newest) = &found.newest {
        let _ = writeln!(text, "newest seal: {newest}");
    }
    text.push_str(if found.is_sound() {
        "The books are as they were written.\n"
    } else {
        "The books were touched.\n"
    });
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_seal_is_read_as_it_was_printed() {
        let kept = parse_kept("12:k1.abc").unwrap();
        assert_eq!((kept.seq, kept.hash.as_str()), (12, "k1.abc"));
        assert!(parse_kept("12").is_err() && parse_kept("x:y").is_err());
    }
}
