//! Entitlements: what row rules let users and groups see, listed, set, removed and imported by those who manage schemas.
//!
//! An administrator reaches all of them; a schema manager those of the own groups and of their members. They are read
//! with every request, so that they count from the next one on, also when another program writes the table.

mod import;
mod lines;

pub use import::{ImportCommand, ImportReport, Mode, import};
pub use lines::{EntitlementLine, Kind, Source};

use std::collections::HashMap;

use quillback_plugin_api::batch::Batch;
use serde_json::json;

use crate::app::App;
use crate::audit::events;
use crate::cx::Cx;
use crate::error::{Error, Problem, Result};
use crate::hex;
use crate::ids::UserId;
use crate::permit;
use crate::repo::entitlements::{self, Entitlement, EntitlementFilter, GROUP, Receivers, USER};
use crate::repo::{commit, groups, people};

/// Most characters of a property.
const MAX_PROPERTY: usize = 255;
/// Most characters of a value.
const MAX_VALUE: usize = 1_000;
const MAX_PAGE: u64 = 500;
/// Most values of one property that are set at once; more is an import.
const MAX_VALUES: usize = 1_000;

/// Which entitlements, as a client writes it; what is left out does not matter.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Users or groups.
    pub kind: Option<Kind>,
    /// Name or identifier of a user or group; needs `kind`.
    pub assignable: Option<String>,
    /// Property.
    pub property: Option<String>,
    /// Value.
    pub value: Option<String>,
}

/// An entitlement with the name of whom it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// The entitlement.
    pub entitlement: Entitlement,
    /// Name of the user or group; missing where there is none of that identifier.
    pub name: Option<String>,
}

/// A page of entitlements.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// Different entitlements in the order of type, identifier, property and value.
    pub entitlements: Vec<Listed>,
    /// Cursor of the last one.
    pub end: Option<String>,
    /// Whether there are more.
    pub has_more: bool,
}

/// A page of the entitlements within the caller's reach.
///
/// # Errors
/// `Denied`; `Invalid` for a cursor that is none; `NotFound` for a user or group that the caller does not reach.
pub async fn list(
    cx: &Cx,
    app: &App,
    wanted: &Wanted,
    after: Option<&str>,
    first: u64,
) -> Result<Page> {
    let permit = permit::see_schemas(cx)?;
    let reach = permit.entitlements();
    let receivers = Receivers::load(&app.repo, &reach).await?;
    let filter = filter(&receivers, wanted)?;
    let after = after.map(read_cursor).transpose()?;
    let limit = first.clamp(1, MAX_PAGE);
    let mut found =
        entitlements::list_page(&app.repo, &reach, &filter, after.as_ref(), limit + 1).await?;
    let has_more = found.len() as u64 > limit;
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let end = found.last().map(cursor).transpose()?;
    Ok(Page {
        entitlements: with_names(app, found).await?,
        end,
        has_more,
    })
}

/// Gives a user or group exactly these values of a property; none takes the property away.
///
/// # Errors
/// `Denied`; `NotFound` for a user or group that the caller does not reach; `Invalid`.
pub async fn set(
    cx: &Cx,
    app: &App,
    (kind, assignable): (Kind, &str),
    property: &str,
    values: &[String],
) -> Result<()> {
    let permit = permit::manage_schemas(cx)?;
    let reach = permit.entitlements();
    let receivers = Receivers::load(&app.repo, &reach).await?;
    let id = find(&receivers, kind, assignable).ok_or(Error::NotFound(kind.noun()))?;
    if values.len() > MAX_VALUES {
        let message = format!("Set at most {MAX_VALUES} values at once; import more.");
        return Err(Error::invalid("values", "COUNT", message));
    }
    let mut problems: Vec<Problem> = check_property("property", property).into_iter().collect();
    let checked = values.iter().enumerate();
    problems.extend(checked.filter_map(|(at, value)| check_value(&format!("values.{at}"), value)));
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    let mut rows: Vec<Entitlement> = values
        .iter()
        .map(|value| Entitlement {
            assignable_type: kind.as_str().into(),
            assignable_id: id.clone(),
            property: property.into(),
            value: value.clone(),
        })
        .collect();
    rows.sort_unstable();
    rows.dedup();
    let mut batch = Batch::default();
    let replaced = EntitlementFilter {
        assignable: Some((kind.as_str(), id.clone())),
        properties: vec![property.into()],
        ..EntitlementFilter::default()
    };
    entitlements::delete(&mut batch, &reach, &replaced);
    entitlements::insert(&mut batch, &receivers, &rows.iter().collect::<Vec<_>>());
    let details = json!({ "property": property, "values": values });
    events::event(
        &mut batch,
        cx,
        "entitlement.set",
        kind.as_str(),
        Some(&id),
        details,
    )?;
    commit(&app.repo, &batch, "entitlement").await.map(|_| ())
}

/// Removes the entitlements within the caller's reach that are wanted, and answers how many; with `dry_run` it only
/// counts them.
///
/// # Errors
/// `Denied`; `NotFound` for a user or group that the caller does not reach; `Invalid` when nothing says which.
pub async fn remove(cx: &Cx, app: &App, wanted: &Wanted, dry_run: bool) -> Result<u64> {
    let permit = permit::manage_schemas(cx)?;
    let reach = permit.entitlements();
    if wanted.assignable.is_none() && wanted.property.is_none() {
        let message = "Say whose entitlements, or which property, to remove.";
        return Err(Error::invalid("filter", "REQUIRED", message));
    }
    let receivers = Receivers::load(&app.repo, &reach).await?;
    let filter = filter(&receivers, wanted)?;
    if dry_run {
        return entitlements::count(&app.repo, &reach, &filter).await;
    }
    let mut batch = Batch::default();
    entitlements::delete(&mut batch, &reach, &filter);
    let details = json!({
        "type": wanted.kind.map(Kind::as_str),
        "of": wanted.assignable,
        "property": wanted.property,
        "value": wanted.value,
    });
    events::event(
        &mut batch,
        cx,
        "entitlement.remove",
        "entitlement",
        None,
        details,
    )?;
    let outcomes = commit(&app.repo, &batch, "entitlement").await?;
    Ok(outcomes.first().map_or(0, |outcome| outcome.found))
}

fn filter(receivers: &Receivers, wanted: &Wanted) -> Result<EntitlementFilter> {
    let assignable = match (wanted.kind, &wanted.assignable) {
        (Some(kind), Some(text)) => {
            let id = find(receivers, kind, text).ok_or(Error::NotFound(kind.noun()))?;
            Some((kind.as_str(), id))
        }
        (None, Some(_)) => {
            let message = "Say whether it is a user or a group.";
            return Err(Error::invalid("filter.type", "REQUIRED", message));
        }
        _ => None,
    };
    let texts = wanted.property.iter().chain(&wanted.value);
    if texts.into_iter().any(|text| text.contains('\0')) {
        let message = "No property and no value has this character.";
        return Err(Error::invalid("filter", "CHARACTERS", message));
    }
    Ok(EntitlementFilter {
        assignable,
        assignable_type: wanted.kind.map(Kind::as_str),
        properties: wanted.property.iter().cloned().collect(),
        value: wanted.value.clone(),
    })
}

fn find(receivers: &Receivers, kind: Kind, text: &str) -> Option<String> {
    match kind {
        Kind::User => receivers.user(text).map(|id| id.to_string()),
        Kind::Group => receivers.group(text).map(|id| id.to_string()),
    }
}

fn check_property(path: &str, property: &str) -> Option<Problem> {
    if property.is_empty() {
        let message = "Name the property.";
        return Some(Problem::new(path, "REQUIRED", message));
    }
    if property.trim() != property || property.chars().any(char::is_control) {
        let message = "A property has no white space around it and no control characters.";
        return Some(Problem::new(path, "CHARACTERS", message));
    }
    too_long(path, property, MAX_PROPERTY)
}

fn check_value(path: &str, value: &str) -> Option<Problem> {
    if value.contains('\0') {
        let message = "No database takes this character in a text.";
        return Some(Problem::new(path, "CHARACTERS", message));
    }
    too_long(path, value, MAX_VALUE)
}

fn too_long(path: &str, text: &str, most: usize) -> Option<Problem> {
    let is_longer = text.chars().nth(most).is_some();
    is_longer.then(|| Problem::new(path, "TOO_LONG", format!("Use at most {most} characters.")))
}

/// Adds the names of users and groups, in two reads however many entitlements there are.
pub(super) async fn with_names(app: &App, found: Vec<Entitlement>) -> Result<Vec<Listed>> {
    let of_users = found.iter().filter(|one| one.assignable_type == USER);
    let mut ids: Vec<UserId> = of_users
        .map(|one| UserId::stored(one.assignable_id.clone()))
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let users = people::list_users_by_id(&app.repo, &ids).await?;
    let mut names: HashMap<(&str, String), String> = HashMap::new();
    for user in users {
        names.insert((USER, user.id.to_string()), user.username);
    }
    for group in groups::list_groups(&app.repo).await? {
        names.insert((GROUP, group.id.to_string()), group.name);
    }
    let listed = |entitlement: Entitlement| Listed {
        name: names
            .get(&(
                entitlement.assignable_type.as_str(),
                entitlement.assignable_id.clone(),
            ))
            .cloned(),
        entitlement,
    };
    Ok(found.into_iter().map(listed).collect())
}

fn cursor(last: &Entitlement) -> Result<String> {
    let parts = [
        &last.assignable_type,
        &last.assignable_id,
        &last.property,
        &last.value,
    ];
    let text = serde_json::to_string(&parts).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(hex::encode(text.as_bytes()))
}

fn read_cursor(text: &str) -> Result<Entitlement> {
    let parts = hex::decode(text).and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let Some::<[String; 4]>([assignable_type, assignable_id, property, value]) = parts else {
        let message = "This is not a cursor of a page of entitlements.";
        return Err(Error::invalid("after", "CURSOR", message));
    };
    Ok(Entitlement {
        assignable_type,
        assignable_id,
        property,
        value,
    })
}
