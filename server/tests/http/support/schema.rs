//! A small schema whose resolvers fail, wait and panic on demand.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use async_graphql::{
    Context, EmptySubscription, Error, ErrorExtensions, Object, Result, Schema, SimpleObject,
};
use quillback_server::{
    config::SecretText,
    http::{CookieCommand, Credentials, RequestMeta},
};
use tokio::sync::Semaphore;

/// Where resolvers leave what should happen to the session cookie.
pub type Handle = Arc<Mutex<Option<CookieCommand>>>;

/// What tests see and steer of the resolvers.
pub struct Gates {
    /// Gets a permit for every resolver that has begun to wait.
    pub waiting: Semaphore,
    /// A waiting resolver goes on when it gets a permit.
    pub release: Semaphore,
    /// Gets a permit for every waiting resolver that was dropped.
    pub dropped: Semaphore,
    /// Changes that were finished.
    pub changes: AtomicUsize,
    /// Resolvers of lists that ran.
    pub listed: AtomicUsize,
    /// What readiness says is away.
    pub away: Mutex<Option<String>>,
}

impl Default for Gates {
    fn default() -> Self {
        Self {
            waiting: Semaphore::new(0),
            release: Semaphore::new(0),
            dropped: Semaphore::new(0),
            changes: AtomicUsize::new(0),
            listed: AtomicUsize::new(0),
            away: Mutex::new(None),
        }
    }
}

impl Gates {
    /// Waits for a permit and takes it away.
    pub async fn take(semaphore: &Semaphore) {
        super::soon(semaphore.acquire()).await.unwrap().forget();
    }

    async fn wait(&self) {
        let mut unfinished = Unfinished(Some(self));
        self.waiting.add_permits(1);
        self.release.acquire().await.unwrap().forget();
        unfinished.0 = None;
    }
}

struct Unfinished<'a>(Option<&'a Gates>);

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if let Some(gates) = self.0 {
            gates.dropped.add_permits(1);
        }
    }
}

fn gates<'a>(context: &Context<'a>) -> &'a Gates {
    context.data_unchecked::<Arc<Gates>>()
}

pub fn schema() -> Schema<Query, Mutation, EmptySubscription> {
    Schema::build(Query, Mutation, EmptySubscription).finish()
}

#[derive(SimpleObject)]
struct Caller {
    token: Option<String>,
    kind: &'static str,
    address: String,
    request_id: String,
    user_agent: Option<String>,
}

struct Item;

#[Object]
impl Item {
    async fn name(&self) -> &str {
        "item"
    }

    async fn child(&self) -> Item {
        Item
    }

    async fn children(&self, context: &Context<'_>, first: Option<i32>) -> Vec<Item> {
        gates(context).listed.fetch_add(1, Ordering::SeqCst);
        (0..first.unwrap_or(1)).map(|_| Item).collect()
    }

    async fn broken(&self) -> Result<i32> {
        Err("nested hunter2".into())
    }

    async fn maybe_broken(&self) -> Result<Option<i32>> {
        Err("nested hunter2".into())
    }
}

pub struct Query;

#[Object]
impl Query {
    async fn hello(&self, #[graphql(default = "world")] name: String) -> String {
        format!("Hello {name}")
    }

    async fn number(&self, n: i32) -> i32 {
        n
    }

    async fn item(&self) -> Item {
        Item
    }

    async fn items(&self, context: &Context<'_>, first: Option<i32>) -> Vec<Item> {
        Item.children(context, first).await.unwrap_or_default()
    }

    async fn caller(&self, context: &Context<'_>) -> Caller {
        let meta = context.data_unchecked::<RequestMeta>();
        let kind = match &meta.credentials {
            None => "none",
            Some(Credentials::Bearer(_)) => "bearer",
            Some(Credentials::Cookie(_)) => "cookie",
        };
        Caller {
            token: meta
                .credentials
                .as_ref()
                .map(|credentials| credentials.token().expose().to_owned()),
            kind,
            address: meta.client_address.to_string(),
            request_id: meta.request_id.clone(),
            user_agent: meta.user_agent.clone(),
        }
    }

    async fn slow(&self, context: &Context<'_>) -> bool {
        gates(context).wait().await;
        true
    }

    async fn panicking(&self) -> bool {
        std::hint::black_box(None).expect("on purpose, with hunter2")
    }

    async fn plain_error(&self) -> Result<bool> {
        Err(Error::new("cannot connect with password hunter2"))
    }

    async fn io_error(&self) -> Result<bool> {
        Err(std::io::Error::other("hunter2"))?
    }

    #[graphql(guard = "Closed")]
    async fn guarded(&self) -> bool {
        true
    }

    async fn coded_error(&self) -> Result<bool> {
        let error = Error::new("somebody else changed the row");
        Err(error.extend_with(|_, extensions| extensions.set("code", "CONFLICT")))
    }

    async fn maybe(&self) -> Result<Option<bool>> {
        Err(Error::new("hunter2"))
    }
}

struct Closed;

impl async_graphql::Guard for Closed {
    async fn check(&self, _: &Context<'_>) -> Result<()> {
        Err("guard hunter2".into())
    }
}

pub struct Mutation;

#[Object]
impl Mutation {
    /// Waits in the middle, as a write does between two awaits.
    async fn change(&self, context: &Context<'_>) -> usize {
        let gates = gates(context);
        gates.wait().await;
        gates.changes.fetch_add(1, Ordering::SeqCst) + 1
    }

    async fn sign_in(&self, context: &Context<'_>, name: String) -> bool {
        let command = CookieCommand::Set {
            token: SecretText::new(format!("token-of-{name}")),
            max_age: std::time::Duration::from_mins(1),
        };
        *context.data_unchecked::<Handle>().lock().unwrap() = Some(command);
        true
    }

    async fn sign_out(&self, context: &Context<'_>) -> bool {
        *context.data_unchecked::<Handle>().lock().unwrap() = Some(CookieCommand::Clear);
        true
    }
}
