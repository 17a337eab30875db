//! A closed loop: a number of callers, each with one request under way, for a time.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde::Serialize;

use super::http::{self, Connection};

/// How hard and how long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// Requests under way at the same time.
    pub(super) concurrency: usize,
    /// Time that counts.
    pub(super) time: Duration,
    /// Time before it.
    pub(super) warm_up: Duration,
    /// Requests that begin in each second, whether those before are answered or not; as many as can be when missing.
    pub(super) rate: Option<u32>,
}

/// More rows a second than anybody removes one by one.
const REMOVED_AT_MOST: u64 = 40_000;

impl Plan {
    /// Rows that are enough to be removed until the run is over.
    pub(super) fn rows_to_remove(&self) -> u64 {
        ((self.time + self.warm_up).as_secs() + 1) * REMOVED_AT_MOST
    }
}

/// What a run came to.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Measured {
    /// Requests answered in a second.
    pub per_second: f64,
    /// Milliseconds within which half of the requests were answered.
    pub p50_ms: f64,
    /// The same for 95 of 100.
    pub p95_ms: f64,
    /// The same for 99 of 100.
    pub p99_ms: f64,
    /// Microseconds of processor time of the server for each request; missing where there is no server.
    pub server_cpu_us: Option<f64>,
    /// The same of this program: the load generator must not be the bottleneck.
    pub load_cpu_us: f64,
}

/// The body of the request with this number; no two are the same where that matters.
pub(super) type Body = Arc<dyn Fn(u64) -> String + Send + Sync>;

/// Posts bodies to a server.
pub(super) async fn posts(
    address: SocketAddr,
    token: &str,
    body: &Body,
    plan: Plan,
) -> Result<Timed> {
    let token: Arc<str> = token.into();
    drive(plan, |counter| {
        let (token, body) = (Arc::clone(&token), Arc::clone(body));
        async move {
            let mut connection = Connection::open(address).await?;
            Ok(move |times: Times| async move {
                let mut times = times;
                while let Some(number) = times.next(&counter) {
                    let request = http::post(&token, &body(number));
                    times.begin(number).await;
                    let answer = connection.exchange(&request).await?;
                    if is_error(answer) {
                        bail!("the server answered {}", http::excerpt(answer));
                    }
                    times.stop();
                }
                Ok(times)
            })
        }
    })
    .await
}

/// Errors and refused rows both count: a figure with them in it is none.
fn is_error(answer: &[u8]) -> bool {
    let begin = answer.get(..200).unwrap_or(answer);
    let has = |word: &[u8]| begin.windows(word.len()).any(|window| window == word);
    has(b"\"errors\"") || has(b"REJECTED")
}

/// Durations of the requests of a run, in microseconds, and how long it took.
pub(super) struct Timed {
    pub(super) micros: Vec<u32>,
    pub(super) time: Duration,
}

impl Timed {
    /// The figures of the run.
    pub(super) fn measured(mut self, server_cpu: Option<Duration>, load_cpu: Duration) -> Measured {
        self.micros.sort_unstable();
        let count = self.micros.len();
        let at = |share: f64| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "a position in a list of some million durations"
            )]
            let position = (count as f64 * share) as usize;
            let micros = self.micros.get(position.min(count.saturating_sub(1)));
            f64::from(micros.copied().unwrap_or_default()) / 1_000.0
        };
        #[expect(clippy::cast_precision_loss, reason = "some million at most")]
        let requests = count.max(1) as f64;
        let each = |time: Duration| time.as_secs_f64() * 1e6 / requests;
        Measured {
            per_second: requests / self.time.as_secs_f64(),
            p50_ms: at(0.50),
            p95_ms: at(0.95),
            p99_ms: at(0.99),
            server_cpu_us: server_cpu.map(each),
            load_cpu_us: each(load_cpu),
        }
    }
}

/// Durations of one caller: of all requests that it began within the time that counts.
pub(super) struct Times {
    from: Instant,
    until: Instant,
    begun: Instant,
    last: Instant,
    /// When the first request begins, and the time between two, where there is a rate.
    pace: Option<(Instant, Duration)>,
    micros: Vec<u32>,
}

impl Times {
    /// The number of the next request, until the time is over.
    pub(super) fn next(&self, counter: &AtomicU64) -> Option<u64> {
        (Instant::now() < self.until).then(|| counter.fetch_add(1, Ordering::Relaxed))
    }

    /// Waits until the request is to begin. Its time counts from then on, also when all callers were busy at that moment:
    /// an open loop does not forgive a server that keeps others waiting.
    pub(super) async fn begin(&mut self, number: u64) {
        self.start();
        if let Some((first, between)) = self.pace {
            let turn = u32::try_from(number).unwrap_or(u32::MAX);
            let due = first + between * turn;
            tokio::time::sleep_until(due.into()).await;
            self.begun = due;
        }
    }

    pub(super) fn start(&mut self) {
        self.begun = Instant::now();
    }

    pub(super) fn stop(&mut self) {
        self.last = Instant::now();
        if self.begun >= self.from {
            let micros = (self.last - self.begun).as_micros();
            self.micros.push(u32::try_from(micros).unwrap_or(u32::MAX));
        }
    }
}

/// Runs `plan.concurrency` callers, each made by `make` before the time starts.
pub(super) async fn drive<M, F, C, R>(plan: Plan, make: M) -> Result<Timed>
where
    M: Fn(Arc<AtomicU64>) -> F,
    F: Future<Output = Result<C>>,
    C: FnOnce(Times) -> R + Send + 'static,
    R: Future<Output = Result<Times>> + Send + 'static,
{
    let counter = Arc::new(AtomicU64::new(0));
    let mut callers = Vec::with_capacity(plan.concurrency);
    for _ in 0..plan.concurrency {
        callers.push(make(Arc::clone(&counter)).await?);
    }
    let first = Instant::now();
    let from = first + plan.warm_up;
    let pace = plan
        .rate
        .map(|rate| (first, Duration::from_secs(1) / rate.max(1)));
    let tasks: Vec<_> = callers
        .into_iter()
        .map(|caller| {
            let times = Times {
                from,
                until: from + plan.time,
                begun: from,
                last: from,
                pace,
                micros: Vec::with_capacity(16 * 1024),
            };
            tokio::spawn(caller(times))
        })
        .collect();
    let (mut micros, mut last) = (Vec::new(), from);
    for task in tasks {
        let times = task.await??;
        micros.extend(times.micros);
        last = last.max(times.last);
    }
    Ok(Timed {
        micros,
        // Large requests end after the time in which they had to begin.
        time: last - from,
    })
}
