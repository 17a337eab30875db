//! Keys checked at start-up and changed while secrets stay readable (SEC-03 to SEC-05).

use quillback_core::admin::keys::{self, Rotation};
use quillback_core::app::App;
use quillback_core::keyring::{Keyring, KeyringError};
use quillback_core::plugin_api::batch::{Batch, Expect};
use quillback_core::plugin_api::sql::{Insert, Select, Statement};
use quillback_core::plugin_api::{Ident, RowBuffer, TableRef, Value, ValueRef};
use quillback_core::{Error, cx::Role};

use crate::support::{TestApp, on_each};

const CANARY: &str = "canary-5f1e2d";

fn table() -> TableRef {
    TableRef::new(Ident::literal("_connections"))
}

fn context(id: &str) -> String {
    format!("connections/{id}/secrets")
}

/// Adds a connection with a sealed secret, and answers its identifier.
async fn add_secret(app: &App) -> String {
    let id = app.surroundings.new_id().to_string();
    let secret = format!("{CANARY} of {id}");
    let sealed = app
        .keyring
        .seal(&*app.surroundings.random, &context(&id), secret.as_bytes())
        .unwrap();
    let now = Value::Instant(app.surroundings.clock.now());
    let cells: [(&'static str, Value); 10] = [
        ("id", id.as_str().into()),
        ("name", id.as_str().into()),
        ("name_key", id.as_str().into()),
        ("driver", "sqlite".into()),
        ("options", "{}".into()),
        ("secrets", sealed.into()),
        ("marker", true.into()),
        ("version", 1.into()),
        ("created_at", now.clone()),
        ("updated_at", now),
    ];
    let (columns, row): (Vec<_>, Vec<_>) = cells
        .into_iter()
        .map(|(name, value)| (Ident::literal(name), value))
        .unzip();
    let rows = RowBuffer::from_rows(columns.len(), &[row]).unwrap();
    let mut batch = Batch::default();
    batch.write(
        Statement::Insert(Insert {
            table: table(),
            columns,
            rows,
            returning: vec![],
        }),
        Expect::Rows(1),
    );
    app.repo.apply(&batch).await.unwrap();
    id
}

/// All secrets as they are stored, with the identifiers of their connections.
async fn sealed(app: &App) -> Vec<(String, String)> {
    let columns = ["id", "secrets"].map(Ident::literal);
    let filter = quillback_core::plugin_api::sql::Expr::True;
    let mut batch = Batch::default();
    batch.read(Select::columns(table(), columns, filter));
    let outcome = app.repo.apply(&batch).await.unwrap();
    let quillback_core::plugin_api::batch::BatchOutcome::Committed(outcomes) = outcome else {
        panic!("refused")
    };
    let rows = outcomes[0].rows.clone().unwrap();
    let text = |cell| match cell {
        Ok(ValueRef::Text(text)) => text.to_owned(),
        other => panic!("{other:?}"),
    };
    rows.rows
        .iter()
        .map(|mut cells| (text(cells.next().unwrap()), text(cells.next().unwrap())))
        .collect()
}

#[tokio::test]
async fn a_wrong_or_missing_key_is_told_at_start_up() {
    let test = TestApp::new().await;
    let (head, line) = test.keys.trim().rsplit_once('\n').unwrap();
    let (id, key) = line.split_once(':').unwrap();
    let other = Keyring::generate(&*test.app.surroundings.random).to_string();

    let missing = keys::check(&test.another(&other).await).await.unwrap_err();
    assert!(
        matches!(&missing, Error::Keyring(KeyringError::Missing(name)) if name == id),
        "{missing}"
    );
    assert!(missing.to_string().contains(id) && !missing.public_message().contains(id));

    let (_, other_key) = other
        .trim()
        .rsplit_once('\n')
        .unwrap()
        .1
        .split_once(':')
        .unwrap();
    let wrong = keys::check(&test.another(&format!("{id}:{other_key}")).await)
        .await
        .unwrap_err();
    assert!(
        matches!(&wrong, Error::Keyring(KeyringError::Wrong(name)) if name == id),
        "{wrong}"
    );
    assert!(!wrong.to_string().contains(key) && !wrong.to_string().contains(other_key));

    keys::check(&test.another(&format!("{head}\n{line}")).await)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_key_that_only_a_connection_needs_is_missed_at_start_up() {
    let test = TestApp::new().await;
    let both_text = Keyring::add_key(&test.keys, &*test.app.surroundings.random)
        .unwrap()
        .to_string();
    let both = test.another(&both_text).await;
    for _ in 0..3 {
        add_secret(&both).await;
    }
    keys::check(&both).await.unwrap();
    let error = keys::check(&test.app).await.unwrap_err();
    let id = both.keyring.active_id();
    assert!(
        matches!(&error, Error::Keyring(KeyringError::Missing(name)) if name == id),
        "{error}"
    );
}

#[tokio::test]
async fn sec_04_rotation_rewraps_everything_and_can_be_repeated() {
    on_each(async |test| {
        keys::password_pepper(&test.app).await.unwrap();
        let pepper = keys::password_pepper(&test.app).await.unwrap();
        let mut ids = Vec::new();
        for _ in 0..105 {
            ids.push(add_secret(&test.app).await);
        }
        let before = sealed(&test.app).await;
        let both_text = Keyring::add_key(&test.keys, &*test.app.surroundings.random)
            .unwrap()
            .to_string();
        let both = test.another(&both_text).await;
        let cx = test.admin().await;
        // As if an earlier run had been stopped half-way: one secret is done.
        ids.push(add_secret(&both).await);

        let first = keys::rotate(&cx, &both).await.unwrap();
        assert_eq!(
            first,
            Rotation {
                rewrapped: 107,
                unchanged: 1
            }
        );
        let second = keys::rotate(&cx, &both).await.unwrap();
        assert_eq!(
            second,
            Rotation {
                rewrapped: 0,
                unchanged: 108
            }
        );

        let new_line = both_text
            .lines()
            .find(|line| line.starts_with(both.keyring.active_id()))
            .unwrap();
        let new_only = test.another(new_line).await;
        keys::check(&new_only).await.unwrap();
        assert_eq!(keys::password_pepper(&new_only).await.unwrap(), pepper);
        let after = sealed(&test.app).await;
        assert_eq!(after.len(), ids.len());
        for (id, text) in &after {
            let plain = new_only.keyring.open(&context(id), text).unwrap();
            assert_eq!(plain.as_slice(), format!("{CANARY} of {id}").as_bytes());
            assert!(!before.iter().any(|(_, old)| old == text));
        }
        // A secret that is moved to another connection stays shut.
        assert!(
            new_only
                .keyring
                .open(&context(&after[0].0), &after[1].1)
                .is_err()
        );
    })
    .await;
}

#[tokio::test]
async fn two_rotations_at_once_end_well() {
    let test = TestApp::new().await;
    for _ in 0..30 {
        add_secret(&test.app).await;
    }
    let both_text = Keyring::add_key(&test.keys, &*test.app.surroundings.random)
        .unwrap()
        .to_string();
    let (one, two) = (
        test.another(&both_text).await,
        test.another(&both_text).await,
    );
    let cx = test.admin().await;
    let (first, second) = tokio::join!(keys::rotate(&cx, &one), keys::rotate(&cx, &two));
    first.unwrap();
    second.unwrap();
    for (id, text) in sealed(&one).await {
        assert_eq!(
            one.keyring
                .rewrap(&*one.surroundings.random, &context(&id), &text)
                .unwrap(),
            None
        );
        one.keyring.open(&context(&id), &text).unwrap();
    }
}

#[tokio::test]
async fn only_an_admin_rotates() {
    let test = TestApp::new().await;
    let roles = [
        Role::ConnectionManager,
        Role::SchemaManager,
        Role::UserManager,
    ];
    test.add_user("ada", &roles, &[]).await;
    let error = keys::rotate(&test.as_user("ada").await, &test.app)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Denied(_)), "{error}");
    let error = keys::rotate(&test.nobody(), &test.app).await.unwrap_err();
    assert!(matches!(error, Error::Unauthenticated), "{error}");
}

#[tokio::test]
async fn sec_05_no_secret_is_in_the_files_of_the_repository() {
    let test = TestApp::new().await;
    add_secret(&test.app).await;
    let pepper = keys::password_pepper(&test.app).await.unwrap();
    let bytes = test.repository.bytes();
    let key = test.keys.trim().rsplit(':').next().unwrap();
    let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    assert!(holds(b"key_check"), "the search finds what is there");
    for needle in [CANARY.as_bytes(), key.as_bytes(), &pepper] {
        assert!(!holds(needle));
    }
}
