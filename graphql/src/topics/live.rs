//! Subscriptions: rows that change while somebody looks at them.

use std::sync::Arc;

use async_graphql::futures_util::stream::{self, Stream};
use async_graphql::{Context, ID, Result, SimpleObject, Subscription};
use quillback_auth::Auth;
use quillback_core::ids::SchemaId;
use quillback_core::live::{self, RowsEvent, Watcher};
use quillback_core::{App, Cx, Error};
use zeroize::Zeroizing;

use crate::context::Env;
use crate::error::{Public, public};
use crate::scalars::{Json, id};

#[derive(Default)]
pub(crate) struct LiveSubscription;

#[Subscription]
impl LiveSubscription {
    /// Tells which rows of a schema changed, as far as you may see them; load them again to know what is in them now.
    /// Subscribe first and load afterwards, so that nothing is missed between. It ends with an error when your session
    /// ends or you may not see the schema any more.
    async fn rows_changed(
        &self,
        ctx: &Context<'_>,
        schema_id: ID,
    ) -> Result<impl Stream<Item = Result<RowsChanged>> + use<>> {
        let schema = SchemaId::parse(&schema_id).public()?;
        let (cx, app) = (ctx.cx()?.clone(), ctx.app()?.clone());
        let watcher = live::watch(&cx, &app, &schema).await.public()?;
        let watching = Watching {
            cx,
            app,
            auth: ctx.auth()?.clone(),
            token: ctx.caller()?.token.clone(),
            watcher,
            is_over: false,
        };
        Ok(stream::unfold(watching, Watching::step))
    }
}

/// Somebody who is subscribed.
struct Watching {
    cx: Cx,
    app: App,
    auth: Auth,
    token: Option<Zeroizing<String>>,
    watcher: Watcher,
    is_over: bool,
}

impl Watching {
    /// The next event, or the error that ends the subscription.
    async fn step(mut self) -> Option<(Result<RowsChanged>, Self)> {
        if self.is_over {
            return None;
        }
        match self.event().await {
            Ok(event) => Some((Ok(event.into()), self)),
            Err(error) => {
                self.is_over = true;
                Some((Err(public(error)), self))
            }
        }
    }

    async fn event(&mut self) -> quillback_core::Result<RowsEvent> {
        loop {
            let news = self.watcher.next().await;
            // Whatever was true when the subscription began: the session, the rights and the rows are those of now.
            let token = self.token.as_ref().ok_or(Error::Unauthenticated)?;
            let who = quillback_auth::look(&self.cx, &self.app, &self.auth, token).await?;
            self.cx.principal = Some(Arc::clone(&who));
            let schema = self.watcher.schema();
            if let Some(event) = live::told(&self.cx, &self.app, schema, news).await? {
                return Ok(event);
            }
        }
    }
}

/// Rows of a schema that changed.
#[derive(SimpleObject)]
struct RowsChanged {
    /// Whether too much changed to be told row by row: load whatever you show again. Then the rest is empty.
    reload: bool,
    /// The changes that these rows are part of.
    change_ids: Vec<ID>,
    /// Keys of rows that were added or edited.
    written: Vec<Json>,
    /// Keys of rows that were removed, or that you do not see any more. Where row rules limit what you see, a removed row
    /// is told only if you surely saw it before.
    removed: Vec<Json>,
}

impl From<RowsEvent> for RowsChanged {
    fn from(event: RowsEvent) -> Self {
        let keys = |keys: Vec<serde_json::Value>| keys.into_iter().map(Json).collect();
        Self {
            reload: event.reload,
            change_ids: event.changes.iter().map(id).collect(),
            written: keys(event.written),
            removed: keys(event.removed),
        }
    }
}
