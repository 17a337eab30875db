//! News of changes on their way from the outbox to those who watch, in one process: one reader of the outbox for all,
//! woken by changes booked here and by time for those of other servers. Who reads slowly loses detail, and nothing grows.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use quillback_plugin_api::civil::Timestamp;
use tokio::sync::Notify;

use crate::app::App;
use crate::error::Result;
use crate::ids::{ChangeId, DeliveryId, SchemaId};
use crate::outbox::Topic;
use crate::repo::outbox::{self, Delivery};

/// Time between two looks for changes that other servers booked.
const POLL: Duration = Duration::from_secs(2);

/// Pause after news, so that a burst of changes is read in one exchange.
const PAUSE: Duration = Duration::from_millis(50);

/// Seconds that the clocks of two servers may differ, and that booking a change may take, without news being lost.
const OVERLAP_SECONDS: i64 = 15;

/// The same for changes that this server booked itself.
const OWN_OVERLAP_SECONDS: i64 = 2;

/// Seconds before it started to watch from which on somebody is told of changes: what was booked while they asked.
const EARLY_SECONDS: i64 = 5;

/// Deliveries that are read at once at most; whoever watches is told to load again when there are more.
const MOST_READ: u64 = 5_000;

/// Changes that wait for one reader at most.
const MOST_WAITING: usize = 64;

/// Longest time without a look whether somebody may still watch.
const LOOK: Duration = Duration::from_secs(20);

/// Those who watch in this process.
#[derive(Default)]
pub struct Feed {
    watchers: Mutex<Watchers>,
    woken: Notify,
}

#[derive(Default)]
struct Watchers {
    next: u64,
    by_id: HashMap<u64, Arc<Watched>>,
}

struct Watched {
    schema: SchemaId,
    since: Timestamp,
    waiting: Mutex<Waiting>,
    news: Notify,
}

#[derive(Default)]
struct Waiting {
    changes: VecDeque<ChangeId>,
    is_too_much: bool,
    is_to_look: bool,
}

/// What a watcher is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// These changes of the schema took effect.
    Changes(Vec<ChangeId>),
    /// So many did that they are not told one by one.
    TooMuch,
    /// Nothing happened; it is time to look whether the watcher may still watch.
    Look,
}

/// Somebody who watches a schema, until it is dropped.
pub struct Watcher {
    id: u64,
    watched: Arc<Watched>,
    feed: Arc<Feed>,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Feed {
    /// Says that changes were booked here.
    pub(crate) fn wake(&self) {
        self.woken.notify_one();
    }

    /// Makes everybody who watches look whether they still may: a session ended, or a right was taken away.
    pub fn look(&self) {
        for watched in lock(&self.watchers).by_id.values() {
            lock(&watched.waiting).is_to_look = true;
            watched.news.notify_one();
        }
    }

    /// Starts watching.
    pub(super) fn watch(self: &Arc<Self>, schema: &SchemaId, now: Timestamp) -> Watcher {
        let watched = Arc::new(Watched {
            schema: schema.clone(),
            since: before(now, EARLY_SECONDS),
            waiting: Mutex::default(),
            news: Notify::new(),
        });
        let mut watchers = lock(&self.watchers);
        watchers.next += 1;
        let id = watchers.next;
        watchers.by_id.insert(id, Arc::clone(&watched));
        drop(watchers);
        self.woken.notify_one();
        Watcher {
            id,
            watched,
            feed: Arc::clone(self),
        }
    }

    /// How many watch.
    pub fn watching(&self) -> usize {
        lock(&self.watchers).by_id.len()
    }

    fn tell(&self, delivery: &Delivery) {
        for watched in lock(&self.watchers).by_id.values() {
            if watched.schema == delivery.schema && delivery.ready_at >= watched.since {
                watched.push(delivery.change.clone());
            }
        }
    }

    fn tell_too_much(&self) {
        for watched in lock(&self.watchers).by_id.values() {
            watched.give_up();
        }
    }
}

impl Watched {
    fn push(&self, change: ChangeId) {
        let mut waiting = lock(&self.waiting);
        if waiting.changes.len() >= MOST_WAITING {
            waiting.changes.clear();
            waiting.is_too_much = true;
        }
        if !waiting.is_too_much {
            waiting.changes.push_back(change);
        }
        drop(waiting);
        self.news.notify_one();
    }

    fn give_up(&self) {
        let mut waiting = lock(&self.waiting);
        waiting.changes.clear();
        waiting.is_too_much = true;
        drop(waiting);
        self.news.notify_one();
    }

    fn take(&self) -> Option<News> {
        let mut waiting = std::mem::take(&mut *lock(&self.waiting));
        if waiting.is_too_much {
            Some(News::TooMuch)
        } else if !waiting.changes.is_empty() {
            Some(News::Changes(waiting.changes.drain(..).collect()))
        } else {
            waiting.is_to_look.then_some(News::Look)
        }
    }
}

impl Watcher {
    /// The schema.
    pub fn schema(&self) -> &SchemaId {
        &self.watched.schema
    }

    /// Waits for news.
    pub async fn next(&self) -> News {
        let news = async {
            loop {
                if let Some(news) = self.watched.take() {
                    return news;
                }
                self.watched.news.notified().await;
            }
        };
        tokio::time::timeout(LOOK, news).await.unwrap_or(News::Look)
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        lock(&self.feed.watchers).by_id.remove(&self.id);
    }
}

fn before(now: Timestamp, seconds: i64) -> Timestamp {
    Timestamp {
        seconds: now.seconds - seconds,
        ..now
    }
}

/// Reads the outbox for all who watch, until it is dropped. While nobody does it reads nothing.
pub async fn run(app: &App) {
    let mut told = Told::default();
    let mut is_failing = false;
    loop {
        let is_woken = if app.feed.watching() == 0 {
            app.feed.woken.notified().await;
            true
        } else {
            tokio::time::timeout(POLL, app.feed.woken.notified())
                .await
                .is_ok()
        };
        if app.feed.watching() == 0 {
            continue;
        }
        let overlap = if is_woken && !is_failing {
            OWN_OVERLAP_SECONDS
        } else {
            OVERLAP_SECONDS
        };
        let read = pass_on(app, &mut told, overlap).await;
        if let Err(error) = &read
            && !is_failing
        {
            tracing::warn!(%error, "news of changes cannot be read; trying again");
        }
        // What was missed meanwhile may be older than any overlap.
        if is_failing && read.is_ok() {
            app.feed.tell_too_much();
        }
        is_failing = read.is_err();
        tokio::time::sleep(PAUSE).await;
    }
}

/// Deliveries that were told, until no read finds them any more.
#[derive(Default)]
struct Told(HashMap<DeliveryId, Timestamp>);

async fn pass_on(app: &App, told: &mut Told, overlap: i64) -> Result<()> {
    let now = app.surroundings.clock.now();
    let since = before(now, overlap);
    let ready = outbox::list_ready(&app.repo, Topic::RowsChanged, since, MOST_READ).await?;
    if ready.len() as u64 == MOST_READ {
        app.feed.tell_too_much();
    }
    for delivery in ready {
        if told
            .0
            .insert(delivery.id.clone(), delivery.ready_at)
            .is_none()
        {
            app.feed.tell(&delivery);
        }
    }
    let oldest = before(now, 2 * OVERLAP_SECONDS);
    told.0.retain(|_, ready_at| *ready_at >= oldest);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp {
        seconds: 1_000,
        nanos: 0,
    };

    fn id(n: usize) -> ChangeId {
        ChangeId::stored(format!("{n}"))
    }

    fn feed() -> (Arc<Feed>, SchemaId) {
        (Arc::default(), SchemaId::stored("s".into()))
    }

    fn delivery(change: usize, schema: &SchemaId, ready_at: i64) -> Delivery {
        Delivery {
            id: DeliveryId::stored(format!("d{change}")),
            change: id(change),
            schema: schema.clone(),
            topic: Topic::RowsChanged,
            payload: serde_json::Value::Null,
            ready_at: before(NOW, -ready_at),
        }
    }

    #[tokio::test]
    async fn watchers_are_told_of_their_schema_from_when_they_started() {
        let (feed, schema) = feed();
        let other = SchemaId::stored("other".into());
        let watcher = feed.watch(&schema, NOW);
        let stranger = feed.watch(&other, NOW);
        feed.tell(&delivery(1, &schema, -EARLY_SECONDS - 1));
        feed.tell(&delivery(2, &schema, 0));
        feed.tell(&delivery(3, &other, 0));
        feed.tell(&delivery(4, &schema, 1));
        assert_eq!(watcher.next().await, News::Changes(vec![id(2), id(4)]));
        assert_eq!(stranger.next().await, News::Changes(vec![id(3)]));
        drop(watcher);
        assert_eq!(feed.watching(), 1);
    }

    #[tokio::test]
    async fn a_reader_that_is_slow_is_told_to_load_again_and_nothing_grows() {
        let (feed, schema) = feed();
        let watcher = feed.watch(&schema, NOW);
        for change in 0..10_000 {
            feed.tell(&delivery(change, &schema, 0));
            assert!(lock(&watcher.watched.waiting).changes.len() <= MOST_WAITING);
        }
        assert_eq!(watcher.next().await, News::TooMuch);
        feed.tell(&delivery(1, &schema, 0));
        assert_eq!(watcher.next().await, News::Changes(vec![id(1)]));
    }

    #[tokio::test(start_paused = true)]
    async fn whether_somebody_may_watch_is_looked_at_by_time_and_when_asked_to() {
        let (feed, schema) = feed();
        let watcher = feed.watch(&schema, NOW);
        assert_eq!(watcher.next().await, News::Look);
        let before = tokio::time::Instant::now();
        feed.look();
        assert_eq!(watcher.next().await, News::Look);
        assert_eq!(tokio::time::Instant::now(), before);
    }
}
