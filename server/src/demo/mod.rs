//! The demo: a target database with real data, and one schema for each module, made through the same use-cases that
//! GraphQL calls.
//!
//! Whatever is there already is left alone, so that it can be asked for at every start.

mod rows;
mod schemas;
mod told;
mod weather;

use std::{path::Path, sync::Arc};

use anyhow::{Context as _, anyhow};
use quillback_core::{
    App, Cx,
    admin::{self, connections::ConnectionDraft},
    cx::{Principal, Role},
    ids::{ChangeId, SchemaId, UserId},
    read::{self, PageCommand},
    repo::{connections::Connection, people},
    schema::{Module, Schema},
    write::{self, WriteChange, WriteCommand, WriteState},
};
use quillback_plugin_api::{driver::DriverInfo, remote::RemoteDriver};
use serde_json::{Map, json};

use self::schemas::Plan;
use crate::wire::{drivers, own_request};

/// Name of the connection.
const CONNECTION: &str = "Demo";
/// The target database in the data folder.
const FILE: &str = "demo.db";

/// What the demo made or found.
#[derive(Debug)]
pub struct Demo {
    schemas: Vec<Made>,
}

#[derive(Debug)]
struct Made {
    id: SchemaId,
    label: String,
    module: Module,
    /// Whether this start made it.
    is_new: bool,
}

/// Makes what is missing of the demo.
///
/// # Errors
/// There is no driver for an embedded database, the database cannot be made, or a use-case refuses, and why.
pub async fn fill(app: &App, folder: &Path) -> anyhow::Result<Demo> {
    fill_all(app, folder)
        .await
        .context("the demo could not be made")
}

async fn fill_all(app: &App, folder: &Path) -> anyhow::Result<Demo> {
    let cx = administrator(app).await?;
    let driver = embedded_driver(app)?;
    let file = std::path::absolute(folder)?.join(FILE);
    let options = Map::from_iter([("path".to_owned(), json!(file.to_string_lossy()))]);
    weather::make(driver, options.clone().into()).await?;
    let draft = ConnectionDraft {
        name: CONNECTION.to_owned(),
        driver: driver.info().id.clone(),
        options,
        marker: true,
        groups: None,
    };
    let connection = connection(&cx, app, draft).await?;
    let known = admin::schemas::list(&cx, app)
        .await
        .map_err(|error| for_people(&error))?;
    let mut made = Vec::new();
    for plan in schemas::plans(&connection.id)? {
        let found = known.iter().find(|schema| schema.label == plan.draft.label);
        made.push(schema(&cx, app, plan, found).await?);
    }
    Ok(Demo { schemas: made })
}

/// A request in the name of an administrator. Setting a new password is for the person who signs in.
async fn administrator(app: &App) -> anyhow::Result<Cx> {
    let users = people::list_users(&app.repo, "", None, 200).await?;
    let ids: Vec<UserId> = users.iter().map(|user| user.id.clone()).collect();
    let roles = people::list_roles(&app.repo, &ids).await?;
    let is_admin = |id: &UserId| {
        roles
            .iter()
            .any(|(user, role)| user == id && *role == Role::Admin)
    };
    let user = users
        .into_iter()
        .find(|user| user.active && is_admin(&user.id))
        .context(
            "there is no active administrator; `quillback user create NAME --admin` makes one",
        )?;
    let principal = Principal {
        user: user.id,
        username: user.username,
        groups: Vec::new(),
        roles: vec![Role::Admin],
        verified: true,
        session: None,
        must_change_password: false,
        read_only: false,
        only_schemas: None,
    };
    Ok(Cx {
        principal: Some(Arc::new(principal)),
        ..own_request(&app.surroundings, "demo")
    })
}

/// A driver whose databases are files and which can make tables.
fn embedded_driver(app: &App) -> anyhow::Result<&RemoteDriver> {
    let fits = |info: &DriverInfo| drivers::is_embedded(info) && info.capabilities.ddl.create_table;
    app.drivers
        .iter()
        .find(|driver| fits(driver.info()))
        .context("no driver for an embedded database is loaded; see `quillback plugins list`")
}

async fn connection(cx: &Cx, app: &App, draft: ConnectionDraft) -> anyhow::Result<Connection> {
    let known = admin::connections::list(cx, app)
        .await
        .map_err(|error| for_people(&error))?;
    if let Some(found) = known.into_iter().find(|known| known.name == draft.name) {
        return Ok(found);
    }
    admin::connections::create(cx, app, draft)
        .await
        .map_err(|error| for_people(&error))
}

async fn schema(cx: &Cx, app: &App, plan: Plan, found: Option<&Schema>) -> anyhow::Result<Made> {
    let schema = match found {
        Some(found) => found.clone(),
        None => admin::schemas::create(cx, app, plan.draft)
            .await
            .map_err(|error| for_people(&error))?,
    };
    // A start that was cut short may have left a schema without rows.
    if !plan.rows.is_empty() && is_empty(cx, app, &schema.id).await? {
        add(cx, app, &schema.id, plan.rows).await?;
    }
    Ok(Made {
        id: schema.id,
        label: schema.label,
        module: schema.module,
        is_new: found.is_none(),
    })
}

async fn is_empty(cx: &Cx, app: &App, schema: &SchemaId) -> anyhow::Result<bool> {
    let command = PageCommand {
        schema: schema.clone(),
        filter: None,
        sort: Vec::new(),
        first: 1,
        after: None,
        count: false,
    };
    let page = read::page(cx, app, command)
        .await
        .map_err(|error| for_people(&error))?;
    Ok(page.rows.is_empty())
}

async fn add(
    cx: &Cx,
    app: &App,
    schema: &SchemaId,
    rows: Vec<write::Values>,
) -> anyhow::Result<()> {
    let changes = rows
        .into_iter()
        .map(|values| WriteChange::Add { key: None, values });
    let change = ChangeId::from(cx.new_id());
    let command = WriteCommand::plain(change, schema.clone(), changes.collect());
    let outcome = write::submit(cx, app, command)
        .await
        .map_err(|error| for_people(&error))?;
    if outcome.state == WriteState::Applied {
        return Ok(());
    }
    let why = outcome.rows.into_iter().find_map(|row| row.message);
    Err(anyhow!(
        "the rows were refused: {}",
        why.unwrap_or_default()
    ))
}

fn for_people(error: &quillback_core::Error) -> anyhow::Error {
    let message = match error.problems() {
        [] => error.public_message(),
        problems => {
            let told = problems
                .iter()
                .map(|problem| format!("{}: {}", problem.path, problem.message));
            told.collect::<Vec<_>>().join(" ")
        }
    };
    anyhow!("{message}")
}
