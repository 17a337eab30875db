//! Going back: a change is taken back, or a row brought back to an earlier version; each with a preview.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use quillback_core::ids::{ChangeId, SchemaId};
use quillback_core::write::{self, GoingBack, RestoreCommand, RollBackCommand, Seen, WentBack};

use super::preview::PreviewPayload;
use super::write::{WriteRowsPayload, change_id};
use crate::context::Env;
use crate::error::{Public, public};
use crate::scalars::Json;

#[derive(Default)]
pub(crate) struct RollBackMutation;

#[Object]
impl RollBackMutation {
    /// Takes an earlier change back, whole: edited rows get the values that it replaced, removed rows come back with their
    /// keys, added rows go. Needs the right `ROLL_BACK`. It is a change itself: it can be taken back, and sent twice with the
    /// same `changeId` it is applied once. Rows that you may not see are left alone and not told of.
    async fn roll_back(&self, ctx: &Context<'_>, input: RollBackInput) -> Result<RollBackPayload> {
        let command = input.command()?;
        let back = write::roll_back(ctx.cx()?, ctx.app()?, command);
        Ok(back.await.public()?.into())
    }

    /// Shows what `rollBack` would do. It is tried out in the database, and nothing of it takes effect.
    async fn preview_roll_back(
        &self,
        ctx: &Context<'_>,
        input: RollBackInput,
    ) -> Result<PreviewRollBackPayload> {
        let first = input.first;
        let command = input.command()?;
        let back = write::preview_roll_back(ctx.cx()?, ctx.app()?, command);
        PreviewRollBackPayload::new(back.await.public()?, first)
    }

    /// Brings a row back to what it was after an earlier change, past everything that happened to it since; a row that is
    /// gone comes back with its key. Needs the right `ROLL_BACK`.
    async fn restore_row(
        &self,
        ctx: &Context<'_>,
        input: RestoreRowInput,
    ) -> Result<RollBackPayload> {
        let command = input.command()?;
        let back = write::restore_row(ctx.cx()?, ctx.app()?, command);
        Ok(back.await.public()?.into())
    }

    /// Shows what `restoreRow` would do. It is tried out in the database, and nothing of it takes effect.
    async fn preview_restore_row(
        &self,
        ctx: &Context<'_>,
        input: RestoreRowInput,
    ) -> Result<PreviewRollBackPayload> {
        let command = input.command()?;
        let back = write::preview_restore_row(ctx.cx()?, ctx.app()?, command);
        PreviewRollBackPayload::new(back.await.public()?, 1)
    }
}

/// A change to take back.
#[derive(InputObject)]
struct RollBackInput {
    /// Identifier of the roll-back itself, a UUID of your choice.
    change_id: ID,
    /// Identifier of the change to take back.
    reverts: ID,
    /// Take back only what it did to the row with this key.
    key: Option<Json>,
    /// Overwrite what was done to the rows later. Otherwise such a row is a CONFLICT, and nothing is taken back.
    #[graphql(default)]
    overwrite: bool,
    /// Most rows to show in a preview, 1 to 500; those that stand in the way come first.
    #[graphql(default = 50)]
    first: u32,
}

impl RollBackInput {
    fn command(self) -> Result<RollBackCommand> {
        Ok(RollBackCommand {
            change: change_id(&self.change_id, "changeId")?,
            reverts: change_id(&self.reverts, "reverts")?,
            key: self.key.map(|key| key.0),
            overwrite: self.overwrite,
        })
    }
}

/// A version of a row to bring back.
#[derive(InputObject)]
struct RestoreRowInput {
    /// Identifier of the restoration itself, a UUID of your choice.
    change_id: ID,
    /// Schema.
    schema_id: ID,
    /// Key of the row.
    key: Json,
    /// Identifier of the change after which the row was as it shall be again, from the history.
    to: ID,
    /// Version of the row that you saw; leave it out when you saw that the row is gone.
    version: Option<String>,
    /// Bring the version back whatever is there.
    #[graphql(default)]
    overwrite: bool,
}

impl RestoreRowInput {
    fn command(self) -> Result<RestoreCommand> {
        let seen = match (self.version, self.overwrite) {
            (Some(_), true) => {
                let message = "Give the version that you saw, or overwrite, not both.";
                return Err(public(quillback_core::Error::invalid(
                    "version", "SEEN", message,
                )));
            }
            (Some(version), false) => Some(Seen::Version(version)),
            (None, true) => Some(Seen::Anything),
            (None, false) => None,
        };
        let to: ChangeId = change_id(&self.to, "to")?;
        Ok(RestoreCommand {
            change: change_id(&self.change_id, "changeId")?,
            schema: SchemaId::parse(&self.schema_id).public()?,
            key: self.key.0,
            to,
            seen,
        })
    }
}

/// What came of going back.
#[derive(SimpleObject)]
struct RollBackPayload {
    /// What came of it as a change.
    #[graphql(flatten)]
    outcome: WriteRowsPayload,
    /// Fields that the rows had and the schema no longer has: what was in them does not come back.
    dropped_fields: Vec<String>,
}

impl From<WentBack> for RollBackPayload {
    fn from(back: WentBack) -> Self {
        Self {
            outcome: WriteRowsPayload(back.outcome),
            dropped_fields: back.dropped,
        }
    }
}

/// What going back would do.
#[derive(SimpleObject)]
struct PreviewRollBackPayload {
    /// What it would do to the rows.
    #[graphql(flatten)]
    preview: PreviewPayload,
    /// Fields that the rows had and the schema no longer has: what was in them would not come back.
    dropped_fields: Vec<String>,
}

impl PreviewRollBackPayload {
    fn new(back: GoingBack, first: u32) -> Result<Self> {
        Ok(Self {
            preview: PreviewPayload::new(back.preview, first)?,
            dropped_fields: back.dropped,
        })
    }
}
