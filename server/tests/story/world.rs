//! The program, its people and a connection.

use std::fmt;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value as Json, json};

use crate::{
    client::Client,
    place::{Place, text_of},
    program::{Program, Served},
    tables::Table,
};

const PASSWORD: &str = "seven ravens over Reykjavik";

/// What the steps work with.
pub struct World {
    /// May do everything.
    pub admin: Client,
    /// Has the rights that she is given.
    pub ann: Client,
    /// A connection to the database.
    pub connection: String,
    /// A table in it.
    pub table: Table,
}

/// A running server with two people who are signed in.
pub struct Start {
    pub admin: Client,
    pub ann: Client,
    _served: Served,
    _program: Program,
}

/// The server refused what it was asked.
#[derive(Debug)]
pub struct Refused {
    /// Code of the first problem, or of the error.
    pub code: String,
    text: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused with {}: {}", self.code, self.text)
    }
}

impl std::error::Error for Refused {}

/// Runs a document; answers its data.
///
/// # Errors
/// [`Refused`].
pub async fn call(client: &Client, document: &str, variables: Json) -> Result<Json> {
    let mut json = client.ask(document, variables).await.json;
    let Some(error) = json.pointer("/errors/0/extensions") else {
        return Ok(json["data"].take());
    };
    let code = error.pointer("/problems/0/code").unwrap_or(&error["code"]);
    Err(Refused {
        code: text(code),
        text: json["errors"].to_string(),
    }
    .into())
}

/// A text in an answer; empty where there is none.
pub fn text(json: &Json) -> String {
    json.as_str().unwrap_or_default().to_owned()
}

/// A UUID that nobody else uses.
pub fn unique_id() -> String {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).unwrap();
    let hex = bytes
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    let (a, rest) = hex.split_at(8);
    let (b, rest) = rest.split_at(4);
    format!("{a}-{b}-4{}-8{}-{}", &rest[..3], &rest[3..6], &rest[6..18])
}

/// Starts the program with the driver, signs the administrator in, and adds ann.
pub async fn sign_in(place: &Place) -> Result<Start> {
    // The repository is where it is by default, in a file.
    let mut drivers = vec!["sqlite", &place.driver];
    drivers.dedup();
    let program = Program::with_drivers(&drivers);
    let served = program.serve(&[]);
    let nobody = Client::new(served.address);
    let admin = enter(&nobody, "admin", &served.password()).await?;
    let given = "four herons at Finisterre";
    let input = json!({ "username": "ann", "password": given, "roles": [] });
    let add = "mutation($input: CreateUserInput!) { createUser(input: $input) { user { id } } }";
    call(&admin, add, json!({ "input": input })).await?;
    let ann = enter(&nobody, "ann", given).await?;
    Ok(Start {
        admin,
        ann,
        _served: served,
        _program: program,
    })
}

/// Signs somebody in who must set another password first.
async fn enter(nobody: &Client, name: &str, password: &str) -> Result<Client> {
    let input = json!({ "username": name, "password": password });
    let document = "mutation($input: SignInInput!) { signIn(input: $input) { token } }";
    let answer = call(nobody, document, json!({ "input": input })).await?;
    let mut client = nobody.clone();
    client.token = Some(text(&answer["signIn"]["token"]));
    let input = json!({ "currentPassword": password, "newPassword": PASSWORD });
    let document = "mutation($input: ChangePasswordInput!) { changePassword(input: $input) }";
    call(&client, document, json!({ "input": input })).await?;
    Ok(client)
}

/// Adds a connection and has it tested; answers its id, and the server's name and version.
pub async fn connect(start: &Start, place: &Place, options: &Json) -> Result<(String, String)> {
    let input = json!({ "name": "story", "driver": place.driver, "options": options });
    let document = "mutation($input: ConnectionInput!) { createConnection(input: $input) { connection { id } } }";
    let made = call(&start.admin, document, json!({ "input": input })).await?;
    let id = text(&made["createConnection"]["connection"]["id"]);
    let document = "mutation($input: TestConnectionInput!) { testConnection(input: $input) {
        ok product serverVersion checks { name problem }
    } }";
    let answer = call(&start.admin, document, json!({ "input": { "id": id } })).await?;
    let test = &answer["testConnection"];
    ensure!(
        test["ok"] == true,
        "the test of the connection says {test:#}"
    );
    let product = test["product"].as_str().context("the server has no name")?;
    let variable = format!("QUILLBACK_TEST_{}_STAND_IN", place.driver.to_uppercase());
    let told = format!("{product} {}", text(&test["serverVersion"]));
    Ok((id, text_of(&variable).unwrap_or(told)))
}
