//! Quillback as a contender: the release program on an empty data folder, set up through its own API.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use super::http::ask;
use super::process::Process;
use super::scenario::{Scenario, Subject};
use super::table::{REGION, Table, many_regions};
use super::{Options, RepositoryKind, Surroundings};

const CREATE_USER: &str =
    "mutation($input: CreateUserInput!) { createUser(input: $input) { user { id } } }";
/// The password that the user gets from the administrator.
const FIRST: &str = "not for long: the first one";
/// A password that nobody uses elsewhere.
const PASSWORD: &str = "measured with seven clocks";

/// The user of the measurement.
const PLANNER: &str = "planner";

/// A running server with the table as three schemas, and the token of a user whom their policies show one region.
pub(super) struct Quillback {
    pub(super) process: Process,
    pub(super) token: String,
    plain: Subject,
    /// The policy compares with one of many entitlements.
    entitled: Subject,
    /// One of many policies lets rows through.
    policied: Subject,
    command: Command,
    _home: TempDir,
}

impl Quillback {
    /// Starts it and sets it up.
    pub(super) async fn start(
        surroundings: &Surroundings,
        table: &Table,
        options: &Options,
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
        if options.repository == RepositoryKind::Postgres {
            let url = table.make_repository().await?;
            command.env("QUILLBACK__REPOSITORY__URL", url);
        }
        let process = start(&mut command)?;
        let admin = Admin::sign_in_first(&process).await?;
        let connection = admin.connect(table).await?;
        let group = admin.make_user().await?;
        let mut schemas = Vec::new();
        for (label, policies) in policies() {
            let schema = admin.make_schema(label, &connection).await?;
            admin.permit(&schema, &group, &policies).await?;
            schemas.push(schema);
        }
        let token = change_password(process.address, PLANNER, FIRST).await?;
        let subject = async |schema: String| -> Result<Subject> {
            let deep = cursor(process.address, &token, &schema, &table.deep.0).await?;
            Ok(Subject {
                schema,
                deep,
                username: PLANNER,
                password: PASSWORD,
            })
        };
        let [plain, entitled, policied] = schemas.try_into().ok().context("three schemas")?;
        let (plain, entitled, policied) = (
            subject(plain).await?,
            subject(entitled).await?,
            subject(policied).await?,
        );
        admin.crowd(options.crowd, &connection).await?;
        Ok(Self {
            process,
            token,
            plain,
            entitled,
            policied,
            command,
            _home: home,
        })
    }

    /// What a scenario is about.
    pub(super) fn subject(&self, scenario: Scenario) -> &Subject {
        match scenario {
            Scenario::PageEntitled => &self.entitled,
            Scenario::PagePolicies => &self.policied,
            _ => &self.plain,
        }
    }

    /// How long it takes to start with everything that it has stored.
    pub(super) fn started_again(mut self) -> Result<Duration> {
        drop(self.process);
        Ok(start(&mut self.command)?.started_in)
    }
}

fn start(command: &mut Command) -> Result<Process> {
    Process::start(command, "GraphQL     http://", "Ready.")
}

/// Labels and policies of the schemas.
fn policies() -> [(&'static str, Json); 3] {
    let policy = |name: String, rule: Json| json!({ "name": name, "rules": [rule] });
    let constant = |value: &str| json!({ "field": "region", "operator": "EQ", "values": [value] });
    let property = json!({ "field": "region", "operator": "IN", "property": "region" });
    let many = many_regions().into_iter().enumerate();
    let many: Vec<Json> = many
        .map(|(number, region)| policy(number.to_string(), constant(&region)))
        .collect();
    [
        (
            "forecast",
            json!([policy("own region".to_owned(), constant(REGION))]),
        ),
        (
            "forecast, entitled",
            json!([policy("own regions".to_owned(), property)]),
        ),
        ("forecast, many policies", json!(many)),
    ]
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

/// The administrator, who prepares everything.
struct Admin {
    address: SocketAddr,
    token: String,
}

impl Admin {
    async fn sign_in_first(process: &Process) -> Result<Self> {
        let password = process
            .banner
            .lines()
            .find_map(|line| line.trim().strip_prefix("password"))
            .context("no password in the banner")?;
        let address = process.address;
        let token = change_password(address, "admin", password.trim()).await?;
        Ok(Self { address, token })
    }

    async fn run(&self, document: &str, input: Json) -> Result<Json> {
        ask(
            self.address,
            &self.token,
            document,
            json!({ "input": input }),
        )
        .await
    }

    async fn connect(&self, table: &Table) -> Result<String> {
        let (driver, options) = table.place.connection();
        let input = json!({ "name": "bench", "driver": driver, "options": options });
        let document = "mutation($input: ConnectionInput!) { createConnection(input: $input) { connection { id } } }";
        text(
            &self.run(document, input).await?,
            "/createConnection/connection/id",
        )
    }

    async fn make_schema(&self, label: &str, connection: &str) -> Result<String> {
        let input = json!({
            "label": label, "module": "DATA_CORRECTION", "table": "forecast", "connectionId": connection,
        });
        let document =
            "mutation($input: SchemaInput!) { createSchema(input: $input) { schema { id } } }";
        text(&self.run(document, input).await?, "/createSchema/schema/id")
    }

    /// Makes the user of the measurement, with entitlements; answers the group.
    async fn make_user(&self) -> Result<String> {
        let document =
            "mutation($input: CreateGroupInput!) { createGroup(input: $input) { group { id } } }";
        let made = self.run(document, json!({ "name": "planners" })).await?;
        let group = text(&made, "/createGroup/group/id")?;
        let input = json!({ "username": PLANNER, "password": FIRST, "groups": [group] });
        self.run(CREATE_USER, input).await?;
        let input = json!({ "type": "USER", "assignable": PLANNER, "property": "region", "values": many_regions() });
        let document = "mutation($input: SetEntitlementsInput!) { setEntitlements(input: $input) { __typename } }";
        self.run(document, input).await?;
        Ok(group)
    }

    async fn permit(&self, schema: &str, group: &str, policies: &Json) -> Result<()> {
        let actions = ["VIEW", "ADD", "EDIT", "DELETE", "BULK_EDIT", "HISTORY"];
        let input = json!({ "schemaId": schema, "permissions": [{ "groupId": group, "actions": actions }] });
        let document = "mutation($input: SetPermissionsInput!) { setSchemaPermissions(input: $input) { schema { id } } }";
        self.run(document, input).await?;
        let input = json!({ "schemaId": schema, "policies": policies });
        let document = "mutation($input: SetPoliciesInput!) { setSchemaPolicies(input: $input) { schema { id } } }";
        self.run(document, input).await?;
        Ok(())
    }

    /// Makes users and schemas that nobody asks for, and entitlements of theirs.
    async fn crowd(&self, size: u32, connection: &str) -> Result<()> {
        for number in 0..size {
            let input = json!({ "username": format!("user{number}") });
            self.run(CREATE_USER, input).await?;
            self.make_schema(&format!("schema {number}"), connection)
                .await?;
        }
        let document = "mutation($input: ImportEntitlementsInput!) { importEntitlements(input: $input) { __typename } }";
        let numbers: Vec<u32> = (0..size).collect();
        for some in numbers.chunks(1_000) {
            let of = |number: &u32| {
                let assignable = format!("user{number}");
                (0..10).map(move |region| {
                    json!({
                        "type": "USER", "assignable": assignable, "property": "region",
                        "value": format!("region {region}"),
                    })
                })
            };
            let rows: Vec<Json> = some.iter().flat_map(of).collect();
            self.run(document, json!({ "mode": "ADD", "rows": rows }))
                .await?;
        }
        Ok(())
    }
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
