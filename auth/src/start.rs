//! The first start, and the way back in when no administrator can sign in any more.

use quillback_core::bootstrap::{self, FirstAdministrator};
use quillback_core::{App, Result};
use zeroize::Zeroizing;

use crate::Auth;

/// Makes what every repository has, and an administrator with a generated password when there is no user at all.
///
/// # Errors
/// `Repository`.
pub async fn first_start(app: &App, auth: &Auth) -> Result<Option<FirstAdministrator>> {
    let random = &*app.surroundings.random;
    bootstrap::first_start(app, async |secret: &str| {
        auth.passwords.hash(random, secret).await
    })
    .await
}

/// Makes the user of that name an active admin with a generated password, and adds the user if there is none. For the
/// operator at the command line alone: it asks for no right.
///
/// # Errors
/// `Repository`; `Stale` when somebody changes the user at the same moment.
pub async fn recover_administrator(
    app: &App,
    auth: &Auth,
    username: &str,
) -> Result<Zeroizing<String>> {
    let secret = bootstrap::generate_secret(&*app.surroundings.random);
    let hash = auth
        .passwords
        .hash(&*app.surroundings.random, &secret)
        .await?;
    bootstrap::recover_administrator(app, username, hash).await?;
    Ok(secret)
}
