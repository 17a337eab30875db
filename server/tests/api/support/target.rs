//! Target databases for tests, and schemas with tables of their own in them.

use std::path::Path;

use serde_json::{Value as Json, json};

use super::{Client, server_url, unique_id};

/// A database that rows are written into.
pub struct Database {
    driver: &'static str,
    options: Json,
}

impl Database {
    /// A file in the folder.
    pub fn sqlite(folder: &Path) -> Self {
        Self {
            driver: "sqlite",
            options: json!({ "path": folder.join(format!("{}.db", unique_id())) }),
        }
    }

    /// One that is reached with these options.
    pub fn at(driver: &'static str, options: Json) -> Self {
        Self { driver, options }
    }

    /// The server that `QUILLBACK_TEST_<ID>_URL` names; none when it is not set.
    pub fn server(driver: &'static str) -> Option<Self> {
        let url = server_url(driver);
        Some(Self {
            driver,
            options: json!({ "url": url? }),
        })
    }

    /// Whether names may hold characters beyond the basic plane; MySQL keeps identifiers in three bytes a character
    /// (<https://dev.mysql.com/doc/refman/8.4/en/identifiers.html>).
    pub fn has_emoji_names(&self) -> bool {
        self.driver != "mysql"
    }

    /// Adds a connection to it; answers its id.
    pub async fn connect(&self, admin: &Client) -> String {
        let input = json!({ "name": unique_id(), "driver": self.driver, "options": self.options });
        let answer = admin
            .run(
                "mutation($input: ConnectionInput!) { createConnection(input: $input) { connection { id } } }",
                json!({ "input": input }),
            )
            .await;
        answer["createConnection"]["connection"]["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Makes a table with one field of each common type.
    pub async fn table(&self, admin: &Client) -> Table {
        let connection = self.connect(admin).await;
        Table::make(admin, &connection, "ADD_DATA", &common_fields()).await
    }
}

/// Name, amount, count, day, done and note.
pub fn common_fields() -> Json {
    json!([
        { "name": "name", "type": { "name": "TEXT", "length": 40 }, "required": true },
        { "name": "amount", "type": { "name": "DECIMAL", "precision": 12, "scale": 2 }, "rules": { "max": "5000000000" } },
        { "name": "count", "type": { "name": "INTEGER" } },
        { "name": "day", "type": { "name": "DATE" } },
        { "name": "done", "type": { "name": "BOOLEAN" } },
        { "name": "note", "type": { "name": "PARAGRAPH" } },
    ])
}

/// A schema with its table.
#[derive(Clone, Default)]
pub struct Table {
    pub schema: String,
    pub name: String,
}

impl Table {
    /// Makes a schema of the module with the fields on a table of a new name.
    pub async fn make(admin: &Client, connection: &str, module: &str, fields: &Json) -> Self {
        let name = format!("t_{}", unique_id().replace('-', "_"));
        let input = json!({
            "label": unique_id(), "module": module, "connectionId": connection, "table": name, "fields": fields,
        });
        let answer = admin
            .run(
                "mutation($input: SchemaInput!) { createSchema(input: $input) { schema { id } } }",
                json!({ "input": input }),
            )
            .await;
        Self {
            schema: answer["createSchema"]["schema"]["id"]
                .as_str()
                .unwrap()
                .to_owned(),
            name,
        }
    }

    /// Removes the schema with its table, so that a server that is shared does not fill up.
    pub async fn drop(&self, admin: &Client) {
        let known = admin
            .run(
                "query($id: ID!) { schema(id: $id) { revision } }",
                json!({ "id": self.schema }),
            )
            .await;
        let input = json!({ "id": self.schema, "revision": known["schema"]["revision"], "dropTable": true });
        admin
            .run(
                "mutation($input: DeleteSchemaInput!) { deleteSchema(input: $input) { id } }",
                json!({ "input": input }),
            )
            .await;
    }

    /// Sends changes under a new id; answers what came of them.
    pub async fn write(&self, client: &Client, changes: Json) -> Json {
        self.write_as(client, &unique_id(), changes).await
    }

    /// Sends changes under this id.
    pub async fn write_as(&self, client: &Client, change: &str, changes: Json) -> Json {
        let answer = client.run(WRITE, self.input(change, changes)).await;
        answer["writeRows"].clone()
    }

    /// The variables of [`WRITE`].
    pub fn input(&self, change: &str, changes: Json) -> Json {
        json!({ "input": { "changeId": change, "schemaId": self.schema, "changes": changes } })
    }

    /// Adds rows that must be taken; answers their outcomes.
    pub async fn add(&self, client: &Client, rows: &[Json]) -> Vec<Json> {
        let changes: Vec<Json> = rows
            .iter()
            .map(|values| json!({ "add": { "values": values } }))
            .collect();
        let outcome = self.write(client, json!(changes)).await;
        assert_eq!(outcome["state"], "APPLIED", "{outcome:#}");
        outcome["rows"].as_array().unwrap().clone()
    }

    /// Reads a page with these arguments besides the schema.
    pub async fn page(&self, client: &Client, arguments: Json) -> Json {
        let mut variables = json!({ "schema": self.schema });
        variables
            .as_object_mut()
            .unwrap()
            .extend(arguments.as_object().unwrap().clone());
        client.run(PAGE, variables).await["rows"].clone()
    }

    /// The values of a field in all rows, sorted by it.
    pub async fn column(&self, client: &Client, field: &str) -> Vec<Json> {
        let page = self
            .page(
                client,
                json!({ "sort": [{ "field": field }], "first": 500 }),
            )
            .await;
        let nodes = page["nodes"].as_array().unwrap();
        nodes
            .iter()
            .map(|node| node["values"][field].clone())
            .collect()
    }
}

/// A page of rows, with everything about it.
pub const PAGE: &str =
    "query($schema: ID!, $filter: RowFilter, $sort: [RowSort!]! = [], $first: Int! = 50, $after: String) {
    rows(schemaId: $schema, filter: $filter, sort: $sort, first: $first, after: $after) {
        nodes { key values version } edges { cursor } pageInfo { hasNextPage endCursor } totalCount
    }
}";

/// A change of rows, with everything about its outcome.
pub const WRITE: &str = "mutation($input: WriteRowsInput!) {
    writeRows(input: $input) { changeId state repeated rows { status key row version code message } }
}";

/// Writes a test once and runs it on every target database that is there.
#[macro_export]
macro_rules! on_every_database {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        mod $name {
            #[tokio::test]
            async fn sqlite() {
                let (server, admin) = $crate::support::TestServer::start().await;
                let database = $crate::support::Database::sqlite(&server.file(""));
                super::cases::$name(server, admin, database).await;
            }

            #[tokio::test]
            async fn postgres() {
                if let Some(database) = $crate::support::Database::server("postgres") {
                    let (server, admin) = $crate::support::TestServer::start().await;
                    super::cases::$name(server, admin, database).await;
                }
            }

            #[tokio::test]
            async fn mysql() {
                if let Some(database) = $crate::support::Database::server("mysql") {
                    let (server, admin) = $crate::support::TestServer::start().await;
                    super::cases::$name(server, admin, database).await;
                }
            }
        }
    )*};
}
