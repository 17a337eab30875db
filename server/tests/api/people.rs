//! Managers within their groups, entitlements and effective access, as clients meet them.

use serde_json::{Value as Json, json};

use crate::support::{Client, Database, Table, TestServer};

const PERMIT: &str = "mutation($input: SetPermissionsInput!) {
    setSchemaPermissions(input: $input) { publicWarning schema { id } }
}";
const IMPORT: &str = "mutation($input: ImportEntitlementsInput!) {
    importEntitlements(input: $input) { lines duplicates addedCount removedCount applied added { assignableName value } }
}";

async fn group(admin: &Client, name: &str) -> String {
    let create =
        "mutation($input: CreateGroupInput!) { createGroup(input: $input) { group { id } } }";
    let made = admin
        .run(create, json!({ "input": { "name": name } }))
        .await;
    made["createGroup"]["group"]["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn join(admin: &Client, group: &str, user: &Client) {
    let who = user.run("{ viewer { id } }", json!({})).await["viewer"]["id"].clone();
    let change =
        "mutation($input: ChangeMembersInput!) { changeGroupMembers(input: $input) { memberIds } }";
    let input = json!({ "groupId": group, "add": [who] });
    admin.run(change, json!({ "input": input })).await;
}

async fn permit(client: &Client, table: &Table, group: &str, actions: Json) -> Json {
    let permissions = json!([{ "groupId": group, "actions": actions }]);
    let input = json!({ "schemaId": table.schema, "permissions": permissions });
    client.run(PERMIT, json!({ "input": input })).await["setSchemaPermissions"].clone()
}

#[tokio::test]
async fn a_schema_manager_works_within_own_groups() {
    let (server, admin) = TestServer::start().await;
    let (sales, hr) = (group(&admin, "Sales").await, group(&admin, "HR").await);
    let alice = server
        .add_user(&admin, "alice", json!(["SCHEMA_MANAGER"]))
        .await;
    let bob = server
        .add_user(&admin, "bob", json!(["SCHEMA_MANAGER"]))
        .await;
    join(&admin, &sales, &alice).await;
    join(&admin, &hr, &bob).await;
    let options = json!({ "path": server.file("shared.db") });
    let shared =
        json!({ "name": "shared", "driver": "sqlite", "options": options, "groupIds": [sales] });
    let connect = "mutation($input: ConnectionInput!) { createConnection(input: $input) { connection { id groupIds } } }";
    let made = admin.run(connect, json!({ "input": shared })).await;
    let connection = &made["createConnection"]["connection"];
    assert_eq!(connection["groupIds"], json!([sales]));
    let listed = async |client: &Client| {
        client.run("{ connections { id } }", json!({})).await["connections"].clone()
    };
    assert_eq!(listed(&alice).await, json!([{ "id": connection["id"] }]));
    assert_eq!(listed(&bob).await, json!([]));

    let text = json!({ "name": "TEXT", "length": 20 });
    let draft = json!({
        "label": "Mine", "module": "ADD_DATA", "connectionId": connection["id"], "table": "mine",
        "fields": [{ "name": "region", "type": text }],
    });
    let create =
        "mutation($input: SchemaInput!) { createSchema(input: $input) { schema { id revision } } }";
    let refused = bob.ask(create, json!({ "input": draft })).await;
    assert_eq!(
        refused.problems(),
        [("connectionId".into(), "UNKNOWN_CONNECTION".into())]
    );
    let made = alice.run(create, json!({ "input": draft })).await;
    let schema = &made["createSchema"]["schema"]["id"];
    let look =
        "query($id: ID!) { schema(id: $id) { publicWarning permissions { groupId actions } } }";
    let seen = alice.run(look, json!({ "id": schema })).await;
    assert_eq!(
        seen["schema"],
        json!({ "publicWarning": null, "permissions": [{ "groupId": sales, "actions": [] }] })
    );
    assert_eq!(
        bob.ask(look, json!({ "id": schema })).await.code(),
        "NOT_FOUND"
    );
    let delete = "mutation($input: DeleteSchemaInput!) { deleteSchema(input: $input) { id } }";
    let input = json!({ "input": { "id": schema, "revision": 1 } });
    assert_eq!(bob.ask(delete, input.clone()).await.code(), "NOT_FOUND");

    // Open to everyone: told when it is done and for as long as it is so.
    let groups = alice.run("{ groups { id name builtin } }", json!({})).await;
    let groups = groups["groups"].as_array().unwrap();
    assert_eq!(groups.len(), 2, "{groups:?}");
    let everyone = groups
        .iter()
        .find(|group| group["builtin"] == true)
        .unwrap();
    let permissions = json!([{ "groupId": everyone["id"], "actions": ["VIEW"] }]);
    let open = json!({ "input": { "schemaId": schema, "permissions": permissions } });
    let told = alice.run(PERMIT, open).await;
    let warning = told["setSchemaPermissions"]["publicWarning"]
        .as_str()
        .unwrap();
    assert!(warning.contains("public"), "{warning}");
    let seen = alice.run(look, json!({ "id": schema })).await;
    assert_eq!(seen["schema"]["publicWarning"], warning);
    let seen = bob.run(look, json!({ "id": schema })).await;
    assert_eq!(
        seen["schema"],
        json!({ "publicWarning": null, "permissions": [] })
    );
    assert_eq!(bob.ask(delete, input).await.code(), "NOT_FOUND");
}

#[tokio::test]
async fn a_csv_of_entitlements_opens_rows_and_effective_access_tells_why() {
    let (server, admin) = TestServer::start().await;
    let table = Database::sqlite(&server.file("")).table(&admin).await;
    let sales = group(&admin, "Sales").await;
    let ann = server.add_user(&admin, "ann", json!([])).await;
    join(&admin, &sales, &ann).await;
    let told = permit(&admin, &table, &sales, json!(["VIEW"])).await;
    assert_eq!(told["publicWarning"], Json::Null);
    let csv = "assignable,type,property,value\nadmin,user,name,one\nadmin,user,name,two\nann,user,name,one\n";
    let import = async |csv: &str, dry_run: bool| {
        let input = json!({ "csv": csv, "mode": "REPLACE_PROPERTY", "dryRun": dry_run });
        admin.ask(IMPORT, json!({ "input": input })).await
    };
    let rule = json!({ "field": "name", "operator": "EQ", "property": "name" });
    let policies = json!([{ "name": "own names", "rules": [rule] }]);
    let set = "mutation($input: SetPoliciesInput!) { setSchemaPolicies(input: $input) { schema { id } } }";
    let input = json!({ "schemaId": table.schema, "policies": policies });
    admin.run(set, json!({ "input": input })).await;

    let faulty = import(
        "assignable,type,property,value\nann,user,name,one\nbob,user,name,two\n",
        false,
    )
    .await;
    assert_eq!(
        faulty.problems(),
        [("lines.3.assignable".into(), "UNKNOWN_USER".into())]
    );
    let dry = import(csv, true).await.data();
    assert_eq!(dry["importEntitlements"]["applied"], false);
    assert_eq!(dry["importEntitlements"]["addedCount"], 3);
    let done = import(csv, false).await.data();
    assert_eq!(done["importEntitlements"]["applied"], true);
    table
        .add(
            &admin,
            &[json!({ "name": "one" }), json!({ "name": "two" })],
        )
        .await;
    assert_eq!(table.column(&ann, "name").await, [json!("one")]);
    let list = "query($filter: EntitlementFilter!) {
        entitlements(filter: $filter) { entitlements { assignableType assignableName property value } hasMore }
    }";
    let filter = json!({ "type": "USER", "assignable": "Ann" });
    let listed = admin.run(list, json!({ "filter": filter })).await;
    let one = json!({ "assignableType": "user", "assignableName": "ann", "property": "name", "value": "one" });
    assert_eq!(
        listed["entitlements"],
        json!({ "entitlements": [one], "hasMore": false })
    );
    assert_eq!(
        ann.ask(list, json!({ "filter": {} })).await.code(),
        "FORBIDDEN"
    );

    let access = "{ effectiveAccess { username partial schemas {
        label policyCount manages { admin } actions { action origin { admin groups { name } } }
    } } }";
    let told = ann.run(access, json!({})).await["effectiveAccess"].clone();
    assert_eq!(
        (&told["username"], &told["partial"]),
        (&json!("ann"), &json!(false))
    );
    let schema = &told["schemas"][0];
    assert_eq!(
        (&schema["policyCount"], &schema["manages"]),
        (&json!(1), &Json::Null)
    );
    let origin = json!({ "admin": false, "groups": [{ "name": "Sales" }] });
    assert_eq!(
        schema["actions"],
        json!([{ "action": "VIEW", "origin": origin }])
    );
}

#[tokio::test]
async fn a_token_for_one_schema_reaches_no_other_and_ends_with_its_user() {
    let (server, admin) = TestServer::start().await;
    let database = Database::sqlite(&server.file(""));
    let (one, other) = (database.table(&admin).await, database.table(&admin).await);
    let boss = server.add_user(&admin, "boss", json!(["ADMIN"])).await;
    let create = "mutation($input: CreateApiTokenInput!) {
        createApiToken(input: $input) { secret apiToken { id schemaIds } }
    }";
    let mut tomorrow = quillback_server::wire::surroundings().unwrap().clock.now();
    tomorrow.seconds += 86_400;
    let draft = |schemas: Json| {
        json!({ "input": {
            "name": "loader", "scope": "WRITE", "expiresAt": format!("{tomorrow}Z"), "schemaIds": schemas,
        } })
    };
    let refused = boss.ask(create, draft(json!([]))).await;
    assert_eq!(refused.problems(), [("schemaIds".into(), "COUNT".into())]);
    let made = boss.run(create, draft(json!([one.schema]))).await["createApiToken"].clone();
    assert_eq!(made["apiToken"]["schemaIds"], json!([one.schema]));
    let mut program = server.stranger();
    program.token = Some(made["secret"].as_str().unwrap().to_owned());
    one.add(&program, &[json!({ "name": "loaded" })]).await;
    assert_eq!(one.column(&program, "name").await, [json!("loaded")]);
    let page = program
        .ask(crate::support::PAGE, json!({ "schema": other.schema }))
        .await;
    assert_eq!(page.code(), "NOT_FOUND");
    let schemas = program.run("{ schemas { id } }", json!({})).await;
    assert_eq!(schemas["schemas"], json!([{ "id": one.schema }]));
    for forbidden in [
        "{ connections { id } }",
        "{ users { hasMore } }",
        "{ auditEvents { id } }",
    ] {
        assert_eq!(program.ask(forbidden, json!({})).await.code(), "FORBIDDEN");
    }
    let revoke = "mutation($input: RevokeApiTokenInput!) { revokeApiToken(input: $input) { id } }";
    let own = json!({ "input": { "id": made["apiToken"]["id"] } });
    assert_eq!(program.ask(revoke, own).await.code(), "NOT_FOUND");

    // Switched off and on again, the user is back and the token is not.
    let user = boss.run("{ viewer { id } }", json!({})).await["viewer"]["id"].clone();
    let update =
        "mutation($input: UpdateUserInput!) { updateUser(input: $input) { user { version } } }";
    let switch = async |version: &Json, active: bool| {
        let input = json!({ "id": user, "version": version, "active": active });
        admin.run(update, json!({ "input": input })).await["updateUser"]["user"]["version"].clone()
    };
    let users = admin
        .run("{ users { users { id version } } }", json!({}))
        .await;
    let users = users["users"]["users"].as_array().unwrap();
    let version = &users.iter().find(|one| one["id"] == user).unwrap()["version"];
    let version = switch(version, false).await;
    switch(&version, true).await;
    let gone = program.ask("{ schemas { id } }", json!({})).await;
    assert_eq!(gone.code(), "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_preview_as_user_says_why_a_row_is_hidden() {
    let (server, admin) = TestServer::start().await;
    let table = Database::sqlite(&server.file("")).table(&admin).await;
    let sales = group(&admin, "Sales").await;
    let ann = server.add_user(&admin, "ann", json!([])).await;
    join(&admin, &sales, &ann).await;
    permit(&admin, &table, &sales, json!(["VIEW"])).await;
    let added = table
        .add(
            &admin,
            &[json!({ "name": "ann" }), json!({ "name": "bob" })],
        )
        .await;
    let rule = json!({ "field": "name", "operator": "EQ", "username": true });
    let policies = json!([{ "name": "own rows", "rules": [rule] }]);
    let set = "mutation($input: SetPoliciesInput!) { setSchemaPolicies(input: $input) { schema { id } } }";
    let input = json!({ "schemaId": table.schema, "policies": policies });
    admin.run(set, json!({ "input": input })).await;
    let look = "query($input: PreviewAsUserInput!) { previewAsUser(input: $input) {
        totalRows visibleRows rows { values } policies { name rows letsRowThrough rules {
            values holdsForRow rule { field operator username }
        } } row { exists visible actions { action allowed obstacle } }
    } }";
    let input = json!({ "schemaId": table.schema, "username": "ann", "key": added[1]["key"] });
    let told = admin.run(look, json!({ "input": input })).await["previewAsUser"].clone();
    assert_eq!(
        (&told["totalRows"], &told["visibleRows"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(told["rows"][0]["values"]["name"], "ann");
    let rule = json!({ "field": "name", "operator": "EQ", "username": true });
    let rules = json!([{ "values": ["ann"], "holdsForRow": false, "rule": rule }]);
    let policy = json!({ "name": "own rows", "rows": 1, "letsRowThrough": false, "rules": rules });
    assert_eq!(told["policies"], json!([policy]));
    let row = &told["row"];
    assert_eq!(
        (&row["exists"], &row["visible"]),
        (&json!(true), &json!(false))
    );
    let view = json!({ "action": "VIEW", "allowed": false, "obstacle": "HIDDEN" });
    assert!(
        row["actions"].as_array().unwrap().contains(&view),
        "{row:#}"
    );
    let input = json!({ "schemaId": table.schema, "username": "admin" });
    assert_eq!(
        ann.ask(look, json!({ "input": input })).await.code(),
        "FORBIDDEN"
    );
}
