//! The pool on a server that only counts.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::{Context, Waker};

use super::*;

/// What a server of tests has seen, and how it behaves.
pub(crate) struct Seen {
    pub(crate) opened: AtomicU32,
    pub(crate) stopped: AtomicU32,
    pub(crate) closed: AtomicU32,
    /// Connections that waited answer no more.
    pub(crate) is_deaf: AtomicBool,
    /// A stop ends when it gets one of these.
    pub(crate) stops: Semaphore,
}

/// Connects to a server of tests; a session is its number.
pub(crate) struct Fake(Arc<Seen>);

/// A pool of so many connections to a server of tests that stops at once.
pub(crate) fn fake(size: u32) -> (Pool<Fake>, Arc<Seen>) {
    let seen = Arc::new(Seen {
        opened: AtomicU32::new(0),
        stopped: AtomicU32::new(0),
        closed: AtomicU32::new(0),
        is_deaf: AtomicBool::new(false),
        stops: Semaphore::new(100),
    });
    (Pool::new(Fake(Arc::clone(&seen)), size), seen)
}

/// How often something was done.
pub(crate) fn count(what: &AtomicU32) -> u32 {
    what.load(Ordering::SeqCst)
}

impl Connector for Fake {
    type Session = u32;

    async fn connect(&self) -> Result<u32, DriverError> {
        Ok(self.0.opened.fetch_add(1, Ordering::SeqCst) + 1)
    }

    async fn is_alive(&self, _session: &mut u32) -> bool {
        !self.0.is_deaf.load(Ordering::SeqCst)
    }

    async fn stop(&self, _session: u32) {
        if let Ok(stop) = self.0.stops.acquire().await {
            stop.forget();
        }
        self.0.stopped.fetch_add(1, Ordering::SeqCst);
    }

    async fn close(&self, _session: u32) {
        self.0.closed.fetch_add(1, Ordering::SeqCst);
    }
}

/// A failure after which the connection is gone.
pub(crate) fn lost() -> DriverError {
    DriverError {
        connection_lost: true,
        ..DriverError::new(Category::Connect, "gone")
    }
}

#[tokio::test]
async fn what_was_left_half_way_is_stopped_and_holds_its_place_until_then() {
    let (pool, seen) = fake(1);
    seen.stops.forget_permits(100);
    drop(pool.lease().await.unwrap());
    let mut next = pin!(pool.lease());
    let mut context = Context::from_waker(Waker::noop());
    tokio::task::yield_now().await;
    assert!(next.as_mut().poll(&mut context).is_pending());
    assert_eq!(count(&seen.opened), 1);
    seen.stops.add_permits(1);
    let mut next = next.await.unwrap();
    assert_eq!((count(&seen.stopped), *next.session().unwrap()), (1, 2));
    assert!(!next.is_reused());
}

#[tokio::test]
async fn what_comes_back_clean_is_lent_again_and_what_is_lost_is_not() {
    let (pool, seen) = fake(1);
    let failed = Err::<(), _>(DriverError::new(Category::Unique, "twice"));
    let lease = pool.lease().await.unwrap();
    assert!(lease.settle(failed).is_err());
    let lease = pool.lease().await.unwrap();
    assert!(lease.is_reused());
    assert!(lease.settle(Err::<(), _>(lost())).is_err());
    let lease = pool.lease().await.unwrap();
    assert!(!lease.is_reused());
    lease.give_back();
    assert_eq!((count(&seen.opened), count(&seen.stopped)), (2, 0));
}

#[tokio::test]
async fn where_one_answers_no_more_those_that_waited_with_it_go_too() {
    let (pool, seen) = fake(2);
    let (one, other) = (pool.lease().await.unwrap(), pool.lease().await.unwrap());
    one.give_back();
    other.give_back();
    let one = pool.sure_lease().await.unwrap();
    assert!(one.is_reused());
    one.give_back();
    seen.is_deaf.store(true, Ordering::SeqCst);
    let one = pool.sure_lease().await.unwrap();
    assert!(!one.is_reused());
    one.give_back();
    assert_eq!((pool.shared.idle().len(), count(&seen.opened)), (1, 3));
}

#[tokio::test]
async fn closing_waits_for_what_is_lent_and_ends_later_calls() {
    let (pool, seen) = fake(2);
    let lease = pool.lease().await.unwrap();
    let mut closing = pin!(pool.close());
    let mut context = Context::from_waker(Waker::noop());
    assert!(closing.as_mut().poll(&mut context).is_pending());
    lease.give_back();
    closing.await;
    assert_eq!(count(&seen.closed), 1);
    let refused = pool.lease().await.err().unwrap();
    assert_eq!(refused.category, Category::Cancelled);
}

#[tokio::test]
async fn a_server_that_never_answers_is_told_apart_from_a_lost_one() {
    let never = std::future::pending::<Result<(), _>>();
    let error = within(Duration::from_millis(1), never).await.unwrap_err();
    assert_eq!(error.category, Category::Timeout);
    assert!(error.connection_lost && error.message.contains("`connect_timeout_ms`"));
}
