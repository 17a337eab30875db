//! Signing in by password: who gets in, and that nobody learns why they did not (SEC-07 to SEC-09).

use std::time::{Duration, Instant};

use argon2::password_hash::PasswordVerifier as _;
use quillback_auth::passwords::{Cost, Verdict};
use quillback_auth::{Auth, AuthError, Options};
use quillback_core::admin::people::users::{self, UserChange};
use quillback_core::audit::events::{EventFilter, list_events};
use quillback_core::cx::Role;

use crate::support::Kind;
use crate::{ADDRESS, Desk, PASSWORD, code, on_each, options};

#[tokio::test]
async fn the_right_password_signs_in_whatever_the_case_of_the_name() {
    on_each(async |desk| {
        desk.add_user("Ada", &[Role::SchemaManager]).await;
        let signed = desk.try_sign_in(" aDA ", PASSWORD, ADDRESS).await.unwrap();
        assert_eq!(
            signed.expires_at.seconds - desk.test.clock_now().seconds,
            12 * 3600
        );
        let principal = desk.authenticate(signed.token.as_str()).await.unwrap();
        assert_eq!(principal.username, "Ada");
        assert_eq!(principal.roles, [Role::SchemaManager]);
        assert_eq!(
            principal
                .groups
                .iter()
                .map(|group| group.name.as_str())
                .collect::<Vec<_>>(),
            ["everyone"]
        );
        assert!(principal.verified && !principal.must_change_password && !principal.read_only);
        assert_eq!(principal.user, signed.principal.user);
        assert_eq!(principal.session, signed.principal.session);
    })
    .await;
}

#[tokio::test]
async fn the_first_administrator_signs_in_and_must_change_the_password() {
    let desk = Desk::new().await;
    let signed = desk
        .try_sign_in("admin", &desk.secret, ADDRESS)
        .await
        .unwrap();
    assert!(signed.principal.must_change_password && signed.principal.is_admin());
    let cx = desk.request(&signed).await;
    let error = users::list(&cx, &desk.test.app, "", None, 10)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "PASSWORD_CHANGE_REQUIRED");
}

#[tokio::test]
async fn all_refusals_look_the_same() {
    on_each(async |desk| {
        desk.add_user("ada", &[]).await;
        let off = desk.add_user("off", &[]).await;
        let admin = desk.test.admin().await;
        users::create(
            &admin,
            &desk.test.app,
            users::UserDraft {
                username: "sso".into(),
                ..users::UserDraft::default()
            },
            None,
        )
        .await
        .unwrap();
        let change = UserChange {
            active: Some(false),
            ..UserChange::default()
        };
        users::update(&admin, &desk.test.app, &off, 2, change)
            .await
            .unwrap();
        let mut answers = Vec::new();
        for (username, password) in [
            ("ada", "wrong horse battery"),
            ("ada", ""),
            ("ada", "correct horse battery\0"),
            ("off", PASSWORD),
            ("sso", ""),
            ("nobody", PASSWORD),
            ("", ""),
            ("ad\0a", PASSWORD),
        ] {
            let error = desk
                .try_sign_in(username, password, ADDRESS)
                .await
                .unwrap_err();
            answers.push((error.code(), error.public_message()));
        }
        answers.dedup();
        assert_eq!(
            answers,
            [(
                "WRONG_CREDENTIALS",
                "User name or password is wrong.".to_owned()
            )]
        );

        // The trail knows more, but not what was typed.
        let filter = EventFilter {
            subject_type: Some("user".into()),
            ..EventFilter::default()
        };
        let events = list_events(&admin, &desk.test.app, &filter, None, 100)
            .await
            .unwrap();
        let reasons: Vec<_> = events
            .iter()
            .filter(|event| event.action == "session.refuse")
            .collect();
        assert_eq!(reasons.len(), 8);
        assert!(
            reasons
                .iter()
                .any(|event| event.details["reason"] == "user is switched off")
        );
        assert!(
            reasons
                .iter()
                .all(|event| !event.details.to_string().contains("nobody"))
        );
    })
    .await;
}

#[tokio::test]
async fn passwords_typed_on_different_systems_are_the_same() {
    let desk = Desk::new().await;
    desk.test.add_user("ada", &[], &[]).await;
    let random = &*desk.test.app.surroundings.random;
    let hash = desk
        .auth
        .passwords
        .hash(random, "cafe\u{301} ve\u{301}lo 🚲")
        .await
        .unwrap();
    let cx = desk.test.as_user("ada").await;
    users::change_own_password(&cx, &desk.test.app, hash)
        .await
        .unwrap();
    assert_eq!(
        code(
            desk.try_sign_in("ada", "caf\u{e9} v\u{e9}lo 🚲", ADDRESS)
                .await
        ),
        ""
    );
    assert_eq!(
        code(desk.try_sign_in("ada", "cafe velo 🚲", ADDRESS).await),
        "WRONG_CREDENTIALS"
    );
}

#[tokio::test]
async fn sec_07_a_hash_of_another_cost_is_made_anew_at_sign_in() {
    let desk = Desk::new().await;
    desk.add_user("ada", &[]).await;
    let before = desk.test.user("ada").await;
    let stronger = Options {
        cost: Cost::new(19 * 1024, 2, 1).unwrap(),
        ..options()
    };
    let auth = Auth::open(&desk.test.app, stronger).await.unwrap();
    let hash = before.password.as_ref();
    assert_eq!(
        auth.passwords.verify(hash, PASSWORD).await.unwrap(),
        Verdict::RightButOld
    );
    let desk = Desk { auth, ..desk };

    desk.sign_in("ada").await;
    let after = desk.test.user("ada").await;
    let text = after.password.as_ref().unwrap().as_str();
    assert!(
        text.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{text}"
    );
    assert_eq!(after.version, before.version);
    assert_eq!(
        desk.auth
            .passwords
            .verify(after.password.as_ref(), PASSWORD)
            .await
            .unwrap(),
        Verdict::Right
    );
    desk.sign_in("ada").await;
    assert_eq!(desk.test.user("ada").await.password, after.password);
}

#[tokio::test]
async fn a_hash_alone_is_worth_nothing_without_the_pepper() {
    let one = Desk::new().await;
    one.add_user("ada", &[]).await;
    // Another server has another pepper: its random bytes have gone on.
    let other = Desk::with(Kind::Sqlite, options()).await;
    let hash = one.test.user("ada").await.password.unwrap();
    assert_eq!(
        one.auth
            .passwords
            .verify(Some(&hash), PASSWORD)
            .await
            .unwrap(),
        Verdict::Right
    );
    let pepper = quillback_core::admin::keys::password_pepper(&one.test.app)
        .await
        .unwrap();
    let stored =
        quillback_core::repo::settings::find_setting(&other.test.app.repo, "password_pepper")
            .await
            .unwrap();
    assert!(stored.is_some_and(|sealed| {
        !sealed
            .as_bytes()
            .windows(32)
            .any(|window| window == pepper.as_slice())
    }));
    let phc = hash.as_str();
    let plain = argon2::Argon2::default();
    let parsed = argon2::password_hash::phc::PasswordHash::new(phc).unwrap();
    assert!(plain.verify_password(PASSWORD.as_bytes(), &parsed).is_err());
}

/// The middle of some durations.
fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

#[tokio::test]
async fn sec_08_an_unknown_user_takes_as_long_as_a_known_one() {
    // Dear enough that the hash is nearly all of the time, as it is in service.
    let cost = Cost::new(19 * 1024, 2, 1).unwrap();
    let patient = Options {
        cost,
        account_failures: 1_000_000,
        address_failures: 1_000_000,
        ..options()
    };
    let desk = Desk::with(Kind::Sqlite, patient).await;
    desk.add_user("known", &[]).await;
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    // In turns, so that other work on the machine slows both down.
    for round in 0..20 {
        for (name, times) in [
            ("known".to_owned(), &mut known),
            (format!("unknown{round}"), &mut unknown),
        ] {
            let begin = Instant::now();
            let error = desk
                .try_sign_in(&name, "wrong horse battery", ADDRESS)
                .await
                .unwrap_err();
            times.push(begin.elapsed());
            assert!(matches!(error, AuthError::Credentials(_)), "{error}");
        }
    }
    let (known, unknown) = (median(known), median(unknown));
    let ratio = known.as_secs_f64() / unknown.as_secs_f64();
    // Without a hash for unknown users the ratio would be beyond ten.
    assert!(
        (0.5..2.0).contains(&ratio),
        "known {known:?}, unknown {unknown:?}"
    );
}

#[tokio::test]
async fn sec_09_a_crowd_waits_in_a_queue_of_limited_length() {
    let small = Options {
        hashing_threads: 1,
        hashing_queue: 3,
        cost: Cost::new(19 * 1024, 2, 1).unwrap(),
        ..options()
    };
    let desk = Desk::with(Kind::Sqlite, small).await;
    let mut crowd = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let passwords = desk.auth.passwords.clone();
        crowd.spawn(async move { passwords.verify(None, PASSWORD).await });
    }
    let mut codes = std::collections::BTreeMap::new();
    while let Some(answer) = crowd.join_next().await {
        let code = answer.unwrap().map_or_else(|error| error.code(), |_| "");
        *codes.entry(code).or_insert(0) += 1;
    }
    assert!(
        codes.get("").is_some_and(|served| *served >= 4),
        "{codes:?}"
    );
    assert!(
        codes.get("BUSY").is_some_and(|refused| *refused >= 1),
        "{codes:?}"
    );
    assert_eq!(
        desk.auth.passwords.verify(None, PASSWORD).await.unwrap(),
        Verdict::Wrong
    );
}
