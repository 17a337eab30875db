//! Questions to the catalog, answered as rows of texts.

use std::time::Duration;

use quillback_plugin_api::catalog::{Catalog, TableKind, TableSummary};
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

/// Lists schemas by a question for their names.
///
/// # Errors
/// What asking answers.
pub async fn schemas(server: &Server, question: &str) -> Result<Catalog, DriverError> {
    let rows = ask(server, question, &[]).await?;
    let names = rows.iter().map(|row| ident(Row(Some(row)).text(0)));
    names.collect::<Result<_, _>>().map(Catalog::Schemas)
}

/// Lists tables by a question for schema, name and kind. Its parameters are a schema, empty for all of them, a text that
/// names have in them, most rows, and rows to pass over.
///
/// # Errors
/// What asking answers.
pub async fn tables(
    server: &Server,
    question: &str,
    schema: Option<&Ident>,
    search: &str,
    (offset, limit): (u32, u32),
) -> Result<Catalog, DriverError> {
    // A text of the catalog cannot hold NUL, nor can a parameter.
    if search.contains('\0') {
        return Ok(Catalog::Tables {
            tables: Vec::new(),
            more: false,
        });
    }
    let schema = schema.map_or("", Ident::as_str);
    let limit = usize::try_from(limit.clamp(1, 1_000)).unwrap_or(1);
    let (most, offset) = ((limit + 1).to_string(), offset.to_string());
    let mut rows = ask(server, question, &[schema, search, &most, &offset]).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let tables = rows.iter().map(|row| {
        let row = Row(Some(row));
        Ok(TableSummary {
            table: TableRef::in_schema(Some(ident(row.text(0))?), ident(row.text(1))?),
            kind: kind(row.text(2)),
        })
    });
    Ok(Catalog::Tables {
        tables: tables.collect::<Result<_, DriverError>>()?,
        more,
    })
}

/// What a letter of `pg_class.relkind` stands for.
pub fn kind(letter: &str) -> TableKind {
    match letter {
        "v" | "m" => TableKind::View,
        _ => TableKind::Table,
    }
}

/// Whether a table is in another database than the session, where nothing can be asked about it.
pub fn is_elsewhere(server: &Server, table: &TableRef) -> bool {
    let database = server.database();
    let catalog = table.catalog.as_ref();
    catalog.is_some_and(|catalog| catalog.as_str() != database)
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
