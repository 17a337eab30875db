//! A schema: one use-case of write-back, with its table, key and fields, whatever the database.

use quillback_plugin_api::civil::Timestamp;
use quillback_plugin_api::{Ident, TableRef};
use serde::{Deserialize, Serialize};

use crate::field::{Field, FieldKind, OptionSource};
use crate::ids::{ConnectionId, SchemaId};
use crate::policy::Rule;

/// What a schema is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Module {
    /// New records beside the dashboard's data: targets, forecasts, comments.
    AddData,
    /// Attributes next to existing data.
    DataHelper,
    /// Corrections of an existing table.
    DataCorrection,
}

impl Module {
    /// The name in the repository.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AddData => "add_data",
            Self::DataHelper => "data_helper",
            Self::DataCorrection => "data_correction",
        }
    }

    /// The module of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::AddData, Self::DataHelper, Self::DataCorrection]
            .into_iter()
            .find(|module| module.as_str() == name)
    }
}

/// Who makes the key of a new row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyMaker {
    /// Quillback makes a UUID.
    Server,
    /// The database numbers the rows.
    Database,
    /// Whoever adds the row gives it.
    Client,
}

/// One column of the key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeyPart {
    /// Name in the API.
    pub name: String,
    /// Column.
    pub column: Ident,
    /// Type.
    pub kind: FieldKind,
    /// Who makes it.
    pub maker: KeyMaker,
}

/// When rows may be changed and added, whoever does it: administrators are bound as well.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Conditions {
    /// "Allow edit when": rules that a row must satisfy before it is changed or removed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub edit: Vec<Rule>,
    /// "Allow add when": rules that a new row must satisfy.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub add: Vec<Rule>,
}

/// Table, key and fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    /// Table in the target database.
    pub table: TableRef,
    /// Whether Quillback made the table, and so changes it with the schema.
    pub managed: bool,
    /// Columns that identify a row, in order.
    pub key: Vec<KeyPart>,
    /// Whether the database itself lets two rows have the same key: then every row that is added is checked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub loose_key: bool,
    /// Fields, in the order of the form.
    pub fields: Vec<Field>,
    /// Name of the field that holds the name of the user who added the row. Nobody writes it but the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// When rows may be changed and added.
    #[serde(default)]
    pub conditions: Conditions,
}

impl Definition {
    /// The field called `name`, with its position.
    pub fn field(&self, name: &str) -> Option<(usize, &Field)> {
        self.fields
            .iter()
            .enumerate()
            .find(|(_, field)| field.name == name)
    }

    /// The field that holds the name of the user who added the row, with its position.
    pub fn owner(&self) -> Option<(usize, &Field)> {
        self.owner.as_ref().and_then(|name| self.field(name))
    }

    /// Fields whose options come from data, by position.
    pub fn sources(&self) -> impl Iterator<Item = (usize, &OptionSource)> {
        self.fields
            .iter()
            .enumerate()
            .filter_map(|(position, field)| Some((position, field.rules.source.as_ref()?)))
    }

    /// Key columns and field columns, in the order in which rows are read.
    pub fn columns(&self) -> impl Iterator<Item = &Ident> {
        self.key
            .iter()
            .map(|part| &part.column)
            .chain(self.fields.iter().map(|field| &field.column))
    }

    /// Type and column of a key part or field, by its name in the API.
    pub fn column(&self, name: &str) -> Option<(&Ident, &FieldKind, bool)> {
        let key = self
            .key
            .iter()
            .find(|part| part.name == name)
            .map(|part| (&part.column, &part.kind, false));
        key.or_else(|| {
            self.field(name)
                .map(|(_, field)| (&field.column, &field.kind, !field.required))
        })
    }
}

/// A schema as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    /// Identifier; stays the same when a schema moves to another server.
    pub id: SchemaId,
    /// Name for people, unique.
    pub label: String,
    /// What it is for.
    pub module: Module,
    /// Where its table is.
    pub connection: ConnectionId,
    /// Table, key and fields.
    pub definition: Definition,
    /// Grows with every change of the schema, its permissions and its policies.
    pub revision: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}
