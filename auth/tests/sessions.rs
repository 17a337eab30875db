//! How sessions begin and end (SES-03 to SES-05, SES-16 to SES-19).

use std::sync::atomic::Ordering;

use quillback_auth::session::{list_sessions, revoke_all, revoke_session, sign_out};
use quillback_auth::{Auth, housekeeping};
use quillback_core::admin::people::users::{self, UserChange};
use quillback_core::admin::people::{groups, roles};
use quillback_core::cx::Role;
use quillback_core::plugin_api::batch::{Batch, Expect};
use quillback_core::plugin_api::sql::{Insert, Statement};
use quillback_core::plugin_api::{Ident, RowBuffer, TableRef};

use crate::{Desk, on_each, options};

const GONE: &str = "UNAUTHENTICATED";

#[tokio::test]
async fn a_token_that_was_never_given_out_is_refused() {
    let desk = Desk::new().await;
    desk.add_user("ada", &[]).await;
    let good = desk.sign_in("ada").await.token;
    let good = good.as_str();
    let other_end = if good.ends_with('A') { "B" } else { "A" };
    let near = format!("{}{other_end}", &good[..good.len() - 1]);
    let as_api_token = good.replace("qbs_", "qbt_");
    for token in [
        "",
        "qbs_",
        "Bearer",
        &good[4..],
        &near,
        &as_api_token,
        &good.to_lowercase(),
        "' OR 1=1 --",
    ] {
        assert_eq!(desk.answer(token).await, GONE, "{token}");
    }
    assert_eq!(desk.answer(good).await, "");
}

#[tokio::test]
async fn ses_03_a_token_is_in_no_file_and_in_no_debug_text() {
    let desk = Desk::new().await;
    desk.add_user("ada", &[]).await;
    let signed = desk.sign_in("ada").await;
    let bytes = desk.test.repository.bytes();
    let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    assert!(holds(b"username_key"), "the search finds what is there");
    assert!(
        !holds(signed.token.as_str().as_bytes()) && !holds(&signed.token.as_str().as_bytes()[4..])
    );
    assert!(!holds(crate::PASSWORD.as_bytes()));
    assert!(!format!("{signed:?}").contains(&signed.token.as_str()[4..]));
}

#[tokio::test]
async fn ses_04_every_sign_in_has_a_token_of_its_own() {
    let desk = Desk::new().await;
    desk.add_user("ada", &[]).await;
    let (one, two) = (desk.sign_in("ada").await, desk.sign_in("ada").await);
    assert_ne!(one.token.as_str(), two.token.as_str());
    assert_ne!(one.principal.session, two.principal.session);
    assert_eq!(
        (
            desk.answer(one.token.as_str()).await,
            desk.answer(two.token.as_str()).await
        ),
        ("", "")
    );
}

#[tokio::test]
async fn ses_05_what_an_admin_takes_away_is_gone_with_the_next_request() {
    on_each(async |desk| {
        let admin = desk.test.admin().await;
        let app = &desk.test.app;
        let id = desk.add_user("ada", &[Role::SchemaManager]).await;
        let group = desk.test.add_group("Sales").await;
        let signed = desk.sign_in("ada").await;
        let token = signed.token.as_str();

        let change = groups::MemberChange {
            add: vec![id.clone()],
            remove: vec![],
        };
        groups::change_members(&admin, app, &group, change)
            .await
            .unwrap();
        assert_eq!(desk.authenticate(token).await.unwrap().groups.len(), 2);
        let change = groups::MemberChange {
            add: vec![],
            remove: vec![id.clone()],
        };
        groups::change_members(&admin, app, &group, change)
            .await
            .unwrap();
        assert_eq!(desk.authenticate(token).await.unwrap().groups.len(), 1);

        roles::set(&admin, app, &id, 2, vec![]).await.unwrap();
        assert_eq!(desk.answer(token).await, GONE);
        let again = desk.sign_in("ada").await;
        assert!(again.principal.roles.is_empty());

        let off = UserChange {
            active: Some(false),
            ..UserChange::default()
        };
        users::update(&admin, app, &id, 3, off).await.unwrap();
        assert_eq!(desk.answer(again.token.as_str()).await, GONE);
        // Switching on again brings no session back.
        let on = UserChange {
            active: Some(true),
            ..UserChange::default()
        };
        users::update(&admin, app, &id, 4, on).await.unwrap();
        assert_eq!(desk.answer(again.token.as_str()).await, GONE);
        assert_eq!(
            desk.answer(desk.sign_in("ada").await.token.as_str()).await,
            ""
        );
    })
    .await;
}

#[tokio::test]
async fn a_caller_is_remembered_until_somebody_writes() {
    let desk = Desk::new().await;
    let id = desk.add_user("ada", &[]).await;
    let token = desk.sign_in("ada").await.token;
    let roles = async || {
        desk.authenticate(token.as_str())
            .await
            .unwrap()
            .roles
            .clone()
    };
    assert_eq!(roles().await, []);

    // Behind the server's back, which only a program can do that tells of it.
    let mut batch = Batch::default();
    let insert = Insert {
        table: TableRef::new(Ident::literal("_user_roles")),
        columns: ["user_id", "role"].map(Ident::literal).into(),
        rows: RowBuffer::from_rows(2, &[vec![id.as_str().into(), "admin".into()]]).unwrap(),
        returning: Vec::new(),
    };
    batch.write(Statement::Insert(insert), Expect::Rows(1));
    desk.test.app.repo.apply(&batch).await.unwrap();
    assert_eq!(roles().await, []);
    desk.test.visits.store(1, Ordering::SeqCst);
    assert_eq!(roles().await, [Role::Admin]);

    // A note of the last use makes nobody forgotten, and is written once.
    desk.test.clock.advance(61);
    assert_eq!(roles().await, [Role::Admin]);
    let admin = desk.test.admin().await;
    let listed = list_sessions(&admin, &desk.test.app, &desk.auth, &id).await;
    assert_eq!(listed.unwrap()[0].last_seen_at, desk.test.clock_now());
}

#[tokio::test]
async fn sessions_end_when_not_used_and_in_any_case() {
    on_each(async |desk| {
        desk.add_user("ada", &[]).await;
        let (used, idle) = (desk.sign_in("ada").await, desk.sign_in("ada").await);
        desk.test.clock.advance(29 * 60);
        assert_eq!(desk.answer(used.token.as_str()).await, "");
        desk.test.clock.advance(60);
        assert_eq!(desk.answer(used.token.as_str()).await, "");
        assert_eq!(desk.answer(idle.token.as_str()).await, GONE);
        for _ in 0..45 {
            desk.test.clock.advance(15 * 60);
            assert_eq!(desk.answer(used.token.as_str()).await, "");
        }
        // Twelve hours after the sign-in, however much it was used.
        desk.test.clock.advance(15 * 60 - 1);
        assert_eq!(desk.answer(used.token.as_str()).await, "");
        desk.test.clock.advance(1);
        assert_eq!(desk.answer(used.token.as_str()).await, GONE);
    })
    .await;
}

#[tokio::test]
async fn the_last_use_is_noted_once_a_minute() {
    let desk = Desk::new().await;
    let id = desk.add_user("ada", &[]).await;
    let signed = desk.sign_in("ada").await;
    let cx = desk.request(&signed).await;
    let begin = desk.test.clock_now().seconds;
    let mut noted = Vec::new();
    for _ in 0..5 {
        desk.test.clock.advance(30);
        desk.authenticate(signed.token.as_str()).await.unwrap();
        let sessions = list_sessions(&cx, &desk.test.app, &desk.auth, &id)
            .await
            .unwrap();
        noted.push(sessions[0].last_seen_at.seconds - begin);
    }
    assert_eq!(noted, [0, 60, 60, 120, 120]);
}

#[tokio::test]
async fn ses_16_signing_out_ends_the_session_on_the_server() {
    on_each(async |desk| {
        let id = desk.add_user("ada", &[]).await;
        let (one, two) = (desk.sign_in("ada").await, desk.sign_in("ada").await);
        let cx = desk.request(&one).await;
        sign_out(&cx, &desk.test.app).await.unwrap();
        assert_eq!(
            (
                desk.answer(one.token.as_str()).await,
                desk.answer(two.token.as_str()).await
            ),
            (GONE, "")
        );

        let third = desk.sign_in("ada").await;
        let cx = desk.request(&third).await;
        assert_eq!(
            list_sessions(&cx, &desk.test.app, &desk.auth, &id)
                .await
                .unwrap()
                .len(),
            2
        );
        let session = two.principal.session.clone().unwrap();
        revoke_session(&cx, &desk.test.app, &id, &session)
            .await
            .unwrap();
        assert_eq!(
            (
                desk.answer(two.token.as_str()).await,
                desk.answer(third.token.as_str()).await
            ),
            (GONE, "")
        );
        revoke_all(&cx, &desk.test.app, &id).await.unwrap();
        assert_eq!(desk.answer(third.token.as_str()).await, GONE);
    })
    .await;
}

#[tokio::test]
async fn nobody_but_an_admin_reaches_sessions_of_others() {
    let desk = Desk::new().await;
    let ada = desk.add_user("ada", &[]).await;
    desk.add_user("bob", &[Role::UserManager]).await;
    let app = &desk.test.app;
    let signed = desk.sign_in("ada").await;
    let session = signed.principal.session.clone().unwrap();
    let bob = desk.request(&desk.sign_in("bob").await).await;
    assert!(list_sessions(&bob, app, &desk.auth, &ada).await.is_err());
    assert!(revoke_session(&bob, app, &ada, &session).await.is_err());
    assert!(revoke_all(&bob, app, &ada).await.is_err());
    // Naming oneself as the user does not reach the session of another.
    let own = bob.principal().unwrap().user.clone();
    revoke_session(&bob, app, &own, &session).await.unwrap();
    assert_eq!(desk.answer(signed.token.as_str()).await, "");
    revoke_all(&desk.test.admin().await, app, &ada)
        .await
        .unwrap();
    assert_eq!(desk.answer(signed.token.as_str()).await, GONE);
}

#[tokio::test]
async fn ses_17_a_session_survives_a_restart() {
    let desk = Desk::new().await;
    desk.add_user("ada", &[]).await;
    let signed = desk.sign_in("ada").await;
    let app = desk.test.another(&desk.test.keys).await;
    let auth = Auth::open(&app, options()).await.unwrap();
    quillback_auth::authenticate(&desk.test.nobody(), &app, &auth, signed.token.as_str())
        .await
        .unwrap();
}

#[tokio::test]
async fn ses_18_sessions_that_are_over_are_removed() {
    on_each(async |desk| {
        let id = desk.add_user("ada", &[]).await;
        for _ in 0..30 {
            desk.sign_in("ada").await;
        }
        desk.test.clock.advance(20 * 60);
        let kept = desk.sign_in("ada").await;
        let cx = desk.request(&kept).await;
        housekeeping::sweep(&desk.test.app, &desk.auth)
            .await
            .unwrap();
        let stored = async || {
            let now = desk.test.clock_now();
            quillback_core::repo::sessions::list_sessions(&desk.test.app.repo, &id, now)
                .await
                .unwrap()
                .len()
        };
        assert_eq!(stored().await, 31);
        desk.test.clock.advance(11 * 60);
        assert_eq!(
            list_sessions(&cx, &desk.test.app, &desk.auth, &id)
                .await
                .unwrap()
                .len(),
            1
        );
        assert_eq!(stored().await, 31);
        housekeeping::sweep(&desk.test.app, &desk.auth)
            .await
            .unwrap();
        assert_eq!(stored().await, 1);
        assert_eq!(desk.answer(kept.token.as_str()).await, "");
    })
    .await;
}

#[tokio::test]
async fn ses_19_a_jump_of_the_clock_does_no_more_than_end_sessions() {
    let desk = Desk::new().await;
    desk.add_user("ada", &[]).await;
    let signed = desk.sign_in("ada").await;
    desk.test.clock.advance(-86_400);
    assert_eq!(desk.answer(signed.token.as_str()).await, "");
    desk.test.clock.advance(2 * 86_400);
    assert_eq!(desk.answer(signed.token.as_str()).await, GONE);
    desk.sign_in("ada").await;
}
