//! Bulk edit: all rows of a filter get new values, as one change that takes the road of every write.
//!
//! The rows are read first and then edited one by one within the change, each guarded by the values that it was chosen
//! by: so the images before are exact, and every rule is asked of every row.

use quillback_plugin_api::Value;
use quillback_plugin_api::sql::Expr;
use quillback_plugin_api::value::Decimal;
use serde::Serialize;
use serde_json::{Map, Value as Json, json};

use super::command::{Seen, Values, WriteChange, WriteCommand};
use super::image::{Image, key_json};
use super::outcome::WriteOutcome;
use super::reach::Reach;
use super::rehearse::{Preview, rehearse};
use super::sent::same;
use super::submit;
use crate::app::App;
use crate::cx::Cx;
use crate::error::{Error, Problem, Result};
use crate::field::{self, Field, FieldKind};
use crate::ids::{ChangeId, SchemaId};
use crate::journal;
use crate::number::{self, Number};
use crate::plan::Purpose;
use crate::policy::Action;
use crate::read::{Filter, Reader};
use crate::row_json;

/// Faults told of one change at most: a rule that one row breaks is often broken by all.
const MOST_FAULTS: usize = 20;

/// The new value of a field in every row.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BulkValue {
    /// This value.
    To(Json),
    /// The row's own number and this one.
    Plus(Json),
    /// The row's own number this many times; rounded half away from zero to the digits of the field.
    Times(Json),
}

/// Which rows get which values.
#[derive(Clone, Debug)]
pub struct BulkEditCommand {
    /// Identifier of the change, chosen by the client.
    pub change: ChangeId,
    /// Schema.
    pub schema: SchemaId,
    /// Which rows; all that the user sees without one.
    pub filter: Option<Filter>,
    /// Fields with their new values.
    pub set: Vec<(String, BulkValue)>,
}

/// Gives all rows of the filter the values. `expected` is the number of rows that the preview told: when it is another
/// one now, nothing is changed.
///
/// # Errors
/// `Denied` without the right, `Invalid` for faults in the input, for another number of rows, and for more rows than one
/// change may have; and everything of [`submit`].
pub async fn bulk_edit(
    cx: &Cx,
    app: &App,
    command: BulkEditCommand,
    expected: u64,
) -> Result<WriteOutcome> {
    let reach = Reach::of(cx, app, &command.schema, Action::BulkEdit).await?;
    let mut write = command.write(Some(expected));
    if let Some(outcome) = journal::answered(cx, app, &write).await? {
        return Ok(outcome);
    }
    write.changes = changes(app, &reach, &command).await?;
    confirm(&write.changes, expected)?;
    submit(cx, app, write).await.map_err(of_rows)
}

/// What [`bulk_edit`] would do; nothing takes effect.
///
/// # Errors
/// As [`bulk_edit`].
pub async fn preview_bulk_edit(cx: &Cx, app: &App, command: BulkEditCommand) -> Result<Preview> {
    let reach = Reach::of(cx, app, &command.schema, Action::BulkEdit).await?;
    let mut write = command.write(None);
    write.changes = changes(app, &reach, &command).await?;
    if write.changes.is_empty() {
        return Ok(Preview::of_nothing());
    }
    rehearse(cx, app, &write).await.map_err(of_rows)
}

impl BulkEditCommand {
    fn write(&self, expected: Option<u64>) -> WriteCommand {
        let request = json!({ "filter": self.filter, "set": self.set, "expected": expected });
        WriteCommand {
            purpose: Purpose::BulkEdit,
            request: Some(request),
            ..WriteCommand::plain(self.change.clone(), self.schema.clone(), Vec::new())
        }
    }
}

/// Demands that as many rows change as the user was told.
pub(super) fn confirm(changes: &[WriteChange], expected: u64) -> Result<()> {
    let found = changes.len() as u64;
    if found != expected {
        let message = format!(
            "{found} rows would change now, and not {expected}: other rows match than in the preview. Look at it again."
        );
        return Err(Error::invalid("expectedCount", "COUNT_CHANGED", message));
    }
    if found == 0 {
        let message =
            "There is nothing to change: no row matches, or all have these values already.";
        return Err(Error::invalid("expectedCount", "NOTHING_TO_DO", message));
    }
    Ok(())
}

/// Faults of the rows that were worked out, in terms of what the client sent.
pub(super) fn of_rows(error: Error) -> Error {
    let Error::Invalid(problems) = error else {
        return error;
    };
    let told = problems.into_iter().take(MOST_FAULTS);
    let told = told.map(|problem| Problem {
        path: problem.path.replacen("changes.", "rows.", 1),
        ..problem
    });
    Error::Invalid(told.collect())
}

async fn changes(app: &App, reach: &Reach, command: &BulkEditCommand) -> Result<Vec<WriteChange>> {
    let setters = setters(reach, &command.set)?;
    let filter = reach.filter(command.filter.as_ref(), "filter")?;
    let most = app.options.max_changes;
    let rows = reach.rows(app, filter, most as u64 + 1).await?;
    if rows.len() > most {
        let message = format!(
            "More than {most} rows match, and one change may have no more. Narrow the filter."
        );
        return Err(Error::invalid("filter", "COUNT", message));
    }
    let mut guarded: Vec<&str> = setters
        .iter()
        .map(|setter| setter.field.name.as_str())
        .collect();
    guarded.extend(command.filter.iter().flat_map(Filter::fields));
    let mut changes = Vec::new();
    for row in &rows {
        let mut values = Map::new();
        for setter in &setters {
            if let Some(value) = setter.value(row)? {
                values.insert(setter.field.name.clone(), row_json::write(&value));
            }
        }
        if !values.is_empty() {
            changes.push(reach.edit(row, values, &guarded));
        }
    }
    Ok(changes)
}

impl Reach {
    /// A filter of the caller, in which only fields count that the caller sees.
    pub(super) fn filter(&self, filter: Option<&Filter>, path: &str) -> Result<Expr> {
        let reader = Reader {
            definition: self.definition(),
            grant: &self.grant,
        };
        filter.map_or(Ok(Expr::True), |filter| reader.filter(filter, path))
    }

    /// An edit of a row that was read, guarded by what the named fields held.
    pub(super) fn edit(&self, row: &Image, values: Values, guarded: &[&str]) -> WriteChange {
        let definition = self.definition();
        let held = guarded.iter().filter_map(|name| {
            let (position, field) = definition.field(name)?;
            let value = row.fields.get(position)?;
            Some((field.name.clone(), row_json::write(value)))
        });
        WriteChange::Edit {
            key: key_json(definition, &row.key),
            values,
            seen: Seen::Values(held.collect()),
        }
    }
}

/// What happens to one field of every row.
struct Setter<'a> {
    position: usize,
    field: &'a Field,
    path: String,
    how: How,
}

enum How {
    To(Value),
    Plus(Number),
    Times(Number),
}

fn setters<'a>(reach: &'a Reach, set: &[(String, BulkValue)]) -> Result<Vec<Setter<'a>>> {
    let mut setters: Vec<Setter<'_>> = Vec::with_capacity(set.len());
    let mut problems = Vec::new();
    for (at, (name, value)) in set.iter().enumerate() {
        match setter(reach, name, value, format!("set.{at}")) {
            Ok(setter)
                if setters
                    .iter()
                    .any(|known| known.position == setter.position) =>
            {
                let message = format!("{} is set twice.", setter.field.label);
                problems.push(Problem::new(format!("set.{at}.field"), "TWICE", message));
            }
            Ok(setter) => setters.push(setter),
            Err(problem) => problems.push(problem),
        }
    }
    if set.is_empty() {
        problems.push(Problem::new(
            "set",
            "REQUIRED",
            "Name at least one field to set.",
        ));
    }
    if problems.is_empty() {
        Ok(setters)
    } else {
        Err(Error::Invalid(problems))
    }
}

fn setter<'a>(
    reach: &'a Reach,
    name: &str,
    value: &BulkValue,
    path: String,
) -> std::result::Result<Setter<'a>, Problem> {
    let (position, field) = reach.writable(Action::BulkEdit, name, &format!("{path}.field"))?;
    let number = |json: &Json, below: &str| {
        let is_number = matches!(field.kind, FieldKind::Integer | FieldKind::Decimal { .. });
        let text = match json {
            Json::String(text) => Some(text.clone()),
            Json::Number(number) if number.is_i64() || number.is_u64() => Some(number.to_string()),
            _ => None,
        };
        let number = text
            .filter(|_| is_number)
            .and_then(|text| Number::parse(&text));
        number.ok_or_else(|| {
            let message = "Only numbers can be added and multiplied, and only with a number such as \"1.05\".";
            Problem::new(format!("{path}.{below}"), "WRONG_TYPE", message)
        })
    };
    let how = match value {
        BulkValue::To(json) => {
            let checked = row_json::read(json, &field.kind)
                .and_then(|value| field::check(field, &value).map(|()| value));
            How::To(checked.map_err(|problem| Problem {
                path: format!("{path}.to"),
                ..problem
            })?)
        }
        BulkValue::Plus(json) => How::Plus(number(json, "plus")?),
        BulkValue::Times(json) => How::Times(number(json, "times")?),
    };
    Ok(Setter {
        position,
        field,
        path,
        how,
    })
}

impl Reach {
    /// A field that the caller may write with this right.
    pub(super) fn writable(
        &self,
        right: Action,
        name: &str,
        path: &str,
    ) -> std::result::Result<(usize, &Field), Problem> {
        let found = self.definition().field(name);
        let (position, field) = found
            .filter(|(position, _)| self.grant.sees(*position))
            .ok_or_else(|| {
                Problem::new(
                    path,
                    "UNKNOWN_FIELD",
                    "There is no such field, or you may not see it.",
                )
            })?;
        if field.rules.read_only || !self.grant.writes_by(right, position) {
            let message = format!("{} cannot be written.", field.label);
            return Err(Problem::new(path, "READ_ONLY", message));
        }
        Ok((position, field))
    }
}

impl Setter<'_> {
    /// The new value, if it is another one. Where there is no number, nothing is added or multiplied.
    fn value(&self, row: &Image) -> Result<Option<Value>> {
        let now = row.fields.get(self.position).unwrap_or(&Value::Null);
        let value = match &self.how {
            How::To(value) => value.clone(),
            How::Plus(_) | How::Times(_) if now.is_null() => return Ok(None),
            How::Plus(number) => self.worked_out(now, |now, scale| now.plus(*number, scale))?,
            How::Times(number) => self.worked_out(now, |now, scale| now.times(*number, scale))?,
        };
        Ok((!same(now, &value)).then_some(value))
    }

    fn worked_out(&self, now: &Value, work: impl Fn(Number, u32) -> Option<i128>) -> Result<Value> {
        let scale = match self.field.kind {
            FieldKind::Decimal { scale, .. } => scale,
            _ => 0,
        };
        let text = match now {
            Value::I64(number) => number.to_string(),
            Value::U64(number) => number.to_string(),
            Value::Decimal(number) => number.as_str().to_owned(),
            _ => String::new(),
        };
        let units = Number::parse(&text).and_then(|now| work(now, scale));
        let value = units.and_then(|units| match self.field.kind {
            FieldKind::Integer => i64::try_from(units).ok().map(Value::I64),
            _ => Decimal::new(number::text(units, scale))
                .ok()
                .map(Value::Decimal),
        });
        value.ok_or_else(|| {
            let message = format!(
                "For at least one row the new {} does not fit.",
                self.field.label
            );
            Error::invalid(&self.path, "OUT_OF_RANGE", message)
        })
    }
}
