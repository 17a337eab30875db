//! Reads on a server that only counts.

use super::*;
use crate::ValueRef;
use crate::pool::tests::{count, fake};

/// Answers with so many rows of one number each, and then fails, hangs or ends.
struct Rows {
    announced: bool,
    many: usize,
    end: End,
}

#[derive(Clone, Copy)]
enum End {
    Whole,
    Fails,
    Hangs,
}

impl Read<u32> for Rows {
    async fn read(self, _session: &mut u32, feed: &mut Feed) -> Result<(), DriverError> {
        if self.announced {
            feed.announce(headings());
        }
        for number in 0..self.many {
            feed.rows()
                .push(ValueRef::I64(i64::try_from(number).unwrap()));
            feed.pass_on().await;
        }
        match self.end {
            End::Whole => Ok(()),
            End::Fails => Err(DriverError::new(Category::Permission, "no")),
            End::Hangs => std::future::pending().await,
        }
    }
}

fn headings() -> Vec<Column> {
    vec![Column {
        name: "n".into(),
        native: "int".into(),
    }]
}

fn rows(many: usize, end: End) -> Rows {
    Rows {
        announced: true,
        many,
        end,
    }
}

async fn all(mut pieces: Pieces) -> Result<Vec<usize>, DriverError> {
    let mut sizes = Vec::new();
    loop {
        let mut out = RowBuffer::new(pieces.columns().len());
        if !pieces.next(&mut out).await? {
            return Ok(sizes);
        }
        sizes.push(out.len());
    }
}

#[tokio::test]
async fn rows_come_in_pieces_and_the_connection_goes_back() {
    let (pool, seen) = fake(1);
    for (many, sizes) in [
        (0, &[][..]),
        (1, &[1]),
        (1_000, &[1_000]),
        (2_500, &[1_000, 1_000, 500]),
    ] {
        let lease = pool.lease().await.unwrap();
        let pieces = start(lease, rows(many, End::Whole)).await.unwrap();
        assert_eq!(pieces.columns(), headings());
        assert_eq!(all(pieces).await.unwrap(), sizes);
    }
    assert!(pool.lease().await.unwrap().is_reused());
    assert_eq!(count(&seen.opened), 1);
}

#[tokio::test]
async fn an_error_comes_instead_of_headings_or_after_the_rows_before_it() {
    let (pool, _) = fake(1);
    let read = Rows {
        announced: false,
        ..rows(0, End::Fails)
    };
    let error = start(pool.lease().await.unwrap(), read).await.unwrap_err();
    assert_eq!(error.category, Category::Permission);
    let lease = pool.lease().await.unwrap();
    assert!(lease.is_reused());
    let mut pieces = start(lease, rows(1_500, End::Fails)).await.unwrap();
    let mut out = RowBuffer::new(1);
    assert!(pieces.next(&mut out).await.unwrap());
    assert_eq!(out.len(), 1_000);
    let error = pieces.next(&mut out).await.unwrap_err();
    assert_eq!(error.category, Category::Permission);
    assert!(pool.lease().await.unwrap().is_reused());
}

#[tokio::test]
async fn who_stops_listening_stops_the_server() {
    for read in [rows(1, End::Hangs), rows(10_000, End::Whole)] {
        let (pool, seen) = fake(1);
        let lease = pool.lease().await.unwrap();
        drop(start(lease, read).await.unwrap());
        assert!(!pool.lease().await.unwrap().is_reused());
        assert_eq!(count(&seen.stopped), 1);
    }
}

/// A blocking client with a connection that is its number.
struct Blocking;

impl blocking::Connector for Blocking {
    type Connection = u32;

    const THREAD: &'static str = "test";

    fn limit(&self) -> std::time::Duration {
        std::time::Duration::from_mins(1)
    }

    fn connect(&self) -> Result<u32, DriverError> {
        Ok(0)
    }

    fn is_alive(&self, _connection: &mut u32) -> bool {
        true
    }
}

#[tokio::test]
async fn a_thread_feeds_as_a_task_does() {
    let pool = Arc::new(blocking::Pool::new(Blocking, 1));
    let read = |many: usize, announced: bool| {
        move |uses: &mut u32, cancel: &Cancel, feed: &mut Feed| {
            *uses += 1;
            if !announced {
                return Err(DriverError::new(Category::Permission, "no"));
            }
            feed.announce(headings());
            for _ in 0..many {
                feed.rows().push(ValueRef::I64((*uses).into()));
                if !feed.pass_on_blocking(cancel)? {
                    return Ok(());
                }
            }
            Ok(())
        }
    };
    let pieces = start_blocking(Arc::clone(&pool), read(1_001, true));
    assert_eq!(all(pieces.await.unwrap()).await.unwrap(), [1_000, 1]);
    let failed = start_blocking(Arc::clone(&pool), read(0, false)).await;
    assert_eq!(failed.unwrap_err().category, Category::Permission);
    // Nobody takes these: the thread must not wait for ever.
    drop(start_blocking(Arc::clone(&pool), read(10_000, true)).await);
    let uses = pool.run(|uses, _| Ok(*uses)).await.unwrap();
    assert_eq!(uses, 3, "it is the same connection");
}
