//! Pages: the same rows in the same order however they are cut.

use quillback_core::plugin_api::sql::Direction;
use quillback_core::read::PageRow;
use quillback_core::read::{Filter, FilterOp};
use serde_json::{Value as Json, json};

use crate::support::target::{Target, add, faults, on_each_target};

async fn fill(target: &Target) {
    let rows = (0..25).map(|number| {
        let product = if number % 5 == 0 {
            Json::Null
        } else {
            json!(format!("p{}", number % 7))
        };
        add(json!({ "region": format!("r{}", number % 3), "product": product, "units": number }))
    });
    target.write(&target.admin, rows.collect()).await.unwrap();
}

fn compare(name: &str, op: FilterOp, value: Json) -> Filter {
    Filter::Field {
        name: name.into(),
        op,
        value,
    }
}

#[tokio::test]
async fn pages_join_to_the_whole_in_every_order() {
    on_each_target(async |target| {
        fill(&target).await;
        for (product, units) in [
            (Direction::Asc, Direction::Asc),
            (Direction::Asc, Direction::Desc),
            (Direction::Desc, Direction::Asc),
            (Direction::Desc, Direction::Desc),
        ] {
            let sort = vec![("product".to_owned(), product), ("units".to_owned(), units)];
            let whole = target
                .page(&target.admin, None, sort.clone(), 500, None)
                .await
                .unwrap();
            let products: Vec<_> = whole
                .rows
                .iter()
                .map(|row| row.values()["product"].clone())
                .collect();
            let nulls_first = products.iter().take(5).all(Json::is_null);
            assert_eq!(nulls_first, product == Direction::Asc, "{products:?}");
            let (mut cut, mut after) = (Vec::new(), None);
            loop {
                let page = target
                    .page(&target.admin, None, sort.clone(), 4, after)
                    .await
                    .unwrap();
                assert_eq!(page.total, Some(25));
                cut.extend(page.rows.iter().map(PageRow::key));
                after = page.rows.last().map(PageRow::cursor);
                if !page.more {
                    break;
                }
            }
            let all: Vec<_> = whole.rows.iter().map(PageRow::key).collect();
            assert_eq!(cut, all);
        }
    })
    .await;
}

#[tokio::test]
async fn filters_find_what_they_say() {
    on_each_target(async |target| {
        fill(&target).await;
        let cases = [
            (compare("units", FilterOp::Ge, json!(20)), 5),
            (compare("units", FilterOp::In, json!([1, "2", 99])), 2),
            (compare("product", FilterOp::IsNull, json!(true)), 5),
            (compare("product", FilterOp::Ne, json!(null)), 20),
            (compare("region", FilterOp::Contains, json!("R1")), 8),
            (compare("region", FilterOp::StartsWith, json!("%")), 0),
            (
                Filter::Not(Box::new(compare("units", FilterOp::Lt, json!(20)))),
                5,
            ),
            (
                Filter::Or(vec![
                    Filter::And(vec![
                        compare("region", FilterOp::Eq, json!("r0")),
                        compare("units", FilterOp::Le, json!(3)),
                    ]),
                    compare("units", FilterOp::Eq, json!(24)),
                ]),
                3,
            ),
            (Filter::And(Vec::new()), 25),
            (Filter::Or(Vec::new()), 0),
        ];
        for (filter, expected) in cases {
            let page = target.rows(&target.admin, Some(filter.clone())).await;
            assert_eq!(page.total, Some(expected), "{filter:?}");
            assert_eq!(page.rows.len() as u64, expected, "{filter:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_with_its_path() {
    on_each_target(async |target| {
        let ask = async |filter, first, after: Option<&str>| {
            let page = target
                .page(
                    &target.admin,
                    filter,
                    Vec::new(),
                    first,
                    after.map(str::to_owned),
                )
                .await;
            faults(&page.unwrap_err())
        };
        let path = |path: &str, code| vec![(path.to_owned(), code)];
        assert_eq!(ask(None, 0, None).await, path("first", "COUNT"));
        assert_eq!(ask(None, 501, None).await, path("first", "COUNT"));
        assert_eq!(ask(None, 1, Some("zz")).await, path("after", "CURSOR"));
        assert_eq!(ask(None, 1, Some("5b5d")).await, path("after", "CURSOR"));
        let filter = |name, op, value| Some(Filter::And(vec![compare(name, op, value)]));
        let unknown = filter("nope", FilterOp::Eq, json!(1));
        assert_eq!(
            ask(unknown, 1, None).await,
            path("filter.and.0.field", "UNKNOWN_FIELD")
        );
        let wrong = filter("units", FilterOp::Eq, json!("x"));
        assert_eq!(
            ask(wrong, 1, None).await,
            path("filter.and.0.value", "WRONG_TYPE")
        );
        let wrong = filter("units", FilterOp::Contains, json!("1"));
        assert_eq!(
            ask(wrong, 1, None).await,
            path("filter.and.0.value", "WRONG_TYPE")
        );
    })
    .await;
}
