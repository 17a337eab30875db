//! Fields: the types a form knows, the column types they are created as, and the rules their values keep.

mod detect;
mod made;
mod rules;
mod source;

pub use detect::{column_type, detect};
pub use made::DefaultSource;
pub(crate) use made::{now, passed};
pub use rules::check;
pub(crate) use rules::compare;
pub use source::{Given, OptionSource, OptionsFrom};

use quillback_plugin_api::Ident;
use serde::{Deserialize, Serialize};

/// The type of a field or key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FieldKind {
    /// One line of text.
    Text {
        /// Longest value in characters.
        length: u32,
    },
    /// Text of any length.
    Paragraph,
    /// Whole number of 64 bits.
    Integer,
    /// Exact number.
    Decimal {
        /// Significant digits.
        precision: u32,
        /// Digits after the point.
        scale: u32,
    },
    /// Yes or no.
    Boolean,
    /// One of a list of texts.
    Dropdown {
        /// Longest value in characters.
        length: u32,
    },
    /// Calendar date.
    Date,
    /// Date and time.
    DateTime {
        /// Whether it is a moment in time (UTC) and not the reading of some clock.
        zoned: bool,
    },
    /// UUID.
    Uuid,
    /// Time of day; only found in existing tables.
    Time,
    /// Binary float; only found in existing tables.
    Float,
    /// JSON document; only found in existing tables.
    Json,
    /// Anything else; can be read and not written.
    Other,
}

impl FieldKind {
    /// Whether values of both types can be compared as they are.
    pub fn is_like(&self, other: &Self) -> bool {
        let is_text = |kind: &Self| {
            matches!(
                kind,
                Self::Text { .. } | Self::Paragraph | Self::Dropdown { .. }
            )
        };
        std::mem::discriminant(self) == std::mem::discriminant(other)
            || (is_text(self) && is_text(other))
    }

    /// Whether the database can tell two values apart reliably, so that an edit can be guarded by the value seen.
    pub fn is_comparable(&self) -> bool {
        !matches!(self, Self::Float | Self::Json | Self::Other)
    }
}

/// What the values of a field must keep.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rules {
    /// Value of a new row that does not give the field, as in the API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<serde_json::Value>,
    /// Where that value comes from when it is not the same for all rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_from: Option<DefaultSource>,
    /// Whether the server writes the value from `default_from` with every edit as well. Nobody else writes the field then.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub on_edit: bool,
    /// Smallest value, as in the API; for numbers, dates and times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<serde_json::Value>,
    /// Largest value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<serde_json::Value>,
    /// Fewest characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_length: Option<u32>,
    /// Most characters; at most what the type allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u32>,
    /// Regular expression that the whole text must match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// What to tell people whose text does not match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern_message: Option<String>,
    /// The values that a dropdown offers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub options: Option<Vec<String>>,
    /// Where the options come from when they are not a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<OptionSource>,
    /// Whether people cannot write it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub read_only: bool,
}

/// A field of a schema.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// Name in the API; stays the same when label or column change.
    pub name: String,
    /// Name for people.
    pub label: String,
    /// Column.
    pub column: Ident,
    /// Type.
    pub kind: FieldKind,
    /// Whether every row must have a value.
    pub required: bool,
    /// What its values must keep.
    #[serde(default)]
    pub rules: Rules,
    /// Whether the database computes its values from those of other columns.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub computed: bool,
}
