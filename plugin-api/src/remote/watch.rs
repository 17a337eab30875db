//! What the server notices of a driver: slow polls, panics, lines for the log.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A poll that takes longer than this keeps other requests waiting.
const SLOW_POLL: Duration = Duration::from_millis(20);
/// Slow polls after which [`Isolate::Auto`] acts, and the longest time between two of them.
const STREAK: u32 = 5;
const STREAK_GAP: Duration = Duration::from_secs(1);

/// Whether calls run on threads of the driver instead of the server's. That costs some microseconds a call and keeps
/// a driver that blocks from holding up others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Isolate {
    /// Once a driver has been slow five times, each time within a second of the time before. A single slow poll may
    /// only mean that the machine was busy.
    #[default]
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

/// Takes a line of a driver: level (see [`crate::abi::level`]), target, message.
pub type OnLog = fn(u32, &str, &str);

/// Takes a slow poll of a driver: its id, how long it took, how many there were with this one.
pub type OnSlow = fn(&str, Duration, u64);

/// How a driver is run and where it reports to.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Whether calls run on threads of the driver.
    pub isolate: Isolate,
    /// Threads of the driver's own runtime, when it is loaded.
    pub worker_threads: u16,
    /// The most detailed level that `on_log` wants.
    pub log_level: u32,
    /// Takes lines for the log.
    pub on_log: OnLog,
    /// Takes slow polls.
    pub on_slow: OnSlow,
}

impl Default for Settings {
    /// One thread, isolation when needed, nothing reported.
    fn default() -> Self {
        Self {
            isolate: Isolate::Auto,
            worker_threads: 1,
            log_level: 0,
            on_log: |_, _, _| {},
            on_slow: |_, _, _| {},
        }
    }
}

/// What was noticed of a driver.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Polls that took more than 20 milliseconds.
    pub slow_polls: u64,
    /// Calls that ended in a panic.
    pub panics: u64,
    /// Whether calls run on threads of the driver now.
    pub isolated: bool,
}

#[derive(Debug)]
pub(super) struct Watch {
    id: String,
    settings: Settings,
    isolated: AtomicBool,
    slow: AtomicU64,
    streak: Mutex<Option<(Instant, u32)>>,
    panics: AtomicU64,
}

impl Watch {
    pub(super) fn new(id: &str, settings: Settings) -> Self {
        Self {
            id: id.to_owned(),
            settings,
            isolated: AtomicBool::new(settings.isolate == Isolate::On),
            slow: AtomicU64::new(0),
            streak: Mutex::default(),
            panics: AtomicU64::new(0),
        }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn is_isolated(&self) -> bool {
        self.isolated.load(Ordering::Relaxed)
    }

    pub(super) fn polled(&self, took: Duration) {
        if took > SLOW_POLL {
            self.was_slow(took);
        }
    }

    #[cold]
    fn was_slow(&self, took: Duration) {
        let count = self.slow.fetch_add(1, Ordering::Relaxed) + 1;
        if self.settings.isolate == Isolate::Auto && self.lengthen_streak() >= STREAK {
            self.isolated.store(true, Ordering::Relaxed);
        }
        (self.settings.on_slow)(&self.id, took, count);
    }

    fn lengthen_streak(&self) -> u32 {
        let now = Instant::now();
        let mut streak = self.streak.lock().unwrap_or_else(PoisonError::into_inner);
        let length = match *streak {
            Some((latest, length)) if now.duration_since(latest) < STREAK_GAP => length + 1,
            _ => 1,
        };
        *streak = Some((now, length));
        length
    }

    pub(super) fn panicked(&self) {
        self.panics.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn counters(&self) -> Counters {
        Counters {
            slow_polls: self.slow.load(Ordering::Relaxed),
            panics: self.panics.load(Ordering::Relaxed),
            isolated: self.is_isolated(),
        }
    }
}
