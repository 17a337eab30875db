//! Reads whose rows come in pieces.

use mysql_async::prelude::Queryable as _;
use quillback_plugin_api::catalog::ColumnInfo;
use quillback_plugin_api::pieces::{self, Feed, Pieces};
use quillback_plugin_api::sql::{Rendered, Select};
use quillback_plugin_api::{Category, DriverError, dialect};

use crate::Server;
use crate::capabilities;
use crate::connect::Session;
use crate::errors::from_client;
use crate::names;
use crate::statement::{self, Shape};
use crate::types::read;

/// Starts a read and waits for its headings.
///
/// # Errors
/// What the server says.
pub(crate) async fn start(server: &Server, select: Select) -> Result<Pieces, DriverError> {
    let statement = dialect::select(&server.dialect, &select)?;
    names::check_sql(&statement.sql)?;
    if statement.params.len() > capabilities::best().max_params as usize {
        let message =
            "the filter has more values than the 65,535 that a statement takes: narrow it";
        return Err(DriverError::new(Category::Resource, message));
    }
    let mut lease = server.pool.sure_lease().await?;
    let known = statement::known_items(lease.session()?, &server.tables, &select).await;
    let known = match known {
        Ok(known) => known,
        Err(error) => return lease.settle(Err(error)),
    };
    pieces::start(lease, Reading { statement, known }).await
}

struct Reading {
    statement: Rendered,
    known: Vec<Option<ColumnInfo>>,
}

impl pieces::Read<Session> for Reading {
    async fn read(self, session: &mut Session, feed: &mut Feed) -> Result<(), DriverError> {
        let params = statement::compared(&self.statement.params)?;
        statement::fits_packets(session, &params)?;
        let mut result = session
            .conn
            .exec_iter(self.statement.sql.as_str(), params)
            .await
            .map_err(from_client)?;
        let Shape { cells, headings } = Shape::of(result.columns_ref(), &self.known);
        feed.announce(headings);
        while let Some(row) = result.next().await.map_err(from_client)? {
            read::row(&cells, row, feed.rows());
            feed.pass_on().await;
        }
        Ok(())
    }
}
