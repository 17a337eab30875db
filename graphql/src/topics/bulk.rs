//! Many rows at once: the same values for all rows of a filter, and gaps filled between known values.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use quillback_core::ids::SchemaId;
use quillback_core::write::{
    self, BulkEditCommand, BulkValue, Gap as StoredGap, GapReason as StoredReason,
    InterpolateCommand,
};

use super::preview::PreviewPayload;
use super::rows::RowFilter;
use super::write::{WriteRowsPayload, change_id};
use crate::context::Env;
use crate::error::{Public, public};
use crate::scalars::Json;

#[derive(Default)]
pub(crate) struct BulkMutation;

#[Object]
impl BulkMutation {
    /// Gives all rows of a filter new values, as one change: all of it takes effect, or none. Needs the right `BULK_EDIT`.
    /// Look at `previewBulkEdit` first and confirm the number of rows that it tells.
    async fn bulk_edit(&self, ctx: &Context<'_>, input: BulkEditInput) -> Result<WriteRowsPayload> {
        let expected = confirmed(input.expected_count)?;
        let outcome = write::bulk_edit(ctx.cx()?, ctx.app()?, input.command()?, expected);
        Ok(WriteRowsPayload(outcome.await.public()?))
    }

    /// Shows what `bulkEdit` would do: how many rows, and some of them before and after. It is tried out in the database,
    /// and nothing of it takes effect.
    async fn preview_bulk_edit(
        &self,
        ctx: &Context<'_>,
        input: BulkEditInput,
    ) -> Result<PreviewPayload> {
        let first = input.first;
        let preview = write::preview_bulk_edit(ctx.cx()?, ctx.app()?, input.command()?);
        PreviewPayload::new(preview.await.public()?, first)
    }

    /// Fills rows without a value with the one on the straight line between their nearest known neighbours, as one change.
    /// Exact, and rounded half away from zero to the digits of the field. Gaps at the begin and at the end stay. Needs the
    /// right INTERPOLATE. Look at `previewInterpolation` first and confirm the number of rows that it tells.
    async fn interpolate(
        &self,
        ctx: &Context<'_>,
        input: InterpolateInput,
    ) -> Result<InterpolatePayload> {
        let expected = confirmed(input.expected_count)?;
        let done = write::interpolate(ctx.cx()?, ctx.app()?, input.command()?, expected);
        let done = done.await.public()?;
        Ok(InterpolatePayload {
            outcome: WriteRowsPayload(done.outcome),
            gaps: done.gaps.into_iter().map(Gap).collect(),
        })
    }

    /// Shows what `interpolate` would do. It is tried out in the database, and nothing of it takes effect.
    async fn preview_interpolation(
        &self,
        ctx: &Context<'_>,
        input: InterpolateInput,
    ) -> Result<PreviewInterpolationPayload> {
        let first = input.first;
        let done = write::preview_interpolation(ctx.cx()?, ctx.app()?, input.command()?);
        let done = done.await.public()?;
        Ok(PreviewInterpolationPayload {
            preview: PreviewPayload::new(done.preview, first)?,
            gaps: done.gaps.into_iter().map(Gap).collect(),
        })
    }
}

fn confirmed(expected: Option<u64>) -> Result<u64> {
    expected.ok_or_else(|| {
        let message = "Give the number of rows that the preview told.";
        public(quillback_core::Error::invalid(
            "expectedCount",
            "REQUIRED",
            message,
        ))
    })
}

fn filter(filter: Option<RowFilter>, path: &str) -> Result<Option<quillback_core::read::Filter>> {
    filter.map(|filter| filter.parse(path)).transpose().public()
}

/// Rows, and the values that all of them get.
#[derive(InputObject)]
struct BulkEditInput {
    /// Identifier of the change, a UUID of your choice.
    change_id: ID,
    /// Schema.
    schema_id: ID,
    /// Which rows; all that you see when it is left out.
    filter: Option<RowFilter>,
    /// Fields with their new values, at least one.
    set: Vec<BulkSetInput>,
    /// Number of rows that the preview told, to confirm it; when it is another one by now, nothing is changed. A preview
    /// does not need it.
    expected_count: Option<u64>,
    /// Most rows to show in a preview, 1 to 500; those that stand in the way come first.
    #[graphql(default = 20)]
    first: u32,
}

/// The new value of a field. Give exactly one of to, plus and times.
#[derive(InputObject)]
struct BulkSetInput {
    /// Field.
    field: String,
    /// This value; null takes the value out.
    to: async_graphql::MaybeUndefined<Json>,
    /// The row's own number and this one.
    plus: Option<Json>,
    /// The row's own number this many times, such as `"1.05"`; rounded half away from zero to the digits of the field.
    times: Option<Json>,
}

impl BulkSetInput {
    fn parse(self, path: &str) -> Result<(String, BulkValue)> {
        let to = match self.to {
            async_graphql::MaybeUndefined::Undefined => None,
            async_graphql::MaybeUndefined::Null => Some(serde_json::Value::Null),
            async_graphql::MaybeUndefined::Value(json) => Some(json.0),
        };
        match (to, self.plus, self.times) {
            (Some(to), None, None) => Ok((self.field, BulkValue::To(to))),
            (None, Some(plus), None) => Ok((self.field, BulkValue::Plus(plus.0))),
            (None, None, Some(times)) => Ok((self.field, BulkValue::Times(times.0))),
            _ => Err(public(quillback_core::Error::invalid(
                path,
                "SET",
                "Give exactly one of to, plus and times.",
            ))),
        }
    }
}

impl BulkEditInput {
    fn command(self) -> Result<BulkEditCommand> {
        let set = self.set.into_iter().enumerate();
        Ok(BulkEditCommand {
            change: change_id(&self.change_id, "changeId")?,
            schema: SchemaId::parse(&self.schema_id).public()?,
            filter: filter(self.filter, "filter")?,
            set: set
                .map(|(at, set)| set.parse(&format!("set.{at}")))
                .collect::<Result<_>>()?,
        })
    }
}

/// Gaps to fill.
#[derive(InputObject)]
struct InterpolateInput {
    /// Identifier of the change, a UUID of your choice.
    change_id: ID,
    /// Schema.
    schema_id: ID,
    /// Field whose gaps are filled: a whole number, a decimal or a date.
    field: String,
    /// Field along which neighbours are looked for: a whole number, a decimal, a date, or a date with a time.
    order_by: String,
    /// Fields by which rows are kept apart: only rows with the same values in them are neighbours.
    #[graphql(default)]
    partition_by: Vec<String>,
    /// Which rows take part, known ones and gaps; all that you see when it is left out.
    filter: Option<RowFilter>,
    /// Rows whose value is wrong: it counts as missing and is replaced.
    replace: Option<RowFilter>,
    /// Number of rows that the preview told, to confirm it; when it is another one by now, nothing is changed. A preview
    /// does not need it.
    expected_count: Option<u64>,
    /// Most rows to show in a preview, 1 to 500; those that stand in the way come first.
    #[graphql(default = 20)]
    first: u32,
}

impl InterpolateInput {
    fn command(self) -> Result<InterpolateCommand> {
        Ok(InterpolateCommand {
            change: change_id(&self.change_id, "changeId")?,
            schema: SchemaId::parse(&self.schema_id).public()?,
            field: self.field,
            order_by: self.order_by,
            partition_by: self.partition_by,
            filter: filter(self.filter, "filter")?,
            replace: filter(self.replace, "replace")?,
        })
    }
}

/// What came of filling gaps.
#[derive(SimpleObject)]
struct InterpolatePayload {
    /// What came of it as a change.
    #[graphql(flatten)]
    outcome: WriteRowsPayload,
    /// Gaps that stay, by reason; not told again when the change is sent again.
    gaps: Vec<Gap>,
}

/// What filling gaps would do.
#[derive(SimpleObject)]
struct PreviewInterpolationPayload {
    /// What it would do to the rows.
    #[graphql(flatten)]
    preview: PreviewPayload,
    /// Gaps that would stay, by reason.
    gaps: Vec<Gap>,
}

/// Why a gap stays.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "StoredReason")]
enum GapReason {
    /// No known value comes before it.
    Leading,
    /// No known value comes after it.
    Trailing,
    /// There is no known value at all.
    NoneKnown,
    /// The row has no value in the field along which neighbours are looked for.
    NoPlace,
    /// A nearest neighbour has several different values at the same place.
    Ambiguous,
}

/// Gaps that stay for the same reason.
struct Gap(StoredGap);

#[Object]
impl Gap {
    /// Why they stay.
    async fn reason(&self) -> GapReason {
        self.0.reason.into()
    }

    /// How many rows.
    async fn count(&self) -> u64 {
        self.0.count
    }

    /// Keys of some of the rows.
    async fn keys(&self) -> Vec<Json> {
        self.0.keys.iter().cloned().map(Json).collect()
    }
}
