//! Schemas with all that belongs to them, kept in memory and asked for again when they are no longer the same.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use quillback_plugin_api::batch::StepOutcome;
use quillback_plugin_api::sql::Select;

use crate::app::App;
use crate::cx::Principal;
use crate::error::{Error, Result};
use crate::ids::SchemaId;
use crate::policy::Operand;
use crate::repo::connections::{self, Connection};
use crate::repo::entitlements;
use crate::repo::schemas::{self, Edition, Whole};
use crate::repo::{Stamp, read};

/// A schema, who may do what with it, and the connection it lives on.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// Schema, permissions and policies.
    pub whole: Whole,
    /// Its connection.
    pub connection: Arc<Connection>,
    /// The properties of entitlements that its rules compare with.
    properties: BTreeSet<String>,
}

impl Loaded {
    /// A schema on its connection.
    pub(crate) fn new(whole: Whole, connection: Arc<Connection>) -> Self {
        let conditions = &whole.schema.definition.conditions;
        let of_policies = whole.policies.iter().flat_map(|policy| &policy.rules);
        let rules = of_policies.chain(&conditions.edit).chain(&conditions.add);
        let properties = rules.filter_map(|rule| match &rule.operand {
            Operand::Property(name) => Some(name.clone()),
            _ => None,
        });
        Self {
            properties: properties.collect(),
            whole,
            connection,
        }
    }
}

/// A loaded schema, and the entitlements of who asked for it, both as they are now.
pub struct Found {
    /// The schema.
    pub loaded: Arc<Loaded>,
    /// Properties and values of the user and all the user's groups, as far as the schema's rules ask for them.
    pub entitlements: Vec<(String, String)>,
}

/// Schemas by id; an entry serves only while its edition is that in the repository, which need not be asked for in the
/// state in which it was seen last.
#[derive(Default)]
pub struct Cache(Mutex<HashMap<SchemaId, Kept>>);

#[derive(Clone)]
struct Kept {
    loaded: Arc<Loaded>,
    seen: Option<Stamp>,
}

impl Cache {
    fn get(&self, id: &SchemaId) -> Option<Kept> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(id)
            .cloned()
    }

    fn put(&self, id: &SchemaId, loaded: Arc<Loaded>, seen: Option<Stamp>) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id.clone(), Kept { loaded, seen });
    }
}

/// Which entitlements are read with a schema: a user may have thousands, and most rules ask for one property or none.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    OfRules,
    All,
}

impl Wanted {
    fn read(self, loaded: &Loaded, principal: &Principal) -> Option<Select> {
        match self {
            Self::All => Some(entitlements::of_principal(principal, None)),
            Self::OfRules if loaded.properties.is_empty() => None,
            Self::OfRules => Some(entitlements::of_principal(
                principal,
                Some(&loaded.properties),
            )),
        }
    }
}

/// Finds a schema for a user. When it is in memory and nothing was written since, only entitlements are read, and those
/// only for rules that compare with some; else its edition is read with them, and all of it when that is another.
///
/// # Errors
/// `NotFound` when there is no such schema.
pub async fn find(app: &App, id: &SchemaId, principal: &Principal) -> Result<Found> {
    find_with(app, id, principal, Wanted::OfRules).await
}

/// The same with all entitlements of the user, for those who look at them.
///
/// # Errors
/// As [`find`].
pub(crate) async fn find_with_all(
    app: &App,
    id: &SchemaId,
    principal: &Principal,
) -> Result<Found> {
    find_with(app, id, principal, Wanted::All).await
}

async fn find_with(
    app: &App,
    id: &SchemaId,
    principal: &Principal,
    wanted: Wanted,
) -> Result<Found> {
    let now = app.repo.stamp();
    if let Some(kept) = app.cache.get(id) {
        if now.is_some() && kept.seen == now {
            return with_entitlements(app, kept.loaded, principal, wanted).await;
        }
        let found = find_if_current(app, id, kept.loaded, principal, wanted).await?;
        if let Some(found) = found {
            app.cache.put(id, found.loaded.clone(), now);
            return Ok(found);
        }
    }
    let loaded = load(app, id).await?;
    app.cache.put(id, loaded.clone(), now);
    with_entitlements(app, loaded, principal, wanted).await
}

/// One exchange: the schema in memory with what rules compare with, if its edition is that in the repository.
async fn find_if_current(
    app: &App,
    id: &SchemaId,
    known: Arc<Loaded>,
    principal: &Principal,
    wanted: Wanted,
) -> Result<Option<Found>> {
    let mut reads = vec![schemas::edition(id), connections::one(&known.connection.id)];
    reads.extend(wanted.read(&known, principal));
    let outcomes = read(&app.repo, reads).await?;
    let edition = outcomes.first().map_or(Ok(None), schemas::read_edition)?;
    let edition = edition.ok_or(Error::NotFound("schema"))?;
    let connection = outcomes
        .get(1)
        .map_or(Ok(None), connections::from_outcome)?;
    if !connection.is_some_and(|connection| is_current(&known, edition, &connection)) {
        return Ok(None);
    }
    Ok(Some(Found {
        loaded: known,
        entitlements: held(outcomes.get(2))?,
    }))
}

async fn with_entitlements(
    app: &App,
    loaded: Arc<Loaded>,
    principal: &Principal,
    wanted: Wanted,
) -> Result<Found> {
    let entitlements = match wanted.read(&loaded, principal) {
        Some(select) => held(read(&app.repo, vec![select]).await?.first())?,
        None => Vec::new(),
    };
    Ok(Found {
        loaded,
        entitlements,
    })
}

fn held(outcome: Option<&StepOutcome>) -> Result<Vec<(String, String)>> {
    outcome.map_or_else(|| Ok(Vec::new()), entitlements::pairs)
}

fn is_current(known: &Loaded, edition: Edition, connection: &Connection) -> bool {
    let schema = &known.whole.schema;
    (schema.revision, schema.updated_at) == edition
        && known.connection.version == connection.version
}

async fn load(app: &App, id: &SchemaId) -> Result<Arc<Loaded>> {
    let outcomes = read(&app.repo, schemas::whole(id).into()).await?;
    let whole = schemas::from_outcomes(&outcomes)?.ok_or(Error::NotFound("schema"))?;
    let connection =
        Arc::new(connections::get_connection(&app.repo, &whole.schema.connection).await?);
    Ok(Arc::new(Loaded::new(whole, connection)))
}
