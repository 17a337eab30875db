//! Futures of a driver as C futures.

use std::ffi::c_void;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::object::{Serve, object};
use super::panic::{Panicked, guard};
use super::runtime;
use crate::abi::{self, Bytes, Object, Outcome, flag, poll, status};
use crate::error::{Category, DriverError};
use crate::message;

/// What a call came to.
pub(super) type Answer = Result<Reply, Failure>;

/// A call that succeeded.
#[derive(Debug)]
pub(super) struct Reply {
    more: bool,
    payload: Bytes,
    object: Object,
}

impl Reply {
    pub(super) fn empty() -> Self {
        Self::bytes(Vec::new())
    }

    pub(super) fn bytes(payload: Vec<u8>) -> Self {
        Self {
            more: false,
            payload: payload.into(),
            object: Object::NONE,
        }
    }

    pub(super) fn object<T: Serve>(made: Arc<T>) -> Self {
        Self {
            object: object(made),
            ..Self::empty()
        }
    }

    pub(super) fn with_payload(self, payload: Vec<u8>) -> Self {
        Self {
            payload: payload.into(),
            ..self
        }
    }

    pub(super) fn with_more(self, more: bool) -> Self {
        Self { more, ..self }
    }
}

/// A call that failed.
#[derive(Debug)]
pub(super) enum Failure {
    Error(DriverError),
    UnknownOp,
    Panic(Panicked),
}

impl From<DriverError> for Failure {
    fn from(error: DriverError) -> Self {
        Self::Error(error)
    }
}

/// The answer as the server reads it.
pub(super) fn outcome(answer: Answer) -> Outcome {
    let (status, error) = match answer {
        Ok(reply) => {
            return Outcome {
                status: status::OK,
                more: reply.more.into(),
                payload: reply.payload,
                object: reply.object,
            };
        }
        Err(Failure::UnknownOp) => (status::UNSUPPORTED, None),
        Err(Failure::Error(error)) => (status::ERROR, Some(error)),
        Err(Failure::Panic(panicked)) => (status::PANIC, Some(panicked.into_error())),
    };
    let payload = error.and_then(|error| message::encode_json(&error).ok());
    Outcome {
        status,
        payload: payload.unwrap_or_default().into(),
        ..Outcome::NONE
    }
}

struct Task<F> {
    runtime: Handle,
    future: F,
}

/// Makes a C future of one that runs in `runtime`, or on the driver's own threads when the flags say so.
pub(super) fn launch<F>(runtime: Handle, flags: u32, future: F) -> abi::Future
where
    F: Future<Output = Answer> + Send + 'static,
{
    if flags & flag::ISOLATE == 0 {
        return boxed(runtime, future);
    }
    match runtime::own() {
        Ok(own) => {
            let running = own.spawn(future);
            boxed(own, Isolated(running))
        }
        Err(error) => ready(runtime, Err(error.into())),
    }
}

/// A C future that has its answer already.
pub(super) fn ready(runtime: Handle, answer: Answer) -> abi::Future {
    boxed(runtime, std::future::ready(answer))
}

fn boxed<F>(runtime: Handle, future: F) -> abi::Future
where
    F: Future<Output = Answer> + Send + 'static,
{
    abi::Future {
        state: Box::into_raw(Box::new(Task { runtime, future })).cast(),
        poll: poll_task::<F>,
        drop: drop_task::<F>,
    }
}

unsafe extern "C" fn poll_task<F: Future<Output = Answer>>(
    state: *mut c_void,
    waker: *const abi::Waker,
    out: *mut Outcome,
) -> u32 {
    let polled = guard(|| {
        // SAFETY: the state is a `Task` of this type (see `boxed`), polled by one thread at a time.
        let task = unsafe { &mut *state.cast::<Task<F>>() };
        let _entered = task.runtime.enter();
        // SAFETY: the server lends the waker for this call.
        let waker = unsafe { abi::borrow_waker(waker) };
        // SAFETY: the task stays in its box until `drop_task` drops it there.
        let future = unsafe { Pin::new_unchecked(&mut task.future) };
        future.poll(&mut Context::from_waker(&waker)).map(outcome)
    });
    let outcome = match polled {
        Ok(Poll::Pending) => return poll::PENDING,
        Ok(Poll::Ready(outcome)) => outcome,
        Err(panicked) => outcome(Err(Failure::Panic(panicked))),
    };
    // SAFETY: the server passes a place for the outcome that holds nothing yet.
    unsafe { out.write(outcome) };
    poll::READY
}

unsafe extern "C" fn drop_task<F>(state: *mut c_void) {
    let _ = guard(|| {
        // SAFETY: the state is a `Task` of this type (see `boxed`), and this is the only time that it is dropped.
        let task = unsafe { Box::from_raw(state.cast::<Task<F>>()) };
        let runtime = task.runtime.clone();
        let _entered = runtime.enter();
        drop(task);
    });
}

/// A call that runs on the driver's own threads; dropping it ends it.
struct Isolated(JoinHandle<Answer>);

impl Future for Isolated {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Answer> {
        Pin::new(&mut self.0).poll(context).map(|joined| {
            joined.unwrap_or_else(|error| {
                Err(error.try_into_panic().map_or_else(
                    |_| Failure::Error(shutting_down()),
                    |payload| Failure::Panic(Panicked::new(payload)),
                ))
            })
        })
    }
}

fn shutting_down() -> DriverError {
    DriverError::new(Category::Cancelled, "the driver is shutting down")
}

impl Drop for Isolated {
    fn drop(&mut self) {
        self.0.abort();
    }
}
