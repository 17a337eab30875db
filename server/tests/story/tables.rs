//! Tables of the story, and what changes of them.

use anyhow::{Result, ensure};
use serde_json::{Value as Json, json};

use crate::{
    client::Client,
    world::{World, call, text, unique_id},
};

const PAGE: &str =
    "query($schema: ID!, $filter: RowFilter, $sort: [RowSort!]! = [], $first: Int! = 500, $after: String) {
    rows(schemaId: $schema, filter: $filter, sort: $sort, first: $first, after: $after) {
        nodes { key values version } pageInfo { hasNextPage endCursor } totalCount
    }
}";

const WRITE: &str = "mutation($input: WriteRowsInput!) {
    writeRows(input: $input) { changeId state repeated rows { status key row version code message } }
}";

/// A schema with its table.
pub struct Table {
    /// Identifier of the schema.
    pub schema: String,
    name: String,
    connection: String,
}

/// Fields of types that every database has.
pub fn fields() -> Json {
    json!([
        { "name": "name", "type": { "name": "TEXT", "length": 40 }, "required": true },
        { "name": "count", "type": { "name": "INTEGER" } },
        { "name": "day", "type": { "name": "DATE" } },
        { "name": "done", "type": { "name": "BOOLEAN" } },
        { "name": "note", "type": { "name": "PARAGRAPH" } },
    ])
}

impl Table {
    /// Makes a schema with a table of its own.
    pub async fn make(admin: &Client, connection: &str, fields: &Json) -> Result<Self> {
        let name = format!("story_{}", unique_id().replace('-', "_"));
        let input = description(connection, &name, fields);
        let document =
            "mutation($input: SchemaInput!) { createSchema(input: $input) { schema { id } } }";
        let made = call(admin, document, json!({ "input": input })).await?;
        Ok(Self {
            schema: text(&made["createSchema"]["schema"]["id"]),
            name,
            connection: connection.to_owned(),
        })
    }

    /// Removes the schema with its table.
    pub async fn drop(&self, admin: &Client) -> Result<()> {
        let input = json!({ "id": self.schema, "revision": self.revision(admin).await?, "dropTable": true });
        let document =
            "mutation($input: DeleteSchemaInput!) { deleteSchema(input: $input) { id } }";
        call(admin, document, json!({ "input": input })).await?;
        Ok(())
    }

    async fn revision(&self, admin: &Client) -> Result<Json> {
        let document = "query($id: ID!) { schema(id: $id) { revision } }";
        let known = call(admin, document, json!({ "id": self.schema })).await?;
        Ok(known["schema"]["revision"].clone())
    }

    /// Sends changes under an id; answers what came of them.
    pub async fn write(&self, client: &Client, change: &str, changes: Json) -> Result<Json> {
        let input = json!({ "changeId": change, "schemaId": self.schema, "changes": changes });
        let mut answer = call(client, WRITE, json!({ "input": input })).await?;
        Ok(answer["writeRows"].take())
    }

    /// Sends changes that must take effect; answers what became of the rows.
    pub async fn apply(&self, client: &Client, changes: Json) -> Result<Vec<Json>> {
        let outcome = self.write(client, &unique_id(), changes).await?;
        ensure!(outcome["state"] == "APPLIED", "{outcome:#}");
        Ok(list(&outcome["rows"]))
    }

    /// Adds rows.
    pub async fn add(&self, client: &Client, rows: &[Json]) -> Result<Vec<Json>> {
        let adds = rows
            .iter()
            .map(|values| json!({ "add": { "values": values } }));
        self.apply(client, adds.collect()).await
    }

    /// Reads a page with these arguments besides the schema.
    pub async fn page(&self, client: &Client, mut arguments: Json) -> Result<Json> {
        arguments["schema"] = json!(self.schema);
        let mut answer = call(client, PAGE, arguments).await?;
        Ok(answer["rows"].take())
    }

    /// A field of the rows with this name, sorted by it.
    pub async fn column(&self, client: &Client, name: &str, field: &str) -> Result<Vec<Json>> {
        let arguments =
            json!({ "filter": { "field": "name", "value": name }, "sort": [{ "field": field }] });
        let page = self.page(client, arguments).await?;
        let nodes = list(&page["nodes"]);
        Ok(nodes
            .iter()
            .map(|node| node["values"][field].clone())
            .collect())
    }
}

/// The members of a list in an answer.
pub fn list(json: &Json) -> Vec<Json> {
    json.as_array().cloned().unwrap_or_default()
}

/// Status and code of each row.
pub fn statuses(outcome: &Json) -> Vec<(String, String)> {
    let rows = list(&outcome["rows"]);
    rows.iter()
        .map(|row| (text(&row["status"]), text(&row["code"])))
        .collect()
}

fn description(connection: &str, table: &str, fields: &Json) -> Json {
    json!({
        "label": table, "module": "ADD_DATA", "connectionId": connection, "table": table, "fields": fields,
    })
}

/// A table gets one more column, which rows have from then on.
pub async fn add_field(world: &World) -> Result<()> {
    let (admin, short) = (&world.admin, json!([fields()[0]]));
    let table = Table::make(admin, &world.connection, &short).await?;
    let row = table
        .add(admin, &[json!({ "name": "before" })])
        .await?
        .remove(0);
    let more = json!([fields()[0], { "name": "extra", "type": { "name": "TEXT", "length": 40 } }]);
    let schema = description(&table.connection, &table.name, &more);
    let input =
        json!({ "id": table.schema, "revision": table.revision(admin).await?, "schema": schema });
    let document =
        "mutation($input: UpdateSchemaInput!) { updateSchema(input: $input) { schema { id } } }";
    call(admin, document, json!({ "input": input })).await?;
    let values = json!({ "extra": "later" });
    let edit = json!([{ "edit": { "key": row["key"], "overwrite": true, "values": values } }]);
    table.apply(admin, edit).await?;
    table
        .add(admin, &[json!({ "name": "after", "extra": "at once" })])
        .await?;
    let found = [
        table.column(admin, "before", "extra").await?,
        table.column(admin, "after", "extra").await?,
    ];
    ensure!(
        found == [[json!("later")], [json!("at once")]],
        "found {found:?}"
    );
    table.drop(admin).await
}

/// The table goes with its schema, and what is gone answers so.
pub async fn remove(world: &World) -> Result<()> {
    world.table.drop(&world.admin).await?;
    let asked = world.table.page(&world.admin, json!({})).await;
    let code = asked.err().and_then(|error| {
        let refused = error.downcast_ref::<crate::world::Refused>()?;
        Some(refused.code.clone())
    });
    ensure!(code.as_deref() == Some("NOT_FOUND"), "answered {code:?}");
    Ok(())
}
