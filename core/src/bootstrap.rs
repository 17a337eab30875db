//! The first start: what every repository has before anybody can sign in.

use quillback_plugin_api::batch::Batch;
use serde_json::json;
use zeroize::Zeroizing;

use crate::admin::people::checked_name;
use crate::app::App;
use crate::audit::events::{Subject, event_by};
use crate::cx::{Random, Role};
use crate::error::Result;
use crate::ids::{GroupId, UserId};
use crate::permit::{self, Homes};
use crate::repo::groups::{self, Group};
use crate::repo::people::{self, PasswordHash, User};
use crate::repo::{commit, is_duplicate, sessions};

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
    groups::insert_group(&mut batch, &everyone, None);
    insert_unless_there(app, &batch).await?;
    Ok(())
}

async fn make_administrator(app: &App, hash: PasswordHash) -> Result<bool> {
    let user = administrator(app, ADMINISTRATOR, hash);
    let mut batch = Batch::default();
    insert_administrator(app, &mut batch, &user)?;
    insert_unless_there(app, &batch).await
}

/// Makes the user of that name an active admin with this password, and adds the user if there is none. For the operator
/// at the command line alone, when no admin can sign in any more: it asks for no right.
///
/// # Errors
/// `Invalid` for a name that cannot be one, `Repository`; `Stale` when somebody changes the user at the same moment.
pub async fn recover_administrator(app: &App, username: &str, hash: PasswordHash) -> Result<()> {
    let username = checked_name("username", username)?;
    let mut batch = Batch::default();
    if let Some(user) = people::find_user_by_name(&app.repo, &username).await? {
        let before = permit::by_operator(people::get_person(&app.repo, &user.id).await?);
        let mut user = before.user.clone();
        user.password = Some(hash);
        user.must_change_password = true;
        user.active = true;
        user.version += 1;
        user.updated_at = app.surroundings.clock.now();
        people::update_user(&mut batch, &before, &user);
        sessions::delete_sessions(&mut batch, &user.id, None);
        let mut roles = before.roles.clone();
        if !roles.contains(&Role::Admin) {
            roles.push(Role::Admin);
            people::replace_roles(&mut batch, &before, &roles);
        }
        let subject = Subject {
            kind: "user",
            id: Some(user.id.as_str()),
        };
        let details =
            json!({ "username": username, "password": "changed", "role": Role::Admin.as_str() });
        event_by(
            &mut batch,
            &app.surroundings,
            None,
            "user.recover",
            subject,
            details,
        )?;
    } else {
        insert_administrator(app, &mut batch, &administrator(app, &username, hash))?;
    }
    commit(&app.repo, &batch, "user").await.map(|_| ())
}

fn administrator(app: &App, username: &str, hash: PasswordHash) -> User {
    let now = app.surroundings.clock.now();
    User {
        id: UserId::from(app.surroundings.new_id()),
        username: username.into(),
        display_name: "Administrator".into(),
        email: None,
        password: Some(hash),
        must_change_password: true,
        active: true,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

fn insert_administrator(app: &App, batch: &mut Batch, user: &User) -> Result<()> {
    people::insert_user(batch, user, &Homes::none());
    people::insert_roles(batch, &user.id, &[Role::Admin]);
    let details = json!({ "username": user.username, "roles": [Role::Admin.as_str()] });
    let subject = Subject {
        kind: "user",
        id: Some(user.id.as_str()),
    };
    event_by(
        batch,
        &app.surroundings,
        None,
        "user.create",
        subject,
        details,
    )
}

/// Whether it was this call that added the records.
async fn insert_unless_there(app: &App, batch: &Batch) -> Result<bool> {
    match commit(&app.repo, batch, "record").await {
        Ok(_) => Ok(true),
        Err(error) if is_duplicate(&error) => Ok(false),
        Err(error) => Err(error),
    }
}
