//! A clock that costs almost nothing, to notice polls that take milliseconds.
//!
//! Asking the system for the time costs as much as the rest of a call. The processor's counter does not; what a tick of
//! it is worth is worked out when something was slow, which is seldom.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// Where the counter and the system's clock stood when they were first asked.
static START: LazyLock<(u64, Instant)> = LazyLock::new(|| (ticks(), Instant::now()));

/// Fewer ticks than this are less than 20 milliseconds on any processor: counters run at 5 GHz at most. More may be
/// less too.
const SHORT: u64 = if cfg!(target_arch = "x86_64") {
    20_000_000
} else {
    0
};

/// A moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment(u64);

impl Moment {
    pub(super) fn now() -> Self {
        Self(ticks())
    }

    /// The time since then; `None` when it is surely short.
    pub(super) fn long_since(self) -> Option<Duration> {
        let passed = ticks().saturating_sub(self.0);
        (passed > SHORT).then(|| worth(passed))
    }
}

/// Lets the clock start, so that it knows what a tick is worth when it is first asked.
pub(super) fn start() {
    LazyLock::force(&START);
}

#[cold]
fn worth(passed: u64) -> Duration {
    let (ticks_then, then) = *START;
    let all = ticks().saturating_sub(ticks_then).max(1);
    then.elapsed().mul_f64(ratio(passed, all).clamp(0.0, 1.0))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "fifty-two bits are more than enough for a share"
)]
fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

#[cfg(target_arch = "x86_64")]
fn ticks() -> u64 {
    // SAFETY: every processor of this kind has the counter, and reading it changes nothing.
    unsafe { std::arch::x86_64::_rdtsc() }
}

#[cfg(not(target_arch = "x86_64"))]
fn ticks() -> u64 {
    static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(ORIGIN.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_times_are_measured_and_short_ones_are_not() {
        start();
        let moment = Moment::now();
        let wanted = Duration::from_millis(100);
        let began = Instant::now();
        while began.elapsed() < wanted {
            std::hint::spin_loop();
        }
        let measured = moment.long_since().unwrap();
        let really = began.elapsed();
        assert!(measured > wanted / 2, "{measured:?}");
        assert!(measured < really * 2, "{measured:?} of {really:?}");
    }
}
