//! The options of a field: a list that is written down, or values out of data, a page at a time.

mod chosen;
mod reader;
mod source;

pub(crate) use chosen::check_chosen;
pub(crate) use source::check_sources;

use quillback_plugin_api::{Value, ValueRef};
use serde_json::Value as Json;

use crate::app::App;
use crate::catalog;
use crate::cx::Cx;
use crate::error::{Error, Result};
use crate::field::{Field, FieldKind, OptionSource};
use crate::hex;
use crate::ids::SchemaId;
use crate::permit;
use crate::plan::OptionPlan;
use crate::policy;
use crate::row_json;
use crate::schema::Definition;
use crate::write::Values;
use reader::Reader;

/// Which options to read.
#[derive(Clone, Debug)]
pub struct OptionsCommand {
    /// Schema.
    pub schema: SchemaId,
    /// Field.
    pub field: String,
    /// Text that what people read contains, upper and lower case being the same.
    pub search: Option<String>,
    /// Values of other fields of the row that is edited, for options that depend on them.
    pub given: Values,
    /// Most options.
    pub first: u32,
    /// Cursor of the option after which the page starts.
    pub after: Option<String>,
}

/// One option.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldOption {
    /// Value to write.
    pub value: Json,
    /// What people read.
    pub label: String,
    /// Cursor.
    pub cursor: String,
}

/// A page of options.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OptionPage {
    /// The options.
    pub options: Vec<FieldOption>,
    /// Whether there are more behind them.
    pub more: bool,
}

/// Reads the options that the caller may choose for a field.
///
/// # Errors
/// `Invalid` with the path of every fault, `NotFound` by the caller's rights, `Target` when the database could not do it.
pub async fn page(cx: &Cx, app: &App, command: OptionsCommand) -> Result<OptionPage> {
    let principal = permit::signed_in(cx)?;
    let found = catalog::find(app, &command.schema, &principal).await?;
    let grant = policy::grant(&principal, &found)?;
    let definition = &found.loaded.whole.schema.definition;
    let named = definition.field(&command.field);
    let (position, field) = named
        .filter(|(position, _)| grant.sees(*position))
        .ok_or_else(|| {
            let message = "There is no such field, or you may not see it.";
            Error::invalid("field", "UNKNOWN_FIELD", message)
        })?;
    let most = app.options.max_page;
    if !(1..=most).contains(&command.first) {
        let message = format!("Ask for 1 to {most} options at once.");
        return Err(Error::invalid("first", "COUNT", message));
    }
    let search = command.search.as_deref().filter(|text| !text.is_empty());
    if let Some(options) = &field.rules.options {
        return listed(options, search, &command);
    }
    let Some(source) = &field.rules.source else {
        let message = format!(
            "{} has no options: any value of its type will do.",
            field.label
        );
        return Err(Error::invalid("field", "NO_OPTIONS", message));
    };
    if search.is_some() && !is_searchable(field, source) {
        let message = "These options are no texts, so they cannot be searched.";
        return Err(Error::invalid("search", "UNSUPPORTED", message));
    }
    let Some(given) = given(definition, source, &command.given)? else {
        return Ok(OptionPage::default());
    };
    let reader = Reader::open(app, &principal, &found.loaded, &grant, (position, source)).await?;
    let Some(reader) = reader else {
        return Ok(OptionPage::default());
    };
    let after = command
        .after
        .as_deref()
        .map(|cursor| place(cursor, &reader));
    let after = after.transpose()?;
    let plan = OptionPlan {
        given: &given,
        search,
        after: after.as_deref(),
        limit: u64::from(command.first) + 1,
        deadline_ms: app.options.batch_deadline_ms,
    };
    let rows = reader.page(&plan).await?;
    let (_, value, label) = reader.columns.shape();
    let more = rows.len() > command.first as usize;
    let options = rows.into_iter().take(command.first as usize).map(|row| {
        let at = |position: usize| row.get(position).cloned().unwrap_or_default();
        FieldOption {
            value: row_json::write(&at(value)),
            label: shown(&at(label), &at(value)),
            cursor: cursor(&row),
        }
    });
    Ok(OptionPage {
        options: options.collect(),
        more,
    })
}

fn is_searchable(field: &Field, source: &OptionSource) -> bool {
    // Labels were checked to be texts when the schema was saved.
    source.label.is_some() || field.kind.is_like(&FieldKind::Paragraph)
}

/// A label that is missing leaves the value to be read.
fn shown(label: &Value, value: &Value) -> String {
    let of = if label.is_null() { value } else { label };
    match row_json::write(of) {
        Json::String(text) => text,
        other => other.to_string(),
    }
}

/// Values of the fields that restrict the options; `None` while one of them has none: then there is nothing to choose.
fn given(
    definition: &Definition,
    source: &OptionSource,
    values: &Values,
) -> Result<Option<Vec<Value>>> {
    let mut read = Vec::with_capacity(source.given.len());
    for given in &source.given {
        let Some((_, field)) = definition.field(&given.field) else {
            return Ok(None);
        };
        let json = values.get(&given.field).unwrap_or(&Json::Null);
        let value = row_json::read(json, &field.kind).map_err(|problem| {
            let path = format!("given.{}", given.field);
            Error::invalid(path, problem.code, problem.message)
        })?;
        if value.is_null() {
            return Ok(None);
        }
        read.push(value);
    }
    Ok(Some(read))
}

fn wrong_cursor() -> Error {
    Error::invalid("after", "CURSOR", "This is not a cursor of these options.")
}

fn place(cursor: &str, reader: &Reader) -> Result<Vec<Value>> {
    let bytes = hex::decode(cursor).ok_or_else(wrong_cursor)?;
    let values: Vec<Value> = serde_json::from_slice(&bytes).map_err(|_| wrong_cursor())?;
    let (columns, ..) = reader.columns.shape();
    if values.len() == columns {
        Ok(values)
    } else {
        Err(wrong_cursor())
    }
}

fn cursor(values: &[Value]) -> String {
    let text = serde_json::to_string(values).unwrap_or_default();
    hex::encode(text.as_bytes())
}

fn listed(
    options: &[String],
    search: Option<&str>,
    command: &OptionsCommand,
) -> Result<OptionPage> {
    let start = match command.after.as_deref() {
        None => 0,
        Some(cursor) => {
            let bytes = hex::decode(cursor).ok_or_else(wrong_cursor)?;
            let text = String::from_utf8(bytes).map_err(|_| wrong_cursor())?;
            text.parse::<usize>()
                .map_err(|_| wrong_cursor())?
                .saturating_add(1)
        }
    };
    let search = search.map(str::to_lowercase);
    let mut matching = options
        .iter()
        .enumerate()
        .skip(start)
        .filter(|(_, option)| {
            search
                .as_ref()
                .is_none_or(|text| option.to_lowercase().contains(text))
        });
    let options = matching
        .by_ref()
        .take(command.first as usize)
        .map(|(position, option)| FieldOption {
            value: Json::String(option.clone()),
            label: option.clone(),
            cursor: hex::encode(position.to_string().as_bytes()),
        })
        .collect();
    Ok(OptionPage {
        options,
        more: matching.next().is_some(),
    })
}

/// The cells of a row as owned values.
fn owned<'a, E>(cells: impl Iterator<Item = std::result::Result<ValueRef<'a>, E>>) -> Vec<Value> {
    cells
        .map(|cell| cell.map_or(Value::Null, ValueRef::to_owned))
        .collect()
}
