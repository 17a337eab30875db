//! What drivers report goes to the log of the server.

use std::time::Duration;

use quillback_plugin_api::abi::level;
use quillback_plugin_api::remote::Settings;

use crate::listing::Options;

/// How drivers are run with these options.
pub(crate) fn settings(options: &Options) -> Settings {
    Settings {
        isolate: options.isolate,
        worker_threads: options.worker_threads,
        log_level: log_level(),
        on_log,
        on_slow,
    }
}

/// Lines that nobody would see need not cross the boundary.
fn log_level() -> u32 {
    use tracing::level_filters::LevelFilter;
    match LevelFilter::current() {
        LevelFilter::OFF => 0,
        LevelFilter::ERROR => level::ERROR,
        LevelFilter::WARN => level::WARN,
        LevelFilter::INFO => level::INFO,
        _ => level::DEBUG,
    }
}

fn on_log(level: u32, target: &str, message: &str) {
    match level {
        level::ERROR => tracing::error!(driver.id = target, "{message}"),
        level::WARN => tracing::warn!(driver.id = target, "{message}"),
        level::INFO => tracing::info!(driver.id = target, "{message}"),
        _ => tracing::debug!(driver.id = target, "{message}"),
    }
}

/// The first one is logged, then every tenth power.
fn on_slow(id: &str, took: Duration, count: u64) {
    if count == 10_u64.pow(count.ilog10()) {
        tracing::warn!(
            driver.id = id,
            duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            count,
            "a driver kept a thread of the server busy; if that goes on and the setting is `auto`, \
             its calls will run on threads of its own"
        );
    }
}
