//! The authorisation matrix: every field of `schema.graphql` that somebody can call, and what each caller gets of it.
//!
//! To add a field: write one row in the file of its topic beside this one (`row("Query.field")`).
//!  1. `.calls(document, variables)`: a call that is valid in the prepared world of `world.rs`; add what it needs there.
//!  2. `.data(..)`: the callers who get data; `.nothing(..)`: those who get null, false or an empty list.
//!  3. `.code("NOT_FOUND", ..)`: those who get another code. All who are not named must get `FORBIDDEN`, the anonymous
//!     caller `UNAUTHENTICATED`, and one whose new password is due `PASSWORD_CHANGE_REQUIRED`.
//!  4. `.looks("/schema/permissions")` where an answer has parts with rights of their own: what to look at.
//!  5. Run `cargo nextest run -p quillback-server authz`; a difference is printed with its caller. Mend what is wrong.

#![expect(clippy::too_many_lines, reason = "rows are data, one after the other")]

mod books;
mod connections;
mod console;
mod entitlements;
mod many;
mod people;
mod rows;
mod schemas;
mod session;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use books::Books;
use world::World;

/// Somebody who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// Nobody: no token at all.
    Anonymous,
    /// An administrator whose new password is due.
    Due,
    /// The administrator's name, claimed and not proved.
    Claimed,
    /// A user without roles and groups.
    Stranger,
    /// A user without roles, in a group with every right on another schema.
    Elsewhere,
    /// A user without roles, in a group that may view the schema.
    Viewer,
    /// A user without roles, in a group with every right on the schema.
    Editor,
    /// A connection manager in the group that the things of the world belong to.
    ConnectionsIn,
    /// A connection manager in another group.
    ConnectionsOut,
    /// A schema manager in the group that the things of the world belong to.
    SchemasIn,
    /// A schema manager in another group.
    SchemasOut,
    /// A user manager in the group that the things of the world belong to.
    UsersIn,
    /// A user manager in another group.
    UsersOut,
    /// A program with a token of the administrator for reading.
    AdminReads,
    /// A program with a token of the administrator for everything.
    AdminProgram,
    /// The administrator.
    Admin,
}

impl Who {
    /// All callers.
    pub const ALL: [Self; 16] = [
        Self::Anonymous,
        Self::Due,
        Self::Claimed,
        Self::Stranger,
        Self::Elsewhere,
        Self::Viewer,
        Self::Editor,
        Self::ConnectionsIn,
        Self::ConnectionsOut,
        Self::SchemasIn,
        Self::SchemasOut,
        Self::UsersIn,
        Self::UsersOut,
        Self::AdminReads,
        Self::AdminProgram,
        Self::Admin,
    ];
    /// Those who have a session and no new password to set.
    pub const WITH_SESSION: [Self; 11] = [
        Self::Stranger,
        Self::Elsewhere,
        Self::Viewer,
        Self::Editor,
        Self::ConnectionsIn,
        Self::ConnectionsOut,
        Self::SchemasIn,
        Self::SchemasOut,
        Self::UsersIn,
        Self::UsersOut,
        Self::Admin,
    ];
    /// Those who act as the administrator and may change things.
    pub const ADMINS: [Self; 2] = [Self::Admin, Self::AdminProgram];
    /// Those who act as the administrator, a token for reading included.
    pub const ALL_ADMINS: [Self; 3] = [Self::Admin, Self::AdminProgram, Self::AdminReads];
}

/// Subscriptions end instead of answering a code: `server/tests/api/live/` has who gets what of them, and until when.
const OVER_SOCKETS: [&str; 1] = ["Subscription.rowsChanged"];

const DATA: &str = "data";
const NOTHING: &str = "nothing";

/// What the callers of one field get.
pub struct Row {
    field: &'static str,
    document: &'static str,
    variables: fn(&World, Who) -> Json,
    looks: Option<&'static str>,
    /// Whether only refusals are shown here: why, and where it succeeds.
    refusals_only: Option<&'static str>,
    answers: BTreeMap<Who, &'static str>,
}

/// Begins the row of a field, such as `Query.schema`, or of a part of it with rights of its own.
pub fn row(field: &'static str) -> Row {
    Row {
        field,
        document: "",
        variables: |_, _| Json::Null,
        looks: None,
        refusals_only: None,
        answers: BTreeMap::from([
            (Who::Anonymous, "UNAUTHENTICATED"),
            (Who::Due, "PASSWORD_CHANGE_REQUIRED"),
        ]),
    }
}

impl Row {
    /// The valid call.
    pub fn calls(mut self, document: &'static str, variables: fn(&World, Who) -> Json) -> Self {
        self.document = document;
        self.variables = variables;
        self
    }

    /// Where in the data to look, when it is not the field itself.
    pub fn looks(mut self, pointer: &'static str) -> Self {
        self.looks = Some(pointer);
        self
    }

    /// Says that no call of this row can succeed, and where the field's success is tested.
    pub fn succeeds_elsewhere(mut self, place: &'static str) -> Self {
        self.refusals_only = Some(place);
        self
    }

    /// Who gets data.
    pub fn data(self, who: &[Who]) -> Self {
        self.code(DATA, who)
    }

    /// Who gets null, false or an empty list.
    pub fn nothing(self, who: &[Who]) -> Self {
        self.code(NOTHING, who)
    }

    /// Who gets this code.
    pub fn code(mut self, code: &'static str, who: &[Who]) -> Self {
        for one in who {
            let before = self.answers.insert(*one, code);
            let expected = matches!(one, Who::Anonymous | Who::Due) || before.is_none();
            assert!(expected, "{}: {one:?} is named twice", self.field);
        }
        self
    }

    fn answer(&self, who: Who) -> &'static str {
        self.answers.get(&who).copied().unwrap_or("FORBIDDEN")
    }

    fn changes(&self) -> bool {
        self.document.starts_with("mutation")
    }
}

/// Runs the rows of a topic in a world of their own, and tells every difference at once.
async fn check(rows: Vec<Row>) {
    let mut world = World::make().await;
    let start = Books::of(&world).await;
    let mut differences = Vec::new();
    for row in rows {
        for who in Who::ALL {
            let variables = (row.variables)(&world, who);
            let answer = world.ask(who, row.document, variables).await;
            let got = outcome(&answer, &row);
            let expected = row.answer(who);
            if got != expected {
                let errors = answer
                    .get("errors")
                    .map(Json::to_string)
                    .unwrap_or_default();
                differences.push(format!(
                    "{} for {who:?}: {expected} expected, {got} given {errors}",
                    row.field
                ));
            }
            if !row.changes() {
                continue;
            }
            let after = Books::of(&world).await;
            if let Some(fault) = start.fault(&after, &row, &got) {
                differences.push(format!("{} for {who:?}: {got}, and {fault}", row.field));
            }
            if after != start || got == DATA || got == NOTHING {
                world = world.restored().await;
            }
        }
    }
    assert!(differences.is_empty(), "\n{}\n", differences.join("\n"));
}

/// What an answer amounts to: data, nothing, or the code of the first error.
fn outcome(answer: &Json, row: &Row) -> String {
    if let Some(error) = answer["errors"].get(0) {
        return error["extensions"]["code"]
            .as_str()
            .unwrap_or("no code")
            .to_owned();
    }
    let data = &answer["data"];
    let field = data.as_object().and_then(|fields| fields.values().next());
    let seen = match row.looks {
        Some(pointer) => data
            .pointer(pointer)
            .unwrap_or_else(|| panic!("{}: {pointer} is not in {data}", row.field)),
        None => field.unwrap_or_else(|| panic!("{}: no data in {answer}", row.field)),
    };
    let is_nothing = match seen {
        Json::Null | Json::Bool(false) => true,
        Json::Array(items) => items.is_empty(),
        _ => false,
    };
    if is_nothing { NOTHING } else { DATA }.to_owned()
}

fn all() -> Vec<Row> {
    [
        connections::rows(),
        console::rows(),
        entitlements::rows(),
        many::rows(),
        people::rows(),
        rows::rows(),
        schemas::rows(),
        session::rows(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The fields of `Query`, `Mutation` and `Subscription`, read from the file that is reviewed and released.
fn fields() -> BTreeSet<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../schema.graphql");
    let text = std::fs::read_to_string(path).unwrap();
    let document = async_graphql::parser::parse_schema(text).unwrap();
    let mut fields = BTreeSet::new();
    for definition in document.definitions {
        use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
        let TypeSystemDefinition::Type(of) = definition else {
            continue;
        };
        let name = of.node.name.node.to_string();
        if let TypeKind::Object(object) = of.node.kind
            && ["Query", "Mutation", "Subscription"].contains(&name.as_str())
        {
            let names = object
                .fields
                .iter()
                .map(|field| format!("{name}.{}", field.node.name.node));
            fields.extend(names);
        }
    }
    fields
}

#[test]
fn every_field_of_the_schema_has_one_row_and_somebody_who_may() {
    let rows = all();
    let fields = fields();
    assert!(fields.len() > 30, "the schema was read: {fields:?}");
    let mut faults = Vec::new();
    for field in fields.difference(&OVER_SOCKETS.map(str::to_owned).into()) {
        match rows
            .iter()
            .filter(|row| row.field == field.as_str())
            .count()
        {
            1 => {}
            0 => faults.push(format!(
                "{field} has no row: add it to a file in server/tests/api/authz; mod.rs says how"
            )),
            many => faults.push(format!("{field} has {many} rows")),
        }
    }
    for row in &rows {
        // A second call of a field is named behind a colon.
        let field = row.field.split(':').next().unwrap_or_default();
        let (of, name) = field.split_once('.').unwrap_or_default();
        let is_root = ["Query", "Mutation", "Subscription"].contains(&of);
        if is_root && !fields.contains(field) {
            faults.push(format!(
                "{} is no field of the schema: remove or rename its row",
                row.field
            ));
        }
        let gives = row.answers.values().any(|answer| *answer == DATA);
        if !gives && row.refusals_only.is_none() {
            faults.push(format!(
                "{} gives data to nobody: make its call valid",
                row.field
            ));
        }
        if is_root && !row.document.contains(name) {
            faults.push(format!("{} does not call its field", row.field));
        }
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}
