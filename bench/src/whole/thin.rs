//! The bare server: axum, async-graphql and one prepared statement, with none of Quillback's guarantees.
//!
//! It runs as a process of its own, so that processor time and memory can be told apart.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use async_graphql::{Context, EmptySubscription, Object, Schema};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::post;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::scenario;
use super::store::{NewRow, Row, Work, postgres, sqlite};
use super::table::REGION;

/// Connections to a server: as many as Quillback's driver opens.
const CONNECTIONS: usize = 8;

/// What the bare server works with.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Options {
    /// Nothing but HTTP and GraphQL: the ceiling of everything here, the load generator included
    Echo,
    /// A PostgreSQL
    Postgres {
        /// The database
        #[arg(long)]
        url: String,
        /// The schema of the database
        #[arg(long)]
        schema: String,
        /// The account to act as, bound by row security
        #[arg(long)]
        role: Option<String>,
    },
    /// A SQLite file
    Sqlite {
        /// The file
        #[arg(long)]
        path: PathBuf,
    },
}

enum Store {
    Echo(Vec<Row>),
    Postgres(Pool),
    Sqlite(sqlite::Threads),
}

struct Pool {
    free: Semaphore,
    idle: Mutex<Vec<postgres::Session>>,
}

impl Store {
    async fn open(options: &Options) -> Result<Self> {
        Ok(match options {
            Options::Echo => Self::Echo(page()),
            Options::Postgres { url, schema, role } => {
                let mut idle = Vec::new();
                for _ in 0..CONNECTIONS {
                    idle.push(postgres::Session::open(url, schema, role.as_deref()).await?);
                }
                Self::Postgres(Pool {
                    free: Semaphore::new(CONNECTIONS),
                    idle: Mutex::new(idle),
                })
            }
            Options::Sqlite { path } => Self::Sqlite(sqlite::Threads::start(path)?),
        })
    }

    async fn run(&self, work: Work) -> Result<Vec<Row>> {
        match self {
            Self::Echo(rows) if matches!(work, Work::Page { .. } | Work::PageOfMany) => {
                Ok(rows.clone())
            }
            Self::Echo(_) => Ok(Vec::new()),
            Self::Postgres(pool) => pool.run(&work).await,
            Self::Sqlite(threads) => threads.run(work).await,
        }
    }
}

impl Pool {
    async fn run(&self, work: &Work) -> Result<Vec<Row>> {
        let _permit = self.free.acquire().await?;
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let session = idle().pop().context("no connection")?;
        let answer = session.run(work).await;
        idle().push(session);
        answer
    }
}

struct Query;

#[Object]
impl Query {
    async fn page(
        &self,
        cx: &Context<'_>,
        region: String,
        due: Option<String>,
        id: Option<String>,
    ) -> async_graphql::Result<Vec<Row>> {
        let after = due.zip(id);
        let work = Work::Page { region, after };
        Ok(cx.data::<Store>()?.run(work).await?)
    }

    async fn page_of_many(&self, cx: &Context<'_>) -> async_graphql::Result<Vec<Row>> {
        Ok(cx.data::<Store>()?.run(Work::PageOfMany).await?)
    }
}

struct Mutation;

#[Object]
impl Mutation {
    async fn add(&self, cx: &Context<'_>, row: NewRow) -> async_graphql::Result<String> {
        let id = row.id.clone();
        cx.data::<Store>()?.run(Work::Add(vec![row])).await?;
        Ok(id)
    }

    async fn add_many(&self, cx: &Context<'_>, rows: Vec<NewRow>) -> async_graphql::Result<usize> {
        let count = rows.len();
        cx.data::<Store>()?.run(Work::Add(rows)).await?;
        Ok(count)
    }

    async fn edit(
        &self,
        cx: &Context<'_>,
        id: String,
        amount: String,
        note: String,
    ) -> async_graphql::Result<bool> {
        let work = Work::Edit { id, amount, note };
        cx.data::<Store>()?.run(work).await?;
        Ok(true)
    }

    async fn edit_many(&self, cx: &Context<'_>, note: String) -> async_graphql::Result<bool> {
        cx.data::<Store>()?.run(Work::EditMany { note }).await?;
        Ok(true)
    }

    async fn delete(&self, cx: &Context<'_>, id: String) -> async_graphql::Result<bool> {
        cx.data::<Store>()?.run(Work::Delete { id }).await?;
        Ok(true)
    }
}

type Bare = Schema<Query, Mutation, EmptySubscription>;

/// Serves until it is killed; prints its address first.
///
/// # Errors
/// The database cannot be reached.
#[expect(
    clippy::print_stdout,
    reason = "whoever started it reads the address there"
)]
pub async fn serve(options: &Options) -> Result<()> {
    let store = Store::open(options).await?;
    let schema = Schema::build(Query, Mutation, EmptySubscription)
        .data(store)
        .finish();
    let router = Router::new()
        .route("/graphql", post(answer))
        .layer(DefaultBodyLimit::disable())
        .with_state(Arc::new(schema));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("address {}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let service = TowerToHyperService::new(router.clone());
        tokio::spawn(async move {
            let server =
                hyper_util::server::conn::auto::Builder::new(TokioExecutor::new()).http1_only();
            // A caller that goes away is no fault.
            let _ = server.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(State(schema): State<Arc<Bare>>, body: Bytes) -> impl IntoResponse {
    let response = match serde_json::from_slice::<async_graphql::Request>(&body) {
        Ok(request) => schema.execute(request).await,
        Err(error) => async_graphql::Response::from_errors(vec![async_graphql::ServerError::new(
            error.to_string(),
            None,
        )]),
    };
    let body = serde_json::to_vec(&response).unwrap_or_default();
    ([(CONTENT_TYPE, "application/json")], body)
}

fn page() -> Vec<Row> {
    let row = |number: u32| Row {
        id: format!("00000000-0000-4000-8000-{number:012}"),
        region: REGION.to_owned(),
        product: format!("product {number}"),
        amount: "1234.50".to_owned(),
        note: Some("a note of some words".to_owned()),
        approved: number.is_multiple_of(2),
        due: "2026-11-25".to_owned(),
        updated_at: "2026-11-25 08:30:00+00".to_owned(),
    };
    (0..scenario::PAGE).map(row).collect()
}
