//! What kind of sign-in a request has limits what its user may do with rows.

use quillback_core::Error;
use quillback_core::cx::{Cx, Principal};
use serde_json::json;

use crate::support::target::{Target, add, delete, edit, on_each_target};

/// The administrator's request, signed in otherwise.
fn signed_in(target: &Target, otherwise: impl FnOnce(&mut Principal)) -> Cx {
    let mut principal = Principal::clone(target.admin.principal().unwrap());
    otherwise(&mut principal);
    target.test.cx(Some(principal))
}

#[tokio::test]
async fn a_token_for_reading_reads_rows_and_writes_none() {
    on_each_target(async |target| {
        let key = target
            .add(&target.admin, json!({ "region": "north" }))
            .await;
        let reader = signed_in(&target, |principal| principal.read_only = true);
        assert_eq!(target.rows(&reader, None).await.rows.len(), 1);
        let seen = || json!({ "region": "north" });
        for change in [
            add(json!({ "region": "south" })),
            edit(&key, json!({ "region": "south" }), seen()),
            delete(&key, seen()),
        ] {
            let outcome = target.write(&reader, vec![change]).await;
            assert!(matches!(outcome, Err(Error::Denied(_))), "{outcome:?}");
        }
        let rows = target.rows(&reader, None).await.rows;
        assert_eq!(
            (rows.len(), &rows[0].values()["region"]),
            (1, &json!("north"))
        );
    })
    .await;
}

#[tokio::test]
async fn rows_wait_until_a_due_password_is_changed() {
    on_each_target(async |target| {
        let due = signed_in(&target, |principal| principal.must_change_password = true);
        let page = target.page(&due, None, Vec::new(), 10, None).await;
        assert!(matches!(page, Err(Error::PasswordDue)), "{page:?}");
        let outcome = target
            .write(&due, vec![add(json!({ "region": "north" }))])
            .await;
        assert!(matches!(outcome, Err(Error::PasswordDue)), "{outcome:?}");
    })
    .await;
}
