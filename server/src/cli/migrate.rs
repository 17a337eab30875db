//! `quillback migrate`: brings the repository up to date.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
    process::ExitCode,
};

use quillback_core::repo::migrate::{self, Status};

use super::Settings;
use crate::wire::{Site, surroundings};

/// Bring the repository up to the version of this program.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// Print what would run, and change nothing.
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let ground = super::ground(settings)?;
    let site = ground.site()?;
    let text = super::runtime()?.block_on(bring_up(&site, args.dry_run))?;
    io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

async fn bring_up(site: &Site, is_dry: bool) -> anyhow::Result<String> {
    let _lock = if is_dry { None } else { site.lock()? };
    let repository = site.open().await?;
    let before = migrate::status(&repository.instance).await?;
    if !is_dry {
        repository.migrate(surroundings()?.clock.now()).await?;
    }
    repository.instance.close().await;
    Ok(table(&before, &repository.place, is_dry))
}

fn table(before: &Status, place: &str, is_dry: bool) -> String {
    let mut text = format!("repository: {place}\n");
    let newly = if is_dry { "to run" } else { "done now" };
    let rows = before.done.iter().map(|version| (version, "done before"));
    for (version, state) in rows.chain(before.pending.iter().map(|version| (version, newly))) {
        let _ = writeln!(
            text,
            "{:>6}  {:<11}  {}",
            version.version, state, version.name
        );
    }
    let verdict = match (before.pending.len(), is_dry) {
        (0, _) => "It is up to date.".to_owned(),
        (count, true) => format!("{count} to run; nothing was changed."),
        (_, false) => "It is up to date now.".to_owned(),
    };
    text + &verdict + "\n"
}

#[cfg(test)]
mod tests {
    use quillback_core::repo::migrate::Version;

    use super::*;

    #[test]
    fn the_table_tells_what_was_there_from_what_is_new() {
        let version = |version| Version {
            version,
            name: "a name",
        };
        let before = Status {
            done: vec![version(1)],
            pending: vec![version(2)],
        };
        let dry = table(&before, "here", true);
        assert!(
            dry.contains("1  done before  a name") && dry.contains("2  to run"),
            "{dry}"
        );
        assert!(dry.ends_with("1 to run; nothing was changed.\n"), "{dry}");
        assert!(table(&before, "here", false).contains("2  done now"));
        let done = Status {
            pending: Vec::new(),
            ..before
        };
        assert!(table(&done, "here", false).ends_with("It is up to date.\n"));
    }
}
