//! Questions to the catalog, answered as rows of texts.

use std::time::Duration;

use quillback_plugin_api::{Category, DriverError, Ident, TableRef};

use crate::Server;

/// The time that a question about the catalog may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The rows of an answer.
pub type Rows = Vec<Vec<Option<String>>>;

/// A name of the catalog.
///
/// # Errors
/// `Protocol` when it is none.
pub fn ident(name: &str) -> Result<Ident, DriverError> {
    Ident::new(name).map_err(|error| DriverError::new(Category::Protocol, error.to_string()))
}

/// Asks on any connection; once more on another when an idle one turns out to be dead.
///
/// # Errors
/// What the server answers, and `Timeout`.
pub async fn ask(server: &Server, sql: &str, params: &[&str]) -> Result<Rows, DriverError> {
    let questions = async {
        loop {
            let mut lease = server.pool.get().await?;
            let answer = lease.connection.ask(sql, params).await;
            let dead = answer.as_ref().is_err_and(|error| error.connection_lost);
            let again = dead && lease.reused;
            server.pool.put_back(lease);
            if !again {
                return answer;
            }
        }
    };
    match tokio::time::timeout(PATIENCE, questions).await {
        Ok(answer) => answer,
        Err(_) => Err(DriverError::new(
            Category::Timeout,
            "the server did not answer a question about its catalog within 30 seconds",
        )),
    }
}

/// Schema and name of a table, as questions take them; without a schema it is the one that the search path finds.
pub fn place(table: &TableRef) -> [&str; 2] {
    let schema = table.schema.as_ref().map_or("", Ident::as_str);
    [schema, table.name.as_str()]
}

/// A row of texts.
#[derive(Clone, Copy)]
pub struct Row<'r>(pub Option<&'r Vec<Option<String>>>);

impl<'r> Row<'r> {
    /// The text of a column, if it has one.
    pub fn get(self, column: usize) -> Option<&'r str> {
        self.0?.get(column)?.as_deref()
    }

    /// The text of a column; empty when it has none.
    pub fn text(self, column: usize) -> &'r str {
        self.get(column).unwrap_or_default()
    }

    /// Whether a column is true.
    pub fn flag(self, column: usize) -> bool {
        self.text(column) == "t"
    }
}
