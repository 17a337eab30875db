//! Interpolation: rows without a value get the one on the straight line between their nearest known neighbours.
//!
//! Exact: numbers and dates are whole units of their field, and what lies between two units is rounded half away from
//! zero. It is one change that takes the road of every write.

mod gaps;
mod scale;

pub use gaps::{Gap, GapReason};

use std::collections::{BTreeMap, HashSet};

use quillback_plugin_api::Value;
use serde_json::{Map, Value as Json, json};

use super::bulk::{confirm, of_rows};
use super::command::{WriteChange, WriteCommand};
use super::image::{Image, key_json};
use super::outcome::WriteOutcome;
use super::reach::Reach;
use super::rehearse::{Preview, rehearse};
use super::submit;
use crate::app::App;
use crate::cx::Cx;
use crate::error::{Error, Problem, Result};
use crate::field::Field;
use crate::ids::{ChangeId, SchemaId};
use crate::journal;
use crate::plan::Purpose;
use crate::policy::Action;
use crate::read::Filter;
use crate::row_json;
use gaps::Point;
use scale::Scale;

/// Rows read for each row that one change may have: known neighbours are read as well.
const READ_FOR_EACH: usize = 10;

/// What to fill in.
#[derive(Clone, Debug)]
pub struct InterpolateCommand {
    /// Identifier of the change, chosen by the client.
    pub change: ChangeId,
    /// Schema.
    pub schema: SchemaId,
    /// Field whose gaps are filled: a whole number, a decimal or a date.
    pub field: String,
    /// Field along which neighbours are looked for: a number, a date or a date and time.
    pub order_by: String,
    /// Fields by which rows are kept apart: neighbours have the same values in them.
    pub partition_by: Vec<String>,
    /// Which rows take part; all that the user sees without one.
    pub filter: Option<Filter>,
    /// Rows whose value counts as missing although it is there.
    pub replace: Option<Filter>,
}

/// What came of filling gaps.
#[derive(Clone, Debug, PartialEq)]
pub struct Interpolated {
    /// What came of it.
    pub outcome: WriteOutcome,
    /// Gaps that stay, by reason; not told again when the change is sent again.
    pub gaps: Vec<Gap>,
}

/// What filling gaps would do.
#[derive(Clone, Debug, PartialEq)]
pub struct InterpolationPreview {
    /// What it would do.
    pub preview: Preview,
    /// Gaps that would stay, by reason.
    pub gaps: Vec<Gap>,
}

/// Fills gaps. `expected` is the number of rows that the preview told: when it is another one now, nothing is changed.
///
/// # Errors
/// `Denied` without the right, `Invalid` for faults in the input, for another number of rows, and for more rows than one
/// change may have; and everything of [`submit`].
pub async fn interpolate(
    cx: &Cx,
    app: &App,
    command: InterpolateCommand,
    expected: u64,
) -> Result<Interpolated> {
    let reach = Reach::of(cx, app, &command.schema, Action::Interpolate).await?;
    let mut write = command.write(Some(expected));
    if let Some(outcome) = journal::answered(cx, app, &write).await? {
        let gaps = Vec::new();
        return Ok(Interpolated { outcome, gaps });
    }
    let (changes, gaps) = changes(app, &reach, &command).await?;
    confirm(&changes, expected)?;
    write.changes = changes;
    let outcome = submit(cx, app, write).await.map_err(of_rows)?;
    Ok(Interpolated { outcome, gaps })
}

/// What [`interpolate`] would do; nothing takes effect.
///
/// # Errors
/// As [`interpolate`].
pub async fn preview_interpolation(
    cx: &Cx,
    app: &App,
    command: InterpolateCommand,
) -> Result<InterpolationPreview> {
    let reach = Reach::of(cx, app, &command.schema, Action::Interpolate).await?;
    let mut write = command.write(None);
    let (changes, gaps) = changes(app, &reach, &command).await?;
    write.changes = changes;
    let preview = if write.changes.is_empty() {
        Preview::of_nothing()
    } else {
        rehearse(cx, app, &write).await.map_err(of_rows)?
    };
    Ok(InterpolationPreview { preview, gaps })
}

impl InterpolateCommand {
    fn write(&self, expected: Option<u64>) -> WriteCommand {
        let request = json!({
            "field": self.field,
            "order_by": self.order_by,
            "partition_by": self.partition_by,
            "filter": self.filter,
            "replace": self.replace,
            "expected": expected,
        });
        WriteCommand {
            purpose: Purpose::Interpolation,
            request: Some(request),
            ..WriteCommand::plain(self.change.clone(), self.schema.clone(), Vec::new())
        }
    }

    /// Fields whose values decide what is filled in where: a row is written only if they are still the same.
    fn deciding(&self) -> Vec<&str> {
        let filters = self.filter.iter().chain(&self.replace);
        let mut names = vec![self.field.as_str(), self.order_by.as_str()];
        names.extend(self.partition_by.iter().map(String::as_str));
        names.extend(filters.flat_map(Filter::fields));
        names
    }
}

/// The fields that an interpolation is about, by their positions.
struct Along<'a> {
    field: (usize, &'a Field, Scale),
    order: (Place, Scale),
    partition: Vec<Place>,
}

/// Where a value is in a row.
#[derive(Clone, Copy)]
enum Place {
    Key(usize),
    Field(usize),
}

impl Place {
    fn of(self, row: &Image) -> &Value {
        let value = match self {
            Self::Key(position) => row.key.get(position),
            Self::Field(position) => row.fields.get(position),
        };
        value.unwrap_or(&Value::Null)
    }
}

impl<'a> Along<'a> {
    fn new(reach: &'a Reach, command: &InterpolateCommand) -> Result<Self> {
        let one = |problem: Problem| Error::Invalid(vec![problem]);
        let (position, field) = reach
            .writable(Action::Interpolate, &command.field, "field")
            .map_err(one)?;
        let scale = Scale::of_value(&field.kind).ok_or_else(|| {
            let message = "Only whole numbers, decimals and dates can be filled in.";
            Error::invalid("field", "UNSUPPORTED", message)
        })?;
        let place = |name: &str, path: &str| {
            let key = reach
                .definition()
                .key
                .iter()
                .position(|part| part.name == name);
            let field = || {
                reach
                    .definition()
                    .field(name)
                    .filter(|(at, _)| reach.grant.sees(*at))
            };
            let place = key
                .map(Place::Key)
                .or_else(|| field().map(|(at, _)| Place::Field(at)));
            let message = "There is no such field, or you may not see it.";
            place.ok_or_else(|| Error::invalid(path, "UNKNOWN_FIELD", message))
        };
        let order = place(&command.order_by, "orderBy")?;
        let kind = reach
            .definition()
            .column(&command.order_by)
            .map(|(_, kind, _)| kind);
        let order_scale = kind.and_then(Scale::of_order).ok_or_else(|| {
            let message = "Neighbours can be found along whole numbers, decimals, dates and dates with a time.";
            Error::invalid("orderBy", "UNSUPPORTED", message)
        })?;
        if command.order_by == command.field {
            let message = "A field cannot be filled in along itself.";
            return Err(Error::invalid("orderBy", "UNSUPPORTED", message));
        }
        let partition = command.partition_by.iter().enumerate();
        let partition = partition.map(|(at, name)| place(name, &format!("partitionBy.{at}")));
        Ok(Self {
            field: (position, field, scale),
            order: (order, order_scale),
            partition: partition.collect::<Result<_>>()?,
        })
    }

    /// The row as a point, and the group of rows that it belongs to.
    fn point(&self, row: &Image, is_replaced: bool, at: usize) -> Result<(String, Point)> {
        let (position, field, scale) = &self.field;
        let value = row.fields.get(*position).unwrap_or(&Value::Null);
        let inexact = |path: &str, label: &str| {
            let message = format!("{label} holds a value that is not exact in its type.");
            Error::invalid(path, "INEXACT", message)
        };
        let is_gap = value.is_null() || is_replaced;
        let known = (!is_gap).then(|| {
            scale
                .units(value)
                .ok_or_else(|| inexact("field", &field.label))
        });
        let order = self.order.0.of(row);
        let place = (!order.is_null()).then(|| {
            self.order
                .1
                .units(order)
                .ok_or_else(|| inexact("orderBy", "The order"))
        });
        let group: Vec<Json> = self
            .partition
            .iter()
            .map(|place| row_json::write(place.of(row)))
            .collect();
        let point = Point {
            row: at,
            x: place.transpose()?,
            y: known.transpose()?,
        };
        Ok((Json::Array(group).to_string(), point))
    }
}

async fn changes(
    app: &App,
    reach: &Reach,
    command: &InterpolateCommand,
) -> Result<(Vec<WriteChange>, Vec<Gap>)> {
    let along = Along::new(reach, command)?;
    let rows = rows(app, reach, command).await?;
    let replaced = replaced(app, reach, command).await?;
    let mut groups: BTreeMap<String, Vec<Point>> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        let is_replaced = !replaced.is_empty() && replaced.contains(&text(reach, row));
        let (group, point) = along.point(row, is_replaced, at)?;
        groups.entry(group).or_default().push(point);
    }
    let guarded = command.deciding();
    let (position, field, scale) = &along.field;
    let (mut changes, mut left) = (Vec::new(), gaps::Left::default());
    for points in groups.into_values() {
        for (at, filled) in gaps::fill(points) {
            let Some(row) = rows.get(at) else { continue };
            let units = match filled {
                Ok(units) => units,
                Err(reason) => {
                    left.add(reason, key_json(reach.definition(), &row.key));
                    continue;
                }
            };
            let value = scale.value(units).ok_or_else(|| {
                let message = format!("{} would get a value that does not fit.", field.label);
                Error::invalid("field", "OUT_OF_RANGE", message)
            })?;
            if row
                .fields
                .get(*position)
                .is_some_and(|now| super::sent::same(now, &value))
            {
                continue;
            }
            let values = Map::from_iter([(field.name.clone(), row_json::write(&value))]);
            changes.push(reach.edit(row, values, &guarded));
        }
    }
    let most = app.options.max_changes;
    if changes.len() > most {
        let message = format!(
            "More than {most} rows would be filled, and one change may have no more. Narrow the filter."
        );
        return Err(Error::invalid("filter", "COUNT", message));
    }
    Ok((changes, left.gaps()))
}

async fn rows(app: &App, reach: &Reach, command: &InterpolateCommand) -> Result<Vec<Image>> {
    let most = app.options.max_changes.saturating_mul(READ_FOR_EACH);
    let filter = reach.filter(command.filter.as_ref(), "filter")?;
    let rows = reach.rows(app, filter, most as u64 + 1).await?;
    if rows.len() > most {
        let message =
            format!("More than {most} rows would have to be looked at. Narrow the filter.");
        return Err(Error::invalid("filter", "COUNT", message));
    }
    Ok(rows)
}

/// Keys of the rows whose values count as missing.
async fn replaced(
    app: &App,
    reach: &Reach,
    command: &InterpolateCommand,
) -> Result<HashSet<String>> {
    let Some(replace) = &command.replace else {
        return Ok(HashSet::new());
    };
    let most = app.options.max_changes as u64;
    let filter = reach.filter(command.filter.as_ref(), "filter")?;
    let filter = filter.and(reach.filter(Some(replace), "replace")?);
    let rows = reach.rows(app, filter, most + 1).await?;
    if rows.len() as u64 > most {
        let message =
            format!("More than {most} rows would be replaced, and one change may have no more.");
        return Err(Error::invalid("replace", "COUNT", message));
    }
    Ok(rows.iter().map(|row| text(reach, row)).collect())
}

fn text(reach: &Reach, row: &Image) -> String {
    key_json(reach.definition(), &row.key).to_string()
}
