//! The pool on a client that only counts.

use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::task::{Context, Waker};

use super::*;

/// A client whose connections are numbers. An error that says "broken" means that the connection is.
struct Client {
    opened: AtomicU32,
    limit: Duration,
    /// Connecting waits for the end of this.
    gate: Mutex<Option<mpsc::Receiver<()>>>,
}

impl Default for Client {
    fn default() -> Self {
        Self {
            opened: AtomicU32::new(0),
            limit: Duration::from_mins(1),
            gate: Mutex::default(),
        }
    }
}

impl Connector for Client {
    type Connection = u32;

    const THREAD: &'static str = "test";

    fn limit(&self) -> Duration {
        self.limit
    }

    fn connect(&self) -> Result<u32, DriverError> {
        if let Some(gate) = self.gate.lock().unwrap().take() {
            let _ = gate.recv();
        }
        Ok(self.opened.fetch_add(1, Ordering::SeqCst) + 1)
    }

    fn is_alive(&self, _connection: &mut u32) -> bool {
        true
    }

    fn explain(&self, _connection: &mut u32, error: DriverError) -> DriverError {
        DriverError {
            connection_lost: error.message == "broken",
            ..error
        }
    }
}

async fn number(pool: &Pool<Client>) -> Result<u32, DriverError> {
    pool.run(|number, _| Ok(*number)).await
}

#[tokio::test]
async fn a_connection_is_lent_again_unless_it_is_lost() {
    let pool = Pool::new(Client::default(), 1);
    assert_eq!(number(&pool).await.unwrap(), 1);
    for (message, next) in [("wrong", 1), ("broken", 2)] {
        let failed = pool.run::<()>(move |_, _| Err(DriverError::new(Category::Other, message)));
        assert_eq!(failed.await.unwrap_err().connection_lost, next == 2);
        assert_eq!(number(&pool).await.unwrap(), next);
    }
    let panicked = pool.run::<()>(|_, _| panic!("inside")).await.unwrap_err();
    assert_eq!(panicked.category, Category::Internal);
    assert_eq!(number(&pool).await.unwrap(), 3);
}

#[tokio::test]
async fn work_that_nobody_waits_for_holds_its_place_and_is_told() {
    let pool = Pool::new(Client::default(), 1);
    let (go_on, gate) = mpsc::channel::<()>();
    let ((start, started), (tell, told)) = (mpsc::channel(), mpsc::channel());
    let lent = pool.lend().await.unwrap();
    let mut context = Context::from_waker(Waker::noop());
    {
        let mut call = pin!(lent.run(move |_, cancel| {
            start.send(()).unwrap();
            let _ = gate.recv();
            tell.send(cancel.is_cancelled()).unwrap();
            Ok(())
        }));
        assert!(call.as_mut().poll(&mut context).is_pending());
        started.recv().unwrap();
    }
    let mut next = pin!(pool.lend());
    assert!(next.as_mut().poll(&mut context).is_pending());
    drop(go_on);
    let next = next.await.unwrap();
    assert!(told.recv().unwrap());
    assert_eq!(next.run(|number, _| Ok(*number)).await.unwrap(), 2);
}

#[tokio::test]
async fn who_waits_for_a_server_that_never_answers_is_released() {
    let (go_on, gate) = mpsc::channel();
    let client = Client {
        limit: Duration::from_millis(20),
        gate: Mutex::new(Some(gate)),
        ..Client::default()
    };
    let pool = Pool::new(client, 1);
    let error = number(&pool).await.unwrap_err();
    assert_eq!(error.category, Category::Timeout);
    drop(go_on);
}

#[tokio::test]
async fn closing_waits_for_work_and_ends_later_calls() {
    let pool = Pool::new(Client::default(), 2);
    let lent = pool.lend().await.unwrap();
    let mut closing = pin!(pool.close());
    let mut context = Context::from_waker(Waker::noop());
    assert!(closing.as_mut().poll(&mut context).is_pending());
    drop(lent);
    closing.await;
    let refused = number(&pool).await.unwrap_err();
    assert_eq!(refused.category, Category::Cancelled);
}
