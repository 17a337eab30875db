//! Whoever touches the books is found out: edits, removals, swaps, cut-off ends and made-up records (SEC-13).

mod forge;
mod over_time;

use quillback_core::admin::people::groups;
use quillback_core::app::App;
use quillback_core::audit::events::{EventFilter, list_events};
use quillback_core::audit::sealing;
use quillback_core::audit::verify::{KeptSeal, Verification, verify};
use quillback_core::cx::Cx;
use quillback_core::ids::ChangeId;
use quillback_core::keyring::Keyring;
use quillback_core::plugin_api::Value;
use quillback_core::plugin_api::sql::{Expr, Statement};
use serde_json::json;

use self::forge::{BOOKS, copy, delete, insert, is, rows, run, set};
use crate::support::target::{Target, add, edit, on_each_target};

async fn check(app: &App) -> Verification {
    verify(app, None, |_| {}).await.unwrap()
}

fn told(found: &Verification) -> Vec<String> {
    found
        .faults
        .iter()
        .map(|fault| format!("{} {}", fault.kind.code(), fault.record))
        .collect()
}

/// A change of three rows.
async fn change(target: &Target) -> ChangeId {
    let id = ChangeId::from(target.admin.new_id());
    let rows = ["a", "b", "c"].map(|region| add(json!({ "region": region })));
    target.send(&target.admin, &id, rows.into()).await.unwrap();
    id
}

async fn newest_event(target: &Target) -> String {
    let app = &target.test.app;
    let filter = EventFilter::default();
    let events = list_events(&target.admin, app, &filter, None, 1)
        .await
        .unwrap();
    events[0].id.to_string()
}

fn in_change(id: &ChangeId, position: i64) -> Expr {
    is("change_id", id).and(is("position", position))
}

/// A request whose records are signed with the keys of `app`.
fn through(app: &App, cx: &Cx) -> Cx {
    Cx {
        surroundings: app.surroundings.clone(),
        ..cx.clone()
    }
}

#[tokio::test]
async fn untouched_books_verify_sealed_and_unsealed() {
    on_each_target(async |target| {
        let app = &target.test.app;
        let many = (0..450).map(|at| add(json!({ "region": "n", "units": at })));
        target.write(&target.admin, many.collect()).await.unwrap();
        let refused = edit(
            &json!({ "id": target.admin.new_id() }),
            json!({ "units": 1 }),
            json!({ "units": 0 }),
        );
        target.write(&target.admin, vec![refused]).await.unwrap();
        change(&target).await;
        let found = check(app).await;
        assert_eq!(told(&found), [""; 0]);
        assert_eq!((found.changes, found.rows, found.seals), (3, 453, 0));
        assert_eq!(found.unsealed, found.changes + found.events);

        let made = sealing::seal(app).await.unwrap();
        assert_eq!(made.len(), 1);
        assert_eq!(sealing::seal(app).await.unwrap(), []);
        let sealed = check(app).await;
        assert_eq!(told(&sealed), [""; 0]);
        assert_eq!((sealed.seals, sealed.unsealed), (1, 0));
        assert_eq!((sealed.rows, sealed.events), (found.rows, found.events));
        assert_eq!(sealed.newest, Some(format!("1:{}", made[0].hash)));

        target.test.clock.advance(60);
        change(&target).await;
        assert_eq!(sealing::seal(app).await.unwrap()[0].seq, 2);
        let kept = KeptSeal {
            seq: 1,
            hash: made[0].hash.clone(),
        };
        let found = verify(app, Some(&kept), |_| {}).await.unwrap();
        assert!(found.is_sound() && found.seals == 2);
    })
    .await;
}

/// Books with two seals, and a change that none covers yet.
struct Scene {
    target: Target,
    /// In the first seal.
    one: ChangeId,
    event: String,
    first: KeptSeal,
    /// In the second seal.
    two: ChangeId,
    late: String,
    second: KeptSeal,
    /// In none.
    open: ChangeId,
    /// All of it, to be put back.
    whole: Vec<Statement>,
}

async fn kept(app: &App) -> KeptSeal {
    let sealed = sealing::seal(app).await.unwrap().pop().unwrap();
    KeptSeal {
        seq: sealed.seq,
        hash: sealed.hash,
    }
}

impl Scene {
    async fn of(target: Target) -> Self {
        let app = target.test.app.clone();
        let one = change(&target).await;
        let event = newest_event(&target).await;
        let first = kept(&app).await;
        target.test.clock.advance(60);
        let two = change(&target).await;
        target.test.add_group("late").await;
        let late = newest_event(&target).await;
        let second = kept(&app).await;
        let open = change(&target).await;
        let whole = copy(&app).await;
        assert_eq!(told(&check(&app).await), [""; 0]);
        Self {
            target,
            one,
            event,
            first,
            two,
            late,
            second,
            open,
            whole,
        }
    }

    fn app(&self) -> &App {
        &self.target.test.app
    }

    /// Does something to the books, looks for what must be told, and puts the books back.
    async fn shows(&self, what: Vec<Statement>, expected: &[String]) {
        run(self.app(), what.clone()).await;
        let found = check(self.app()).await;
        let told = told(&found);
        assert!(!found.is_sound(), "{what:?}");
        for expected in expected {
            assert!(
                told.contains(expected),
                "{what:?}: {expected} is not in {told:?}"
            );
        }
        run(self.app(), self.whole.clone()).await;
        assert!(check(self.app()).await.is_sound(), "everything is put back");
    }
}

fn altered(id: &ChangeId, at: i64) -> String {
    format!("ALTERED row {at} of change {id}")
}

fn removed(id: &ChangeId, at: i64) -> String {
    format!("REMOVED row {at} of change {id}")
}

#[tokio::test]
async fn sec_13_an_edited_or_swapped_record_is_named() {
    on_each_target(async |target| {
        let scene = Scene::of(target).await;
        let (one, open, event) = (&scene.one, &scene.open, &scene.event);
        let edit = set(
            "_audit_rows",
            "after",
            "{\"region\":\"x\"}",
            in_change(one, 0),
        );
        scene.shows(vec![edit], &[altered(one, 0)]).await;
        let edit = set("_audit_rows", "action", "edit", in_change(open, 2));
        scene.shows(vec![edit], &[altered(open, 2)]).await;
        for (id, edit) in [
            (one, set("_changes", "row_count", 2, is("id", one))),
            (open, set("_changes", "outcome", "{}", is("id", open))),
            (open, set("_changes", "audited", 2, is("id", open))),
        ] {
            scene
                .shows(vec![edit], &[format!("ALTERED change {id}")])
                .await;
        }
        for (column, value) in [
            ("details", "{}".into()),
            ("at", Value::Instant(scene.target.admin.now())),
        ] {
            let edit = set("_audit_events", column, value, is("id", event.as_str()));
            scene
                .shows(vec![edit], &[format!("ALTERED event {event}")])
                .await;
        }
        let app = scene.app();
        let here = rows(app, "_audit_rows", &["after"], in_change(one, 0)).await;
        let there = rows(app, "_audit_rows", &["after"], in_change(one, 1)).await;
        let swap = vec![
            set(
                "_audit_rows",
                "after",
                there[0][0].clone(),
                in_change(one, 0),
            ),
            set(
                "_audit_rows",
                "after",
                here[0][0].clone(),
                in_change(one, 1),
            ),
        ];
        scene.shows(swap, &[altered(one, 0), altered(one, 1)]).await;
    })
    .await;
}

#[tokio::test]
async fn sec_13_a_removed_or_moved_record_is_named() {
    on_each_target(async |target| {
        let scene = Scene::of(target).await;
        let (one, two, open, late) = (&scene.one, &scene.two, &scene.open, &scene.late);
        for (id, at) in [(one, 1), (two, 2), (open, 0)] {
            let delete = delete("_audit_rows", in_change(id, at));
            scene.shows(vec![delete], &[removed(id, at)]).await;
        }
        let without_rows = vec![
            delete("_audit_rows", is("change_id", one)),
            delete("_changes", is("id", one)),
        ];
        scene
            .shows(without_rows, &[format!("REMOVED change {one}")])
            .await;
        let rows: Vec<_> = (0..3)
            .map(|at| format!("NO_CHANGE row {at} of change {open}"))
            .collect();
        scene
            .shows(vec![delete("_changes", is("id", open))], &rows)
            .await;
        let delete = delete("_audit_events", is("id", late.as_str()));
        scene
            .shows(vec![delete], &[format!("REMOVED event {late}")])
            .await;
        let moved = set("_changes", "seal", 1, is("id", two));
        let told = [
            format!("ADDED change {two}"),
            format!("REMOVED change {two}"),
        ];
        scene.shows(vec![moved], &told).await;
        let taken_out = set("_changes", "seal", Value::Null, is("id", one));
        scene
            .shows(vec![taken_out], &[format!("REMOVED change {one}")])
            .await;
        let put_in = set("_changes", "seal", 2, is("id", open));
        scene
            .shows(vec![put_in], &[format!("ADDED change {open}")])
            .await;
    })
    .await;
}

#[tokio::test]
async fn sec_13_a_touched_seal_and_a_cut_off_end_are_named() {
    on_each_target(async |target| {
        let scene = Scene::of(target).await;
        let two = &scene.two;
        let nothing = "{\"changes\":[],\"events\":[]}";
        for (what, expected) in [
            (
                set("_audit_seals", "contents", nothing, is("seq", 1)),
                "ALTERED seal 1",
            ),
            (
                set("_audit_seals", "contents", "?", is("seq", 2)),
                "ALTERED seal 2",
            ),
            (delete("_audit_seals", is("seq", 1)), "REMOVED seal 1"),
            (
                set("_audit_seals", "previous", "", is("seq", 2)),
                "UNLINKED seal 2",
            ),
        ] {
            scene.shows(vec![what], &[expected.to_owned()]).await;
        }
        let cut = delete("_audit_seals", is("seq", 2));
        scene
            .shows(vec![cut.clone()], &[format!("NO_SEAL change {two}")])
            .await;

        // Whoever removes a seal with all that it covers is found out by the seal that somebody kept.
        let app = scene.app();
        let gone = vec![
            cut,
            delete("_audit_rows", is("change_id", two)),
            delete("_changes", is("seal", 2)),
            delete("_audit_events", is("seal", 2)),
        ];
        run(app, gone).await;
        assert!(check(app).await.is_sound());
        let found = verify(app, Some(&scene.second), |_| {}).await.unwrap();
        assert_eq!(told(&found), ["CUT_OFF seal 2"]);
        let found = verify(app, Some(&scene.first), |_| {}).await.unwrap();
        assert!(found.is_sound());
    })
    .await;
}

#[tokio::test]
async fn sec_13_what_is_made_up_is_named() {
    on_each_target(async |target| {
        let app = &target.test.app;
        let known = change(&target).await;
        sealing::seal(app).await.unwrap();
        let whole = copy(app).await;

        let id = target.admin.new_id().to_string();
        let copied = |name: &'static str, columns: &'static [&'static str], filter: Expr| async move {
            (name, columns, rows(app, name, columns, filter).await)
        };
        // A record without a hash, unsealed and in a seal.
        let (name, columns, mut events) = copied(BOOKS[2].0, BOOKS[2].1, Expr::True).await;
        events.truncate(1);
        events[0][0] = id.as_str().into();
        for (mac, seal, code) in [
            (Value::Null, Value::Null, "NO_HASH"),
            (Value::Null, 1.into(), "NO_HASH"),
            (events[0][7].clone(), Value::Null, "ALTERED"),
            (events[0][7].clone(), 1.into(), "ALTERED"),
            ("nobody.AAAA".into(), Value::Null, "UNKNOWN_KEY"),
        ] {
            events[0][7] = mac;
            events[0][8] = seal;
            run(app, vec![insert(name, columns, &events)]).await;
            assert_eq!(told(&check(app).await), [format!("{code} event {id}")]);
            sealing::seal(app).await.unwrap();
            assert!(!check(app).await.is_sound(), "sealing makes nothing good");
            run(app, whole.clone()).await;
        }
        // One more row of a change, copied with its hash.
        let (name, columns, mut more) = copied(BOOKS[1].0, BOOKS[1].1, in_change(&known, 2)).await;
        more[0][1] = 3.into();
        run(app, vec![insert(name, columns, &more)]).await;
        assert_eq!(told(&check(app).await), [format!("ALTERED row 3 of change {known}")]);
        run(app, whole.clone()).await;

        // Signed with another key of the same name.
        target.test.clock.advance(1);
        let other_keys = Keyring::generate(&*app.surroundings.random).to_string();
        let secret = other_keys.trim().rsplit(':').next().unwrap().to_owned();
        let forged = target.test.another(&format!("{}:{secret}", app.keyring.active_id())).await;
        let cx = through(&forged, &target.admin);
        groups::create(&cx, &forged, "forged").await.unwrap();
        let event = newest_event(&target).await;
        assert_eq!(told(&check(app).await), [format!("ALTERED event {event}")]);
        sealing::seal(&forged).await.unwrap();
        let told = told(&check(app).await);
        assert!(told.contains(&"ALTERED seal 2".to_owned()), "{told:?}");
        assert!(told.contains(&format!("ALTERED event {event}")), "{told:?}");
    })
    .await;
}
