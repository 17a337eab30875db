//! One call to an object of a driver, as a future.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::clock::Moment;
use super::watch::Watch;
use crate::abi::{self, Bytes, HostWaker, Object, Outcome, flag, op, status};
use crate::error::{Category, DriverError};
use crate::message;

/// An object of a driver, and who watches it.
#[derive(Debug)]
pub(super) struct Calls {
    object: Object,
    pub(super) watch: Arc<Watch>,
}

impl Calls {
    pub(super) fn new(object: Object, watch: Arc<Watch>) -> Self {
        Self { object, watch }
    }

    /// Starts a call; the request is read before this returns.
    pub(super) fn start(&self, op: u32, request: &[u8]) -> Result<Call<'_>, DriverError> {
        let flags = if self.watch.is_isolated() {
            flag::ISOLATE
        } else {
            0
        };
        let future = self
            .object
            .invoke(op, flags, request)
            .ok_or_else(|| protocol("the driver gave an object that cannot be used"))?;
        Ok(Call {
            future: Some(future),
            writes: op == op::APPLY || op == op::DEFINE,
            watch: &self.watch,
        })
    }
}

/// A call under way. Dropping it cancels it.
pub(super) struct Call<'w> {
    future: Option<abi::Future>,
    writes: bool,
    watch: &'w Watch,
}

impl Future for Call<'_> {
    type Output = Result<Reply, DriverError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let watch = self.watch;
        let Some(future) = &mut self.future else {
            return Poll::Ready(Err(protocol("a call that ended was polled again")));
        };
        let mut out = Outcome::NONE;
        let started = Moment::now();
        let is_ready = future.poll(&HostWaker::new(context.waker()), &mut out);
        if let Some(took) = started.long_since() {
            watch.polled(took);
        }
        if !is_ready {
            return Poll::Pending;
        }
        self.future = None;
        // Nobody knows how far a driver came that panicked.
        let is_unknown = self.writes && out.status == status::PANIC;
        Poll::Ready(Reply::read(out, watch).map_err(|error| DriverError {
            outcome_unknown: error.outcome_unknown || is_unknown,
            ..error
        }))
    }
}

/// A call that succeeded.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) more: bool,
    pub(super) payload: Bytes,
    object: Object,
}

impl Reply {
    /// Reads what a call came to.
    pub(super) fn read(out: Outcome, watch: &Watch) -> Result<Self, DriverError> {
        let Outcome {
            status,
            more,
            payload,
            object,
        } = out;
        match status {
            status::OK => Ok(Self {
                more: more != 0,
                payload,
                object,
            }),
            status::ERROR => Err(read_error(&payload)),
            status::PANIC => {
                watch.panicked();
                Err(DriverError {
                    category: Category::Internal,
                    ..read_error(&payload)
                })
            }
            status::UNSUPPORTED => Err(DriverError::unsupported(format!(
                "the driver {} does not know this call: use a newer one",
                watch.id()
            ))),
            other => Err(protocol(format!(
                "the driver answered with the unknown status {other}"
            ))),
        }
    }

    /// The object that the call made.
    pub(super) fn object(self, kind: u32, watch: &Watch) -> Result<Object, DriverError> {
        if self.object.vtable().is_some_and(|table| table.kind == kind) {
            Ok(self.object)
        } else {
            Err(protocol(format!(
                "the driver {} answered without the object that was asked for",
                watch.id()
            )))
        }
    }
}

fn read_error(payload: &Bytes) -> DriverError {
    message::decode_json(payload.as_bytes())
        .unwrap_or_else(|_| protocol("the driver failed and did not say why"))
}

pub(super) fn protocol(message: impl Into<String>) -> DriverError {
    DriverError::new(Category::Protocol, message)
}
