//! Writing rows: many changes that take effect together, each with its own answer.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use quillback_core::ids::{ChangeId, SchemaId};
use quillback_core::write::{
    self, RowOutcome as Outcome, RowStatus as StoredStatus, Seen, Values, WriteChange,
    WriteCommand, WriteContext, WriteOutcome, WriteState as StoredState,
};

use crate::context::Env;
use crate::error::{Public, public};
use crate::scalars::{Json, id};

#[derive(Default)]
pub(crate) struct WriteMutation;

#[Object]
impl WriteMutation {
    /// Adds, edits and deletes rows of a schema as one change: all of it takes effect, or none. Choose `changeId` (a
    /// UUID) before you send: sent again, the same change is not applied twice but answered with its first outcome.
    async fn write_rows(
        &self,
        ctx: &Context<'_>,
        input: WriteRowsInput,
    ) -> Result<WriteRowsPayload> {
        let command = input.command()?;
        let outcome = write::submit(ctx.cx()?, ctx.app()?, command)
            .await
            .public()?;
        Ok(WriteRowsPayload(outcome))
    }

    /// Shows the SQL that `writeRows` would send for the same input, without sending it; for people who manage schemas.
    async fn explain_write(
        &self,
        ctx: &Context<'_>,
        input: WriteRowsInput,
    ) -> Result<Vec<ExplainedStatement>> {
        let steps = write::explain(ctx.cx()?, ctx.app()?, &input.command()?)
            .await
            .public()?;
        let statements = steps.into_iter().map(|step| ExplainedStatement {
            step: step.step,
            sql: step.statement.sql,
            parameters: step
                .statement
                .params
                .iter()
                .map(|value| Json(quillback_core::row_json::write(value)))
                .collect(),
        });
        Ok(statements.collect())
    }
}

/// One statement of a change.
#[derive(SimpleObject)]
struct ExplainedStatement {
    /// Position of the step that it belongs to.
    step: u32,
    /// SQL with placeholders.
    sql: String,
    /// Values of the placeholders, in order.
    parameters: Vec<Json>,
}

/// Changes of rows that take effect together.
#[derive(InputObject)]
struct WriteRowsInput {
    /// Identifier of the change, a UUID of your choice.
    change_id: ID,
    /// Schema.
    schema_id: ID,
    /// The changes, at least one.
    changes: Vec<RowChangeInput>,
    /// What fields may be filled from that are not given.
    context: Option<WriteContextInput>,
}

/// What a dashboard passes along: fields say in `defaultFrom` which of it they take.
#[derive(InputObject)]
struct WriteContextInput {
    /// Values of the selected mark, an object by the names of its fields; at most 200.
    marks: Option<Json>,
    /// Values of the dashboard's parameters, an object by their names; at most 200.
    parameters: Option<Json>,
    /// Minutes by which the user's clock is ahead of UTC, -840 to 840: today is then the day there.
    #[graphql(default)]
    utc_offset_minutes: i32,
}

impl WriteContextInput {
    fn context(self) -> Result<WriteContext> {
        let object = |json: Option<Json>, path: &str| match json {
            Some(json) => json.into_object(path),
            None => Ok(Values::default()),
        };
        Ok(WriteContext {
            marks: object(self.marks, "context.marks")?,
            parameters: object(self.parameters, "context.parameters")?,
            utc_offset_minutes: self.utc_offset_minutes,
        })
    }
}

/// One change of one row. Give exactly one of add, edit and delete.
#[derive(InputObject)]
struct RowChangeInput {
    /// Adds a row.
    add: Option<AddRowInput>,
    /// Changes a row.
    edit: Option<EditRowInput>,
    /// Removes a row.
    delete: Option<DeleteRowInput>,
}

/// A row to add.
#[derive(InputObject)]
struct AddRowInput {
    /// Key, where you make it yourself.
    key: Option<Json>,
    /// Values by field name.
    values: Json,
}

/// A row to change. Say what you saw: the version, or the old values, or that you overwrite whatever is there.
#[derive(InputObject)]
struct EditRowInput {
    /// Key: an object by the names of its parts, or the value alone where there is one part.
    key: Json,
    /// New values of the fields that change.
    values: Json,
    /// Version of the row that you saw.
    version: Option<String>,
    /// Old values that you saw, of any fields.
    seen: Option<Json>,
    /// Overwrite the row whatever is there.
    #[graphql(default)]
    overwrite: bool,
}

/// A row to remove. Say what you saw: the version, or the old values, or that you remove whatever is there.
#[derive(InputObject)]
struct DeleteRowInput {
    /// Key: an object by the names of its parts, or the value alone where there is one part.
    key: Json,
    /// Version of the row that you saw.
    version: Option<String>,
    /// Old values that you saw, of any fields.
    seen: Option<Json>,
    /// Remove the row whatever is there.
    #[graphql(default)]
    overwrite: bool,
}

fn seen(
    version: Option<String>,
    values: Option<Json>,
    overwrite: bool,
    path: &str,
) -> Result<Seen> {
    match (version, values, overwrite) {
        (Some(version), None, false) => Ok(Seen::Version(version)),
        (None, Some(values), false) => {
            Ok(Seen::Values(values.into_object(&format!("{path}.seen"))?))
        }
        (None, None, true) => Ok(Seen::Anything),
        _ => Err(public(quillback_core::Error::invalid(
            path,
            "SEEN",
            "Give exactly one of version, seen and overwrite.",
        ))),
    }
}

impl RowChangeInput {
    fn parse(self, path: &str) -> Result<WriteChange> {
        match (self.add, self.edit, self.delete) {
            (Some(add), None, None) => Ok(WriteChange::Add {
                key: add.key.map(|json| json.0),
                values: add.values.into_object(&format!("{path}.values"))?,
            }),
            (None, Some(edit), None) => Ok(WriteChange::Edit {
                key: edit.key.0,
                values: edit.values.into_object(&format!("{path}.values"))?,
                seen: seen(edit.version, edit.seen, edit.overwrite, path)?,
            }),
            (None, None, Some(delete)) => Ok(WriteChange::Delete {
                key: delete.key.0,
                seen: seen(delete.version, delete.seen, delete.overwrite, path)?,
            }),
            _ => Err(public(quillback_core::Error::invalid(
                path,
                "CHANGE",
                "Give exactly one of add, edit and delete.",
            ))),
        }
    }
}

/// Reads the identifier of a change.
pub(super) fn change_id(id: &str, path: &str) -> Result<ChangeId> {
    ChangeId::parse(id).map_err(|_| {
        let message = "The change id must be a UUID.";
        public(quillback_core::Error::invalid(path, "WRONG_TYPE", message))
    })
}

impl WriteRowsInput {
    fn command(self) -> Result<WriteCommand> {
        let change = change_id(&self.change_id, "changeId")?;
        let changes = self.changes.into_iter().enumerate();
        let changes = changes
            .map(|(at, change)| change.parse(&format!("changes.{at}")))
            .collect::<Result<_>>()?;
        let schema = SchemaId::parse(&self.schema_id).public()?;
        let context = self.context.map(WriteContextInput::context).transpose()?;
        Ok(WriteCommand {
            context: context.unwrap_or_default(),
            ..WriteCommand::plain(change, schema, changes)
        })
    }
}

/// What came of a change as a whole.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "StoredState")]
enum WriteState {
    /// All of it took effect.
    Applied,
    /// None of it took effect; the rows say why.
    Rejected,
}

/// What came of one row.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "StoredStatus")]
pub(super) enum RowStatus {
    /// Written.
    Applied,
    /// Someone else changed the row meanwhile; `row` holds what is there now.
    Conflict,
    /// There is no such row, or you may not see it.
    NotFound,
    /// The row is there, and you may not change or remove it, or not in its state; `code` says which.
    Locked,
    /// The row would be outside of what you may write.
    CheckFailed,
    /// The key exists already.
    Duplicate,
    /// The database refused the values.
    Invalid,
    /// Nothing is wrong with it, but another row stopped the change.
    NotApplied,
}

/// What came of a change.
pub(super) struct WriteRowsPayload(pub(super) WriteOutcome);

#[Object]
impl WriteRowsPayload {
    /// Identifier of the change.
    async fn change_id(&self) -> ID {
        id(&self.0.change)
    }

    /// What came of it as a whole.
    async fn state(&self) -> WriteState {
        self.0.state.into()
    }

    /// Whether this answers an earlier sending of the same change. Rows of very large changes are not repeated then.
    async fn repeated(&self) -> bool {
        self.0.repeated
    }

    /// Row by row, in the order that you sent.
    async fn rows(&self) -> Vec<RowOutcome> {
        self.0.rows.iter().cloned().map(RowOutcome).collect()
    }
}

/// What came of one row.
struct RowOutcome(Outcome);

#[Object]
impl RowOutcome {
    /// Status.
    async fn status(&self) -> RowStatus {
        self.0.status.into()
    }

    /// Key, of an added row too.
    async fn key(&self) -> Option<Json> {
        self.0.key.clone().map(Json)
    }

    /// The row as it is now: what you wrote, or in a conflict what someone else did.
    async fn row(&self) -> Option<Json> {
        self.0.row.clone().map(Json)
    }

    /// In a conflict with a change that the server worked out, such as a roll-back: the values that it would write.
    async fn wanted(&self) -> Option<Json> {
        self.0.wanted.clone().map(Json)
    }

    /// Version of that row.
    async fn version(&self) -> Option<&str> {
        self.0.version.as_deref()
    }

    /// Code of what was wrong.
    async fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// What was wrong, for people.
    async fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }
}
