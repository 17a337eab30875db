//! How new tables are kept, by the options of the connection.

use super::*;

fn create(columns: Vec<ColumnDef>, key: &[&'static str]) -> Ddl {
    Ddl::CreateTable(CreateTable {
        table: TableRef::in_schema(Some(Ident::literal("s")), Ident::literal("t")),
        columns,
        primary_key: key.iter().map(|name| Ident::literal(name)).collect(),
        if_not_exists: false,
    })
}

fn number(name: &'static str) -> ColumnDef {
    ColumnDef::required(Ident::literal(name), LogicalType::INT64)
}

fn text(name: &'static str, length: Option<u32>) -> ColumnDef {
    ColumnDef::optional(Ident::literal(name), LogicalType::Text { length })
}

fn kept(change: &Ddl, layout: &Layout) -> String {
    let printed = print(std::slice::from_ref(change), layout).unwrap();
    let (_, sql) = &printed[0];
    sql.split_once(" WITH ").unwrap().1.to_owned()
}

fn hashed(column: Option<&str>) -> Layout {
    Layout {
        distribution: Distribution::Hash,
        column: column.map(str::to_owned),
        storage: Storage::Heap,
    }
}

#[test]
fn rows_are_spread_by_the_key_or_by_a_column_that_is_named() {
    let table = create(vec![number("id"), text("region", Some(9))], &["id"]);
    assert_eq!(
        kept(&table, &Layout::default()),
        "(DISTRIBUTION = ROUND_ROBIN, HEAP)"
    );
    assert_eq!(
        kept(&table, &hashed(None)),
        "(DISTRIBUTION = HASH ([id]), HEAP)"
    );
    assert_eq!(
        kept(&table, &hashed(Some("REGION"))),
        "(DISTRIBUTION = HASH ([region]), HEAP)"
    );
    // Another table may lack the column of the option.
    assert_eq!(
        kept(&table, &hashed(Some("other"))),
        "(DISTRIBUTION = HASH ([id]), HEAP)"
    );
    let replicated = Layout {
        distribution: Distribution::Replicate,
        ..Layout::default()
    };
    assert_eq!(
        kept(&table, &replicated),
        "(DISTRIBUTION = REPLICATE, HEAP)"
    );
}

#[test]
fn columns_that_rows_cannot_be_spread_by_are_passed_over_or_refused() {
    let numbered = ColumnDef {
        identity: true,
        ..number("id")
    };
    let filled = ColumnDef {
        default: Some(7.into()),
        ..number("kind")
    };
    let columns = vec![numbered, filled, number("year"), text("note", None)];
    let table = create(columns.clone(), &["id", "kind", "year"]);
    assert_eq!(
        kept(&table, &hashed(None)),
        "(DISTRIBUTION = HASH ([year]), HEAP)"
    );
    let alone = create(columns, &["id"]);
    assert_eq!(
        kept(&alone, &hashed(None)),
        "(DISTRIBUTION = ROUND_ROBIN, HEAP)"
    );
    for column in ["id", "kind", "note"] {
        let error = print(std::slice::from_ref(&table), &hashed(Some(column))).unwrap_err();
        assert!(error.message.contains("`distribution_column`"), "{error}");
        assert_eq!(error.step, Some(0));
    }
}

#[test]
fn a_column_without_a_limit_makes_a_heap_of_a_columnstore() {
    let columnstore = Layout {
        storage: Storage::Columnstore,
        ..Layout::default()
    };
    let short = create(vec![number("id"), text("note", Some(4_000))], &["id"]);
    assert_eq!(
        kept(&short, &columnstore),
        "(DISTRIBUTION = ROUND_ROBIN, CLUSTERED COLUMNSTORE INDEX)"
    );
    let long = create(vec![number("id"), text("note", None)], &["id"]);
    assert_eq!(
        kept(&long, &columnstore),
        "(DISTRIBUTION = ROUND_ROBIN, HEAP)"
    );
}

#[test]
fn only_int_and_bigint_are_numbered() {
    let small = ColumnDef {
        identity: true,
        ..ColumnDef::required(
            Ident::literal("n"),
            LogicalType::Int {
                bits: 16,
                unsigned: false,
            },
        )
    };
    let error = in_usual_layout(&create(vec![small], &["n"])).unwrap_err();
    assert!(error.message.contains("32 or 64 bits"), "{error}");
}

#[test]
fn another_default_takes_the_place_of_the_one_before() {
    let table = TableRef::in_schema(None, Ident::literal("t"));
    let with = |default: &str| ColumnDef {
        default: Some(default.into()),
        ..text("n", Some(5))
    };
    let statements = in_usual_layout(&Ddl::AlterColumn {
        table,
        from: with("a"),
        to: with("b'"),
    })
    .unwrap();
    assert_eq!(statements.len(), 3);
    assert!(statements[0].ends_with("IF @drop IS NOT NULL EXEC (@drop)"));
    assert!(statements[1].ends_with(" NULL"));
    assert_eq!(statements[2], "ALTER TABLE [t] ADD DEFAULT N'b''' FOR [n]");
}
