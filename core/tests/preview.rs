//! Preview as user: it shows what the user sees, and says rule by rule why a row is hidden.

use quillback_core::admin::entitlements::{self, Kind};
use quillback_core::admin::preview::{self, Preview, PreviewCommand, Who};
use quillback_core::admin::schemas::{self, PolicyDraft};
use quillback_core::audit::events::{EventFilter, list_events};
use quillback_core::cx::{Cx, Role};
use quillback_core::policy::{Action, Operand, Operator, Rights, Rule};
use quillback_core::read::{Filter, FilterOp};
use quillback_core::{Result, error::Error};
use serde_json::{Value as Json, json};

use crate::support::target::{Target, on_each_target};

fn rule(field: &str, operator: Operator, operand: Operand) -> Rule {
    Rule {
        field: field.into(),
        operator,
        operand,
    }
}

fn policy(name: &str, rules: Vec<Rule>) -> PolicyDraft {
    PolicyDraft {
        name: name.into(),
        rules,
    }
}

/// "Forecast" with two policies; ann and the manager mia are in "Sales", which views, edits and does not see notes.
struct World {
    target: Target,
    north: Json,
    cheap: Json,
    dear: Json,
    blank: Json,
}

async fn world(target: Target) -> World {
    let (test, app) = (&target.test, &target.test.app);
    let row = async |region: &str, approved: Json, amount: Json| {
        let values =
            json!({ "region": region, "approved": approved, "amount": amount, "note": "secret" });
        target.add(&target.admin, values).await
    };
    let north = row("north", json!(false), json!("1000.00")).await;
    let cheap = row("south", json!(true), json!("50.00")).await;
    let dear = row("south", json!(true), json!("500.00")).await;
    let blank = row("west", json!(null), json!(null)).await;
    let sales = test.add_group("Sales").await;
    let hr = test.add_group("HR").await;
    let rights = Rights {
        actions: vec![Action::View, Action::Edit],
        hidden: vec!["note".into()],
        ..Rights::default()
    };
    schemas::set_permissions(
        &target.admin,
        app,
        target.id(),
        vec![(sales.clone(), rights)],
    )
    .await
    .unwrap();
    let values = |json: Json| Operand::Values(vec![json]);
    let policies = vec![
        policy(
            "own regions",
            vec![rule(
                "region",
                Operator::Eq,
                Operand::Property("region".into()),
            )],
        ),
        policy(
            "small and approved",
            vec![
                rule("approved", Operator::Eq, values(json!(true))),
                rule("amount", Operator::Le, values(json!("100"))),
            ],
        ),
    ];
    schemas::set_policies(&target.admin, app, target.id(), policies)
        .await
        .unwrap();
    let in_sales = std::slice::from_ref(&sales);
    test.add_user("ann", &[], in_sales).await;
    test.add_user("mia", &[Role::SchemaManager], in_sales).await;
    test.add_user("eve", &[], std::slice::from_ref(&hr)).await;
    test.add_user("max", &[Role::SchemaManager], std::slice::from_ref(&hr))
        .await;
    let ann = (Kind::User, "ann");
    entitlements::set(&target.admin, app, ann, "region", &["north".into()])
        .await
        .unwrap();
    World {
        target,
        north,
        cheap,
        dear,
        blank,
    }
}

impl World {
    async fn ask(&self, who: &str, about: &str, key: Option<&Json>) -> Result<Preview> {
        let command = PreviewCommand {
            schema: self.target.id().clone(),
            who: Who::Name(about.into()),
            filter: None,
            first: 10,
            key: key.cloned(),
        };
        let cx: Cx = self.target.test.as_user(who).await;
        preview::as_user(&cx, &self.target.test.app, command).await
    }
}

/// For each policy: whether it lets the row through, and whether each of its rules holds.
fn reasons(preview: &Preview) -> Vec<(bool, Vec<bool>)> {
    let policies = preview.policies.iter();
    policies
        .map(|policy| {
            let rules = policy.rules.iter().map(|rule| rule.holds_for_row.unwrap());
            (policy.lets_row_through.unwrap(), rules.collect())
        })
        .collect()
}

#[tokio::test]
async fn it_shows_exactly_what_the_user_sees() {
    on_each_target(async |target| {
        let world = world(target).await;
        let target = &world.target;
        let told = world.ask("mia", "ann", None).await.unwrap();
        let ann = target.test.as_user("ann").await;
        let own = target.rows(&ann, None).await;
        assert_eq!(told.rows, own.rows);
        assert_eq!((told.total, told.visible, told.matching), (4, 2, 2));
        assert_eq!(told.hidden, ["note"]);
        assert!(
            told.rows
                .iter()
                .all(|row| row.values().get("note").is_none())
        );
        assert_eq!(told.actions, [Action::View, Action::Edit]);
        let counts: Vec<_> = told.policies.iter().map(|policy| policy.rows).collect();
        assert_eq!(counts, [1, 1]);
        assert_eq!(told.policies[0].rules[0].values, [json!("north")]);
        assert_eq!(told.entitlements, [("region".into(), "north".into())]);
        assert_eq!(
            (&told.row, told.policies[0].lets_row_through),
            (&None, None)
        );
        let command = PreviewCommand {
            schema: target.id().clone(),
            who: Who::Id(told.person.user.id.clone()),
            filter: Some(Filter::Field {
                name: "region".into(),
                op: FilterOp::Eq,
                value: json!("south"),
            }),
            first: 10,
            key: None,
        };
        let mia = target.test.as_user("mia").await;
        let app = &target.test.app;
        let filtered = preview::as_user(&mia, app, command.clone()).await.unwrap();
        assert_eq!((filtered.visible, filtered.matching), (2, 1));
        assert_eq!(filtered.rows[0].key(), world.cheap);
        // A filter that the user could not send is refused as the user's would be.
        let hidden = Filter::Field {
            name: "note".into(),
            op: FilterOp::Eq,
            value: json!("secret"),
        };
        let command = PreviewCommand {
            filter: Some(hidden),
            ..command
        };
        let refused = preview::as_user(&mia, app, command).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    })
    .await;
}

#[tokio::test]
async fn it_says_rule_by_rule_why_a_row_is_hidden() {
    on_each_target(async |target| {
        let world = world(target).await;
        for (key, visible, expected) in [
            (
                &world.north,
                true,
                [(true, vec![true]), (false, vec![false, false])],
            ),
            (
                &world.cheap,
                true,
                [(false, vec![false]), (true, vec![true, true])],
            ),
            (
                &world.dear,
                false,
                [(false, vec![false]), (false, vec![true, false])],
            ),
            (
                &world.blank,
                false,
                [(false, vec![false]), (false, vec![false, false])],
            ),
        ] {
            let told = world.ask("mia", "ann", Some(key)).await.unwrap();
            assert_eq!(reasons(&told), expected, "{key}");
            let row = told.row.unwrap();
            assert_eq!((&row.key, row.exists, row.visible), (key, true, visible));
            let obstacle = |action: Action| {
                let mut actions = row.actions.iter();
                actions.find(|one| one.action == action).unwrap().obstacle
            };
            let hidden = (!visible).then_some("HIDDEN");
            assert_eq!(
                (obstacle(Action::View), obstacle(Action::Edit)),
                (hidden, hidden)
            );
            assert_eq!(obstacle(Action::Delete), Some("NO_RIGHT"));
        }
        let nowhere = json!({ "id": target_id(&world) });
        let told = world.ask("mia", "ann", Some(&nowhere)).await.unwrap();
        let row = told.row.unwrap();
        assert!(!row.exists && !row.visible);
        let wrong = world.ask("mia", "ann", Some(&json!({ "nokey": 1 }))).await;
        assert!(matches!(wrong, Err(Error::Invalid(_))), "{wrong:?}");
    })
    .await;
}

fn target_id(world: &World) -> String {
    world.target.admin.new_id().to_string()
}

#[tokio::test]
async fn who_may_see_nothing_is_shown_nothing() {
    on_each_target(async |target| {
        let world = world(target).await;
        let told = world.ask("admin", "eve", Some(&world.north)).await.unwrap();
        assert!(told.actions.is_empty() && told.rows.is_empty());
        assert_eq!((told.total, told.visible, told.matching), (4, 0, 0));
        let row = told.row.unwrap();
        assert!(row.exists && !row.visible);
        assert!(
            row.actions
                .iter()
                .all(|one| one.obstacle == Some("NO_RIGHT"))
        );
        assert!(told.policies[0].rules[0].values.is_empty());
    })
    .await;
}

#[tokio::test]
async fn only_managers_of_the_schema_look_and_only_at_their_users() {
    on_each_target(async |target| {
        let world = world(target).await;
        for (who, about, expected) in [
            ("admin", "eve", "OK"),
            ("mia", "mia", "OK"),
            ("mia", "eve", "NOT_FOUND"),
            ("mia", "nobody", "NOT_FOUND"),
            ("max", "eve", "NOT_FOUND"),
            ("ann", "ann", "FORBIDDEN"),
        ] {
            let answer = world.ask(who, about, None).await;
            let code = answer.map_or_else(|error| error.code(), |_| "OK");
            assert_eq!(code, expected, "{who} looks as {about}");
        }
        let filter = EventFilter {
            subject_id: Some(world.target.id().to_string()),
            ..EventFilter::default()
        };
        let app = &world.target.test.app;
        let events = list_events(&world.target.admin, app, &filter, None, 50)
            .await
            .unwrap();
        let looks = events
            .iter()
            .filter(|event| event.action == "schema.preview");
        assert_eq!(looks.count(), 2);
    })
    .await;
}
