//! API tokens: what a program may do with one, and until when.

use quillback_auth::housekeeping;
use quillback_auth::session::{list_sessions, revoke_all};
use quillback_auth::token::{Token, create_api_token};
use quillback_core::admin::people::tokens::{self, TokenDraft};
use quillback_core::admin::people::users::{self, UserChange};
use quillback_core::cx::{Cx, Role};
use quillback_core::plugin_api::civil::Timestamp;
use quillback_core::repo::tokens::{ApiToken, Scope};
use quillback_core::{Error, permit};

use crate::{Desk, on_each};

const DAY: i64 = 86_400;

fn draft(desk: &Desk, scope: Scope, days: i64) -> TokenDraft {
    let now = desk.test.clock_now();
    TokenDraft {
        name: "nightly load".into(),
        scope,
        schemas: None,
        expires_at: Timestamp {
            seconds: now.seconds + days * DAY,
            ..now
        },
    }
}

async fn make(desk: &Desk, username: &str, scope: Scope) -> (ApiToken, Token) {
    let cx = desk.request(&desk.sign_in(username).await).await;
    create_api_token(&cx, &desk.test.app, draft(desk, scope, 30))
        .await
        .unwrap()
}

async fn request(desk: &Desk, token: &Token) -> Cx {
    let principal = desk.authenticate(token.as_str()).await.unwrap();
    Cx {
        principal: Some(principal),
        ..desk.test.nobody()
    }
}

#[tokio::test]
async fn a_token_acts_for_its_user_until_it_ends() {
    on_each(async |desk| {
        desk.add_user("ada", &[Role::SchemaManager]).await;
        let (stored, token) = make(&desk, "ada", Scope::Write).await;
        let principal = desk.authenticate(token.as_str()).await.unwrap();
        assert_eq!(
            (principal.username.as_str(), principal.roles.as_slice()),
            ("ada", &[Role::SchemaManager][..])
        );
        assert!(principal.session.is_none() && principal.verified && !principal.read_only);
        let cx = desk.test.as_user("ada").await;
        let listed = tokens::list(&cx, &desk.test.app, &stored.user)
            .await
            .unwrap();
        assert_eq!(listed[0].last_used_at, Some(desk.test.clock_now()));

        // Weeks without use do not end it, its day does.
        desk.test.clock.advance(30 * DAY - 1);
        assert_eq!(desk.answer(token.as_str()).await, "");
        desk.test.clock.advance(1);
        assert_eq!(desk.answer(token.as_str()).await, "UNAUTHENTICATED");
        housekeeping::sweep(&desk.test.app, &desk.auth)
            .await
            .unwrap();
        assert_eq!(
            tokens::list(&cx, &desk.test.app, &stored.user)
                .await
                .unwrap()
                .len(),
            1
        );
        desk.test.clock.advance(31 * DAY);
        housekeeping::sweep(&desk.test.app, &desk.auth)
            .await
            .unwrap();
        assert!(
            tokens::list(&cx, &desk.test.app, &stored.user)
                .await
                .unwrap()
                .is_empty()
        );
    })
    .await;
}

#[tokio::test]
async fn a_token_for_reading_changes_nothing() {
    let desk = Desk::new().await;
    desk.add_user("ada", &[Role::Admin]).await;
    let (_, reading) = make(&desk, "ada", Scope::Read).await;
    let (_, writing) = make(&desk, "ada", Scope::Write).await;
    let reading = request(&desk, &reading).await;
    assert!(reading.principal().unwrap().read_only);
    assert!(permit::admin(&reading).is_err() && permit::manage_users(&reading).is_err());
    assert!(permit::console(&reading).is_ok());
    assert!(permit::admin(&request(&desk, &writing).await).is_ok());
}

#[tokio::test]
async fn a_token_makes_no_tokens_and_takes_its_user_not_over() {
    let desk = Desk::new().await;
    let id = desk.add_user("ada", &[]).await;
    let (_, token) = make(&desk, "ada", Scope::Write).await;
    let cx = request(&desk, &token).await;
    let app = &desk.test.app;
    let made = create_api_token(&cx, app, draft(&desk, Scope::Write, 30)).await;
    assert!(matches!(made.unwrap_err(), Error::Denied(_)));
    let changed = users::change_own_password(&cx, app, crate::support::hash()).await;
    assert!(matches!(changed.unwrap_err(), Error::Denied(_)));
    assert!(revoke_all(&cx, app, &id).await.is_err());
    assert!(list_sessions(&cx, app, &desk.auth, &id).await.is_err());
}

#[tokio::test]
async fn a_revoked_token_and_that_of_a_user_who_is_switched_off_end_at_once() {
    on_each(async |desk| {
        let id = desk.add_user("ada", &[]).await;
        let (first, one) = make(&desk, "ada", Scope::Write).await;
        let (_, two) = make(&desk, "ada", Scope::Write).await;
        let cx = desk.test.as_user("ada").await;
        tokens::revoke(&cx, &desk.test.app, &first.id)
            .await
            .unwrap();
        assert_eq!(
            (
                desk.answer(one.as_str()).await,
                desk.answer(two.as_str()).await
            ),
            ("UNAUTHENTICATED", "")
        );
        let off = UserChange {
            active: Some(false),
            ..UserChange::default()
        };
        users::update(&desk.test.admin().await, &desk.test.app, &id, 2, off)
            .await
            .unwrap();
        assert_eq!(desk.answer(two.as_str()).await, "UNAUTHENTICATED");
    })
    .await;
}

#[tokio::test]
async fn others_see_and_end_a_token_only_as_admins() {
    let desk = Desk::new().await;
    let ada = desk.add_user("ada", &[]).await;
    desk.add_user("manager", &[Role::UserManager]).await;
    let (stored, token) = make(&desk, "ada", Scope::Write).await;
    let manager = desk.test.as_user("manager").await;
    let app = &desk.test.app;
    assert!(tokens::list(&manager, app, &ada).await.is_err());
    // The same answer as for a token that does not exist.
    assert!(matches!(
        tokens::revoke(&manager, app, &stored.id).await.unwrap_err(),
        Error::NotFound(_)
    ));
    let admin = desk.test.admin().await;
    assert_eq!(tokens::list(&admin, app, &ada).await.unwrap().len(), 1);
    tokens::revoke(&admin, app, &stored.id).await.unwrap();
    assert_eq!(desk.answer(token.as_str()).await, "UNAUTHENTICATED");
    assert!(matches!(
        tokens::revoke(&admin, app, &stored.id).await.unwrap_err(),
        Error::NotFound(_)
    ));
}

#[tokio::test]
async fn drafts_out_of_bounds_are_refused() {
    let desk = Desk::new().await;
    desk.add_user("ada", &[]).await;
    let cx = desk.request(&desk.sign_in("ada").await).await;
    let app = &desk.test.app;
    let past = draft(&desk, Scope::Read, 0);
    let far = draft(&desk, Scope::Read, 367);
    let unnamed = TokenDraft {
        name: " ".into(),
        ..draft(&desk, Scope::Read, 1)
    };
    for (draft, path) in [(past, "expiresAt"), (far, "expiresAt"), (unnamed, "name")] {
        let error = create_api_token(&cx, app, draft).await.unwrap_err();
        assert_eq!(error.problems()[0].path, path);
    }
    for _ in 0..50 {
        create_api_token(&cx, app, draft(&desk, Scope::Read, 366))
            .await
            .unwrap();
    }
    let error = create_api_token(&cx, app, draft(&desk, Scope::Read, 366))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "IN_USE");
}
