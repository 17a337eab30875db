//! The first start, alone and of several servers at once.

use std::sync::atomic::{AtomicUsize, Ordering};

use quillback_core::bootstrap::{self, ADMINISTRATOR, generate_secret};
use quillback_core::cx::Role;
use quillback_core::repo::{groups, migrate, people};

use crate::support::{Kind, TestApp, hash, on_each};

#[tokio::test]
async fn the_first_start_makes_an_administrator_and_everyone_once() {
    on_each(async |test| {
        let everyone = groups::find_everyone(&test.app.repo)
            .await
            .unwrap()
            .unwrap();
        assert!(everyone.builtin && everyone.name == bootstrap::EVERYONE);
        let admin = test.user(ADMINISTRATOR).await;
        assert!(admin.must_change_password && admin.active);
        let (_, roles) = people::get_user_and_roles(&test.app.repo, &admin.id)
            .await
            .unwrap();
        assert_eq!(roles, [Role::Admin]);

        let never = async |_: &str| -> quillback_core::Result<_> {
            panic!("there is an administrator already")
        };
        assert!(
            bootstrap::first_start(&test.app, never)
                .await
                .unwrap()
                .is_none()
        );
        assert_eq!(groups::list_groups(&test.app.repo).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn of_servers_that_start_at_once_one_makes_the_administrator() {
    for kind in Kind::at_hand() {
        let test = TestApp::empty(kind).await;
        migrate::migrate(&test.app.repo, test.clock_now())
            .await
            .unwrap();
        let servers = [
            test.another(&test.keys).await,
            test.another(&test.keys).await,
            test.app.clone(),
        ];
        let hashed = AtomicUsize::new(0);
        let start = async |app| {
            let count = async |_: &str| {
                hashed.fetch_add(1, Ordering::Relaxed);
                Ok(hash())
            };
            bootstrap::first_start(app, count).await.unwrap()
        };
        let [one, two, three] = &servers;
        let made = tokio::join!(start(one), start(two), start(three));
        let made = [made.0, made.1, made.2];
        assert_eq!(made.iter().flatten().count(), 1, "{kind:?}");
        assert!(hashed.load(Ordering::Relaxed) >= 1);
        assert_eq!(
            people::list_users(&test.app.repo, "", None, 10)
                .await
                .unwrap()
                .len(),
            1,
            "{kind:?}"
        );
        assert_eq!(
            groups::list_groups(&test.app.repo).await.unwrap().len(),
            1,
            "{kind:?}"
        );
    }
}

#[tokio::test]
async fn generated_secrets_are_long_plain_and_never_the_same() {
    let test = TestApp::new().await;
    let random = &*test.app.surroundings.random;
    let secrets: Vec<_> = (0..100)
        .map(|_| generate_secret(random).to_string())
        .collect();
    for secret in &secrets {
        assert!(secret.len() >= 20, "{secret}");
        assert!(!secret.contains(['0', 'o', '1', 'l', 'O', 'I']), "{secret}");
    }
    assert_eq!(
        secrets
            .iter()
            .collect::<std::collections::BTreeSet<_>>()
            .len(),
        secrets.len()
    );
}

#[tokio::test]
async fn an_operator_gets_back_in() {
    on_each(async |test| {
        let app = &test.app;
        bootstrap::recover_administrator(app, "Admin", hash())
            .await
            .unwrap();
        assert_eq!(test.user(ADMINISTRATOR).await.version, 2);

        let plain = test.add_user("ada", &[Role::SchemaManager], &[]).await;
        bootstrap::recover_administrator(app, "ADA", hash())
            .await
            .unwrap();
        let (_, roles) = people::get_user_and_roles(&app.repo, &plain).await.unwrap();
        assert_eq!(roles, [Role::Admin, Role::SchemaManager]);

        bootstrap::recover_administrator(app, "new", hash())
            .await
            .unwrap();
        assert!(test.user("new").await.must_change_password);
        assert_eq!(
            bootstrap::recover_administrator(app, " ", hash())
                .await
                .unwrap_err()
                .code(),
            "INVALID_INPUT"
        );
    })
    .await;
}
