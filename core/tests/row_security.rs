//! Nobody sees or touches a row that the policies keep from them, on any path.

use quillback_core::Error;
use quillback_core::admin::schemas::{self, PolicyDraft};
use quillback_core::cx::Cx;
use quillback_core::policy::{Action, Operand, Operator, Rights, Rule};
use quillback_core::write::{RowStatus, WriteState};
use serde_json::{Value as Json, json};

use crate::support::target::{Target, add, delete, edit, faults, on_each_target};

fn only(region: &str) -> PolicyDraft {
    let operand = Operand::Values(vec![json!(region)]);
    let rule = Rule {
        field: "region".into(),
        operator: Operator::Eq,
        operand,
    };
    PolicyDraft {
        name: region.into(),
        rules: vec![rule],
    }
}

async fn viewer(target: &Target, rights: Rights) -> Cx {
    let group = target.test.add_group("north").await;
    target
        .test
        .add_user("nora", &[], std::slice::from_ref(&group))
        .await;
    let permissions = vec![(group, rights)];
    schemas::set_permissions(&target.admin, &target.test.app, target.id(), permissions)
        .await
        .unwrap();
    target.test.as_user("nora").await
}

async fn policies(target: &Target, policies: Vec<PolicyDraft>) {
    schemas::set_policies(&target.admin, &target.test.app, target.id(), policies)
        .await
        .unwrap();
}

fn regions(rows: &[quillback_core::read::PageRow]) -> Vec<Json> {
    rows.iter()
        .map(|row| row.values()["region"].clone())
        .collect()
}

#[tokio::test]
async fn without_rights_a_schema_does_not_exist() {
    on_each_target(async |target| {
        target.test.add_user("nora", &[], &[]).await;
        let nora = target.test.as_user("nora").await;
        let page = target.page(&nora, None, Vec::new(), 10, None).await;
        assert!(matches!(page, Err(Error::NotFound("schema"))));
        let outcome = target
            .write(&nora, vec![add(json!({ "region": "a" }))])
            .await;
        assert!(matches!(outcome, Err(Error::NotFound("schema"))));
    })
    .await;
}

#[tokio::test]
async fn rows_outside_of_the_policies_are_neither_seen_nor_touched() {
    on_each_target(async |target| {
        let north = target
            .add(&target.admin, json!({ "region": "north", "units": 1 }))
            .await;
        let south = target
            .add(&target.admin, json!({ "region": "south", "units": 1 }))
            .await;
        let nora = viewer(&target, Rights::all()).await;
        policies(&target, vec![only("north")]).await;
        let page = target.rows(&nora, None).await;
        assert_eq!(
            (regions(&page.rows), page.total),
            (vec![json!("north")], Some(1))
        );
        for change in [
            edit(&south, json!({ "units": 2 }), json!({ "units": 1 })),
            delete(&south, json!({ "units": 1 })),
        ] {
            let outcome = target.write(&nora, vec![change]).await.unwrap();
            assert_eq!(outcome.rows[0].status, RowStatus::NotFound);
            assert_eq!(outcome.rows[0].row, None);
        }
        for change in [
            add(json!({ "region": "south" })),
            edit(&north, json!({ "region": "south" }), json!({ "units": 1 })),
        ] {
            let outcome = target.write(&nora, vec![change]).await.unwrap();
            assert_eq!(
                (outcome.state, outcome.rows[0].status),
                (WriteState::Rejected, RowStatus::CheckFailed)
            );
        }
        assert_eq!(target.rows(&nora, None).await.total, Some(1));
    })
    .await;
}

#[tokio::test]
async fn a_missing_value_never_lets_a_row_through() {
    on_each_target(async |target| {
        let nora = viewer(&target, Rights::all()).await;
        let rule = |operator, value: Json| Rule {
            field: "product".into(),
            operator,
            operand: Operand::Values(vec![value]),
        };
        for operator in [
            Operator::Eq,
            Operator::Ne,
            Operator::NotIn,
            Operator::Contains,
            Operator::Lt,
            Operator::Ge,
        ] {
            let policy = PolicyDraft {
                name: "p".into(),
                rules: vec![rule(operator, json!("x"))],
            };
            policies(&target, vec![policy]).await;
            let outcome = target
                .write(&nora, vec![add(json!({ "region": "a" }))])
                .await
                .unwrap();
            assert_eq!(
                outcome.rows[0].status,
                RowStatus::CheckFailed,
                "{operator:?}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn policies_are_alternatives_and_an_unknown_property_lets_nothing_through() {
    on_each_target(async |target| {
        for region in ["east", "north", "south"] {
            target.add(&target.admin, json!({ "region": region })).await;
        }
        let nora = viewer(&target, Rights::all()).await;
        policies(&target, vec![only("north"), only("east")]).await;
        let mut seen = regions(&target.rows(&nora, None).await.rows);
        seen.sort_by_key(ToString::to_string);
        assert_eq!(seen, [json!("east"), json!("north")]);
        let operand = Operand::Property("territory".into());
        let rule = Rule {
            field: "region".into(),
            operator: Operator::Eq,
            operand,
        };
        policies(
            &target,
            vec![PolicyDraft {
                name: "p".into(),
                rules: vec![rule],
            }],
        )
        .await;
        assert_eq!(target.rows(&nora, None).await.total, Some(0));
    })
    .await;
}

#[tokio::test]
async fn a_hidden_field_is_as_one_that_does_not_exist() {
    on_each_target(async |target| {
        let key = target
            .add(
                &target.admin,
                json!({ "region": "a", "amount": "5.00", "units": 1 }),
            )
            .await;
        let rights = Rights {
            hidden: vec!["amount".into()],
            read_only: vec!["units".into()],
            ..Rights::all()
        };
        let nora = viewer(&target, rights).await;
        let row = target.rows(&nora, None).await.rows.remove(0);
        assert!(row.values().get("amount").is_none() && row.values()["units"] == 1);
        for (field, code) in [
            ("amount", "UNKNOWN_FIELD"),
            ("nothing", "UNKNOWN_FIELD"),
            ("units", "READ_ONLY"),
        ] {
            let error = target
                .write(
                    &nora,
                    vec![edit(&key, json!({ field: 1 }), json!({ "region": "a" }))],
                )
                .await;
            assert_eq!(
                faults(&error.unwrap_err()),
                [(format!("changes.0.values.{field}"), code)]
            );
        }
        for field in ["amount", "nothing"] {
            let sort = vec![(
                field.to_owned(),
                quillback_core::plugin_api::sql::Direction::Asc,
            )];
            let error = target.page(&nora, None, sort, 10, None).await.unwrap_err();
            assert_eq!(
                faults(&error),
                [("sort.0.field".to_owned(), "UNKNOWN_FIELD")]
            );
        }
    })
    .await;
}

#[tokio::test]
async fn each_right_is_needed_for_its_action() {
    on_each_target(async |target| {
        let key = target.add(&target.admin, json!({ "region": "a" })).await;
        let nora = viewer(
            &target,
            Rights {
                actions: vec![Action::View],
                ..Rights::default()
            },
        )
        .await;
        assert_eq!(target.rows(&nora, None).await.total, Some(1));
        for change in [
            add(json!({ "region": "b" })),
            edit(&key, json!({ "region": "b" }), json!({ "region": "a" })),
            delete(&key, json!({ "region": "a" })),
        ] {
            assert!(matches!(
                target.write(&nora, vec![change]).await,
                Err(Error::Denied(_))
            ));
        }
    })
    .await;
}
