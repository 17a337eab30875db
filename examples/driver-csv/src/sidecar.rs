//! The description beside a file, `<table>.schema.json`: types, required columns, defaults and the key.
//!
//! A file without one is a table of optional texts without a key.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::table::Column;
use crate::types::Kind;

/// What the file holds.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sidecar {
    /// Columns by name; those left out are optional texts.
    #[serde(default)]
    columns: BTreeMap<String, Note>,
    /// Names of the key's columns.
    #[serde(default)]
    pub(crate) key: Vec<String>,
}

/// One column.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    #[serde(rename = "type")]
    name: TypeName,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    length: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digits: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scale: Option<u32>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    required: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    default: Option<String>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum TypeName {
    Text,
    Whole,
    Decimal,
    Boolean,
    Date,
    Timestamp,
    Moment,
}

impl Sidecar {
    /// Reads the description.
    ///
    /// # Errors
    /// Where it is wrong.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    /// Describes a table.
    pub(crate) fn of(columns: &[Column], key: &[usize]) -> Self {
        let name = |at: &usize| columns.get(*at).map(|column| column.name.clone());
        Self {
            columns: columns
                .iter()
                .map(|column| (column.name.clone(), Note::of(column)))
                .collect(),
            key: key.iter().filter_map(name).collect(),
        }
    }

    /// The text of the file.
    pub(crate) fn print(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Takes the description of a column out; what is left in the end describes columns that the file does not have.
    ///
    /// # Errors
    /// What contradicts itself.
    pub(crate) fn take(&mut self, name: &str) -> Result<Column, String> {
        let plain = Column {
            name: name.to_owned(),
            kind: Kind::Text(None),
            required: false,
            default: None,
        };
        self.columns
            .remove(name)
            .map_or(Ok(plain), |note| note.column(name))
    }

    /// A column that is described and was not taken.
    pub(crate) fn left(&self) -> Option<&str> {
        self.columns.keys().next().map(String::as_str)
    }
}

impl Note {
    fn of(column: &Column) -> Self {
        let (name, length, shape) = match column.kind {
            Kind::Text(length) => (TypeName::Text, length, None),
            Kind::Whole => (TypeName::Whole, None, None),
            Kind::Decimal(shape) => (TypeName::Decimal, None, shape),
            Kind::Boolean => (TypeName::Boolean, None, None),
            Kind::Date => (TypeName::Date, None, None),
            Kind::Timestamp => (TypeName::Timestamp, None, None),
            Kind::Moment => (TypeName::Moment, None, None),
        };
        Self {
            name,
            length,
            digits: shape.map(|(digits, _)| digits),
            scale: shape.map(|(_, scale)| scale),
            required: column.required,
            default: column.default.clone(),
        }
    }

    fn column(self, name: &str) -> Result<Column, String> {
        let kind = match (self.name, self.length, self.digits, self.scale) {
            (TypeName::Text, length, None, None) => Kind::Text(length),
            (TypeName::Decimal, None, None, None) => Kind::Decimal(None),
            (TypeName::Decimal, None, Some(digits), scale) if scale.unwrap_or(0) <= digits => {
                Kind::Decimal(Some((digits, scale.unwrap_or(0))))
            }
            (TypeName::Whole, None, None, None) => Kind::Whole,
            (TypeName::Boolean, None, None, None) => Kind::Boolean,
            (TypeName::Date, None, None, None) => Kind::Date,
            (TypeName::Timestamp, None, None, None) => Kind::Timestamp,
            (TypeName::Moment, None, None, None) => Kind::Moment,
            _ => {
                return Err(format!(
                    "`length` goes with text and `digits` and `scale` with decimal: column {name}"
                ));
            }
        };
        if self
            .default
            .as_ref()
            .is_some_and(|text| kind.parse(text).is_none())
        {
            return Err(format!(
                "the default of the column {name} does not fit its type"
            ));
        }
        Ok(Column {
            name: name.to_owned(),
            kind,
            required: self.required,
            default: self.default,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_contradicts_itself_is_refused() {
        for (text, part) in [
            (r#"{"columns": {"a": {"type": "money"}}}"#, "money"),
            (
                r#"{"columns": {"a": {"type": "text", "requird": true}}}"#,
                "requird",
            ),
            (r#"{"colums": {}}"#, "colums"),
        ] {
            let error = Sidecar::parse(text).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
        for text in [
            r#"{"columns": {"a": {"type": "whole", "length": 3}}}"#,
            r#"{"columns": {"a": {"type": "decimal", "digits": 2, "scale": 3}}}"#,
            r#"{"columns": {"a": {"type": "whole", "default": "x"}}}"#,
        ] {
            assert!(Sidecar::parse(text).unwrap().take("a").is_err(), "{text}");
        }
    }

    #[test]
    fn a_description_is_read_as_it_was_written() {
        let column = |name: &str, kind, required, default: Option<&str>| Column {
            name: name.to_owned(),
            kind,
            required,
            default: default.map(str::to_owned),
        };
        let columns = [
            column("id", Kind::Whole, true, None),
            column("price", Kind::Decimal(Some((10, 2))), false, Some("0.50")),
            column("name", Kind::Text(Some(40)), false, Some("")),
        ];
        let mut again = Sidecar::parse(&Sidecar::of(&columns, &[0]).print()).unwrap();
        assert_eq!(again.key, ["id"]);
        for wanted in columns {
            assert_eq!(again.take(&wanted.name), Ok(wanted));
        }
        assert_eq!(again.left(), None);
    }
}
