//! Options of a field that come from data: a column of a table, or a field of another schema.

use quillback_plugin_api::TableRef;
use serde::{Deserialize, Serialize};

use crate::ids::{ConnectionId, SchemaId};

/// Where options are read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptionsFrom {
    /// Rows of a schema: whoever is offered options sees those rows only that the own rights and the row-level security
    /// of that schema show.
    Schema(SchemaId),
    /// A table that whoever manages the schema chose to publish: everyone who sees the field is offered all of it.
    Table {
        /// Connection to it; the schema's own when it is left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        connection: Option<ConnectionId>,
        /// The table or view.
        table: TableRef,
    },
}

/// A cascade: only rows count whose `column` has the value that `field` has in the row that is edited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// Field of the schema that has the options.
    pub field: String,
    /// Column, or field of the other schema.
    pub column: String,
}

/// The options of a field. Columns of a table are named by their names, those of a schema by the names of its fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionSource {
    /// Where they are read.
    pub from: OptionsFrom,
    /// Column of the values.
    pub value: String,
    /// Column of what people read; the values themselves when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Column to sort by; what people read when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// Fields whose values restrict the options.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub given: Vec<Given>,
}

impl OptionSource {
    /// Whether it reads this schema.
    pub fn reads_schema(&self, schema: &SchemaId) -> bool {
        matches!(&self.from, OptionsFrom::Schema(id) if id == schema)
    }

    /// Whether it names this connection.
    pub fn reads_connection(&self, id: &ConnectionId) -> bool {
        matches!(&self.from, OptionsFrom::Table { connection: Some(named), .. } if named == id)
    }
}
