//! Slows down guessing: failures are counted by account and by address, before any password is looked at.
//!
//! Counters live in the repository, so that a restart or a second server does not forget them. An account is never
//! locked for good: that would let anybody lock anybody out.

use std::net::{IpAddr, Ipv6Addr};

use quillback_core::app::App;
use quillback_core::plugin_api::batch::Batch;
use quillback_core::plugin_api::civil::Timestamp;
use quillback_core::repo::sessions::TokenHash;
use quillback_core::repo::throttle::{self, Count, Counter};
use quillback_core::{Cx, Error};

use crate::{AuthError, Options};

/// Seconds without a failure after which a counter starts anew.
const REST_SECONDS: i64 = 3600;
/// Attempts on one account that may race each other before one of them gives up.
const RACES: usize = 20;

/// An attempt that was counted as a failure, until it turns out to be none.
pub(crate) struct Attempt {
    account: String,
    address: Count,
}

impl Attempt {
    /// Counts an attempt to sign in as `username` from `address`.
    ///
    /// # Errors
    /// `Throttled` when account or address must wait; then nothing is counted.
    pub(crate) async fn count(
        cx: &Cx,
        app: &App,
        options: &Options,
        username: &str,
        address: IpAddr,
    ) -> Result<Self, AuthError> {
        // A name may be longer than a subject, and what somebody types there by mistake may be a password.
        let account = TokenHash::of(&username.trim().to_lowercase());
        let account = format!("account:{}", account.as_str());
        let subjects = [
            (account.clone(), options.account_failures),
            (
                format!("address:{}", network(address)),
                options.address_failures,
            ),
        ];
        for _ in 0..RACES {
            if let Some([_, address]) = raise(cx, app, options, &subjects).await? {
                return Ok(Self { account, address });
            }
        }
        Err(Error::Busy("Too many attempts to sign in at once. Try again in a few seconds.").into())
    }

    /// The attempt succeeded: the account starts anew, and the address has one failure less. Not more, or else somebody
    /// with an account of their own could guess those of others for ever.
    pub(crate) fn forgive(&self, batch: &mut Batch) {
        throttle::delete_counter(batch, &self.account);
        throttle::take_back(batch, &self.address);
    }
}

/// Reads the counters, refuses or raises them; `None` when somebody else raised one of them meanwhile.
async fn raise(
    cx: &Cx,
    app: &App,
    options: &Options,
    subjects: &[(String, i64); 2],
) -> Result<Option<[Count; 2]>, AuthError> {
    let now = cx.now();
    let names = subjects.each_ref().map(|(subject, _)| subject.clone());
    let known = throttle::list_counters(&app.repo, &names).await?;
    for counter in &known {
        let left = seconds_left(counter, now);
        // Nobody was told to wait longer than the longest wait: the clock was set back.
        if (1..=options.longest_wait_seconds).contains(&left) {
            return Err(AuthError::Throttled {
                retry_after_seconds: left,
            });
        }
    }
    let counts = subjects.each_ref().map(|(subject, free)| {
        let before = known
            .iter()
            .find(|counter| counter.subject == *subject)
            .cloned();
        let recent = before.as_ref().filter(|counter| !is_rested(counter, now));
        let failures = 1 + recent.map_or(0, |counter| counter.failures);
        let wait = wait_seconds(failures, *free, options.longest_wait_seconds);
        let blocked_until = Timestamp {
            seconds: now.seconds + wait,
            ..now
        };
        let after = Counter {
            subject: subject.clone(),
            failures,
            last_failure_at: now,
            blocked_until,
        };
        Count { before, after }
    });
    Ok(throttle::swap_counters(&app.repo, &counts)
        .await?
        .then_some(counts))
}

/// Whole seconds that the subject must wait, rounded up.
fn seconds_left(counter: &Counter, now: Timestamp) -> i64 {
    let left = counter.blocked_until.seconds - now.seconds;
    left + i64::from(counter.blocked_until.nanos > now.nanos)
}

fn is_rested(counter: &Counter, now: Timestamp) -> bool {
    now.seconds - counter.last_failure_at.seconds >= REST_SECONDS
}

/// Nothing for the first failures, then one second, two, four, up to the longest wait.
fn wait_seconds(failures: i64, free: i64, longest: i64) -> i64 {
    match u32::try_from(failures - free) {
        Err(_) | Ok(0) => 0,
        Ok(beyond) => 1_i64
            .checked_shl(beyond - 1)
            .filter(|wait| *wait > 0)
            .map_or(longest, |wait| wait.min(longest)),
    }
}

/// What counts as one address: a customer of an IPv6 provider has at least a /64 of them.
pub fn network(address: IpAddr) -> String {
    let address = address.to_canonical();
    match address {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let waits: Vec<_> = (0..=12)
            .map(|failures| wait_seconds(failures, 5, 60))
            .collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60]);
        assert_eq!(wait_seconds(1_000_000, 5, 900), 900);
        assert_eq!(wait_seconds(68, 5, 900), 900);
        assert_eq!(wait_seconds(69, 5, 900), 900);
    }

    #[test]
    fn sec_10_addresses_of_one_network_count_together() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.7"), of("192.0.2.7"));
        assert_ne!(of("192.0.2.7"), of("192.0.2.8"));
    }

    #[test]
    fn a_wait_is_told_in_whole_seconds_rounded_up() {
        let at = |seconds, nanos| Timestamp { seconds, nanos };
        let counter = Counter {
            subject: String::new(),
            failures: 1,
            last_failure_at: at(0, 0),
            blocked_until: at(10, 500),
        };
        assert_eq!(seconds_left(&counter, at(9, 400)), 2);
        assert_eq!(seconds_left(&counter, at(10, 499)), 1);
        assert!(seconds_left(&counter, at(10, 500)) <= 0);
        assert!(seconds_left(&counter, at(11, 0)) <= 0);
    }
}
