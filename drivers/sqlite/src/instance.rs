//! One open database: which thread does what.
//!
//! Writes go to the only writer. Reads see what was committed before they begin and never wait for the writer: short ones
//! run where they are asked for, others on the readers' threads. A database in memory has one connection, which does
//! everything.

use quillback_plugin_api::DriverError;
use quillback_plugin_api::batch::{Batch, BatchOutcome, RenderedStep};
use quillback_plugin_api::catalog::{Catalog, Introspect};
use quillback_plugin_api::driver::{self, ServerInfo};
use quillback_plugin_api::sql::{Ddl, Select};
use rusqlite::Connection;

use crate::capabilities::capabilities;
use crate::define;
use crate::errors::translate;
use crate::execute;
use crate::introspect;
use crate::near::Near;
use crate::options::{Options, Place};
use crate::plan::{self, Plan};
use crate::readers::Readers;
use crate::stream::Stream;
use crate::watch::Watch;
use crate::writer::Writer;

/// One open database.
#[derive(Debug)]
pub struct Instance {
    writer: Writer,
    /// `None` for a database in memory.
    pools: Option<Pools>,
}

/// Slow consumers of streams hold their connections; other reads have connections of their own.
#[derive(Debug)]
struct Pools {
    near: Near,
    batches: Readers,
    streams: Readers,
}

impl Instance {
    pub(crate) async fn open(options: Options) -> Result<Self, DriverError> {
        let place = options.place()?;
        let writer = Writer::open(options.clone()).await?;
        let pools = (place != Place::Memory).then(|| {
            let readers = options.reader_count();
            Pools {
                near: Near::new(options.clone(), readers),
                batches: Readers::new(options.clone(), readers),
                streams: Readers::new(options, readers),
            }
        });
        Ok(Self { writer, pools })
    }

    async fn read<T: Send + 'static>(
        &self,
        watch: Watch,
        work: impl FnOnce(&mut Connection) -> Result<T, DriverError> + Send + 'static,
    ) -> Result<T, DriverError> {
        match &self.pools {
            Some(pools) => pools.batches.run(watch, work).await,
            None => self.writer.alone(watch, work).await,
        }
    }

    async fn read_plan(&self, watch: Watch, plan: Plan) -> Result<BatchOutcome, DriverError> {
        if let Some(pools) = &self.pools {
            let near = pools
                .near
                .run(&watch, |connection| read_batch(connection, &plan));
            if let Some(done) = near {
                return done;
            }
        }
        self.read(watch, move |connection| read_batch(connection, &plan))
            .await
    }
}

/// Reads of one batch see one state of the database; a single read does so by itself.
fn read_batch(connection: &Connection, plan: &Plan) -> Result<BatchOutcome, DriverError> {
    if plan.statements.len() < 2 {
        return execute::run(connection, plan);
    }
    let failed = |error| translate(&error, None);
    let send = |sql| {
        connection
            .prepare_cached(sql)
            .and_then(|mut it| it.raw_execute())
    };
    send("BEGIN").map_err(failed)?;
    let done = execute::run(connection, plan);
    let ended = send("COMMIT").map_err(failed);
    if ended.is_err() {
        let _ = send("ROLLBACK");
    }
    done
}

impl driver::Instance for Instance {
    type Stream = Stream;

    async fn ping(&self) -> Result<ServerInfo, DriverError> {
        let (watch, _caller) = Watch::start(0);
        let version = self
            .read(watch, |connection| {
                connection
                    .query_row(
                        "SELECT sqlite_version() FROM pragma_schema_version",
                        [],
                        |row| row.get(0),
                    )
                    .map_err(|error| translate(&error, None))
            })
            .await?;
        Ok(ServerInfo {
            product: "SQLite".into(),
            version,
            capabilities: capabilities(),
        })
    }

    async fn introspect(&self, what: Introspect) -> Result<Catalog, DriverError> {
        let (watch, _caller) = Watch::start(0);
        self.read(watch, move |connection| {
            introspect::look_up(connection, &what)
        })
        .await
    }

    async fn apply(&self, batch: Batch) -> Result<BatchOutcome, DriverError> {
        let (watch, _caller) = Watch::start(batch.deadline_ms);
        let plan = Plan::new(batch)?;
        if plan.batch.is_read_only() {
            self.read_plan(watch, plan).await
        } else {
            self.writer.apply(plan, watch).await
        }
    }

    async fn stream(&self, select: Select) -> Result<Stream, DriverError> {
        match &self.pools {
            Some(pools) => Stream::start(&pools.streams, select).await,
            None => Stream::whole(&self.writer, select).await,
        }
    }

    async fn define(&self, changes: Vec<Ddl>) -> Result<(), DriverError> {
        let (watch, _caller) = Watch::start(0);
        self.writer
            .alone(watch, move |connection| define::run(connection, &changes))
            .await
    }

    fn render(&self, batch: &Batch) -> Result<Vec<RenderedStep>, DriverError> {
        plan::render(batch)
    }

    fn render_ddl(&self, changes: &[Ddl]) -> Result<Vec<String>, DriverError> {
        define::render(changes)
    }

    async fn close(&self) {
        if let Some(pools) = &self.pools {
            // A stream that nobody reads on would never end.
            pools.streams.end();
            pools.near.close().await;
            pools.batches.close().await;
        }
        self.writer.close().await;
    }
}
