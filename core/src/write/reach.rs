//! What a use-case that works its changes out itself reaches: a schema, the grant of who asks, and the target.

use quillback_plugin_api::sql::Expr;
use quillback_plugin_api::{Value, ValueRef};

use super::image::Image;
use super::versions::shown;
use crate::app::App;
use crate::catalog::{self, Found};
use crate::cx::Cx;
use crate::error::Result;
use crate::ids::SchemaId;
use crate::permit;
use crate::plan::{self, PagePlan, ScopedPage, rows_by_key};
use crate::policy::{self, Action, Grant};
use crate::schema::Definition;
use crate::targets::Opened;

/// A schema as whoever asks may use it.
pub(super) struct Reach {
    found: Found,
    pub(super) grant: Grant,
    deadline_ms: u32,
}

impl Reach {
    /// The schema, for somebody who may do `action` with it.
    pub(super) async fn of(cx: &Cx, app: &App, schema: &SchemaId, action: Action) -> Result<Self> {
        let principal = permit::writer(cx)?;
        let found = catalog::find(app, schema, &principal).await?;
        let grant = policy::grant(&principal, &found)?;
        grant.require(action)?;
        Ok(Self {
            found,
            grant,
            deadline_ms: app.options.batch_deadline_ms,
        })
    }

    pub(super) fn definition(&self) -> &Definition {
        &self.found.loaded.whole.schema.definition
    }

    async fn target(&self, app: &App) -> Result<Opened> {
        let connection = &self.found.loaded.connection;
        app.targets.get(&app.keyring, connection).await
    }

    /// At most `limit` rows that hold the filter, as the grant shows them.
    pub(super) async fn rows(&self, app: &App, filter: Expr, limit: u64) -> Result<Vec<Image>> {
        let plan = PagePlan {
            filter,
            sort: Vec::new(),
            after: None,
            limit: Some(limit),
            count: false,
            deadline_ms: self.deadline_ms,
        };
        let page = plan::page(self.definition(), &self.grant, plan)?;
        self.read(app, &page).await
    }

    /// The rows with these keys, as the grant shows them.
    pub(super) async fn rows_by_key(&self, app: &App, keys: &[&[Value]]) -> Result<Vec<Image>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let page = rows_by_key(self.definition(), &self.grant, keys, self.deadline_ms);
        self.read(app, &page).await
    }

    async fn read(&self, app: &App, page: &ScopedPage) -> Result<Vec<Image>> {
        let results = self.target(app).await?.page(page).await?;
        let rows = results.iter().flat_map(|result| result.rows.iter());
        let images = rows.map(|cells| {
            let values = cells.map(|cell| cell.map_or(Value::Null, ValueRef::to_owned));
            shown(self.definition(), &self.grant, values)
        });
        Ok(images.collect())
    }
}
