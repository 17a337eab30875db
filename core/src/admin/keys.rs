//! Keys that seal secrets: checked at start-up, and changed while the server runs.

use quillback_plugin_api::Ident;
use quillback_plugin_api::batch::{Batch, Expect};
use quillback_plugin_api::sql::{Compare, Expr, Select};
use zeroize::Zeroizing;

use crate::app::App;
use crate::audit::events;
use crate::cx::Cx;
use crate::error::Result;
use crate::ids::ConnectionId;
use crate::permit;
use crate::repo::{Record, Table, commit, is, select, settings};
use crate::targets::secrets_context;

const SECRETS: Table = Table {
    name: "_connections",
    columns: &["id", "secrets", "version"],
};
const PAGE: u64 = 100;

const KEY_CHECK: &str = "key_check";
const PEPPER: &str = "password_pepper";
/// What the key check holds: known text, so that opening it proves the key.
const KNOWN: &[u8] = b"quillback";

/// What [`rotate`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rotation {
    /// Secrets that are now sealed with the active key.
    pub rewrapped: u64,
    /// Secrets that were already.
    pub unchanged: u64,
}

/// Refuses a key file that is not this repository's: at the first start a known text is sealed, at each further one it
/// must open, and every secret's key must be there.
///
/// # Errors
/// `Keyring` with the id of the key that is missing or wrong.
pub async fn check(app: &App) -> Result<()> {
    let context = setting_context(KEY_CHECK);
    let initial = app
        .keyring
        .seal(&*app.surroundings.random, &context, KNOWN)?;
    let sealed = settings::get_or_insert(&app.repo, KEY_CHECK, initial).await?;
    app.keyring.open(&context, &sealed)?;
    let mut after = None;
    loop {
        let page = list_secrets(app, after.as_ref()).await?;
        for secret in &page {
            app.keyring.has_key_of(&secret.sealed)?;
        }
        match page.into_iter().next_back() {
            Some(last) => after = Some(last.id),
            None => return Ok(()),
        }
    }
}

/// A secret of this server alone, made of random bytes at its first use.
///
/// # Errors
/// `Keyring` when it does not open.
pub async fn password_pepper(app: &App) -> Result<Zeroizing<Vec<u8>>> {
    let context = setting_context(PEPPER);
    let fresh = Zeroizing::new(app.surroundings.random::<32>());
    let initial = app
        .keyring
        .seal(&*app.surroundings.random, &context, &*fresh)?;
    let sealed = settings::get_or_insert(&app.repo, PEPPER, initial).await?;
    Ok(app.keyring.open(&context, &sealed)?)
}

/// Seals every secret with the active key. Safe to stop and run again, and while the server runs: a secret that is
/// edited meanwhile is left to its editor, who seals with the active key as well.
///
/// # Errors
/// `Keyring` when a secret does not open; those before it stay sealed with the active key.
pub async fn rotate(cx: &Cx, app: &App) -> Result<Rotation> {
    permit::admin(cx)?;
    rotate_all(cx, app).await
}

/// As [`rotate`], for the operator at the command line, who has the key file and the repository in any case.
///
/// # Errors
/// As [`rotate`].
pub async fn rotate_all(cx: &Cx, app: &App) -> Result<Rotation> {
    let mut rotation = Rotation::default();
    for name in [KEY_CHECK, PEPPER] {
        rotate_setting(app, name, &mut rotation).await?;
    }
    let mut after = None;
    loop {
        let page = list_secrets(app, after.as_ref()).await?;
        for secret in &page {
            rotate_secret(app, secret, &mut rotation).await?;
        }
        match page.into_iter().next_back() {
            Some(last) => after = Some(last.id),
            None => break,
        }
    }
    let mut batch = Batch::default();
    let details =
        serde_json::json!({ "key": app.keyring.active_id(), "rewrapped": rotation.rewrapped });
    events::event(&mut batch, cx, "keys.rotate", "keys", None, details)?;
    commit(&app.repo, &batch, "key").await?;
    Ok(rotation)
}

async fn rotate_setting(app: &App, name: &'static str, rotation: &mut Rotation) -> Result<()> {
    let Some(sealed) = settings::find_setting(&app.repo, name).await? else {
        return Ok(());
    };
    match app
        .keyring
        .rewrap(&*app.surroundings.random, &setting_context(name), &sealed)?
    {
        None => rotation.unchanged += 1,
        Some(rewrapped) => {
            let mut batch = Batch::default();
            settings::update_setting(&mut batch, name, &rewrapped);
            commit(&app.repo, &batch, "setting").await?;
            rotation.rewrapped += 1;
        }
    }
    Ok(())
}

async fn rotate_secret(app: &App, secret: &Secret, rotation: &mut Rotation) -> Result<()> {
    let context = secrets_context(&secret.id);
    let Some(rewrapped) =
        app.keyring
            .rewrap(&*app.surroundings.random, &context, &secret.sealed)?
    else {
        rotation.unchanged += 1;
        return Ok(());
    };
    // The version is not raised: nobody who has the connection open needs to load it again.
    let unchanged = is("id", &secret.id).and(is("version", secret.version));
    let mut batch = Batch::default();
    batch.write(
        SECRETS.update(vec![("secrets", rewrapped.into())], unchanged),
        Expect::AtMost(1),
    );
    let outcomes = commit(&app.repo, &batch, "connection").await?;
    rotation.rewrapped += outcomes.iter().map(|outcome| outcome.found).sum::<u64>();
    Ok(())
}

/// A sealed secret of a connection.
struct Secret {
    id: ConnectionId,
    sealed: String,
    version: i64,
}

async fn list_secrets(app: &App, after: Option<&ConnectionId>) -> Result<Vec<Secret>> {
    let mut filter = Expr::IsNull(Ident::literal("secrets")).negate();
    if let Some(after) = after {
        filter = filter.and(Expr::compare(&Ident::literal("id"), Compare::Gt, after));
    }
    let page = Select {
        limit: Some(PAGE),
        ..SECRETS.select_by(filter, "id")
    };
    let read = |record: &mut Record<'_>| {
        Ok(Secret {
            id: ConnectionId::stored(record.text()?),
            sealed: record.text()?,
            version: record.number()?,
        })
    };
    select(&app.repo, page, read).await
}

fn setting_context(name: &str) -> String {
    format!("settings/{name}")
}
