//! Connections: made, changed, tested and removed by people who may; secrets go in and never come out.

use quillback_plugin_api::batch::Batch;
use quillback_plugin_api::driver::DriverInfo;
use serde_json::{Map, Value as Json, json};

use super::probe::{self, TestReport};
use crate::app::App;
use crate::audit::events;
use crate::cx::Cx;
use crate::error::{Error, Problem, Result};
use crate::ids::{ConnectionId, GroupId};
use crate::permit::{self, Homes, ManageConnections, Permit};
use crate::repo::connections::{self, Connection};
use crate::repo::{commit, is_duplicate, schemas};
use crate::targets::{FullOptions, full_options, secrets_context};

/// What a client says of a connection; unchecked.
#[derive(Clone, Debug, Default)]
pub struct ConnectionDraft {
    /// Name for people.
    pub name: String,
    /// Driver.
    pub driver: String,
    /// Options by the driver's JSON Schema. A secret that is left out keeps its value when a connection is edited.
    pub options: Map<String, Json>,
    /// Whether changes write a marker row in the target.
    pub marker: bool,
    /// Groups that it belongs to, whose managers change it and make schemas on it. `None` keeps what is there; for a new
    /// one it is the only group of the maker, and no group when the maker is an admin.
    pub groups: Option<Vec<GroupId>>,
}

/// Adds a connection, without opening it: test it first.
///
/// # Errors
/// `Denied`, `Invalid` with the path of every option that is wrong, `Taken` for a name that exists, `NotFound` for a group
/// that the caller is not in.
pub async fn create(cx: &Cx, app: &App, mut draft: ConnectionDraft) -> Result<Connection> {
    let permit = permit::manage_connections(cx)?;
    let homes = permit.connection_homes(app, draft.groups.take()).await?;
    let id = ConnectionId::from(cx.new_id());
    let connection = check(cx, app, draft, id, None)?;
    let mut batch = Batch::default();
    connections::insert_connection(&mut batch, &connection, &homes)?;
    events::event(
        &mut batch,
        cx,
        "connection.create",
        "connection",
        Some(connection.id.as_str()),
        shown(&connection, Some(&homes)),
    )?;
    save(app, &batch).await?;
    Ok(connection)
}

/// Changes a connection whose version is still `version`.
///
/// # Errors
/// As [`create`]; `Stale` when someone else changed it meanwhile.
pub async fn update(
    cx: &Cx,
    app: &App,
    id: &ConnectionId,
    version: i64,
    mut draft: ConnectionDraft,
) -> Result<Connection> {
    let permit = permit::manage_connections(cx)?;
    let before = permit.connection(app, id).await?;
    if before.version != version {
        return Err(Error::Stale("connection"));
    }
    let homes = match draft.groups.take() {
        Some(wanted) => Some(permit.connection_moves(app, &before, wanted).await?),
        None => None,
    };
    let connection = check(cx, app, draft, id.clone(), Some(&before))?;
    let mut batch = Batch::default();
    connections::update_connection(&mut batch, &before, &connection)?;
    if let Some(homes) = &homes {
        connections::replace_groups(&mut batch, &before, homes);
    }
    events::event(
        &mut batch,
        cx,
        "connection.update",
        "connection",
        Some(id.as_str()),
        changed(app, &before, &connection, homes.as_ref()),
    )?;
    save(app, &batch).await?;
    Ok(connection)
}

/// Removes a connection.
///
/// # Errors
/// `InUse` while a schema uses it, `Stale` when someone else changed it meanwhile.
pub async fn delete(cx: &Cx, app: &App, id: &ConnectionId, version: i64) -> Result<()> {
    let permit = permit::manage_connections(cx)?;
    let connection = permit.connection(app, id).await?;
    let used = schemas::labels_using(&app.repo, id).await?;
    if !used.is_empty() {
        let message = format!(
            "The connection is used by {}. Remove or move those schemas first.",
            used.join(", ")
        );
        return Err(Error::InUse(message));
    }
    let mut batch = Batch::default();
    connections::delete_connection(&mut batch, &connection, version);
    events::event(
        &mut batch,
        cx,
        "connection.delete",
        "connection",
        Some(id.as_str()),
        shown(&connection, None),
    )?;
    save(app, &batch).await?;
    app.targets.forget(id);
    Ok(())
}

/// Connections by name: all for an admin, otherwise those of the own groups and of "everyone".
///
/// # Errors
/// `Denied` for those who manage neither connections nor schemas.
pub async fn list(cx: &Cx, app: &App) -> Result<Vec<Connection>> {
    permit::connections_or_schemas(cx)?.connections(app).await
}

/// The groups of these connections that the caller may see.
///
/// # Errors
/// `Denied` for those who manage neither connections nor schemas.
pub async fn groups_of(
    cx: &Cx,
    app: &App,
    ids: &[ConnectionId],
) -> Result<Vec<(ConnectionId, GroupId)>> {
    let permit = permit::connections_or_schemas(cx)?;
    let principal = permit.principal();
    let mut groups = connections::list_groups_of(&app.repo, ids).await?;
    groups.retain(|(_, group)| {
        principal.is_admin() || principal.groups.iter().any(|own| own.id == *group)
    });
    Ok(groups)
}

/// One connection.
///
/// # Errors
/// `NotFound`, also for one of other groups; `Denied` for those who manage neither connections nor schemas.
pub async fn get(cx: &Cx, app: &App, id: &ConnectionId) -> Result<Connection> {
    let permit = permit::connections_or_schemas(cx)?;
    Ok(permit.connection(app, id).await?.into_inner())
}

/// Opens a connection as it is stored and tries what its account may do, leaving nothing behind.
///
/// # Errors
/// `Denied`, `NotFound`. What the database says is in the report.
pub async fn test_stored(cx: &Cx, app: &App, id: &ConnectionId) -> Result<TestReport> {
    let permit = permit::manage_connections(cx)?;
    let connection = permit.connection(app, id).await?;
    let options = full_options(&app.keyring, &connection)?;
    test(cx, app, &permit, &connection.driver, options).await
}

/// The same for options that are not stored yet; secrets left out are those of `stored`.
///
/// # Errors
/// `Denied`, `Invalid` with the path of every option that is wrong.
pub async fn test_draft(
    cx: &Cx,
    app: &App,
    stored: Option<&ConnectionId>,
    draft: ConnectionDraft,
) -> Result<TestReport> {
    let permit = permit::manage_connections(cx)?;
    let before = match stored {
        Some(id) => Some(permit.connection(app, id).await?),
        None => None,
    };
    let info = driver(app, &draft.driver)?;
    let options = with_kept_secrets(app, info, draft.options, before.as_deref())?;
    validate(info, &options)?;
    test(cx, app, &permit, &draft.driver, options).await
}

async fn test(
    cx: &Cx,
    app: &App,
    permit: &Permit<ManageConnections>,
    driver: &str,
    options: FullOptions,
) -> Result<TestReport> {
    let opening = app.targets.open(driver, options).await;
    probe::report(cx, permit, opening).await
}

async fn save(app: &App, batch: &Batch) -> Result<()> {
    match commit(&app.repo, batch, "connection").await {
        Err(error) if is_duplicate(&error) => Err(Error::Taken(Problem::new(
            "name",
            "TAKEN",
            "There is a connection of this name already. Choose another one.",
        ))),
        other => other.map(|_| ()),
    }
}

fn driver<'a>(app: &'a App, id: &str) -> Result<&'a DriverInfo> {
    let known = || {
        app.drivers
            .iter()
            .map(|driver| driver.info().id.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let driver = app
        .drivers
        .get(id)
        .map(quillback_plugin_api::remote::RemoteDriver::info);
    driver.ok_or_else(|| {
        let message = format!("There is no driver called {id}. Loaded are: {}.", known());
        Error::invalid("driver", "UNKNOWN_DRIVER", message)
    })
}

fn check(
    cx: &Cx,
    app: &App,
    draft: ConnectionDraft,
    id: ConnectionId,
    before: Option<&Connection>,
) -> Result<Connection> {
    let name = draft.name.trim();
    if name.is_empty() || name.chars().count() > 255 {
        return Err(Error::invalid(
            "name",
            "REQUIRED",
            "Give the connection a name of 1 to 255 characters.",
        ));
    }
    let info = driver(app, &draft.driver)?;
    let options = with_kept_secrets(app, info, draft.options, before)?;
    validate(info, &options)?;
    let (secrets, options): (Map<_, _>, Map<_, _>) = options
        .into_iter()
        .partition(|(name, _)| is_secret(info, name));
    let sealed = if secrets.is_empty() {
        None
    } else {
        let plain = zeroize::Zeroizing::new(Json::Object(secrets).to_string());
        let random = cx.surroundings.random.as_ref();
        Some(
            app.keyring
                .seal(random, &secrets_context(&id), plain.as_bytes())?,
        )
    };
    let now = cx.now();
    Ok(Connection {
        id,
        name: name.to_owned(),
        driver: draft.driver,
        options,
        secrets: sealed,
        marker: draft.marker,
        version: before.map_or(1, |before| before.version + 1),
        created_at: before.map_or(now, |before| before.created_at),
        updated_at: now,
    })
}

/// Secrets that the draft leaves out are those of before, but only while they go to the same server: otherwise whoever
/// edits the connection could have them sent to a server of his own.
fn with_kept_secrets(
    app: &App,
    info: &DriverInfo,
    mut options: FullOptions,
    before: Option<&Connection>,
) -> Result<FullOptions> {
    let Some(before) = before.filter(|before| before.secrets.is_some()) else {
        return Ok(options);
    };
    let stored = full_options(&app.keyring, before)?;
    let kept: Vec<&String> = stored
        .keys()
        .filter(|name| is_secret(info, name) && !options.contains_key(*name))
        .collect();
    let moved = before.driver != info.id
        || info
            .address_options
            .iter()
            .any(|name| stored.get(name) != options.get(name));
    if moved && !kept.is_empty() {
        return Err(Error::Invalid(
            kept.iter()
                .map(|name| {
                    let message = "The server or the user changed: enter this secret again.";
                    Problem::new(format!("options.{name}"), "REQUIRED", message)
                })
                .collect(),
        ));
    }
    for name in kept {
        if let Some(value) = stored.get(name) {
            options.insert(name.clone(), value.clone());
        }
    }
    Ok(options)
}

/// Whether the driver's schema marks an option as a secret.
pub fn is_secret(info: &DriverInfo, option: &str) -> bool {
    let property = info
        .options_schema
        .get("properties")
        .and_then(|all| all.get(option));
    property
        .and_then(|property| property.get("writeOnly")?.as_bool())
        .unwrap_or(false)
}

fn validate(info: &DriverInfo, options: &FullOptions) -> Result<()> {
    let validator = jsonschema::validator_for(&info.options_schema).map_err(|_| {
        Error::Internal(format!(
            "the options schema of driver {} is no JSON Schema",
            info.id
        ))
    })?;
    let options = Json::Object(options.clone());
    let problems: Vec<Problem> = validator
        .iter_errors(&options)
        .map(|error| {
            let path = error.instance_path().to_string().replace('/', ".");
            let value_free = error.masked_with("the value").to_string();
            Problem::new(format!("options{path}"), "OPTION", value_free)
        })
        .collect();
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Error::Invalid(problems))
    }
}

/// What an edit changed, for the audit trail: that there are other secrets, not what they are.
fn changed(app: &App, before: &Connection, after: &Connection, homes: Option<&Homes>) -> Json {
    let plain = |connection: &Connection| {
        let sealed = connection.secrets.as_deref()?;
        let context = secrets_context(&connection.id);
        app.keyring.open(&context, sealed).ok()
    };
    let mut now = shown(after, homes);
    // A secret is sealed anew at each edit, whether or not it is another one.
    let has_others = after.secrets.is_some() && plain(before) != plain(after);
    if let (true, Json::Object(parts)) = (has_others, &mut now) {
        parts.insert("secrets".into(), json!("changed"));
    }
    events::difference(&shown(before, None), &now)
}

/// What the audit trail says of a connection: that there are secrets, not what they are.
fn shown(connection: &Connection, homes: Option<&Homes>) -> Json {
    json!({
        "groups": homes.map_or(json!("unchanged"), |homes| json!(homes.groups())),
        "name": connection.name,
        "driver": connection.driver,
        "options": connection.options,
        "secrets": if connection.secrets.is_some() { "set" } else { "none" },
        "marker": connection.marker,
        "version": connection.version,
    })
}
