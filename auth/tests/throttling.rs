//! Guessing is slowed down by account and address, across restarts (SEC-10).

use quillback_auth::{Auth, AuthError, Options, housekeeping};
use quillback_core::repo::throttle;

use crate::support::Kind;
use crate::{ADDRESS, Desk, PASSWORD, code, on_each, options};

async fn guess(desk: &Desk, username: &str, address: &str) -> &'static str {
    code(
        desk.try_sign_in(username, "wrong horse battery", address)
            .await,
    )
}

/// Guesses until told to wait, at most 200 times; the guesses that were looked at, and the seconds to wait.
async fn guess_on(desk: &Desk, username: &str, address: &str) -> (usize, i64) {
    for looked_at in 0..200 {
        match desk
            .try_sign_in(username, "wrong horse battery", address)
            .await
            .unwrap_err()
        {
            AuthError::Throttled {
                retry_after_seconds,
            } => return (looked_at, retry_after_seconds),
            AuthError::Credentials(_) => {}
            AuthError::Other(error) => panic!("{error}"),
        }
    }
    panic!("never told to wait")
}

#[tokio::test]
async fn waits_double_with_each_failure_and_end_with_a_success() {
    on_each(async |desk| {
        desk.add_user("ada", &[]).await;
        assert_eq!(guess_on(&desk, "ada", ADDRESS).await, (6, 1));
        // Not even the right password is looked at while the account waits.
        assert_eq!(
            code(desk.try_sign_in("ada", PASSWORD, ADDRESS).await),
            "TOO_MANY_ATTEMPTS"
        );
        for wait in [2, 4, 8] {
            desk.test.clock.advance(wait / 2);
            assert_eq!(guess_on(&desk, "ada", ADDRESS).await, (1, wait));
        }
        desk.test.clock.advance(8);
        desk.sign_in("ada").await;
        assert_eq!(guess_on(&desk, "ada", ADDRESS).await, (6, 1));
    })
    .await;
}

#[tokio::test]
async fn an_account_waits_wherever_guesses_come_from_and_others_do_not() {
    let desk = Desk::new().await;
    desk.add_user("ada", &[]).await;
    desk.add_user("bob", &[]).await;
    for number in 0..6 {
        assert_eq!(
            guess(&desk, "ADA ", &format!("198.51.100.{number}")).await,
            "WRONG_CREDENTIALS"
        );
    }
    assert_eq!(
        guess(&desk, "ada", "203.0.113.1").await,
        "TOO_MANY_ATTEMPTS"
    );
    desk.sign_in("bob").await;
}

#[tokio::test]
async fn a_name_that_nobody_has_waits_as_well() {
    let desk = Desk::new().await;
    assert_eq!(guess_on(&desk, "nobody", ADDRESS).await, (6, 1));
}

#[tokio::test]
async fn an_address_waits_whatever_names_it_tries() {
    on_each(async |desk| {
        desk.add_user("ada", &[]).await;
        for number in 0..51 {
            // One network of an IPv6 provider is one address.
            let address = format!("2001:db8:1:2::{number:x}");
            assert_eq!(
                guess(&desk, &format!("name{number}"), &address).await,
                "WRONG_CREDENTIALS"
            );
        }
        let tried = desk
            .try_sign_in("ada", PASSWORD, "2001:db8:1:2:ffff::1")
            .await;
        assert_eq!(code(tried), "TOO_MANY_ATTEMPTS");
        assert_eq!(
            code(desk.try_sign_in("ada", PASSWORD, "2001:db8:1:3::1").await),
            ""
        );
    })
    .await;
}

#[tokio::test]
async fn an_office_that_signs_in_does_not_wait() {
    let desk = Desk::new().await;
    desk.add_user("ada", &[]).await;
    for _ in 0..60 {
        desk.sign_in("ada").await;
    }
    // Nor does signing in oneself wash off the guesses at others.
    for number in 0..50 {
        assert_eq!(
            guess(&desk, &format!("name{number}"), ADDRESS).await,
            "WRONG_CREDENTIALS"
        );
        desk.sign_in("ada").await;
    }
    assert_eq!(guess(&desk, "next", ADDRESS).await, "WRONG_CREDENTIALS");
    assert_eq!(guess(&desk, "next", ADDRESS).await, "TOO_MANY_ATTEMPTS");
}

#[tokio::test]
async fn a_restart_and_a_second_server_do_not_forget() {
    let desk = Desk::new().await;
    desk.add_user("ada", &[]).await;
    assert_eq!(guess_on(&desk, "ada", ADDRESS).await.0, 6);
    let app = desk.test.another(&desk.test.keys).await;
    let auth = Auth::open(&app, options()).await.unwrap();
    let command = quillback_auth::SignIn {
        username: "ada".into(),
        password: PASSWORD.into(),
        client: quillback_auth::Client::Console,
        ip: ADDRESS.parse().unwrap(),
    };
    let answer = quillback_auth::sign_in(&desk.test.nobody(), &app, &auth, command).await;
    assert_eq!(code(answer), "TOO_MANY_ATTEMPTS");
}

#[tokio::test]
async fn guesses_that_race_each_other_count_all() {
    for kind in Kind::at_hand() {
        let desk = Desk::with(kind, options()).await;
        desk.add_user("ada", &[]).await;
        let desk = std::sync::Arc::new(desk);
        let mut guesses = tokio::task::JoinSet::new();
        for _ in 0..40 {
            let desk = desk.clone();
            guesses.spawn(async move { guess(&desk, "ada", ADDRESS).await });
        }
        let codes = guesses.join_all().await;
        let looked_at = codes
            .iter()
            .filter(|code| **code == "WRONG_CREDENTIALS")
            .count();
        assert!(
            (1..=6).contains(&looked_at),
            "{kind:?}: {looked_at} of 40 were looked at"
        );
    }
}

#[tokio::test]
async fn the_longest_wait_is_kept_and_a_rest_starts_anew() {
    let desk = Desk::with(
        Kind::Sqlite,
        Options {
            longest_wait_seconds: 60,
            ..options()
        },
    )
    .await;
    desk.add_user("ada", &[]).await;
    let mut longest = 0;
    for _ in 0..12 {
        let (_, wait) = guess_on(&desk, "ada", ADDRESS).await;
        longest = longest.max(wait);
        desk.test.clock.advance(wait);
    }
    assert_eq!(longest, 60);
    desk.test.clock.advance(3600);
    assert_eq!(guess_on(&desk, "ada", ADDRESS).await, (6, 1));
}

#[tokio::test]
async fn a_clock_that_is_set_back_locks_nobody_out() {
    let desk = Desk::new().await;
    desk.add_user("ada", &[]).await;
    guess_on(&desk, "ada", ADDRESS).await;
    desk.test.clock.advance(-86_400);
    desk.sign_in("ada").await;
}

#[tokio::test]
async fn counters_are_removed_after_a_day() {
    on_each(async |desk| {
        guess(&desk, "nobody", ADDRESS).await;
        let subjects = [format!("address:{ADDRESS}")];
        let count = async || {
            throttle::list_counters(&desk.test.app.repo, &subjects)
                .await
                .unwrap()
                .len()
        };
        housekeeping::sweep(&desk.test.app, &desk.auth)
            .await
            .unwrap();
        assert_eq!(count().await, 1);
        desk.test.clock.advance(86_401);
        housekeeping::sweep(&desk.test.app, &desk.auth)
            .await
            .unwrap();
        assert_eq!(count().await, 0);
    })
    .await;
}
