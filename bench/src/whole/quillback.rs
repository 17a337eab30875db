//! Quillback as a contender: the release program on an empty data folder, set up through its own API.

use std::net::SocketAddr;
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use super::http::ask;
use super::process::Process;
use super::table::{REGION, Table};
use super::{RepositoryKind, Surroundings};

/// A password that nobody uses elsewhere.
const PASSWORD: &str = "measured with seven clocks";

/// A running server with the table as a schema, and the token of a user whom a policy shows one region.
pub(super) struct Quillback {
    pub(super) process: Process,
    pub(super) token: String,
    pub(super) schema: String,
    /// The cursor behind which a deep page starts.
    pub(super) deep: String,
    _home: TempDir,
}

impl Quillback {
    /// Starts it and sets it up.
    pub(super) async fn start(
        surroundings: &Surroundings,
        table: &Table,
        repository: RepositoryKind,
    ) -> Result<Self> {
        let home = TempDir::new()?;
        let mut command = Command::new(&surroundings.server);
        command
            .arg("serve")
            .arg("--data-folder")
            .arg(home.path().join("data"))
            .arg("--plugins")
            .arg(&surroundings.plugins)
            .env("QUILLBACK__SERVER__LISTEN", "127.0.0.1:0")
            .env("QUILLBACK__LOG__LEVEL", "warn")
            .env("QUILLBACK__LIMITS__BODY_BYTES", (16 << 20).to_string())
            // One user does here what many do elsewhere.
            .env("QUILLBACK__LIMITS__COST_PER_MINUTE", "0")
            .current_dir(home.path());
        if repository == RepositoryKind::Postgres {
            let url = table.make_repository().await?;
            command.env("QUILLBACK__REPOSITORY__URL", url);
        }
        let process = Process::start(&mut command, "GraphQL     http://", "Ready.")?;
        let admin = sign_in_first(&process).await?;
        let schema = make_schema(process.address, &admin, table).await?;
        let token = make_user(process.address, &admin, &schema).await?;
        let deep = cursor(process.address, &token, &schema, &table.deep.0).await?;
        Ok(Self {
            process,
            token,
            schema,
            deep,
            _home: home,
        })
    }
}

async fn sign_in(address: SocketAddr, username: &str, password: &str) -> Result<String> {
    let input = json!({ "username": username, "password": password });
    let document = "mutation($input: SignInInput!) { signIn(input: $input) { token } }";
    let answer = ask(address, "", document, json!({ "input": input })).await?;
    text(&answer, "/signIn/token")
}

/// The first password is good for one thing: to choose another.
async fn change_password(address: SocketAddr, username: &str, current: &str) -> Result<String> {
    let token = sign_in(address, username, current).await?;
    let input = json!({ "currentPassword": current, "newPassword": PASSWORD });
    let document = "mutation($input: ChangePasswordInput!) { changePassword(input: $input) }";
    ask(address, &token, document, json!({ "input": input })).await?;
    Ok(token)
}

async fn sign_in_first(process: &Process) -> Result<String> {
    let password = process
        .banner
        .lines()
        .find_map(|line| line.trim().strip_prefix("password"))
        .context("no password in the banner")?;
    change_password(process.address, "admin", password.trim()).await
}

async fn make_schema(address: SocketAddr, admin: &str, table: &Table) -> Result<String> {
    let (driver, options) = table.place.connection();
    let input = json!({ "name": "bench", "driver": driver, "options": options });
    let document = "mutation($input: ConnectionInput!) { createConnection(input: $input) { connection { id } } }";
    let made = ask(address, admin, document, json!({ "input": input })).await?;
    let input = json!({
        "label": "forecast", "module": "DATA_CORRECTION", "table": "forecast",
        "connectionId": text(&made, "/createConnection/connection/id")?,
    });
    let document =
        "mutation($input: SchemaInput!) { createSchema(input: $input) { schema { id } } }";
    let made = ask(address, admin, document, json!({ "input": input })).await?;
    text(&made, "/createSchema/schema/id")
}

async fn make_user(address: SocketAddr, admin: &str, schema: &str) -> Result<String> {
    let document =
        "mutation($input: CreateGroupInput!) { createGroup(input: $input) { group { id } } }";
    let made = ask(
        address,
        admin,
        document,
        json!({ "input": { "name": "planners" } }),
    )
    .await?;
    let group = text(&made, "/createGroup/group/id")?;
    let first = "not for long: the first one";
    let input = json!({ "username": "planner", "password": first, "groups": [group] });
    let document =
        "mutation($input: CreateUserInput!) { createUser(input: $input) { user { id } } }";
    ask(address, admin, document, json!({ "input": input })).await?;
    let rights = json!({ "groupId": group, "actions": ["VIEW", "ADD", "EDIT", "HISTORY"] });
    let input = json!({ "schemaId": schema, "permissions": [rights] });
    let document = "mutation($input: SetPermissionsInput!) { setSchemaPermissions(input: $input) { schema { id } } }";
    ask(address, admin, document, json!({ "input": input })).await?;
    let rule = json!({ "field": "region", "operator": "EQ", "values": [REGION] });
    let input =
        json!({ "schemaId": schema, "policies": [{ "name": "own region", "rules": [rule] }] });
    let document = "mutation($input: SetPoliciesInput!) { setSchemaPolicies(input: $input) { schema { id } } }";
    ask(address, admin, document, json!({ "input": input })).await?;
    change_password(address, "planner", first).await
}

async fn cursor(address: SocketAddr, token: &str, schema: &str, due: &str) -> Result<String> {
    let document = "query($schema: ID!, $due: JSON) { rows(schemaId: $schema, first: 1, sort: [{ field: \"due\" }], \
                    filter: { field: \"due\", op: GE, value: $due }) { pageInfo { endCursor } } }";
    let variables = json!({ "schema": schema, "due": due });
    let found = ask(address, token, document, variables).await?;
    text(&found, "/rows/pageInfo/endCursor")
}

fn text(json: &Json, pointer: &str) -> Result<String> {
    let text = json.pointer(pointer).and_then(Json::as_str);
    Ok(text
        .with_context(|| format!("no {pointer} in {json}"))?
        .to_owned())
}
