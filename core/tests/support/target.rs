//! A target database with one schema, for tests that write rows.

use quillback_core::admin::connections::{self, ConnectionDraft};
use quillback_core::admin::schemas::{self, FieldDraft, SchemaDraft};
use quillback_core::cx::Cx;
use quillback_core::field::{FieldKind, Rules};
use quillback_core::ids::{ChangeId, ConnectionId, SchemaId};
use quillback_core::plugin_api::sql::Direction;
use quillback_core::read::{self, Filter, Page, PageCommand};
use quillback_core::schema::{Module, Schema};
use quillback_core::write::{self, Seen, WriteChange, WriteCommand, WriteOutcome};
use quillback_core::{Error, Result};
use serde_json::{Value as Json, json};

use super::{Kind, Repository, TestApp};

/// A server with a target database of its own, and a schema "Forecast" in it.
pub(crate) struct Target {
    /// The server.
    pub(crate) test: TestApp,
    /// A request of the administrator.
    pub(crate) admin: Cx,
    /// Connection to the target database.
    pub(crate) connection: ConnectionId,
    /// The schema.
    pub(crate) schema: Schema,
    /// The target database; it goes with the test.
    pub(crate) database: Repository,
}

/// A field of a draft.
pub(crate) fn field(name: &str, kind: FieldKind) -> FieldDraft {
    let rules = Rules::default();
    FieldDraft {
        name: name.into(),
        label: None,
        column: None,
        kind: Some(kind),
        required: false,
        rules,
    }
}

/// A required field of a draft.
pub(crate) fn required(name: &str, kind: FieldKind) -> FieldDraft {
    FieldDraft {
        required: true,
        ..field(name, kind)
    }
}

/// The fields of "Forecast".
pub(crate) fn fields() -> Vec<FieldDraft> {
    vec![
        required("region", FieldKind::Text { length: 20 }),
        field("product", FieldKind::Text { length: 40 }),
        field(
            "amount",
            FieldKind::Decimal {
                precision: 12,
                scale: 2,
            },
        ),
        field("units", FieldKind::Integer),
        field("note", FieldKind::Paragraph),
        field("approved", FieldKind::Boolean),
        field("due", FieldKind::Date),
        field("updated", FieldKind::DateTime { zoned: true }),
    ]
}

impl Target {
    /// A fresh one on this kind of database.
    pub(crate) async fn on(kind: Kind) -> Self {
        let test = TestApp::on(kind).await;
        let admin = test.admin().await;
        let database = Repository::fresh(kind);
        let draft = ConnectionDraft {
            name: "target".into(),
            driver: kind.driver().info().id.clone(),
            options: database.options(),
            marker: true,
            groups: None,
        };
        let connection = connections::create(&admin, &test.app, draft)
            .await
            .unwrap()
            .id;
        let draft = draft_of(&connection, "Forecast", "forecast", fields());
        let schema = schemas::create(&admin, &test.app, draft).await.unwrap();
        Self {
            test,
            admin,
            connection,
            schema,
            database,
        }
    }

    /// Identifier of the schema.
    pub(crate) fn id(&self) -> &SchemaId {
        &self.schema.id
    }

    /// Sends changes under a new id.
    pub(crate) async fn write(&self, cx: &Cx, changes: Vec<WriteChange>) -> Result<WriteOutcome> {
        self.send(cx, &ChangeId::from(cx.new_id()), changes).await
    }

    /// Sends changes under this id.
    pub(crate) async fn send(
        &self,
        cx: &Cx,
        id: &ChangeId,
        changes: Vec<WriteChange>,
    ) -> Result<WriteOutcome> {
        let command = WriteCommand::plain(id.clone(), self.schema.id.clone(), changes);
        write::submit(cx, &self.test.app, command).await
    }

    /// Adds one row and answers its key.
    pub(crate) async fn add(&self, cx: &Cx, values: Json) -> Json {
        let outcome = self.write(cx, vec![add(values)]).await.unwrap();
        outcome.rows[0].key.clone().unwrap()
    }

    /// A page in the order of the key.
    pub(crate) async fn rows(&self, cx: &Cx, filter: Option<Filter>) -> Page {
        self.page(cx, filter, Vec::new(), 500, None).await.unwrap()
    }

    /// A page.
    pub(crate) async fn page(
        &self,
        cx: &Cx,
        filter: Option<Filter>,
        sort: Vec<(String, Direction)>,
        first: u32,
        after: Option<String>,
    ) -> Result<Page> {
        let schema = self.schema.id.clone();
        read::page(
            cx,
            &self.test.app,
            PageCommand {
                schema,
                filter,
                sort,
                first,
                after,
                count: true,
            },
        )
        .await
    }
}

/// A schema that Quillback makes the table for.
pub(crate) fn draft_of(
    connection: &ConnectionId,
    label: &str,
    table: &str,
    fields: Vec<FieldDraft>,
) -> SchemaDraft {
    SchemaDraft {
        label: label.into(),
        module: Module::AddData,
        connection: connection.clone(),
        table_schema: None,
        table: table.into(),
        key: Vec::new(),
        fields,
        owner: None,
        allow_data_loss: false,
    }
}

/// Adds a row.
pub(crate) fn add(values: Json) -> WriteChange {
    WriteChange::Add {
        key: None,
        values: object(values),
    }
}

/// Changes a row that was seen with these values.
pub(crate) fn edit(key: &Json, values: Json, seen: Json) -> WriteChange {
    WriteChange::Edit {
        key: key.clone(),
        values: object(values),
        seen: Seen::Values(object(seen)),
    }
}

/// Removes a row that was seen with these values.
pub(crate) fn delete(key: &Json, seen: Json) -> WriteChange {
    WriteChange::Delete {
        key: key.clone(),
        seen: Seen::Values(object(seen)),
    }
}

fn object(json: Json) -> write::Values {
    let Json::Object(values) = json else {
        panic!("values are an object")
    };
    values
}

/// A row with a value of every field.
pub(crate) fn full_row() -> Json {
    json!({
        "region": "Nord 'Ost'",
        "product": "Ö 🚀 \"x\"",
        "amount": "1234567890.50",
        "units": "9007199254740993",
        "note": "line\nline",
        "approved": true,
        "due": "2026-11-22",
        "updated": "2026-11-22T08:30:00.123456Z",
    })
}

/// Codes and paths of the faults in an input.
pub(crate) fn faults(error: &Error) -> Vec<(String, &'static str)> {
    let mut faults: Vec<_> = error
        .problems()
        .iter()
        .map(|problem| (problem.path.clone(), problem.code))
        .collect();
    faults.sort();
    faults
}

/// Runs a test on every kind of target database at hand.
pub(crate) async fn on_each_target(test: impl AsyncFn(Target)) {
    for kind in Kind::at_hand() {
        test(Target::on(kind).await).await;
    }
}
