//! An open database with tables that belong to one case.

use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail};
use quillback_plugin_api::batch::{Batch, BatchOutcome, Step, StepOutcome};
use quillback_plugin_api::capabilities::Capabilities;
use quillback_plugin_api::catalog::{Catalog, Introspect, TableInfo};
use quillback_plugin_api::remote::{RemoteDriver, RemoteInstance};
use quillback_plugin_api::sql::{ColumnDef, CreateTable, Ddl, Select};
use quillback_plugin_api::{DriverError, Ident, TableRef, Value};
use serde_json::Value as Json;

use crate::Target;
use crate::case::Bare;
use crate::random::unique;
use crate::record;
use crate::target::Access;
use crate::verify::skip;

/// A connection under test and the names of what it made.
pub(crate) struct Lab {
    /// The driver, linked or loaded.
    pub(crate) driver: RemoteDriver,
    /// The options that `instance` was opened with.
    pub(crate) options: Json,
    /// The connection.
    pub(crate) instance: RemoteInstance,
    /// What the server at hand can do.
    pub(crate) capabilities: Capabilities,
    /// What the driver declares.
    pub(crate) target: Target,
    prefix: String,
    made: Mutex<Vec<Made>>,
}

enum Made {
    Table(TableRef),
    Sql(String),
}

impl Lab {
    /// Opens the connection of a case.
    pub(crate) async fn open(bare: Bare, options: Json) -> Result<Self> {
        let instance = bare
            .driver
            .open(options.clone())
            .await
            .context("opening the connection")?;
        let server = instance
            .ping()
            .await
            .context("asking the server who it is")?;
        record::server(bare.target.id, &server);
        Ok(Self {
            driver: bare.driver,
            options,
            instance,
            capabilities: server.capabilities,
            target: bare.target,
            prefix: format!("qc{}", unique()),
            made: Mutex::default(),
        })
    }

    /// A second connection to the same database.
    pub(crate) async fn another(&self) -> Result<RemoteInstance> {
        Ok(self.driver.open(self.options.clone()).await?)
    }

    /// How the server is reached; skips the case for a database without a server.
    pub(crate) fn access(&self) -> Result<Access> {
        match self.target.access {
            Some(access) => Ok(access),
            None => skip("the database has no server"),
        }
    }

    /// A name of lower case letters, digits and `_` that only this case uses.
    pub(crate) fn fresh(&self, hint: &str) -> String {
        format!("{}_{hint}", self.prefix)
    }

    /// What all names of [`Self::fresh`] start with.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Makes a table called after `hint` and remembers to remove it.
    pub(crate) async fn create(
        &self,
        hint: &str,
        columns: Vec<ColumnDef>,
        key: &[&str],
    ) -> Result<TableRef> {
        let name = Ident::new(self.fresh(hint))?;
        let keys = key
            .iter()
            .map(|name| Ident::new(*name))
            .collect::<Result<_, _>>()?;
        Ok(self.try_create(TableRef::new(name), columns, keys).await?)
    }

    /// Makes a table and remembers to remove it.
    pub(crate) async fn try_create(
        &self,
        table: TableRef,
        columns: Vec<ColumnDef>,
        primary_key: Vec<Ident>,
    ) -> Result<TableRef, DriverError> {
        let create = CreateTable {
            table: table.clone(),
            columns,
            primary_key,
            if_not_exists: false,
        };
        self.instance.define(&[Ddl::CreateTable(create)]).await?;
        self.remember(&table);
        Ok(table)
    }

    /// Has `table` removed when the case ends.
    pub(crate) fn remember(&self, table: &TableRef) {
        self.made().push(Made::Table(table.clone()));
    }

    /// Has this run in a session of the test's own when the case ends, before older things are removed.
    pub(crate) fn undo_with(&self, sql: String) {
        self.made().push(Made::Sql(sql));
    }

    fn made(&self) -> std::sync::MutexGuard<'_, Vec<Made>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs steps that must take effect, and answers what each did.
    pub(crate) async fn commit(&self, steps: Vec<Step>) -> Result<Vec<StepOutcome>> {
        committed(self.instance.apply(&Batch::of(steps)).await?)
    }

    /// The rows of a read.
    pub(crate) async fn rows(&self, select: Select) -> Result<Vec<Vec<Value>>> {
        let mut batch = Batch::default();
        batch.read(select);
        let done = committed(self.instance.apply(&batch).await?)?;
        let step = done
            .into_iter()
            .next()
            .context("the answer lacks the step")?;
        let rows = step.rows.context("the answer of a read lacks its rows")?;
        Ok(rows.rows.to_rows())
    }

    /// The number of rows in `table`.
    pub(crate) async fn count(&self, table: &TableRef) -> Result<u64> {
        let select = Select::count(table.clone(), quillback_plugin_api::sql::Expr::True);
        let rows = self.rows(select).await?;
        let count = rows
            .first()
            .and_then(|row| row.first())
            .and_then(Value::as_i64);
        Ok(u64::try_from(count.context("a count is a number")?)?)
    }

    /// What is in the database under that name.
    pub(crate) async fn describe(&self, table: &TableRef) -> Result<Option<TableInfo>> {
        match self
            .instance
            .introspect(&Introspect::Table(table.clone()))
            .await?
        {
            Catalog::Table(info) => Ok(info),
            other => bail!("asked for a table, answered {other:?}"),
        }
    }

    /// Removes everything that the case made, newest first, and closes the connection.
    pub(crate) async fn clear(&self) -> Result<()> {
        let made = std::mem::take(&mut *self.made());
        let mut failure = None;
        for thing in made.into_iter().rev() {
            let result = match thing {
                Made::Table(table) => self.drop_table(&table).await,
                Made::Sql(sql) => self.run_sql(&sql).await,
            };
            failure = failure.or(result.err());
        }
        self.instance.close().await;
        failure.map_or(Ok(()), |failure| {
            Err(failure.context("removing what the case made"))
        })
    }

    async fn drop_table(&self, table: &TableRef) -> Result<()> {
        if self.describe(table).await?.is_some() {
            self.instance
                .define(&[Ddl::DropTable(table.clone())])
                .await?;
        }
        Ok(())
    }

    async fn run_sql(&self, sql: &str) -> Result<()> {
        self.session().await?.run(sql).await
    }
}

/// The outcomes of a batch that must have taken effect.
pub(crate) fn committed(outcome: BatchOutcome) -> Result<Vec<StepOutcome>> {
    match outcome {
        BatchOutcome::Committed(done) => Ok(done),
        BatchOutcome::Refused { step, found, .. } => {
            bail!("the batch was refused: step {step} found {found} rows")
        }
    }
}
