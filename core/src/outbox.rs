//! What follows a change: deliveries are written down in the batch that books the change as applied. So nothing is told
//! of a change that did not happen or may not have happened, and none is forgotten.

use quillback_plugin_api::batch::Batch;
use quillback_plugin_api::civil::Timestamp;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::cx::Surroundings;
use crate::error::{Error, Result};
use crate::ids::DeliveryId;
use crate::plan::RowAction;
use crate::repo::changes::Change;
use crate::repo::commit;
use crate::repo::outbox::{self, Delivery};
use crate::write::Trace;

/// Seconds for which the news of a change is kept, for servers that were cut off from the repository for a while.
const KEPT_SECONDS: i64 = 600;

/// What a delivery is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// Rows of a schema are other ones now; tells those who watch it.
    RowsChanged,
}

impl Topic {
    /// The name in the repository.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RowsChanged => "rows_changed",
        }
    }

    /// The topic of that name.
    pub(crate) fn parse(name: &str) -> Result<Self> {
        match name {
            "rows_changed" => Ok(Self::RowsChanged),
            _ => Err(Error::Internal("a stored topic is unknown".into())),
        }
    }
}

/// What [`Topic::RowsChanged`] tells: how many rows, and nothing of what is in them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowsChanged {
    /// Rows that were added.
    pub added: u32,
    /// Rows that were edited.
    pub edited: u32,
    /// Rows that were removed.
    pub deleted: u32,
}

impl RowsChanged {
    fn count(traces: &[Trace]) -> Self {
        let mut counted = Self::default();
        for trace in traces {
            *match trace.action {
                RowAction::Add => &mut counted.added,
                RowAction::Edit => &mut counted.edited,
                RowAction::Delete => &mut counted.deleted,
            } += 1;
        }
        counted
    }
}

/// Writes down what is to be told of a change that took effect. Every change is news, whether or not somebody watches:
/// those who do may be connected to another server.
pub(crate) fn announce(
    batch: &mut Batch,
    surroundings: &Surroundings,
    change: &Change,
    traces: &[Trace],
    now: Timestamp,
) -> Result<()> {
    let payload = serde_json::to_value(RowsChanged::count(traces));
    let delivery = Delivery {
        id: DeliveryId::from(surroundings.new_id()),
        change: change.id.clone(),
        schema: change.schema.clone(),
        topic: Topic::RowsChanged,
        payload: payload.map_err(|error| Error::Internal(error.to_string()))?,
        ready_at: now,
    };
    outbox::insert_deliveries(batch, &[delivery])
}

/// Forgets what was told long ago; to be called every few minutes.
///
/// # Errors
/// `Repository`.
pub async fn sweep(app: &App) -> Result<()> {
    let now = app.surroundings.clock.now();
    let before = Timestamp {
        seconds: now.seconds - KEPT_SECONDS,
        ..now
    };
    let mut batch = Batch::default();
    outbox::delete_ready(&mut batch, Topic::RowsChanged, before);
    commit(&app.repo, &batch, "delivery").await.map(|_| ())
}
