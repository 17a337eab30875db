//! Driver plugin for Amazon Redshift, provisioned and serverless.
//!
//! It speaks the protocol of `PostgreSQL` through `drivers/families/postgres`; what is here is what Redshift does
//! otherwise: <https://docs.aws.amazon.com/redshift/latest/dg/c_redshift-and-postgres-sql.html>.
#![forbid(unsafe_code)]

mod capabilities;
mod connect;
mod dialect;
mod errors;
#[cfg(test)]
mod golden;
mod introspect;
mod options;
mod types;

use std::sync::Arc;

use quillback_family_postgres::plan::Means;
use quillback_family_postgres::types::Spelled;
use quillback_family_postgres::{
    Changes, Flavor, Keys, Length, Params, Server, Stream, TypeNames, Values,
};
use quillback_plugin_api::DriverError;
use quillback_plugin_api::batch::{Batch, BatchOutcome, RenderedStep};
use quillback_plugin_api::catalog::{Catalog, Introspect};
use quillback_plugin_api::driver::{Context, Driver, DriverInfo, Instance, ServerInfo};
use quillback_plugin_api::sql::{Ddl, Select};

use capabilities::capabilities;
use types::number;

quillback_plugin_api::export_driver!(Redshift);

/// The driver.
#[derive(Debug)]
pub struct Redshift;

/// One configured connection with its pool.
#[derive(Clone, Debug)]
pub struct RedshiftInstance(Arc<Server>);

/// What the shared code must know of this database.
const FLAVOR: Flavor = Flavor {
    product: "Redshift",
    capabilities,
    printer: || Box::new(dialect::Redshift::default()),
    session: connect::SESSION,
    means: Means {
        // Both need RETURNING or COPY from the client, which are not there.
        use_guards: false,
        use_copy: false,
    },
    keys: Keys::Checked {
        question: introspect::KEYS_OF_TABLE,
        read: introspect::read_keys,
    },
    ddl: Changes::OneByOne,
    values: Values {
        params: Params::Text,
        // Amazon's own driver asks for these as text from servers of the protocol's first version, which is spoken here:
        // https://github.com/aws/amazon-redshift-python-driver/blob/master/redshift_connector/core.py
        spelled: &[
            (number::NUMERIC, Spelled::Number),
            (number::DATE, Spelled::Date),
            (number::TIME, Spelled::Time),
            (number::SUPER, Spelled::Json),
            (number::VARBYTE, Spelled::Hex),
        ],
        names: TypeNames::Known(types::name),
        length: Length::Bytes,
        limits: introspect::LIMITS,
    },
    explain: errors::explain,
};

impl Driver for Redshift {
    type Instance = RedshiftInstance;

    fn info() -> DriverInfo {
        DriverInfo {
            id: "redshift".to_owned(),
            name: "Amazon Redshift".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            api_version: String::new(),
            build: String::new(),
            capabilities: capabilities(),
            options_schema: options::schema(),
            address_options: vec!["host".to_owned(), "database".to_owned()],
            url_schemes: vec!["redshift".to_owned()],
        }
    }

    fn new(_context: Context) -> Result<Self, DriverError> {
        Ok(Self)
    }

    async fn open(&self, options: serde_json::Value) -> Result<RedshiftInstance, DriverError> {
        let settings = options::read(options)?;
        let server = Server::open(&FLAVOR, settings).await?;
        Ok(RedshiftInstance(Arc::new(server)))
    }
}

impl Instance for RedshiftInstance {
    type Stream = Stream;

    async fn ping(&self) -> Result<ServerInfo, DriverError> {
        introspect::server_info(&self.0).await
    }

    async fn introspect(&self, what: Introspect) -> Result<Catalog, DriverError> {
        introspect::answer(&self.0, &what).await
    }

    async fn apply(&self, batch: Batch) -> Result<BatchOutcome, DriverError> {
        self.0.apply(&batch).await
    }

    async fn stream(&self, select: Select) -> Result<Stream, DriverError> {
        self.0.stream(&select).await
    }

    async fn define(&self, changes: Vec<Ddl>) -> Result<(), DriverError> {
        self.0.define(&changes).await
    }

    fn render(&self, batch: &Batch) -> Result<Vec<RenderedStep>, DriverError> {
        self.0.render(batch)
    }

    fn render_ddl(&self, changes: &[Ddl]) -> Result<Vec<String>, DriverError> {
        self.0.render_ddl(changes)
    }

    async fn close(&self) {
        self.0.close().await;
    }
}
