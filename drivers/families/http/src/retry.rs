//! Waits before a request is sent again: they double, and differ by chance so that callers do not come back together.

use std::time::Duration;

use ring::rand::{SecureRandom as _, SystemRandom};
use tokio::time::Instant;

/// Shortest wait; each further one is twice as long, up to [`LONGEST`].
const SHORTEST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(8);

/// The attempts at one request.
pub struct Retry {
    until: Instant,
    wait: Duration,
}

impl Retry {
    /// Attempts for so long from now on; none but the first for a time of zero.
    pub fn during(time: Duration) -> Self {
        Self {
            until: Instant::now() + time,
            wait: SHORTEST,
        }
    }

    /// Waits before the next attempt. Answers at once, and with `false`, when there is no time for one.
    pub async fn pause(&mut self) -> bool {
        if Instant::now() + self.wait > self.until {
            return false;
        }
        tokio::time::sleep(jitter(self.wait)).await;
        self.wait = (self.wait * 2).min(LONGEST);
        true
    }
}

/// Between half of the wait and all of it.
fn jitter(wait: Duration) -> Duration {
    let [low, high, ..] = fresh_bytes();
    wait / 2 + wait / 2 * u32::from(u16::from_le_bytes([low, high])) / u32::from(u16::MAX)
}

/// Bytes for names that nothing else has. Without randomness the machine is broken; they are zeros then, and a service
/// refuses what has the same name a second time.
pub fn fresh_bytes() -> [u8; 16] {
    let mut bytes = [0_u8; 16];
    let _ = SystemRandom::new().fill(&mut bytes);
    bytes
}
