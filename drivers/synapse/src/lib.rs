//! The Quillback driver for dedicated SQL pools of Azure Synapse Analytics, on the client library `tiberius`.
//!
//! What it shares with its relatives (sessions, batches, values) is in `drivers/families/tds`. What is its own is that
//! the service enforces no keys (`guard.rs`), where new tables are kept (`define.rs`), and what readers see
//! (`connect.rs`). `README.md` says what users must know.
#![forbid(unsafe_code)]

mod capabilities;
mod connect;
mod define;
mod dialect;
#[cfg(test)]
mod golden;
mod guard;
mod introspect;
mod keys;
mod options;
mod types;

use std::sync::Arc;
use std::time::Duration;

use quillback_family_tds::{Counts, Flavor, Server, catalog, choose_cryptography};
use quillback_plugin_api::batch::{Batch, BatchOutcome, Isolation, RenderedStep};
use quillback_plugin_api::catalog::{Catalog, Introspect};
use quillback_plugin_api::driver::{Context, Driver, DriverInfo, Instance, ServerInfo};
use quillback_plugin_api::options::config;
use quillback_plugin_api::pieces::Pieces;
use quillback_plugin_api::sql::{Ddl, Select};
use quillback_plugin_api::{Category, DriverError, export_driver};
use tokio::time::Instant;

/// The driver.
pub struct Synapse;

/// One configured dedicated SQL pool, with its connections.
pub struct SynapseInstance {
    server: Arc<Server>,
    layout: define::Layout,
    keys: keys::Keys,
}

/// What the shared code must know of this database.
const FLAVOR: Flavor = Flavor {
    capabilities: capabilities::all,
    dialect: &dialect::DIALECT,
    changes: define::in_usual_layout,
    changes_in_transaction: false,
    session: connect::SESSION,
    greeting: connect::GREETING,
    level: connect::level,
    usual_level: connect::USUAL_LEVEL,
    // There is no @@ROWCOUNT, and there are no triggers.
    counts: Counts::Told,
    made_key: None,
    listing: introspect::LISTING,
    columns: introspect::COLUMNS,
    keys: introspect::KEYS,
};

impl Driver for Synapse {
    type Instance = SynapseInstance;

    fn info() -> DriverInfo {
        DriverInfo {
            id: "synapse".into(),
            name: "Azure Synapse (dedicated SQL pool)".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            api_version: String::new(),
            build: String::new(),
            capabilities: capabilities::all(),
            options_schema: schemars::schema_for!(options::Options).to_value(),
            address_options: vec!["host".into()],
            url_schemes: options::SCHEMES.map(str::to_owned).to_vec(),
        }
    }

    fn new(_context: Context) -> Result<Self, DriverError> {
        choose_cryptography();
        Ok(Self)
    }

    async fn open(&self, options: serde_json::Value) -> Result<SynapseInstance, DriverError> {
        let options = options::read(options)?;
        let server = Server::open(&FLAVOR, options.settings).await?;
        if !server.greeting().snapshots && !options.allow_dirty_reads {
            server.close().await;
            return Err(config(
                "reads of this pool see what other transactions have not committed: have its option \
                 READ_COMMITTED_SNAPSHOT turned on (ALTER DATABASE, in the database master), or allow it by the option \
                 `allow_dirty_reads`",
            ));
        }
        Ok(SynapseInstance {
            server: Arc::new(server),
            layout: options.layout,
            keys: keys::Keys::default(),
        })
    }
}

impl SynapseInstance {
    /// The batch with the checks of the keys that its tables declare; looking those up counts against its deadline.
    async fn guarded(&self, mut batch: Batch) -> Result<guard::Guarded, DriverError> {
        let limit = Duration::from_millis(batch.deadline_ms.into());
        let began = Instant::now();
        let looking = self.keys.of(&self.server, &batch);
        let known = if batch.deadline_ms == 0 {
            looking.await?
        } else {
            tokio::time::timeout(limit, looking)
                .await
                .map_err(|_| too_late())??
        };
        if batch.deadline_ms > 0 {
            let left = limit.saturating_sub(began.elapsed()).as_millis();
            // Nothing would be no limit.
            batch.deadline_ms = u32::try_from(left).unwrap_or(u32::MAX).max(1);
        }
        guard::guard(batch, &known)
    }
}

fn too_late() -> DriverError {
    DriverError::new(
        Category::Timeout,
        "the deadline of the batch passed; nothing took effect",
    )
}

impl Instance for SynapseInstance {
    type Stream = Pieces;

    async fn ping(&self) -> Result<ServerInfo, DriverError> {
        self.server.ping().await
    }

    async fn introspect(&self, what: Introspect) -> Result<Catalog, DriverError> {
        catalog::introspect(&self.server, what).await
    }

    async fn apply(&self, batch: Batch) -> Result<BatchOutcome, DriverError> {
        if batch.isolation != Isolation::Default {
            return Err(DriverError::unsupported(
                "this database has no transactions that see one state all through",
            ));
        }
        if batch.is_read_only() {
            return self.server.apply(batch).await;
        }
        let mut guarded = self.guarded(batch).await?;
        let batch = std::mem::take(&mut guarded.batch);
        let result = self.server.apply(batch).await;
        guarded.answer(result)
    }

    async fn stream(&self, select: Select) -> Result<Pieces, DriverError> {
        self.server.stream(select).await
    }

    async fn define(&self, changes: Vec<Ddl>) -> Result<(), DriverError> {
        let printed = define::print(&changes, &self.layout)?;
        let result = self.server.run_changes(&printed).await;
        self.keys.forget();
        result
    }

    fn render(&self, batch: &Batch) -> Result<Vec<RenderedStep>, DriverError> {
        self.server.render(batch)
    }

    fn render_ddl(&self, changes: &[Ddl]) -> Result<Vec<String>, DriverError> {
        let printed = define::print(changes, &self.layout)?;
        Ok(printed.into_iter().map(|(_, sql)| sql).collect())
    }

    async fn close(&self) {
        self.server.close().await;
    }
}

export_driver!(Synapse);
