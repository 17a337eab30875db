//! Changing passwords, one's own and those of others.

use std::net::IpAddr;

use quillback_auth::methods::password::{
    PasswordChange, change_password, create_user, set_password,
};
use quillback_auth::start::recover_administrator;
use quillback_auth::{AuthError, Signed};
use quillback_core::admin::people::users::UserDraft;
use quillback_core::cx::Role;

use crate::{ADDRESS, Desk, PASSWORD, code, on_each};

const NEW: &str = "violet kettle orbit";

async fn change(desk: &Desk, signed: &Signed, current: &str, new: &str) -> Result<(), AuthError> {
    let cx = desk.request(signed).await;
    let change = PasswordChange {
        current: current.into(),
        new: new.into(),
        ip: ADDRESS.parse::<IpAddr>().unwrap(),
    };
    change_password(&cx, &desk.test.app, &desk.auth, change).await
}

#[tokio::test]
async fn a_changed_password_ends_the_other_sessions() {
    on_each(async |desk| {
        desk.add_user("ada", &[]).await;
        let (one, other) = (desk.sign_in("ada").await, desk.sign_in("ada").await);
        change(&desk, &one, PASSWORD, NEW).await.unwrap();
        assert_eq!(desk.answer(one.token.as_str()).await, "");
        assert_eq!(desk.answer(other.token.as_str()).await, "UNAUTHENTICATED");
        assert_eq!(
            code(desk.try_sign_in("ada", PASSWORD, ADDRESS).await),
            "WRONG_CREDENTIALS"
        );
        assert_eq!(code(desk.try_sign_in("ada", NEW, ADDRESS).await), "");
    })
    .await;
}

#[tokio::test]
async fn the_first_administrator_is_free_after_a_new_password() {
    let desk = Desk::new().await;
    let signed = desk
        .try_sign_in("admin", &desk.secret, ADDRESS)
        .await
        .unwrap();
    change(&desk, &signed, &desk.secret, NEW).await.unwrap();
    assert!(
        !desk
            .authenticate(signed.token.as_str())
            .await
            .unwrap()
            .must_change_password
    );
}

#[tokio::test]
async fn a_new_password_must_be_good_and_new_and_the_old_one_right() {
    let desk = Desk::new().await;
    desk.add_user("ada.lovelace", &[]).await;
    let signed = desk.sign_in("ada.lovelace").await;
    let rule = async |current: &str, new: &str| match change(&desk, &signed, current, new)
        .await
        .unwrap_err()
    {
        AuthError::Other(error) => error.problems()[0].code,
        error => error.code(),
    };
    assert_eq!(rule(PASSWORD, "short").await, "TOO_SHORT");
    assert_eq!(rule(PASSWORD, &"kT9#vLq2".repeat(17)).await, "TOO_LONG");
    assert_eq!(rule(PASSWORD, "password12345").await, "TOO_EASY");
    assert_eq!(rule(PASSWORD, "lovelace12345").await, "TOO_EASY");
    assert_eq!(rule(PASSWORD, PASSWORD).await, "SAME");
    assert_eq!(rule("wrong horse battery", NEW).await, "WRONG_CREDENTIALS");
    assert_eq!(
        code(desk.try_sign_in("ada.lovelace", PASSWORD, ADDRESS).await),
        ""
    );
}

#[tokio::test]
async fn guessing_the_current_password_is_throttled_too() {
    let desk = Desk::new().await;
    desk.add_user("ada", &[]).await;
    let signed = desk.sign_in("ada").await;
    let mut codes = Vec::new();
    for _ in 0..7 {
        codes.push(code(
            change(&desk, &signed, "wrong horse battery", NEW).await,
        ));
    }
    assert_eq!(codes[..6], ["WRONG_CREDENTIALS"; 6]);
    assert_eq!(codes[6], "TOO_MANY_ATTEMPTS");
}

#[tokio::test]
async fn a_password_set_by_an_admin_must_be_changed_and_ends_all_sessions() {
    on_each(async |desk| {
        let id = desk.add_user("ada", &[]).await;
        let signed = desk.sign_in("ada").await;
        let admin = desk.test.admin().await;
        let app = &desk.test.app;
        let weak = set_password(&admin, app, &desk.auth, &id, "ada ada ada ada").await;
        assert_eq!(code(weak), "INVALID_INPUT");
        set_password(&admin, app, &desk.auth, &id, NEW)
            .await
            .unwrap();
        assert_eq!(desk.answer(signed.token.as_str()).await, "UNAUTHENTICATED");
        let again = desk.try_sign_in("ada", NEW, ADDRESS).await.unwrap();
        assert!(again.principal.must_change_password);
        change(&desk, &again, NEW, "another good password of mine")
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_user_made_with_a_password_signs_in_with_it() {
    let desk = Desk::new().await;
    let admin = desk.test.admin().await;
    let draft = |username: &str| UserDraft {
        username: username.into(),
        ..UserDraft::default()
    };
    let app = &desk.test.app;
    assert_eq!(
        code(create_user(&admin, app, &desk.auth, draft("bob"), Some("bob")).await),
        "INVALID_INPUT"
    );
    create_user(&admin, app, &desk.auth, draft("bob"), Some(PASSWORD))
        .await
        .unwrap();
    assert!(desk.sign_in("bob").await.principal.must_change_password);
    create_user(&admin, app, &desk.auth, draft("sso"), None)
        .await
        .unwrap();
    assert_eq!(
        code(desk.try_sign_in("sso", PASSWORD, ADDRESS).await),
        "WRONG_CREDENTIALS"
    );
    desk.add_user("plain", &[Role::SchemaManager]).await;
    let plain = desk.request(&desk.sign_in("plain").await).await;
    assert_eq!(
        code(create_user(&plain, app, &desk.auth, draft("eve"), Some(PASSWORD)).await),
        "FORBIDDEN"
    );
}

#[tokio::test]
async fn an_operator_gets_a_password_for_a_lost_administrator() {
    let desk = Desk::new().await;
    let secret = recover_administrator(&desk.test.app, &desk.auth, "admin")
        .await
        .unwrap();
    assert_eq!(
        code(desk.try_sign_in("admin", &desk.secret, ADDRESS).await),
        "WRONG_CREDENTIALS"
    );
    let signed = desk.try_sign_in("admin", &secret, ADDRESS).await.unwrap();
    assert!(signed.principal.must_change_password && signed.principal.is_admin());
}
