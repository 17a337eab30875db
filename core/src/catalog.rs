//! Schemas with all that belongs to them, kept in memory by revision and asked for again when the revision grew.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::app::App;
use crate::cx::Principal;
use crate::error::{Error, Result};
use crate::ids::SchemaId;
use crate::repo::connections::{self, Connection};
use crate::repo::entitlements;
use crate::repo::schemas::{self, Whole};
use crate::repo::{one_number, read, records};

/// A schema, who may do what with it, and the connection it lives on.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// Schema, permissions and policies.
    pub whole: Whole,
    /// Its connection.
    pub connection: Arc<Connection>,
}

/// A loaded schema, and the entitlements of who asked for it, both as they are now.
pub struct Found {
    /// The schema.
    pub loaded: Arc<Loaded>,
    /// Properties and values of the user and all the user's groups.
    pub entitlements: Vec<(String, String)>,
}

/// Schemas by id; an entry serves only while its revisions are those in the repository.
#[derive(Default)]
pub struct Cache(Mutex<HashMap<SchemaId, Arc<Loaded>>>);

impl Cache {
    fn get(&self, id: &SchemaId) -> Option<Arc<Loaded>> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(id)
            .cloned()
    }

    fn put(&self, id: &SchemaId, loaded: Arc<Loaded>) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id.clone(), loaded);
    }
}

/// Finds a schema for a user: one exchange when it is in memory, two more when it is not or has changed.
///
/// # Errors
/// `NotFound` when there is no such schema.
pub async fn find(app: &App, id: &SchemaId, principal: &Principal) -> Result<Found> {
    let known = app.cache.get(id);
    let mut reads = vec![entitlements::of_principal(principal), schemas::revision(id)];
    if let Some(known) = &known {
        reads.push(connections::one(&known.connection.id));
    }
    let outcomes = read(&app.repo, reads).await?;
    let held = outcomes
        .first()
        .map_or_else(|| Ok(Vec::new()), entitlements::pairs)?;
    let revision = outcomes
        .get(1)
        .map_or_else(|| Ok(Vec::new()), |outcome| records(outcome, one_number))?
        .pop();
    let revision = revision.ok_or(Error::NotFound("schema"))?;
    let connection = outcomes
        .get(2)
        .map_or(Ok(None), connections::from_outcome)?;
    let loaded = match (known, connection) {
        (Some(known), Some(connection)) if is_current(&known, revision, &connection) => known,
        _ => load(app, id).await?,
    };
    Ok(Found {
        loaded,
        entitlements: held,
    })
}

fn is_current(known: &Loaded, revision: i64, connection: &Connection) -> bool {
    known.whole.schema.revision == revision && known.connection.version == connection.version
}

async fn load(app: &App, id: &SchemaId) -> Result<Arc<Loaded>> {
    let outcomes = read(&app.repo, schemas::whole(id).into()).await?;
    let whole = schemas::from_outcomes(&outcomes)?.ok_or(Error::NotFound("schema"))?;
    let connection =
        Arc::new(connections::get_connection(&app.repo, &whole.schema.connection).await?);
    let loaded = Arc::new(Loaded { whole, connection });
    app.cache.put(id, loaded.clone());
    Ok(loaded)
}
