//! Values that the server gives fields: from the user, the clock, and what the dashboard passes along.

use quillback_core::admin::schemas::{self, FieldDraft};
use quillback_core::cx::Cx;
use quillback_core::field::{DefaultSource, FieldKind, Rules};
use quillback_core::ids::{ChangeId, SchemaId};
use quillback_core::policy::Rights;
use quillback_core::write::{
    self, BulkEditCommand, BulkValue, RollBackCommand, WriteChange, WriteCommand, WriteContext,
    WriteOutcome, WriteState,
};
use quillback_core::{Error, Result};
use serde_json::{Value as Json, json};

use crate::support::target::{Target, add, draft_of, edit, faults, field, on_each_target};

fn made(name: &str, kind: FieldKind, source: DefaultSource, on_edit: bool) -> FieldDraft {
    FieldDraft {
        rules: Rules {
            default_from: Some(source),
            on_edit,
            ..Rules::default()
        },
        ..field(name, kind)
    }
}

fn every_source() -> Vec<FieldDraft> {
    let text = FieldKind::Text { length: 20 };
    let money = FieldKind::Decimal {
        precision: 12,
        scale: 2,
    };
    let moment = FieldKind::DateTime { zoned: true };
    vec![
        field("note", text.clone()),
        FieldDraft {
            required: true,
            ..made(
                "region",
                text.clone(),
                DefaultSource::Mark("Region".into()),
                false,
            )
        },
        made(
            "amount",
            money,
            DefaultSource::Mark("SUM(Sales)".into()),
            false,
        ),
        made(
            "scenario",
            text.clone(),
            DefaultSource::Parameter("Scenario".into()),
            false,
        ),
        made("day", FieldKind::Date, DefaultSource::Now, false),
        made("changed_by", text, DefaultSource::Username, true),
        made("changed_at", moment, DefaultSource::Now, true),
    ]
}

/// A schema in which every source is used, and somebody beside the admin who works with it.
struct Room<'a> {
    target: &'a Target,
    schema: SchemaId,
    nora: Cx,
}

impl<'a> Room<'a> {
    async fn new(target: &'a Target) -> Self {
        let draft = draft_of(&target.connection, "Made", "made", every_source());
        let app = &target.test.app;
        let schema = schemas::create(&target.admin, app, draft).await.unwrap().id;
        let group = target.test.add_group("north").await;
        let rights = vec![(group.clone(), Rights::all())];
        schemas::set_permissions(&target.admin, app, &schema, rights)
            .await
            .unwrap();
        target.test.add_user("nora", &[], &[group]).await;
        let nora = target.test.as_user("nora").await;
        Self {
            target,
            schema,
            nora,
        }
    }

    async fn send(
        &self,
        cx: &Cx,
        changes: Vec<WriteChange>,
        context: WriteContext,
    ) -> Result<WriteOutcome> {
        let command = WriteCommand {
            context,
            ..WriteCommand::plain(cx.new_id().into(), self.schema.clone(), changes)
        };
        write::submit(cx, &self.target.test.app, command).await
    }

    /// Sends what must be taken, and answers the first row and its key.
    async fn done(
        &self,
        cx: &Cx,
        change: WriteChange,
        context: WriteContext,
    ) -> (ChangeId, Json, Json) {
        let mut outcome = self.send(cx, vec![change], context).await.unwrap();
        assert_eq!(outcome.state, WriteState::Applied, "{outcome:?}");
        let row = outcome.rows.remove(0);
        (outcome.change, row.key.unwrap(), row.row.unwrap())
    }

    async fn row(&self) -> Json {
        let command = quillback_core::read::PageCommand {
            schema: self.schema.clone(),
            filter: None,
            sort: Vec::new(),
            first: 10,
            after: None,
            count: false,
        };
        let page =
            quillback_core::read::page(&self.target.admin, &self.target.test.app, command).await;
        page.unwrap().rows.remove(0).values()
    }
}

fn passed() -> WriteContext {
    let object = |json: Json| json.as_object().cloned().unwrap();
    WriteContext {
        marks: object(json!({ "Region": "North", "SUM(Sales)": 12.5, "Other": null })),
        parameters: object(json!({ "Scenario": 7 })),
        utc_offset_minutes: -60,
    }
}

#[tokio::test]
async fn a_new_row_is_filled_and_edits_keep_it_up_to_date() {
    on_each_target(async |target| {
        let room = Room::new(&target).await;
        let (_, key, row) = room
            .done(&target.admin, add(json!({ "note": "new" })), passed())
            .await;
        let wanted = json!({
            "note": "new", "region": "North", "amount": "12.50", "scenario": "7", "day": "2029-12-31",
            "changed_by": "admin", "changed_at": "2030-01-01T00:00:00Z",
        });
        assert_eq!(row, wanted);

        target.test.clock.advance(90);
        let change = edit(&key, json!({ "note": "mine" }), json!({ "note": "new" }));
        let (changed, _, row) = room.done(&room.nora, change, WriteContext::default()).await;
        let mut after = wanted.clone();
        after["note"] = json!("mine");
        after["changed_by"] = json!("nora");
        after["changed_at"] = json!("2030-01-01T00:01:30Z");
        assert_eq!(row, after);

        // What comes back comes back as it was.
        let command = RollBackCommand {
            change: target.admin.new_id().into(),
            reverts: changed,
            key: None,
            overwrite: false,
        };
        let back = write::roll_back(&target.admin, &target.test.app, command).await;
        assert_eq!(back.unwrap().outcome.state, WriteState::Applied);
        assert_eq!(room.row().await, wanted);

        let command = BulkEditCommand {
            change: room.nora.new_id().into(),
            schema: room.schema.clone(),
            filter: None,
            set: vec![("note".into(), BulkValue::To(json!("all")))],
        };
        write::bulk_edit(&room.nora, &target.test.app, command, 1)
            .await
            .unwrap();
        let row = room.row().await;
        assert_eq!(
            (&row["note"], &row["changed_by"]),
            (&json!("all"), &json!("nora"))
        );
    })
    .await;
}

#[tokio::test]
async fn what_somebody_sends_goes_before_what_the_dashboard_passes() {
    on_each_target(async |target| {
        let room = Room::new(&target).await;
        let values = json!({ "region": "South", "amount": null, "day": "2026-11-25" });
        let (_, _, row) = room.done(&target.admin, add(values), passed()).await;
        assert_eq!(row["region"], "South");
        assert_eq!(row["amount"], Json::Null);
        assert_eq!(row["day"], "2026-11-25");
        let forged = add(json!({ "region": "South", "changed_by": "somebody" }));
        let refused = room.send(&target.admin, vec![forged], passed()).await;
        assert_eq!(
            faults(&refused.unwrap_err()),
            [("changes.0.values.changed_by".into(), "READ_ONLY")]
        );
    })
    .await;
}

#[tokio::test]
async fn what_does_not_fit_is_told_once_by_its_place() {
    let target = Target::on(crate::support::Kind::Sqlite).await;
    let room = Room::new(&target).await;
    let told = async |change: &dyn Fn(&mut WriteContext)| {
        let mut context = passed();
        change(&mut context);
        let two = vec![add(json!({})), add(json!({}))];
        let error = room.send(&target.admin, two, context).await.unwrap_err();
        assert!(matches!(error, Error::Invalid(_)), "{error:?}");
        faults(&error)
    };
    let sales = |context: &mut WriteContext| {
        context.marks.insert("SUM(Sales)".into(), json!("many"));
    };
    assert_eq!(
        told(&sales).await,
        [("context.marks.SUM(Sales)".into(), "WRONG_TYPE")]
    );
    let missing = |context: &mut WriteContext| drop(context.marks.remove("Region"));
    assert_eq!(
        told(&missing).await,
        [
            ("changes.0.values.region".into(), "REQUIRED"),
            ("changes.1.values.region".into(), "REQUIRED"),
        ]
    );
    let far = |context: &mut WriteContext| context.utc_offset_minutes = 900;
    assert_eq!(
        told(&far).await,
        [("context.utcOffsetMinutes".into(), "OUT_OF_RANGE")]
    );
    let list = |context: &mut WriteContext| {
        context.marks.insert("Other".into(), json!([1]));
    };
    assert_eq!(
        told(&list).await,
        [("context.marks.Other".into(), "WRONG_TYPE")]
    );
    let many = |context: &mut WriteContext| {
        for number in 0..201 {
            context.parameters.insert(number.to_string(), json!(1));
        }
    };
    assert_eq!(told(&many).await, [("context.parameters".into(), "COUNT")]);
    let long = |context: &mut WriteContext| {
        context
            .parameters
            .insert("Scenario".into(), json!("x".repeat(4_001)));
    };
    assert_eq!(
        told(&long).await,
        [("context.parameters.Scenario".into(), "TOO_LONG")]
    );
}

#[tokio::test]
async fn a_change_sent_again_with_other_marks_is_another_change() {
    let target = Target::on(crate::support::Kind::Sqlite).await;
    let room = Room::new(&target).await;
    let id: ChangeId = target.admin.new_id().into();
    let send = async |context: WriteContext| {
        let command = WriteCommand {
            context,
            ..WriteCommand::plain(id.clone(), room.schema.clone(), vec![add(json!({}))])
        };
        write::submit(&target.admin, &target.test.app, command).await
    };
    assert!(!send(passed()).await.unwrap().repeated);
    assert!(send(passed()).await.unwrap().repeated);
    let mut other = passed();
    other.marks.insert("Region".into(), json!("South"));
    assert_eq!(
        faults(&send(other).await.unwrap_err()),
        [("changeId".into(), "CHANGE_ID_REUSED")]
    );
}

#[tokio::test]
async fn a_source_that_cannot_work_is_refused_when_the_schema_is_saved() {
    let target = Target::on(crate::support::Kind::Sqlite).await;
    let text = || FieldKind::Text { length: 20 };
    let both = FieldDraft {
        rules: Rules {
            default: Some(json!("x")),
            default_from: Some(DefaultSource::Username),
            ..Rules::default()
        },
        ..field("both", text())
    };
    let alone = FieldDraft {
        rules: Rules {
            on_edit: true,
            ..Rules::default()
        },
        ..field("alone", text())
    };
    let drafts = vec![
        both,
        alone,
        made("count", FieldKind::Integer, DefaultSource::Username, false),
        made("when", text(), DefaultSource::Now, false),
        made("unnamed", text(), DefaultSource::Mark(" ".into()), false),
        made("kept", text(), DefaultSource::Parameter("p".into()), true),
    ];
    let draft = draft_of(&target.connection, "Broken", "broken", drafts);
    let error = schemas::create(&target.admin, &target.test.app, draft)
        .await
        .unwrap_err();
    assert_eq!(
        faults(&error),
        [
            ("fields.0.default".to_owned(), "TWICE"),
            ("fields.1.onEdit".to_owned(), "REQUIRED"),
            ("fields.2.defaultFrom".to_owned(), "WRONG_TYPE"),
            ("fields.3.defaultFrom".to_owned(), "WRONG_TYPE"),
            ("fields.4.defaultFrom.name".to_owned(), "NAME"),
            ("fields.5.onEdit".to_owned(), "UNSUPPORTED"),
        ]
    );
}
