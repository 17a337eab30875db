//! What a crash leaves open is settled by asking the target, and the books agree afterwards.

use quillback_core::audit::history::{self, HistoryCommand};
use quillback_core::ids::ChangeId;
use quillback_core::journal::{self, Recovered};
use quillback_core::plugin_api::batch::{Batch, Expect};
use quillback_core::plugin_api::sql::{Assignment, Delete, Expr, Statement, Update};
use quillback_core::plugin_api::{Ident, TableRef, Value};
use quillback_core::repo::changes::{self, AuditFilter, State};
use quillback_core::repo::commit;
use serde_json::json;

use crate::support::target::{Target, add, faults, on_each_target};

/// Longer than any change may be under way.
const OLD: i64 = 120;

/// Puts the books back to where a crash between the target's commit and the closing leaves them.
pub(crate) async fn forget_the_answer(target: &Target, change: &ChangeId) {
    let column = Ident::literal;
    let table = |name| TableRef::new(column(name));
    let filter = AuditFilter {
        schema: target.id(),
        key_hash: None,
        change: Some(change),
        offset: 0,
        limit: 10,
    };
    let rows = changes::list_audit_rows(&target.test.app.repo, &filter)
        .await
        .unwrap();
    let planned = rows
        .iter()
        .map(|row| json!({ "action": row.action, "key": row.key, "set": row.after }));
    let plan = planned.collect::<serde_json::Value>().to_string();
    let mut batch = Batch::default();
    let set = vec![
        Assignment::set(&column("state"), "open"),
        Assignment::set(&column("plan"), plan),
        Assignment::set(&column("outcome"), Value::Null),
        Assignment::set(&column("closed_at"), Value::Null),
    ];
    let update = Update {
        table: table("_changes"),
        set,
        filter: Expr::eq(&column("id"), change),
    };
    batch.write(Statement::Update(update), Expect::Rows(1));
    let delete = Delete {
        table: table("_audit_rows"),
        filter: Expr::eq(&column("change_id"), change),
    };
    batch.write(Statement::Delete(delete), Expect::Any);
    let untell = Delete {
        table: table("_outbox"),
        filter: Expr::eq(&column("change_id"), change),
    };
    batch.write(Statement::Delete(untell), Expect::Any);
    commit(&target.test.app.repo, &batch, "change")
        .await
        .unwrap();
}

async fn recover(target: &Target) -> Recovered {
    let nobody = target.test.nobody();
    journal::recover(&nobody, &target.test.app, 60_000)
        .await
        .unwrap()
}

async fn state(target: &Target, change: &ChangeId) -> State {
    changes::find_change(&target.test.app.repo, change)
        .await
        .unwrap()
        .unwrap()
        .state
}

#[tokio::test]
async fn a_change_that_took_effect_is_booked_once() {
    on_each_target(async |target| {
        let id = ChangeId::from(target.admin.new_id());
        let changes = vec![add(json!({ "region": "a", "units": 7 }))];
        target
            .send(&target.admin, &id, changes.clone())
            .await
            .unwrap();
        forget_the_answer(&target, &id).await;
        assert_eq!(
            recover(&target).await,
            Recovered::default(),
            "too young to be settled"
        );
        target.test.clock.advance(OLD);
        assert_eq!(
            recover(&target).await,
            Recovered {
                applied: 1,
                ..Recovered::default()
            }
        );
        assert_eq!(recover(&target).await, Recovered::default());
        assert_eq!(state(&target, &id).await, State::Applied);
        let command = HistoryCommand::newest(target.id().clone(), 10);
        let history = history::history(&target.admin, &target.test.app, command)
            .await
            .unwrap();
        assert_eq!(history.entries.len(), 1);
        assert_eq!(history.entries[0].after.as_ref().unwrap()["units"], 7);
        let again = target.send(&target.admin, &id, changes).await.unwrap();
        assert!(again.repeated);
        assert_eq!(target.rows(&target.admin, None).await.total, Some(1));
    })
    .await;
}

#[tokio::test]
async fn a_change_that_never_arrived_is_abandoned_and_fenced_off() {
    on_each_target(async |target| {
        let sent = ChangeId::from(target.admin.new_id());
        target
            .send(&target.admin, &sent, vec![add(json!({ "region": "a" }))])
            .await
            .unwrap();
        let lost = ChangeId::from(target.admin.new_id());
        let mut change = changes::find_change(&target.test.app.repo, &sent)
            .await
            .unwrap()
            .unwrap();
        change.id = lost.clone();
        change.state = State::Open;
        change.outcome = None;
        change.closed_at = None;
        let mut batch = Batch::default();
        changes::insert_change(&mut batch, &change).unwrap();
        commit(&target.test.app.repo, &batch, "change")
            .await
            .unwrap();
        target.test.clock.advance(OLD);
        assert_eq!(
            recover(&target).await,
            Recovered {
                abandoned: 1,
                ..Recovered::default()
            }
        );
        assert_eq!(state(&target, &lost).await, State::Abandoned);
        let again = target
            .send(&target.admin, &lost, vec![add(json!({ "region": "a" }))])
            .await
            .unwrap_err();
        assert_eq!(
            faults(&again),
            [("changeId".to_owned(), "CHANGE_ABANDONED")]
        );
        assert_eq!(target.rows(&target.admin, None).await.total, Some(1));
    })
    .await;
}
