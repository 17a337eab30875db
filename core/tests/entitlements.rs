//! Entitlements: set, listed, removed and imported, whole or not at all, and in force from the next request on.

use std::fmt::Write as _;

use quillback_core::admin::entitlements::{
    self, EntitlementLine, ImportCommand, ImportReport, Kind, Mode, Source, Wanted,
};
use quillback_core::admin::schemas::{self, PolicyDraft};
use quillback_core::audit::events::{EventFilter, list_events};
use quillback_core::cx::{Cx, Role};
use quillback_core::ids::GroupId;
use quillback_core::plugin_api::batch::{Batch, Expect};
use quillback_core::plugin_api::sql::{Insert, Statement};
use quillback_core::plugin_api::{Ident, RowBuffer, TableRef};
use quillback_core::policy::{Action, Operand, Operator, Rights, Rule};
use quillback_core::{App, Result};
use serde_json::json;

use crate::support::target::{Target, add, faults, on_each_target};
use crate::support::{TestApp, on_each};

fn code<T>(answer: Result<T>) -> &'static str {
    answer.map_or_else(|error| error.code(), |_| "OK")
}

/// Whose, property and value of everything that the caller may see.
async fn all(cx: &Cx, app: &App) -> Vec<(String, String, String)> {
    let page = entitlements::list(cx, app, &Wanted::default(), None, 500)
        .await
        .unwrap();
    assert!(!page.has_more);
    let one = |listed: entitlements::Listed| {
        let stored = listed.entitlement;
        let name = listed.name.unwrap_or(stored.assignable_id);
        (name, stored.property, stored.value)
    };
    page.entitlements.into_iter().map(one).collect()
}

fn triple(name: &str, property: &str, value: &str) -> (String, String, String) {
    (name.into(), property.into(), value.into())
}

async fn import(cx: &Cx, app: &App, csv: &str, mode: Mode, dry_run: bool) -> Result<ImportReport> {
    let source = Source::Csv(format!("assignable,type,property,value\n{csv}"));
    let command = ImportCommand {
        source,
        mode,
        dry_run,
    };
    entitlements::import(cx, app, command).await
}

/// A reader of "Forecast" in a group "Sales", who sees the regions of an entitlement.
async fn reader(target: &Target) -> (Cx, GroupId) {
    let app = &target.test.app;
    let sales = target.test.add_group("Sales").await;
    let rights = Rights {
        actions: vec![Action::View],
        ..Rights::default()
    };
    let permissions = vec![(sales.clone(), rights)];
    schemas::set_permissions(&target.admin, app, target.id(), permissions)
        .await
        .unwrap();
    let policy = PolicyDraft {
        name: "own regions".into(),
        rules: vec![Rule {
            field: "region".into(),
            operator: Operator::Eq,
            operand: Operand::Property("region".into()),
        }],
    };
    schemas::set_policies(&target.admin, app, target.id(), vec![policy])
        .await
        .unwrap();
    target
        .test
        .add_user("ann", &[], std::slice::from_ref(&sales))
        .await;
    (target.test.as_user("ann").await, sales)
}

async fn regions(target: &Target, cx: &Cx) -> Vec<String> {
    let rows = target.rows(cx, None).await.rows;
    let region =
        |row: &quillback_core::read::PageRow| row.values()["region"].as_str().map(str::to_owned);
    let mut regions: Vec<String> = rows.iter().filter_map(region).collect();
    regions.sort();
    regions
}

/// Adds rows of every region; the administrator needs an entitlement for that as everybody does.
async fn rows(target: &Target) {
    let app = &target.test.app;
    let values: Vec<String> = ["north", "south", "west"].map(String::from).into();
    let admin = (Kind::User, "admin");
    entitlements::set(&target.admin, app, admin, "region", &values)
        .await
        .unwrap();
    let rows = values.iter().map(|region| add(json!({ "region": region })));
    target.write(&target.admin, rows.collect()).await.unwrap();
}

#[tokio::test]
async fn entitlements_of_user_and_group_add_up_from_the_next_request_on() {
    on_each_target(async |target| {
        let (ann, sales) = reader(&target).await;
        rows(&target).await;
        let app = &target.test.app;
        let set = async |of: (Kind, &str), values: &[&str]| {
            let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
            code(entitlements::set(&target.admin, app, of, "region", &values).await)
        };
        assert!(regions(&target, &ann).await.is_empty());
        assert_eq!(
            set((Kind::User, "ANN"), &["north", "north", "nowhere"]).await,
            "OK"
        );
        assert_eq!(regions(&target, &ann).await, ["north"]);
        assert_eq!(set((Kind::Group, sales.as_str()), &["west"]).await, "OK");
        assert_eq!(regions(&target, &ann).await, ["north", "west"]);
        assert_eq!(set((Kind::User, "ann"), &[]).await, "OK");
        assert_eq!(regions(&target, &ann).await, ["west"]);
        assert_eq!(set((Kind::User, "nobody"), &["west"]).await, "NOT_FOUND");
        assert_eq!(set((Kind::Group, "ann"), &["west"]).await, "NOT_FOUND");
        assert_eq!(set((Kind::User, "ann"), &["a\0b"]).await, "INVALID_INPUT");
        let of_sales = Wanted {
            kind: Some(Kind::Group),
            assignable: Some("sales".into()),
            ..Wanted::default()
        };
        let remove =
            async |dry_run| entitlements::remove(&target.admin, app, &of_sales, dry_run).await;
        assert_eq!(remove(true).await.unwrap(), 1);
        assert_eq!(regions(&target, &ann).await, ["west"]);
        assert_eq!(remove(false).await.unwrap(), 1);
        assert!(regions(&target, &ann).await.is_empty());
        let everything = entitlements::remove(&target.admin, app, &Wanted::default(), false).await;
        assert_eq!(code(everything), "INVALID_INPUT");
        for (kind, action, count) in [
            ("entitlement", "entitlement.remove", 1),
            ("group", "entitlement.set", 1),
            ("user", "entitlement.set", 3),
        ] {
            let filter = EventFilter {
                subject_type: Some(kind.into()),
                ..EventFilter::default()
            };
            let events = list_events(&target.admin, app, &filter, None, 50)
                .await
                .unwrap();
            let found = events.iter().filter(|event| event.action == action);
            assert_eq!(found.count(), count, "{kind}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_another_program_writes_counts_from_the_next_request_on() {
    on_each_target(async |target| {
        let (ann, sales) = reader(&target).await;
        rows(&target).await;
        assert!(regions(&target, &ann).await.is_empty());
        let (_driver, etl) = target.test.repository.open().await;
        let columns = ["assignable_type", "assignable_id", "property", "value"];
        let user = ann.principal().unwrap().user.to_string();
        let records: Vec<Vec<_>> = [
            ["user", &user, "region", "north"],
            ["group", sales.as_str(), "region", "south"],
            ["group", sales.as_str(), "region", "south"],
            ["User", &user, "region", "west"],
        ]
        .iter()
        .map(|record| record.iter().map(|text| (*text).into()).collect())
        .collect();
        let mut batch = Batch::default();
        let insert = Insert {
            table: TableRef::new(Ident::literal("_rls_entitlements")),
            columns: columns.iter().map(|name| Ident::literal(name)).collect(),
            rows: RowBuffer::from_rows(4, &records).unwrap(),
            returning: vec![],
        };
        batch.write(Statement::Insert(insert), Expect::Rows(4));
        etl.apply(&batch).await.unwrap();
        // The type is compared exactly: `User` is none.
        assert_eq!(regions(&target, &ann).await, ["north", "south"]);
        let listed = all(&target.admin, &target.test.app).await;
        assert_eq!(
            listed.len(),
            3 + 3,
            "the same one twice is listed once: {listed:?}"
        );
        etl.close().await;
    })
    .await;
}

#[tokio::test]
async fn an_import_replaces_or_adds_and_a_dry_run_only_says_so() {
    on_each(async |test| {
        let (admin, app) = (test.admin().await, &test.app);
        let sales = test.add_group("Sales, EU").await;
        let ann = test.add_user("Änn", &[], &[]).await;
        let csv = format!(
            "änn,user,region,north\n{ann},user,region,north\n\"sales, eu\",Group,region,\"a \"\"b\"\"\"\n{sales},group,year,2026\n"
        );
        let dry = import(&admin, app, &csv, Mode::Add, true).await.unwrap();
        assert_eq!((dry.lines, dry.duplicates, dry.added, dry.removed), (4, 1, 3, 0));
        assert_eq!((dry.applied, dry.added_sample.len()), (false, 3));
        assert!(all(&admin, app).await.is_empty());
        let done = import(&admin, app, &csv, Mode::Add, false).await.unwrap();
        assert_eq!(done, ImportReport { applied: true, ..dry });
        let mut expected = vec![
            triple("Sales, EU", "region", "a \"b\""),
            triple("Sales, EU", "year", "2026"),
            triple("Änn", "region", "north"),
        ];
        assert_eq!(all(&admin, app).await, expected);
        let again = import(&admin, app, &csv, Mode::Add, false).await.unwrap();
        assert_eq!((again.added, again.removed), (0, 0));

        // Only the property that is named is replaced.
        let south = "änn,user,region,south\n";
        let dry = import(&admin, app, south, Mode::ReplaceProperty, true).await.unwrap();
        assert_eq!((dry.added, dry.removed), (1, 2));
        import(&admin, app, south, Mode::ReplaceProperty, false).await.unwrap();
        expected = vec![triple("Sales, EU", "year", "2026"), triple("Änn", "region", "south")];
        assert_eq!(all(&admin, app).await, expected);
        let rows = vec![EntitlementLine {
            kind: Kind::User,
            assignable: "ÄNN".into(),
            property: "region".into(),
            value: String::new(),
        }];
        let command = ImportCommand { source: Source::Rows(rows), mode: Mode::ReplaceAll, dry_run: false };
        let done = entitlements::import(&admin, app, command).await.unwrap();
        assert_eq!((done.added, done.removed), (1, 2));
        assert_eq!(all(&admin, app).await, [triple("Änn", "region", "")]);
    })
    .await;
}

#[tokio::test]
async fn every_fault_of_an_import_is_told_and_nothing_is_half_done() {
    on_each(async |test| {
        let (admin, app) = (test.admin().await, &test.app);
        test.add_user("ann", &[], &[]).await;
        let long = "x".repeat(1_001);
        let csv = format!(
            "ann,user,region,north\nnobody,user,region,north\nann,group,region,north\nann,user,,north\nann,user, region,north\nann,user,region,{long}\nann,robot,region,x\nann,user\n"
        );
        let error = import(&admin, app, &csv, Mode::ReplaceAll, false).await.unwrap_err();
        let expected = [
            ("lines.3.assignable", "UNKNOWN_USER"),
            ("lines.4.assignable", "UNKNOWN_GROUP"),
            ("lines.5.property", "REQUIRED"),
            ("lines.6.property", "CHARACTERS"),
            ("lines.7.value", "TOO_LONG"),
            ("lines.8.type", "UNKNOWN_TYPE"),
            ("lines.9", "COLUMNS"),
        ];
        let expected = expected.map(|(path, code)| (path.to_owned(), code));
        assert_eq!(faults(&error), expected);
        assert!(all(&admin, app).await.is_empty());
        let many = "nobody,user,region,north\n".repeat(1_500);
        let error = import(&admin, app, &many, Mode::Add, true).await.unwrap_err();
        assert_eq!(error.problems().len(), 1_001);
        assert!(error.problems()[1_000].message.contains("500 more"));
        // A file that lost its lines must not take everything away.
        let empty = import(&admin, app, "", Mode::ReplaceAll, false).await.unwrap_err();
        assert_eq!(faults(&empty), [("csv".to_owned(), "EMPTY")]);
    })
    .await;
}

#[tokio::test]
async fn a_schema_manager_reaches_entitlements_of_own_groups_and_their_members() {
    on_each(async |test| {
        let (admin, app) = (test.admin().await, &test.app);
        let (sales, hr) = (test.add_group("Sales").await, test.add_group("HR").await);
        test.add_user("inside", &[], std::slice::from_ref(&sales)).await;
        test.add_user("outside", &[], std::slice::from_ref(&hr)).await;
        test.add_user("manager", &[Role::SchemaManager], std::slice::from_ref(&sales)).await;
        test.add_user("users", &[Role::UserManager], std::slice::from_ref(&sales)).await;
        let cx = test.as_user("manager").await;
        let csv = "inside,user,region,a\noutside,user,region,b\nSales,group,region,c\nHR,group,region,d\neveryone,group,region,e\n";
        import(&admin, app, csv, Mode::Add, false).await.unwrap();
        let own = [triple("Sales", "region", "c"), triple("inside", "region", "a")];
        assert_eq!(all(&cx, app).await, own);
        assert_eq!(all(&admin, app).await.len(), 5);
        for (kind, name, answer) in [
            (Kind::User, "outside", "NOT_FOUND"),
            (Kind::Group, "HR", "NOT_FOUND"),
            (Kind::Group, "everyone", "NOT_FOUND"),
            (Kind::Group, "Sales", "OK"),
            (Kind::User, "inside", "OK"),
        ] {
            let set = entitlements::set(&cx, app, (kind, name), "year", &["1".into()]).await;
            assert_eq!(code(set), answer, "{name}");
        }
        let error = import(&cx, app, csv, Mode::ReplaceAll, false).await.unwrap_err();
        let unknown = [3, 5, 6].map(|line| format!("lines.{line}.assignable"));
        let paths: Vec<_> = faults(&error).into_iter().map(|(path, _)| path).collect();
        assert_eq!(paths, unknown);
        // What others have stays, whatever the manager replaces or removes.
        let done = import(&cx, app, "inside,user,region,z\n", Mode::ReplaceAll, false).await.unwrap();
        assert_eq!((done.added, done.removed), (1, 4));
        let left = [
            triple("HR", "region", "d"),
            triple("everyone", "region", "e"),
            triple("inside", "region", "z"),
            triple("outside", "region", "b"),
        ];
        let mut now = all(&admin, app).await;
        now.sort();
        assert_eq!(now, left);
        let region = Wanted { property: Some("region".into()), ..Wanted::default() };
        assert_eq!(entitlements::remove(&cx, app, &region, false).await.unwrap(), 1);
        assert_eq!(all(&admin, app).await.len(), 3);
        for name in ["users", "inside"] {
            let other = test.as_user(name).await;
            let list = entitlements::list(&other, app, &Wanted::default(), None, 10).await;
            assert_eq!(code(list), "FORBIDDEN");
            assert_eq!(code(import(&other, app, csv, Mode::Add, true).await), "FORBIDDEN");
        }
    })
    .await;
}

async fn pages(test: &TestApp, cx: &Cx, size: u64) -> (usize, usize) {
    let (mut after, mut pages, mut seen) = (None, 0, Vec::new());
    loop {
        let wanted = Wanted::default();
        let page = entitlements::list(cx, &test.app, &wanted, after.as_deref(), size)
            .await
            .unwrap();
        pages += 1;
        seen.extend(page.entitlements.into_iter().map(|one| one.entitlement));
        after = page.end;
        if !page.has_more {
            break;
        }
    }
    assert!(seen.is_sorted());
    seen.dedup();
    (pages, seen.len())
}

#[tokio::test]
async fn a_hundred_thousand_lines_are_one_import_and_lists_are_paged() {
    on_each(async |test| {
        let (admin, app) = (test.admin().await, &test.app);
        for name in ["ann", "bob"] {
            test.add_user(name, &[], &[]).await;
        }
        let mut csv = String::new();
        for number in 0..50_000 {
            writeln!(csv, "ann,user,store,{number}\nbob,user,store,{number}").unwrap();
        }
        let done = import(&admin, app, &csv, Mode::Add, false).await.unwrap();
        assert_eq!(
            (done.lines, done.added, done.added_sample.len()),
            (100_000, 100_000, 100)
        );
        let done = import(&admin, app, &csv, Mode::ReplaceAll, false)
            .await
            .unwrap();
        assert_eq!((done.added, done.removed), (0, 0));
        let less = csv.replace("bob,user,store,7\n", "");
        let done = import(&admin, app, &less, Mode::ReplaceAll, false)
            .await
            .unwrap();
        assert_eq!(
            (done.added, done.removed, done.removed_sample.len()),
            (0, 1, 1)
        );
        let few = "ann,user,store,1\nann,user,store,2\nbob,user,store,1\nbob,user,a,\n";
        import(&admin, app, few, Mode::ReplaceAll, false)
            .await
            .unwrap();
        for (size, count) in [(1, 4), (2, 2), (3, 2), (4, 1)] {
            assert_eq!(pages(&test, &admin, size).await, (count, 4));
        }
    })
    .await;
}
