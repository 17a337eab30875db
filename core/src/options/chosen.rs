//! Whether the values of a change are options: asked of the data when it is written, whatever a form offered.
//!
//! A value that is in a row already stays as long as neither it nor a field that restricts it is edited.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use quillback_plugin_api::Value;

use super::reader::{Reader, read};
use crate::app::App;
use crate::catalog::Loaded;
use crate::cx::Principal;
use crate::error::{Error, Problem, Result};
use crate::field::OptionSource;
use crate::plan::{RowAction, RowChange, cells_of_rows};
use crate::policy::Grant;
use crate::row_json;
use crate::schema::Definition;
use crate::targets::Opened;

/// Refuses values that are no options. What has to be read from the rows for that becomes part of what the change saw,
/// so that it still holds when the change takes effect.
///
/// # Errors
/// `Invalid` with `NOT_AN_OPTION` for each value, `Target` when a database could not be asked.
pub(crate) async fn check_chosen(
    app: &App,
    principal: &Arc<Principal>,
    loaded: &Arc<Loaded>,
    grant: &Grant,
    target: &Opened,
    changes: &mut [RowChange],
) -> Result<()> {
    let definition = &loaded.whole.schema.definition;
    let mut problems = Vec::new();
    for (position, source) in definition.sources() {
        let chain = chain(definition, position, source);
        complete(app, grant, target, definition, &chain, changes).await?;
        let wanted: Vec<(usize, Vec<Value>)> = changes
            .iter()
            .enumerate()
            .filter_map(|(at, change)| Some((at, chosen(change, &chain)?)))
            .collect();
        if wanted.is_empty() {
            continue;
        }
        let known = match Reader::open(app, principal, loaded, grant, (position, source)).await? {
            Some(reader) => known(app, &reader, &wanted).await?,
            None => HashSet::new(),
        };
        let field = definition.fields.get(position);
        let (name, label) = field.map_or(("", ""), |field| (&field.name, &field.label));
        for (at, values) in wanted {
            if !known.contains(&token(&values)) {
                let message = if source.given.is_empty() {
                    format!("{label} must be one of the options offered.")
                } else {
                    format!(
                        "{label} must be one of the options offered for the other values of this row."
                    )
                };
                let path = format!("changes.{at}.values.{name}");
                problems.push(Problem::new(path, "NOT_AN_OPTION", message));
            }
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Error::Invalid(problems))
    }
}

/// The field and the fields that restrict it, by position.
fn chain(definition: &Definition, position: usize, source: &OptionSource) -> Vec<usize> {
    let others = source
        .given
        .iter()
        .filter_map(|given| Some(definition.field(&given.field)?.0));
    std::iter::once(position).chain(others).collect()
}

fn value_in(values: &[(usize, Value)], position: usize) -> Option<&Value> {
    let found = values.iter().find(|(field, _)| *field == position);
    found.map(|(_, value)| value)
}

/// Whether the change gives the field another value than it saw there.
fn is_edited(change: &RowChange, position: usize) -> bool {
    value_in(&change.set, position).is_some_and(|new| value_in(&change.seen, position) != Some(new))
}

fn concerns(change: &RowChange, chain: &[usize]) -> bool {
    match change.action {
        RowAction::Add => true,
        RowAction::Edit => chain.iter().any(|position| is_edited(change, *position)),
        RowAction::Delete => false,
    }
}

/// The value that the row would have with the values that restrict it; `None` when there is nothing to check.
fn chosen(change: &RowChange, chain: &[usize]) -> Option<Vec<Value>> {
    if !concerns(change, chain) {
        return None;
    }
    let value = |position: &usize| {
        let value = value_in(&change.set, *position).or(value_in(&change.seen, *position));
        value.cloned().unwrap_or_default()
    };
    let values: Vec<Value> = chain.iter().map(value).collect();
    // No value is no choice; whether one is required is another rule.
    values
        .first()
        .is_some_and(|value| !value.is_null())
        .then_some(values)
}

/// Reads what an edit leaves as it is and the choice depends on.
async fn complete(
    app: &App,
    grant: &Grant,
    target: &Opened,
    definition: &Definition,
    chain: &[usize],
    changes: &mut [RowChange],
) -> Result<()> {
    let lacks = |change: &RowChange| {
        change.action == RowAction::Edit
            && concerns(change, chain)
            && chain.iter().any(|position| {
                value_in(&change.set, *position).is_none()
                    && value_in(&change.seen, *position).is_none()
            })
    };
    let keys: Vec<&[Value]> = changes
        .iter()
        .filter(|change| lacks(change))
        .map(|change| change.key.as_slice())
        .collect();
    if keys.is_empty() {
        return Ok(());
    }
    let deadline = app.options.batch_deadline_ms;
    let mut rows = HashMap::new();
    for page in cells_of_rows(definition, grant, &keys, chain, deadline) {
        for mut row in read(target, &page).await? {
            let fields = row.split_off(definition.key.len().min(row.len()));
            rows.insert(token(&row), fields);
        }
    }
    for change in changes.iter_mut().filter(|change| lacks(change)) {
        let Some(fields) = rows.get(&token(&change.key)) else {
            continue;
        };
        for (position, value) in chain.iter().zip(fields) {
            let is_known = value_in(&change.set, *position).is_some()
                || value_in(&change.seen, *position).is_some();
            if !is_known {
                change.seen.push((*position, value.clone()));
            }
        }
    }
    Ok(())
}

async fn known(
    app: &App,
    reader: &Reader,
    wanted: &[(usize, Vec<Value>)],
) -> Result<HashSet<String>> {
    let mut asked = HashSet::new();
    let distinct: Vec<Vec<Value>> = wanted
        .iter()
        .map(|(_, values)| values)
        // A field without a value offers nothing to those that it restricts.
        .filter(|values| !values.iter().any(Value::is_null))
        .filter(|values| asked.insert(token(values)))
        .cloned()
        .collect();
    let found = reader
        .lookup(&distinct, app.options.batch_deadline_ms)
        .await?;
    Ok(found.iter().map(|values| token(values)).collect())
}

/// Values as one text that is the same exactly for the same values; decimals by their number, not by their zeros.
fn token(values: &[Value]) -> String {
    let plain = |value: &Value| match value {
        Value::Decimal(number) => {
            let text = number.as_str();
            let text = match text.split_once('.') {
                Some(_) => text.trim_end_matches('0').trim_end_matches('.'),
                None => text,
            };
            serde_json::Value::String(text.to_owned())
        }
        Value::I64(number) => serde_json::Value::String(number.to_string()),
        other => row_json::write(other),
    };
    serde_json::Value::Array(values.iter().map(plain).collect()).to_string()
}
