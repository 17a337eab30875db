//! The first start: what every repository has before anybody can sign in.

use quillback_plugin_api::batch::Batch;
use zeroize::Zeroizing;

use crate::app::App;
use crate::audit::events::{Subject, event_by};
use crate::cx::{Random, Role};
use crate::error::Result;
use crate::ids::{GroupId, UserId};
use crate::repo::groups::{self, Group};
use crate::repo::people::{self, PasswordHash, User};
use crate::repo::{commit, is_duplicate};

/// Name of the first administrator.
pub const ADMINISTRATOR: &str = "admin";
/// Name of the group that every user is in.
pub const EVERYONE: &str = "everyone";

/// Letters and digits that are not taken for one another; 32 of them, so that five bits choose one.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
const GROUPS_OF_FOUR: usize = 6;

/// How to sign in for the first time. The secret is stored nowhere: it is told once.
#[derive(Debug)]
pub struct FirstAdministrator {
    /// Name to sign in with.
    pub username: &'static str,
    /// The generated password, which must be changed at the first sign-in.
    pub secret: Zeroizing<String>,
}

/// Makes the group "everyone" and, when there is no user at all, an administrator whose password `hash` turns into a
/// hash. Does nothing that is done already; of two servers that start at once one makes the administrator.
///
/// # Errors
/// `Repository`, and what `hash` answers.
pub async fn first_start(
    app: &App,
    hash: impl AsyncFnOnce(&str) -> Result<PasswordHash>,
) -> Result<Option<FirstAdministrator>> {
    make_everyone(app).await?;
    if people::has_users(&app.repo).await? {
        return Ok(None);
    }
    let secret = generate_secret(&*app.surroundings.random);
    let hash = hash(&secret).await?;
    Ok(make_administrator(app, hash)
        .await?
        .then_some(FirstAdministrator {
            username: ADMINISTRATOR,
            secret,
        }))
}

/// A password that nobody can guess (120 bits) and anybody can type: four letters or digits, six times.
pub fn generate_secret(random: &dyn Random) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([0; GROUPS_OF_FOUR * 4]);
    random.fill(&mut *bytes);
    let mut secret = Zeroizing::new(String::with_capacity(GROUPS_OF_FOUR * 5));
    for (position, byte) in bytes.iter().enumerate() {
        if position > 0 && position % 4 == 0 {
            secret.push('-');
        }
        secret.extend(
            ALPHABET
                .get(usize::from(byte % 32))
                .map(|letter| char::from(*letter)),
        );
    }
    secret
}

async fn make_everyone(app: &App) -> Result<()> {
    if groups::find_everyone(&app.repo).await?.is_some() {
        return Ok(());
    }
    let now = app.surroundings.clock.now();
    let everyone = Group {
        id: GroupId::from(app.surroundings.new_id()),
        name: EVERYONE.into(),
        builtin: true,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let mut batch = Batch::default();
    groups::insert_group(&mut batch, &everyone);
    insert_unless_there(app, &batch).await?;
    Ok(())
}

async fn make_administrator(app: &App, hash: PasswordHash) -> Result<bool> {
    let now = app.surroundings.clock.now();
    let user = User {
        id: UserId::from(app.surroundings.new_id()),
        username: ADMINISTRATOR.into(),
        display_name: "Administrator".into(),
        email: None,
        password: Some(hash),
        must_change_password: true,
        active: true,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let mut batch = Batch::default();
    people::insert_user(&mut batch, &user);
    people::insert_roles(&mut batch, &user.id, &[Role::Admin]);
    let details = serde_json::json!({ "username": ADMINISTRATOR, "roles": [Role::Admin.as_str()] });
    let subject = Subject {
        kind: "user",
        id: Some(user.id.as_str()),
    };
    event_by(
        &mut batch,
        &app.surroundings,
        None,
        "user.create",
        subject,
        details,
    )?;
    insert_unless_there(app, &batch).await
}

/// Whether it was this call that added the records.
async fn insert_unless_there(app: &App, batch: &Batch) -> Result<bool> {
    match commit(&app.repo, batch, "record").await {
        Ok(_) => Ok(true),
        Err(error) if is_duplicate(&error) => Ok(false),
        Err(error) => Err(error),
    }
}
