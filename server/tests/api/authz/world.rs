//! The world that the matrix calls into: users of every kind, two groups, two schemas, and a way back to the beginning.

use std::{collections::BTreeMap, path::PathBuf};

use serde_json::{Value as Json, json};
use tempfile::TempDir;

use super::Who;
use crate::support::{Client, Database, PASSWORD, Table, TestServer, unique_id};

/// The password that users get from others.
pub const GIVEN: &str = "four herons at Finisterre";

/// A server with things in it, and the clients of everybody.
pub struct World {
    server: TestServer,
    saved: TempDir,
    clients: BTreeMap<Who, Client>,
    sessions: BTreeMap<Who, String>,
    users: BTreeMap<String, Json>,
    /// Identifiers, by what they are of.
    ids: BTreeMap<&'static str, Json>,
}

impl World {
    /// Makes everything through the API, as people would.
    pub async fn make() -> Self {
        let (server, admin) = TestServer::start().await;
        let mut making = Making {
            server,
            admin,
            clients: BTreeMap::new(),
            users: BTreeMap::new(),
        };
        making.people().await;
        let mut ids = making.groups().await;
        ids.extend(making.schemas(&ids).await);
        ids.extend(making.tokens().await);
        making.entitlement(&ids["sales"]).await;
        let Making {
            server,
            admin,
            clients,
            users,
        } = making;
        ids.extend(versions(&admin, &ids, &users).await);
        let mut sessions = BTreeMap::new();
        for (who, client) in &clients {
            // Everybody has one session, or none.
            let answer = client.ask("{ mySessions { id } }", json!({})).await.json;
            if let Some(id) = answer["data"]["mySessions"][0]["id"].as_str() {
                sessions.insert(*who, id.to_owned());
            }
        }
        let saved = tempfile::tempdir().unwrap();
        let server = server.saved_to(saved.path()).await;
        let world = Self {
            server,
            saved,
            clients,
            sessions,
            users,
            ids,
        };
        world.moved()
    }

    /// The same world as it was in the beginning.
    pub async fn restored(self) -> Self {
        let server = self.server.restored_from(self.saved.path()).await;
        Self { server, ..self }.moved()
    }

    fn moved(mut self) -> Self {
        for client in self.clients.values_mut() {
            *client = client.at(self.server.address);
        }
        self
    }

    /// Sends a document as somebody; answers it whole.
    pub async fn ask(&self, who: Who, document: &str, variables: Json) -> Json {
        match who {
            Who::Claimed => {
                self.server
                    .claim(&self.clients[&Who::Admin], document, variables)
                    .await
            }
            who => self.clients[&who].ask(document, variables).await.json,
        }
    }

    /// The identifier (or version, or name) of something in the world.
    pub fn id(&self, name: &str) -> Json {
        let found = self.ids.get(name);
        found
            .unwrap_or_else(|| panic!("there is no {name} in the world: {:?}", self.ids.keys()))
            .clone()
    }

    /// The session of a caller, or that of the editor for callers who have none.
    pub fn session(&self, who: Who) -> &str {
        self.sessions
            .get(&who)
            .unwrap_or(&self.sessions[&Who::Editor])
    }

    /// The user behind a caller.
    pub fn user(&self, who: Who) -> Json {
        self.users[&Self::username(who)].clone()
    }

    /// The password that a caller has now.
    pub fn password(who: Who) -> &'static str {
        if who == Who::Due { GIVEN } else { PASSWORD }
    }

    /// The user name of a caller.
    pub fn username(who: Who) -> String {
        match who {
            Who::Anonymous | Who::Claimed | Who::AdminReads | Who::AdminProgram | Who::Admin => {
                "admin".to_owned()
            }
            who => format!("{who:?}").to_lowercase(),
        }
    }

    /// This time tomorrow.
    pub fn tomorrow() -> String {
        let mut tomorrow = quillback_server::wire::surroundings().unwrap().clock.now();
        tomorrow.seconds += 86_400;
        format!("{tomorrow}Z")
    }

    /// A new identifier.
    pub fn fresh() -> String {
        unique_id()
    }

    /// A file beside the databases of the world, for a connection that is not there yet.
    pub fn file(&self) -> PathBuf {
        self.server.file("another.db")
    }
}

/// The fields of both schemas: the common ones, and one with a list to choose from.
pub fn fields() -> Json {
    let mut fields = crate::support::common_fields();
    let kind = json!({ "name": "kind", "type": { "name": "DROPDOWN", "length": 20 }, "rules": { "options": ["a", "b"] } });
    fields.as_array_mut().unwrap().push(kind);
    fields
}

/// A world on its way.
struct Making {
    server: TestServer,
    admin: Client,
    clients: BTreeMap<Who, Client>,
    users: BTreeMap<String, Json>,
}

impl Making {
    async fn people(&mut self) {
        self.clients.insert(Who::Anonymous, self.server.stranger());
        self.clients.insert(Who::Admin, self.admin.clone());
        let roles = [
            (Who::Stranger, json!([])),
            (Who::Elsewhere, json!([])),
            (Who::Viewer, json!([])),
            (Who::Editor, json!([])),
            (Who::ConnectionsIn, json!(["CONNECTION_MANAGER"])),
            (Who::ConnectionsOut, json!(["CONNECTION_MANAGER"])),
            (Who::SchemasIn, json!(["SCHEMA_MANAGER"])),
            (Who::SchemasOut, json!(["SCHEMA_MANAGER"])),
            (Who::UsersIn, json!(["USER_MANAGER"])),
            (Who::UsersOut, json!(["USER_MANAGER"])),
        ];
        for (who, roles) in roles {
            let name = World::username(who);
            let client = self.server.add_user(&self.admin, &name, roles).await;
            self.clients.insert(who, client);
        }
        for (name, roles) in [("due", json!(["ADMIN"])), ("subject", json!([]))] {
            let input = json!({ "username": name, "password": GIVEN, "roles": roles });
            let create =
                "mutation($input: CreateUserInput!) { createUser(input: $input) { user { id } } }";
            self.admin.run(create, json!({ "input": input })).await;
        }
        let due = self.server.sign_in("due", GIVEN).await;
        self.clients.insert(Who::Due, due);
        let users = self
            .admin
            .run("{ users(first: 500) { users { id username } } }", json!({}))
            .await;
        for user in users["users"]["users"].as_array().unwrap() {
            self.users.insert(
                user["username"].as_str().unwrap().to_owned(),
                user["id"].clone(),
            );
        }
    }

    async fn group(&self, name: &str, members: &[&str]) -> Json {
        let create =
            "mutation($name: String!) { createGroup(input: { name: $name }) { group { id } } }";
        let made = self.admin.run(create, json!({ "name": name })).await;
        let id = made["createGroup"]["group"]["id"].clone();
        let members: Vec<_> = members
            .iter()
            .map(|name| self.users[*name].clone())
            .collect();
        let change = "mutation($input: ChangeMembersInput!) { changeGroupMembers(input: $input) { groupId } }";
        self.admin
            .run(
                change,
                json!({ "input": { "groupId": id, "add": members } }),
            )
            .await;
        id
    }

    /// `sales` owns the things of the world; `unused` has no rights and can be removed.
    async fn groups(&self) -> BTreeMap<&'static str, Json> {
        let inside = ["viewer", "connectionsin", "schemasin", "usersin", "subject"];
        let outside = ["elsewhere", "connectionsout", "schemasout", "usersout"];
        BTreeMap::from([
            ("sales", self.group("Sales", &inside).await),
            ("editors", self.group("Editors", &["editor"]).await),
            ("other group", self.group("Elsewhere", &outside).await),
            ("unused", self.group("Unused", &["usersin"]).await),
        ])
    }

    async fn schemas(&self, ids: &BTreeMap<&'static str, Json>) -> BTreeMap<&'static str, Json> {
        let admin = &self.admin;
        let database = Database::sqlite(&self.server.file(""));
        let connection = self.owned(&database, &ids["sales"]).await;
        let table = Table::make(admin, &connection, "ADD_DATA", &fields()).await;
        let other = Table::make(admin, &connection, "ADD_DATA", &fields()).await;
        let all = json!([
            "VIEW",
            "ADD",
            "EDIT",
            "DELETE",
            "BULK_EDIT",
            "INTERPOLATE",
            "HISTORY",
            "ROLL_BACK",
            "EXPORT"
        ]);
        self.permit(&table, &ids["sales"], json!(["VIEW"])).await;
        self.permit(&table, &ids["editors"], all.clone()).await;
        self.permit(&other, &ids["other group"], all).await;
        let policy =
            json!({ "name": "all", "rules": [{ "field": "name", "operator": "IS_NULL" }] });
        let everything = json!({ "name": "named", "rules": [{ "field": "name", "operator": "CONTAINS", "values": ["row"] }] });
        let policies = json!({ "schemaId": table.schema, "policies": [policy, everything] });
        let set = "mutation($input: SetPoliciesInput!) { setSchemaPolicies(input: $input) { schema { id } } }";
        admin.run(set, json!({ "input": policies })).await;
        let editor = &self.clients[&Who::Editor];
        let change = unique_id();
        let add = json!([{ "add": { "values": { "name": "a row", "amount": "10" } } }]);
        let written = table.write_as(editor, &change, add).await;
        assert_eq!(written["state"], "APPLIED", "{written:#}");
        let later = unique_id();
        let key = &written["rows"][0]["key"];
        let edit =
            json!([{ "edit": { "key": key, "values": { "amount": "12" }, "overwrite": true } }]);
        let edited = table.write_as(editor, &later, edit).await;
        assert_eq!(edited["state"], "APPLIED", "{edited:#}");
        // Between the first and the third is a gap.
        let three = [json!("10"), Json::Null, json!("30")];
        let three = three.into_iter().enumerate().map(
            |(at, amount)| json!({ "name": format!("row {at}"), "count": at, "amount": amount }),
        );
        table.add(admin, &three.collect::<Vec<_>>()).await;
        let known = admin
            .run(
                "query($id: ID!) { schema(id: $id) { revision } }",
                json!({ "id": table.schema }),
            )
            .await;
        BTreeMap::from([
            ("connection", json!(connection)),
            (
                "spare connection",
                json!(
                    self.owned(&Database::sqlite(&self.server.file("")), &ids["sales"])
                        .await
                ),
            ),
            ("schema", json!(table.schema)),
            ("table", json!(table.name)),
            ("revision", known["schema"]["revision"].clone()),
            ("other schema", json!(other.schema)),
            ("document", self.document(&table).await),
            // Giving it to a group was its first edit.
            ("connection version", json!(2)),
            ("change", json!(change)),
            ("later change", json!(later)),
            ("row key", written["rows"][0]["key"].clone()),
        ])
    }

    async fn document(&self, table: &Table) -> Json {
        let export = "query($id: ID!) { exportSchema(id: $id, structureOnly: true) }";
        let made = self.admin.run(export, json!({ "id": table.schema })).await;
        made["exportSchema"].clone()
    }

    /// A connection that belongs to a group.
    async fn owned(&self, database: &Database, group: &Json) -> String {
        let id = database.connect(&self.admin).await;
        let known = self
            .admin
            .run(
                "query($id: ID!) { connection(id: $id) { name driver options } }",
                json!({ "id": id }),
            )
            .await;
        let connection = &known["connection"];
        let input = json!({ "id": id, "version": 1, "connection": {
            "name": connection["name"], "driver": connection["driver"],
            "options": connection["options"], "groupIds": [group],
        } });
        let update = "mutation($input: UpdateConnectionInput!) { updateConnection(input: $input) { connection { id } } }";
        self.admin.run(update, json!({ "input": input })).await;
        id
    }

    async fn permit(&self, table: &Table, group: &Json, actions: Json) {
        let set = "mutation($input: SetPermissionsInput!) { setSchemaPermissions(input: $input) { schema { id } } }";
        let input = json!({ "schemaId": table.schema, "permissions": [{ "groupId": group, "actions": actions }] });
        self.admin.run(set, json!({ "input": input })).await;
    }

    async fn entitlement(&self, group: &Json) {
        let set = "mutation($input: SetEntitlementsInput!) { setEntitlements(input: $input) { __typename } }";
        let input = json!({ "type": "GROUP", "assignable": group, "property": "region", "values": ["east"] });
        self.admin.run(set, json!({ "input": input })).await;
    }

    /// Tokens of the administrator: one for reading, one for everything, and one to revoke.
    async fn tokens(&mut self) -> BTreeMap<&'static str, Json> {
        let create = "mutation($input: CreateApiTokenInput!) {
            createApiToken(input: $input) { secret apiToken { id } }
        }";
        let mut made = Vec::new();
        for (name, scope) in [("reads", "READ"), ("program", "WRITE"), ("spare", "WRITE")] {
            let input = json!({ "name": name, "scope": scope, "expiresAt": World::tomorrow() });
            let answer = self.admin.run(create, json!({ "input": input })).await;
            made.push(answer["createApiToken"].clone());
        }
        for (who, made) in [Who::AdminReads, Who::AdminProgram].into_iter().zip(&made) {
            let mut client = self.server.stranger();
            client.token = Some(made["secret"].as_str().unwrap().to_owned());
            self.clients.insert(who, client);
        }
        BTreeMap::from([("spare token", made[2]["apiToken"]["id"].clone())])
    }
}

/// Identifiers and versions of the users and groups that calls change.
async fn versions(
    admin: &Client,
    ids: &BTreeMap<&'static str, Json>,
    users: &BTreeMap<String, Json>,
) -> BTreeMap<&'static str, Json> {
    let known = admin
        .run(
            "{ users(first: 500) { users { id version } } groups { id version } }",
            json!({}),
        )
        .await;
    let version = |list: &Json, id: &Json| {
        let all = list.as_array().unwrap();
        all.iter().find(|one| one["id"] == *id).unwrap()["version"].clone()
    };
    let (subject, admin) = (users["subject"].clone(), users["admin"].clone());
    BTreeMap::from([
        (
            "subject version",
            version(&known["users"]["users"], &subject),
        ),
        ("sales version", version(&known["groups"], &ids["sales"])),
        ("unused version", version(&known["groups"], &ids["unused"])),
        ("subject", subject),
        ("admin", admin),
    ])
}
