//! Reads whose rows come in pieces.

use futures_util::TryStreamExt as _;
use quillback_plugin_api::pieces::{self, Feed, Pieces};
use quillback_plugin_api::sql::{Rendered, Select};
use quillback_plugin_api::{Category, DriverError, dialect};
use tiberius::QueryItem;

use crate::Server;
use crate::connect::Session;
use crate::errors::from_client;
use crate::statement;
use crate::types::read;

/// Starts a read and waits for its headings.
///
/// # Errors
/// What the server says.
pub(crate) async fn start(server: &Server, select: Select) -> Result<Pieces, DriverError> {
    let statement = dialect::select(server.flavor.dialect, &select)?;
    let most = (server.flavor.capabilities)().max_params;
    if statement.params.len() > most as usize {
        let message =
            format!("the filter has more values than the {most} that a statement takes: narrow it");
        return Err(DriverError::new(Category::Resource, message));
    }
    let lease = server.pool.sure_lease().await?;
    pieces::start(lease, Reading(statement)).await
}

struct Reading(Rendered);

impl pieces::Read<Session> for Reading {
    async fn read(self, session: &mut Session, feed: &mut Feed) -> Result<(), DriverError> {
        let query = statement::compared(&self.0)?;
        let mut result = query.query(&mut session.conn).await.map_err(from_client)?;
        let columns = result.columns().await.map_err(from_client)?;
        let headings = columns.unwrap_or_default().iter().map(read::heading);
        feed.announce(headings.collect());
        while let Some(item) = result.try_next().await.map_err(from_client)? {
            if let QueryItem::Row(row) = item {
                read::row(&row, feed.rows())?;
                feed.pass_on().await;
            }
        }
        Ok(())
    }
}
