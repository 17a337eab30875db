//! Somebody who writes, takes back and looks at what is there.

use quillback_core::Result;
use quillback_core::cx::Cx;
use quillback_core::ids::ChangeId;
use quillback_core::write::{
    self, GoingBack, RestoreCommand, RollBackCommand, RowStatus, Seen, WentBack, WriteChange,
    WriteState,
};
use serde_json::Value as Json;

use crate::support::target::Target;

pub(super) struct Journey<'a> {
    pub(super) target: &'a Target,
    pub(super) cx: &'a Cx,
}

impl Journey<'_> {
    /// Writes under a new id, which must be taken; answers the id and the keys.
    pub(super) async fn change(&self, changes: Vec<WriteChange>) -> (ChangeId, Vec<Json>) {
        let id = ChangeId::from(self.cx.new_id());
        // Each change is at a time of its own, so that the last one is known.
        self.target.test.clock.advance(1);
        let outcome = self.target.send(self.cx, &id, changes).await.unwrap();
        assert_eq!(outcome.state, WriteState::Applied, "{outcome:?}");
        let keys = outcome.rows.into_iter().filter_map(|row| row.key);
        (id, keys.collect())
    }

    pub(super) fn command(&self, reverts: &ChangeId) -> RollBackCommand {
        RollBackCommand {
            change: ChangeId::from(self.cx.new_id()),
            reverts: reverts.clone(),
            key: None,
            overwrite: false,
        }
    }

    pub(super) async fn undo(&self, command: RollBackCommand) -> Result<WentBack> {
        self.target.test.clock.advance(1);
        write::roll_back(self.cx, &self.target.test.app, command).await
    }

    pub(super) async fn back(&self, reverts: &ChangeId) -> WentBack {
        self.undo(self.command(reverts)).await.unwrap()
    }

    pub(super) async fn preview(&self, reverts: &ChangeId) -> GoingBack {
        let command = self.command(reverts);
        write::preview_roll_back(self.cx, &self.target.test.app, command)
            .await
            .unwrap()
    }

    pub(super) async fn restore(
        &self,
        key: &Json,
        to: &ChangeId,
        seen: Option<Seen>,
    ) -> Result<WentBack> {
        self.target.test.clock.advance(1);
        let command = RestoreCommand {
            change: ChangeId::from(self.cx.new_id()),
            schema: self.target.id().clone(),
            key: key.clone(),
            to: to.clone(),
            seen,
        };
        write::restore_row(self.cx, &self.target.test.app, command).await
    }

    /// All rows, keys and values.
    pub(super) async fn rows(&self) -> Vec<(Json, Json)> {
        let page = self.target.rows(&self.target.admin, None).await;
        page.rows
            .into_iter()
            .map(|row| (row.key(), row.values()))
            .collect()
    }

    pub(super) async fn row(&self, key: &Json) -> Option<Json> {
        let rows = self.rows().await;
        rows.into_iter().find(|row| row.0 == *key).map(|row| row.1)
    }
}

pub(super) fn status(back: &WentBack) -> (WriteState, RowStatus) {
    (back.outcome.state, back.outcome.rows[0].status)
}
