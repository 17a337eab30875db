//! Logging: one subscriber for the process, and a panic hook that reports instead of printing.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    cell::RefCell,
    io::IsTerminal as _,
    panic::{self, PanicHookInfo},
};

use tracing_subscriber::{
    Layer, Registry, filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt,
};

use crate::{
    config::{LogFormat, LogSection},
    ids,
};

thread_local! {
    /// The incident that the panic hook logged last on this thread.
    static LAST_INCIDENT: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Starts logging to standard error and installs the panic hook.
///
/// # Errors
/// The level cannot be read, or logging was started before.
pub fn start(section: &LogSection) -> anyhow::Result<()> {
    let filter: Targets = section.level.parse()?;
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match section.format {
        LogFormat::Text => Box::new(
            fmt::layer()
                .with_ansi(std::io::stderr().is_terminal())
                .with_writer(std::io::stderr)
                .with_filter(filter),
        ),
        LogFormat::Json => Box::new(
            fmt::layer()
                .json()
                .flatten_event(true)
                .with_writer(std::io::stderr)
                .with_filter(filter),
        ),
    };
    tracing_subscriber::registry().with(lines).try_init()?;
    install_panic_hook();
    Ok(())
}

/// Makes every panic of the process a log record with an incident id instead of text on standard error.
pub fn install_panic_hook() {
    panic::set_hook(Box::new(|info| {
        let incident = ids::incident();
        report(info, &incident);
        // A thread that is being torn down has no slot any more; the record is written all the same.
        let _ = LAST_INCIDENT.try_with(|last| last.replace(Some(incident)));
    }));
}

/// The incident under which the panic that was just caught on this thread was logged; a new id without a hook.
pub fn incident_of_panic() -> String {
    let logged = LAST_INCIDENT.try_with(RefCell::take).ok().flatten();
    logged.unwrap_or_else(ids::incident)
}

fn report(info: &PanicHookInfo<'_>, incident: &str) {
    let message = info.payload_as_str().unwrap_or("(no message)");
    let location = info.location().map(ToString::to_string);
    let trace = Backtrace::capture();
    let trace = (trace.status() == BacktraceStatus::Captured).then(|| trace.to_string());
    tracing::error!(incident, location, message, trace, "the program panicked");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caught_panic_has_the_incident_that_was_logged() {
        install_panic_hook();
        let caught = panic::catch_unwind(|| panic!("on purpose"));
        let logged = LAST_INCIDENT.with(|last| last.borrow().clone());
        let _ = panic::take_hook();
        assert!(caught.is_err());
        assert_eq!(Some(incident_of_panic()), logged);
        assert_ne!(Some(incident_of_panic()), logged);
    }
}
