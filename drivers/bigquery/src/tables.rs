//! What is known about tables, for a short while: types of columns, and the declared key.
//!
//! <https://cloud.google.com/bigquery/docs/reference/rest/v2/tables/get>

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use quillback_plugin_api::lately::{self, Lately};
use quillback_plugin_api::{DriverError, Ident, TableRef};
use serde::Deserialize;

use crate::connect::{Call, Failure, Service};
use crate::types::columns::Field;

/// How long a look-up serves: changes of tables by others are seen after this.
const FRESH: Duration = Duration::from_mins(1);

/// One table.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) fields: Vec<Field>,
    pub(crate) primary_key: Vec<Ident>,
    /// TABLE, VIEW, EXTERNAL, `MATERIALIZED_VIEW` or SNAPSHOT.
    pub(crate) kind: String,
}

impl Table {
    /// The column called `name`, upper and lower case being the same as they are to the service.
    pub(crate) fn field(&self, name: &Ident) -> Option<&Field> {
        let wanted = name.as_str().to_lowercase();
        self.fields
            .iter()
            .find(|field| field.name.to_lowercase() == wanted)
    }
}

/// The tables of a batch.
pub(crate) type Known = lately::Known<Table>;

/// Tables that were used lately.
pub(crate) struct Tables(Lately<Table>);

impl Default for Tables {
    fn default() -> Self {
        Self(Lately::new(FRESH))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Resource {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    schema: Schema,
    #[serde(default)]
    table_constraints: Constraints,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Schema {
    pub(crate) fields: Vec<Field>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Constraints {
    primary_key: PrimaryKey,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PrimaryKey {
    columns: Vec<String>,
}

impl Tables {
    /// What is known of a table; `None` when there is none.
    ///
    /// # Errors
    /// What the service says.
    pub(crate) async fn get(
        &self,
        service: &Service,
        table: &TableRef,
    ) -> Result<Option<Arc<Table>>, DriverError> {
        if let Some(known) = self.0.get(table) {
            return Ok(Some(known));
        }
        let found = look_up(service, table).await?.map(Arc::new);
        if let Some(found) = &found {
            self.0.put(table, found);
        }
        Ok(found)
    }

    /// What is remembered of a table, without asking.
    pub(crate) fn remembered(&self, table: &TableRef) -> Option<Arc<Table>> {
        self.0.get(table)
    }

    /// Forgets everything: tables have changed.
    pub(crate) fn forget(&self) {
        self.0.forget();
    }
}

/// Describes a table as it is now.
///
/// # Errors
/// What the service says.
pub(crate) async fn look_up(
    service: &Service,
    table: &TableRef,
) -> Result<Option<Table>, DriverError> {
    let dataset = table.schema.as_ref().map_or("", Ident::as_str);
    let path = format!(
        "/datasets/{}/tables/{}",
        encoded(dataset),
        encoded(table.name.as_str())
    );
    match service.call::<Resource>(&Call::get(path)).await {
        Ok(found) => Ok(Some(Table {
            fields: found.schema.fields,
            primary_key: found
                .table_constraints
                .primary_key
                .columns
                .iter()
                .filter_map(|name| Ident::new(name).ok())
                .collect(),
            kind: found.kind,
        })),
        // A name that cannot be is not there either.
        Err(Failure::Refused(refusal)) if matches!(refusal.status, 400 | 404) => Ok(None),
        Err(failure) => Err(failure.into()),
    }
}

/// A name as a part of a path.
pub(crate) fn encoded(name: &str) -> String {
    let mut path = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'~') {
            path.push(char::from(byte));
        } else {
            let _ = write!(path, "%{byte:02X}");
        }
    }
    path
}
