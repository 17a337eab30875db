//! Types of fields, in and out.

use async_graphql::{Enum, InputObject, Object, Result, SimpleObject};
use quillback_core::field::{
    DefaultSource as StoredSource, Field as StoredField, FieldKind, Rules,
};
use quillback_core::schema::{KeyMaker as StoredMaker, KeyPart as StoredKeyPart};

use super::options::{OptionSource, OptionSourceInput};
use crate::scalars::Json;

/// Type of a field.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldType {
    /// One line of text.
    Text,
    /// Text of any length.
    Paragraph,
    /// Whole number of 64 bits.
    Integer,
    /// Exact decimal number.
    Decimal,
    /// Yes or no.
    Boolean,
    /// One of a list of texts.
    Dropdown,
    /// Calendar date.
    Date,
    /// Moment in time.
    DateTime,
    /// Date and time without a zone.
    LocalDateTime,
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

/// Type of a field, with its sizes.
#[derive(SimpleObject)]
#[graphql(name = "FieldTypeDetails")]
pub(crate) struct TypeDetails {
    /// Type.
    name: FieldType,
    /// Longest text in characters.
    length: Option<u32>,
    /// Significant digits of a decimal.
    precision: Option<u32>,
    /// Digits after the point of a decimal.
    scale: Option<u32>,
}

impl From<&FieldKind> for TypeDetails {
    fn from(kind: &FieldKind) -> Self {
        let plain = |name| Self {
            name,
            length: None,
            precision: None,
            scale: None,
        };
        match kind {
            FieldKind::Text { length } => Self {
                length: Some(*length),
                ..plain(FieldType::Text)
            },
            FieldKind::Paragraph => plain(FieldType::Paragraph),
            FieldKind::Integer => plain(FieldType::Integer),
            FieldKind::Decimal { precision, scale } => Self {
                precision: Some(*precision),
                scale: Some(*scale),
                ..plain(FieldType::Decimal)
            },
            FieldKind::Boolean => plain(FieldType::Boolean),
            FieldKind::Dropdown { length } => Self {
                length: Some(*length),
                ..plain(FieldType::Dropdown)
            },
            FieldKind::Date => plain(FieldType::Date),
            FieldKind::DateTime { zoned: true } => plain(FieldType::DateTime),
            FieldKind::DateTime { zoned: false } => plain(FieldType::LocalDateTime),
            FieldKind::Uuid => plain(FieldType::Uuid),
            FieldKind::Time => plain(FieldType::Time),
            FieldKind::Float => plain(FieldType::Float),
            FieldKind::Json => plain(FieldType::Json),
            FieldKind::Other => plain(FieldType::Other),
        }
    }
}

/// Who makes the key of a new row.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "StoredMaker")]
pub(crate) enum KeyMaker {
    /// Quillback makes a UUID.
    Server,
    /// The database numbers the rows.
    Database,
    /// Whoever adds the row gives it.
    Client,
}

/// One column of the key of a schema.
pub(crate) struct KeyPart(pub(crate) StoredKeyPart);

#[Object]
impl KeyPart {
    /// Name in rows.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Column.
    async fn column(&self) -> &str {
        self.0.column.as_str()
    }

    /// Type.
    async fn r#type(&self) -> TypeDetails {
        (&self.0.kind).into()
    }

    /// Who makes it.
    async fn maker(&self) -> KeyMaker {
        self.0.maker.into()
    }
}

/// A field of a schema.
pub(crate) struct Field {
    pub(crate) field: StoredField,
    pub(crate) writable: bool,
}

#[Object]
impl Field {
    /// Name in rows.
    async fn name(&self) -> &str {
        &self.field.name
    }

    /// Name for people.
    async fn label(&self) -> &str {
        &self.field.label
    }

    /// Column.
    async fn column(&self) -> &str {
        self.field.column.as_str()
    }

    /// Type.
    async fn r#type(&self) -> TypeDetails {
        (&self.field.kind).into()
    }

    /// Whether every row must have a value.
    async fn required(&self) -> bool {
        self.field.required
    }

    /// Whether you may write it.
    async fn writable(&self) -> bool {
        self.writable && !self.field.rules.read_only
    }

    /// Value of a new row that does not give the field.
    async fn default(&self) -> Option<Json> {
        self.field.rules.default.clone().map(Json)
    }

    /// Where that value comes from when it is not the same for all rows.
    async fn default_from(&self) -> Option<DefaultSource> {
        self.field.rules.default_from.as_ref().map(Into::into)
    }

    /// Whether the server writes the value from `defaultFrom` with every edit as well. Nobody else writes the field then.
    async fn on_edit(&self) -> bool {
        self.field.rules.on_edit
    }

    /// Smallest value.
    async fn min(&self) -> Option<Json> {
        self.field.rules.min.clone().map(Json)
    }

    /// Largest value.
    async fn max(&self) -> Option<Json> {
        self.field.rules.max.clone().map(Json)
    }

    /// Fewest characters.
    async fn min_length(&self) -> Option<u32> {
        self.field.rules.min_length
    }

    /// Most characters.
    async fn max_length(&self) -> Option<u32> {
        self.field.rules.max_length
    }

    /// Regular expression that the whole text must match.
    async fn pattern(&self) -> Option<&str> {
        self.field.rules.pattern.as_deref()
    }

    /// What people read whose text does not match.
    async fn pattern_message(&self) -> Option<&str> {
        self.field.rules.pattern_message.as_deref()
    }

    /// What a dropdown offers, where that is a list.
    async fn options(&self) -> Option<&Vec<String>> {
        self.field.rules.options.as_ref()
    }

    /// Where the options come from when they are not a list; ask for them with `fieldOptions`.
    async fn option_source(&self) -> Option<OptionSource> {
        self.field.rules.source.clone().map(OptionSource)
    }
}

/// What a value comes from that nobody sends.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
enum DefaultSourceKind {
    /// The name of the user who writes.
    Username,
    /// The date, time or moment of the write, in whole seconds. What is no moment is that of the user's place, if the
    /// dashboard passes how far its clock is from UTC.
    Now,
    /// A field of the mark that is selected in the dashboard.
    Mark,
    /// A parameter of the dashboard.
    Parameter,
}

/// Where the value of a field comes from when nobody sends one.
#[derive(SimpleObject)]
struct DefaultSource {
    /// What it comes from.
    kind: DefaultSourceKind,
    /// Name of the mark's field or of the parameter.
    name: Option<String>,
}

impl From<&StoredSource> for DefaultSource {
    fn from(source: &StoredSource) -> Self {
        let (kind, name) = match source {
            StoredSource::Username => (DefaultSourceKind::Username, None),
            StoredSource::Now => (DefaultSourceKind::Now, None),
            StoredSource::Mark(name) => (DefaultSourceKind::Mark, Some(name)),
            StoredSource::Parameter(name) => (DefaultSourceKind::Parameter, Some(name)),
        };
        Self {
            kind,
            name: name.cloned(),
        }
    }
}

/// Where the value of a field comes from when nobody sends one.
#[derive(InputObject)]
struct DefaultSourceInput {
    /// What it comes from.
    kind: DefaultSourceKind,
    /// Name of the mark's field or of the parameter, where it comes from one.
    name: Option<String>,
}

impl From<DefaultSourceInput> for StoredSource {
    fn from(input: DefaultSourceInput) -> Self {
        let name = input.name.unwrap_or_default();
        match input.kind {
            DefaultSourceKind::Username => Self::Username,
            DefaultSourceKind::Now => Self::Now,
            DefaultSourceKind::Mark => Self::Mark(name),
            DefaultSourceKind::Parameter => Self::Parameter(name),
        }
    }
}

/// A type for a field.
#[derive(InputObject)]
pub(crate) struct FieldTypeInput {
    /// Type.
    name: FieldType,
    /// Longest text in characters; 255 when it is left out.
    length: Option<u32>,
    /// Significant digits of a decimal; 18 when they are left out.
    precision: Option<u32>,
    /// Digits after the point of a decimal; 4 when they are left out.
    scale: Option<u32>,
}

impl From<FieldTypeInput> for FieldKind {
    fn from(input: FieldTypeInput) -> Self {
        let length = input.length.unwrap_or(255);
        match input.name {
            FieldType::Text => Self::Text { length },
            FieldType::Paragraph => Self::Paragraph,
            FieldType::Integer => Self::Integer,
            FieldType::Decimal => Self::Decimal {
                precision: input.precision.unwrap_or(18),
                scale: input.scale.unwrap_or(4),
            },
            FieldType::Boolean => Self::Boolean,
            FieldType::Dropdown => Self::Dropdown { length },
            FieldType::Date => Self::Date,
            FieldType::DateTime => Self::DateTime { zoned: true },
            FieldType::LocalDateTime => Self::DateTime { zoned: false },
            FieldType::Uuid => Self::Uuid,
            FieldType::Time => Self::Time,
            FieldType::Float => Self::Float,
            FieldType::Json => Self::Json,
            FieldType::Other => Self::Other,
        }
    }
}

/// What the values of a field must keep. Enforced on the server, whatever a form does.
#[derive(InputObject, Default)]
pub(crate) struct RulesInput {
    /// Value of a new row that does not give the field.
    default: Option<Json>,
    /// Where that value comes from when it is not the same for all rows.
    default_from: Option<DefaultSourceInput>,
    /// Whether the server writes the value from `defaultFrom` with every edit as well (last changed by, last changed at).
    /// Nobody else writes the field then.
    #[graphql(default)]
    on_edit: bool,
    /// Smallest value, for numbers, dates and times.
    min: Option<Json>,
    /// Largest value.
    max: Option<Json>,
    /// Fewest characters.
    min_length: Option<u32>,
    /// Most characters.
    max_length: Option<u32>,
    /// Regular expression that the whole text must match.
    pattern: Option<String>,
    /// What people read whose text does not match.
    pattern_message: Option<String>,
    /// What a dropdown offers, as a list.
    options: Option<Vec<String>>,
    /// Where the options come from when they are not a list.
    source: Option<OptionSourceInput>,
    /// Whether people cannot write it.
    #[graphql(default)]
    read_only: bool,
}

impl RulesInput {
    pub(crate) fn rules(self, path: &str) -> Result<Rules> {
        let source = self.source.map(|source| source.source(path)).transpose()?;
        Ok(Rules {
            default: self.default.map(|json| json.0),
            default_from: self.default_from.map(Into::into),
            on_edit: self.on_edit,
            min: self.min.map(|json| json.0),
            max: self.max.map(|json| json.0),
            min_length: self.min_length,
            max_length: self.max_length,
            pattern: self.pattern,
            pattern_message: self.pattern_message,
            options: self.options,
            source,
            read_only: self.read_only,
        })
    }
}
