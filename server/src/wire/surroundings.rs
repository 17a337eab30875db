//! The real clock and the real source of random bytes, which core only knows as traits.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::Context as _;
use quillback_core::audit::MacKeys;
use quillback_core::cx::{Clock, Random, Surroundings};
use quillback_plugin_api::civil::Timestamp;

/// The clock of the operating system.
#[derive(Debug, Clone, Copy)]
struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that everything else is given"
    )]
    fn now(&self) -> Timestamp {
        // A clock that is set before 1970 reads as 1970: certificates and sessions fail then, nothing is lost.
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp {
            seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
            // Databases keep microseconds.
            nanos: since.subsec_micros() * 1_000,
        }
    }
}

/// The random bytes of the operating system.
#[derive(Debug, Clone, Copy)]
struct SystemRandom;

impl Random for SystemRandom {
    #[expect(
        clippy::expect_used,
        reason = "without random bytes no secret may be made; the source was tried at start-up"
    )]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}

/// Clock and random bytes of this machine.
///
/// # Errors
/// The operating system gives no random bytes.
pub fn surroundings() -> anyhow::Result<Surroundings> {
    getrandom::u32().context("the operating system gives no random bytes")?;
    Ok(Surroundings {
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        books: MacKeys::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_stands_after_this_was_written_and_keeps_microseconds() {
        let now = SystemClock.now();
        assert!(now.seconds > 1_760_000_000);
        assert_eq!(now.nanos % 1_000, 0);
    }

    #[test]
    fn random_bytes_fill_everything_and_differ() {
        let surroundings = surroundings().unwrap();
        let (one, other) = (surroundings.random::<64>(), surroundings.random::<64>());
        assert_ne!(one, other);
        assert!(one[32..].iter().any(|byte| *byte != 0));
    }
}
