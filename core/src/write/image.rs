//! Rows as read from a target: key and fields in the order of the schema's columns.

use quillback_plugin_api::batch::StepOutcome;
use quillback_plugin_api::{Value, ValueRef};
use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};

use crate::hex;
use crate::policy::Grant;
use crate::row_json;
use crate::schema::Definition;

/// All columns of one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    /// Key.
    pub key: Vec<Value>,
    /// Values of the fields, by position.
    pub fields: Vec<Value>,
}

impl Image {
    /// The rows of a read of all columns.
    pub(super) fn all(definition: &Definition, outcome: &StepOutcome) -> Vec<Self> {
        let Some(rows) = &outcome.rows else {
            return Vec::new();
        };
        rows.rows
            .iter()
            .map(|cells| {
                let mut values = cells.map(|cell| cell.map_or(Value::Null, ValueRef::to_owned));
                let key = values.by_ref().take(definition.key.len()).collect();
                Self {
                    key,
                    fields: values.collect(),
                }
            })
            .collect()
    }

    /// All fields as JSON object.
    pub fn to_json(&self, definition: &Definition) -> Json {
        self.object(definition, |_| true)
    }

    /// The fields that a grant shows.
    pub fn visible(&self, definition: &Definition, grant: &Grant) -> Json {
        self.object(definition, |position| grant.sees(position))
    }

    /// The version of what a grant shows.
    pub fn version(&self, definition: &Definition, grant: &Grant) -> String {
        let shown = definition.fields.iter().zip(&self.fields).enumerate();
        version_of(
            shown
                .filter(|(position, _)| grant.sees(*position))
                .map(|(_, (_, value))| value),
        )
    }

    fn object(&self, definition: &Definition, shown: impl Fn(usize) -> bool) -> Json {
        let fields = definition.fields.iter().zip(&self.fields).enumerate();
        let shown = fields.filter(|(position, _)| shown(*position));
        Json::Object(
            shown
                .map(|(_, (field, value))| (field.name.clone(), row_json::write(value)))
                .collect(),
        )
    }
}

/// A key as JSON object by the names of its parts.
pub fn key_json(definition: &Definition, key: &[Value]) -> Json {
    let parts = definition.key.iter().zip(key);
    Json::Object(
        parts
            .map(|(part, value)| (part.name.clone(), row_json::write(value)))
            .collect::<Map<_, _>>(),
    )
}

/// The hash by which the audit trail finds a key of any length.
pub fn key_hash(key: &Json) -> String {
    hex::encode(&Sha256::digest(key.to_string().as_bytes()))
}

/// The version of a row: grows out of the values, so that a row written by anyone has another one.
pub fn version_of<'a>(values: impl Iterator<Item = &'a Value>) -> String {
    let mut hash = Sha256::new();
    let mut text = Vec::new();
    for value in values {
        text.clear();
        row_json::print(value, &mut text);
        hash.update(&text);
        hash.update([0]);
    }
    hex::encode(&hash.finalize()).chars().take(24).collect()
}
