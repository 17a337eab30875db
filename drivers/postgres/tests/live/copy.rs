//! Large inserts: that they go through COPY, add the same rows as small ones, and fail as these do.

use quillback_plugin_api::batch::{Batch, BatchOutcome, Expect, Step};
use quillback_plugin_api::driver::Instance as _;
use quillback_plugin_api::sql::Statement;
use quillback_plugin_api::{Category, Value};

use crate::support::{add, done, insert, lab};

const COLUMNS: &[&str] = &["id", "name", "amount", "at", "flag", "tags", "doc"];
const SETUP: &str = "CREATE TABLE many (id bigint PRIMARY KEY, name varchar(40), amount numeric(12, 2), \
     at timestamptz, flag boolean, tags text[], doc jsonb, made integer NOT NULL DEFAULT 7); \
     CREATE TABLE few (LIKE many INCLUDING ALL)";

fn rows(count: i64, with_tags: bool) -> Vec<Vec<Value>> {
    let row = |id: i64| {
        let text = |odd: &str| if id % 5 == 0 { Value::Null } else { odd.into() };
        vec![
            id.into(),
            text(&format!("n{id}\t\n\\N \\. \"'ä🚀")),
            Value::Decimal(
                format!("{}.{:02}", id * 1_001, id % 100)
                    .try_into()
                    .unwrap(),
            ),
            Value::Instant(quillback_plugin_api::civil::Timestamp::from_micros(
                id * 86_400_000_123,
            )),
            Value::Bool(id % 2 == 0),
            if with_tags {
                Value::List(vec![text("a,\"b"), Value::Null])
            } else {
                Value::Null
            },
            Value::Json(format!("{{\"id\": {id}}}")),
        ]
    };
    (0..count).map(row).collect()
}

#[tokio::test]
async fn large_and_small_inserts_add_the_same_rows() {
    let Some(lab) = lab(SETUP).await else { return };
    // Arrays have no binary form here: they take the text of COPY.
    for with_tags in [false, true] {
        lab.client
            .batch_execute("TRUNCATE many, few")
            .await
            .unwrap();
        let rows = rows(3_000, with_tags);
        lab.commit(vec![add("many", COLUMNS, &rows)]).await;
        for some in rows.chunks(100) {
            lab.commit(vec![add("few", COLUMNS, some)]).await;
        }
        let different = "SELECT count(*) FROM ((TABLE many EXCEPT TABLE few) UNION ALL (TABLE few EXCEPT TABLE many)) d";
        assert_eq!(lab.number(different).await, 0);
        assert_eq!(lab.number("SELECT count(*) FROM many").await, 3_000);
    }
    lab.end().await;
}

#[tokio::test]
async fn large_inserts_go_through_copy() {
    let setup = "CREATE TABLE many (id bigint); CREATE TABLE seen (query text); \
         CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN INSERT INTO seen VALUES (current_query()); RETURN NULL; END $$; \
         CREATE TRIGGER note AFTER INSERT ON many FOR EACH STATEMENT EXECUTE FUNCTION note()";
    let Some(lab) = lab(setup).await else { return };
    let rows: Vec<_> = (0..500_i64).map(|id| vec![id.into()]).collect();
    lab.commit(vec![add("many", &["id"], &rows)]).await;
    lab.commit(vec![add("many", &["id"], &rows[..499])]).await;
    assert_eq!(
        lab.number("SELECT count(*) FROM seen WHERE query LIKE 'COPY %binary%'")
            .await,
        1
    );
    assert_eq!(
        lab.number("SELECT count(*) FROM seen WHERE query LIKE 'INSERT %'")
            .await,
        1
    );
    lab.end().await;
}

#[tokio::test]
async fn a_large_insert_is_part_of_its_batch() {
    let Some(lab) = lab(SETUP).await else { return };
    let large = || add("many", COLUMNS, &rows(1_000, false));
    let twice = Batch::of(vec![
        add("few", COLUMNS, &rows(1, false)),
        large(),
        add("few", COLUMNS, &rows(1, false)),
    ]);
    let error = lab.instance.apply(twice).await.unwrap_err();
    assert_eq!((error.category, error.step), (Category::Unique, Some(2)));
    let double = [rows(600, false), rows(1, false)].concat();
    let error = lab
        .instance
        .apply(Batch::of(vec![add("many", COLUMNS, &double)]))
        .await
        .unwrap_err();
    assert_eq!((error.category, error.step), (Category::Unique, Some(0)));
    assert_eq!(error.origin.constraint.as_deref(), Some("many_pkey"));
    let step = Step::Write {
        statement: Statement::Insert(insert("many", COLUMNS, &rows(1_000, false))),
        expect: Expect::Rows(999),
    };
    let outcome = lab.instance.apply(Batch::of(vec![step])).await.unwrap();
    assert!(
        matches!(outcome, BatchOutcome::Refused { found: 1_000, .. }),
        "{outcome:?}"
    );
    assert_eq!(
        lab.number("SELECT (SELECT count(*) FROM many) + (SELECT count(*) FROM few)")
            .await,
        0
    );
    lab.commit(vec![large()]).await;
    lab.end().await;
}

/// COPY goes neither into views nor past row security; such inserts take the longer way.
#[tokio::test]
async fn where_copy_may_not_go_inserts_do() {
    let setup = "CREATE TABLE item (id bigint); CREATE VIEW shown AS SELECT id FROM item; \
         CREATE TABLE guarded (id bigint); ALTER TABLE guarded ENABLE ROW LEVEL SECURITY; \
         ALTER TABLE guarded FORCE ROW LEVEL SECURITY; \
         CREATE POLICY small ON guarded USING (TRUE) WITH CHECK (id < 600)";
    let Some(lab) = lab(setup).await else { return };
    let rows: Vec<_> = (0..600_i64).map(|id| vec![id.into()]).collect();
    for table in ["shown", "guarded"] {
        done(
            lab.instance
                .apply(Batch::of(vec![add(table, &["id"], &rows)]))
                .await,
        );
    }
    assert_eq!(
        lab.number("SELECT (SELECT count(*) FROM item) + (SELECT count(*) FROM guarded)")
            .await,
        1_200
    );
    let beyond: Vec<_> = (100..700_i64).map(|id| vec![id.into()]).collect();
    let error = lab
        .instance
        .apply(Batch::of(vec![add("guarded", &["id"], &beyond)]))
        .await
        .unwrap_err();
    assert_eq!(error.category, Category::Permission, "{error:?}");
    lab.end().await;
}
