//! `quillback serve`: runs the server.

use std::process::ExitCode;

use super::Settings;
use crate::{
    config::Environment,
    demo,
    http::{Bound, Stopped, metrics, stop_signals},
    logging,
    wire::{self, Ground, Running, Started, Use},
};

/// Run the server until it is told to stop.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// Refuse to start when the repository needs migrations, instead of applying them.
    #[arg(long)]
    no_migrate: bool,
}

pub(super) fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let environment = Environment::of_process();
    let config = settings.load(environment.clone())?;
    logging::start(&config.log)?;
    let ground = Ground::load(config, environment)?;
    let how = if args.no_migrate {
        Use::Alone
    } else {
        Use::AloneMigrating
    };
    let stopped = super::runtime()?.block_on(serve(&ground, how))?;
    Ok(match stopped {
        Stopped::Drained => ExitCode::SUCCESS,
        Stopped::TimedOut | Stopped::Forced => ExitCode::FAILURE,
    })
}

async fn serve(ground: &Ground, how: Use) -> anyhow::Result<Stopped> {
    let stop = stop_signals()?;
    let parts = ground.open(how).await?;
    // Only after the lock, so that a second server says what is really in its way.
    let bound = Bound::new(&ground.config, &ground.environment).await?;
    let made = if ground.config.demo.enabled {
        Some(demo::fill(&parts.app, &ground.config.data.folder).await?)
    } else {
        None
    };
    wire::print_banner(&Started {
        ground,
        place: &parts.place,
        address: bound.address(),
        first: parts.first.as_ref(),
        demo: made.as_ref(),
    })?;
    let running = Running {
        config: &ground.config,
        registry: &ground.registry,
        bound,
        metrics: metrics::install()?,
    };
    Ok(wire::serve(parts, running, stop).await)
}
