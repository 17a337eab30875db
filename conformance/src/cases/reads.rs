//! Sorting, paging, aggregates and results of every size.

use anyhow::Result;
use quillback_plugin_api::sql::{
    Aggregate, ColumnDef, Compare, Direction, Expr, Lock, Order, Select, SelectItem,
};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::{Ident, TableRef, Value};

use crate::case::{Case, ROW_LOCKS, live};
use crate::lab::Lab;
use crate::samples::decimal;
use crate::tables::{ascending, by_id, id, insert, n, t};
use crate::verify::equal;

pub(crate) const CASES: &[Case] = &[
    live!(nulls_sort_before_values_when_ascending),
    live!(several_columns_sort_most_important_first),
    live!(pages_meet_without_gap_or_overlap),
    live!(an_offset_works_without_a_limit),
    live!(a_limit_of_nothing_reads_nothing),
    live!(distinct_counts_equal_rows_once),
    live!(rows_are_counted),
    live!(smallest_and_largest_are_found),
    live!(aggregates_of_nothing_are_null),
    live!(results_of_every_size_are_whole),
    live!(wide_rows_are_whole),
    live!(columns_are_named_as_selected),
    live!(a_column_can_be_selected_twice),
    live!(locked_rows_are_read_like_others, ROW_LOCKS),
];

async fn mixed(lab: &Lab) -> Result<TableRef> {
    let table = lab.pairs("mixed").await?;
    let null = Value::Null;
    let rows = [
        [1.into(), 3.into(), "b".into()],
        [2.into(), null.clone(), "a".into()],
        [3.into(), 1.into(), null.clone()],
        [4.into(), null.clone(), null],
        [5.into(), 3.into(), "a".into()],
        [6.into(), 1.into(), "b".into()],
    ]
    .map(Vec::from);
    lab.commit(vec![insert(&table, &[id(), n(), t()], &rows)?])
        .await?;
    Ok(table)
}

fn sort(column: Ident, direction: Direction) -> Order {
    Order {
        column,
        direction,
        nullable: true,
    }
}

async fn keys(lab: &Lab, table: &TableRef, order: Vec<Order>) -> Result<Vec<i64>> {
    let select = Select {
        order,
        ..Select::columns(table.clone(), [id()], Expr::True)
    };
    let rows = lab.rows(select).await?;
    Ok(rows.iter().flatten().filter_map(Value::as_i64).collect())
}

async fn nulls_sort_before_values_when_ascending(lab: &Lab) -> Result<()> {
    let table = mixed(lab).await?;
    for (column, up, down) in [
        (n(), [2, 4, 3, 6, 1, 5], [1, 5, 3, 6, 2, 4]),
        (t(), [3, 4, 2, 5, 1, 6], [1, 6, 2, 5, 3, 4]),
    ] {
        let then = ascending(&id());
        let found = keys(
            lab,
            &table,
            vec![sort(column.clone(), Direction::Asc), then.clone()],
        )
        .await?;
        equal(&format!("{column} ascending"), found, up.into())?;
        let found = keys(
            lab,
            &table,
            vec![sort(column.clone(), Direction::Desc), then],
        )
        .await?;
        equal(&format!("{column} descending"), found, down.into())?;
    }
    Ok(())
}

async fn several_columns_sort_most_important_first(lab: &Lab) -> Result<()> {
    let table = mixed(lab).await?;
    let order = vec![
        sort(t(), Direction::Desc),
        sort(n(), Direction::Asc),
        ascending(&id()),
    ];
    equal(
        "the order",
        keys(lab, &table, order).await?,
        vec![6, 1, 2, 5, 4, 3],
    )
}

async fn pages_meet_without_gap_or_overlap(lab: &Lab) -> Result<()> {
    let numbers: Vec<i64> = (1..=25).collect();
    let table = lab.numbers("pages", &numbers).await?;
    let mut found = Vec::new();
    for offset in (0..35).step_by(7) {
        let select = Select {
            limit: Some(7),
            offset,
            ..by_id(&table, [n()], Expr::True)
        };
        let page = lab.rows(select).await?;
        equal(
            "rows of a page",
            page.len() as u64,
            25_u64.saturating_sub(offset).min(7),
        )?;
        found.extend(page.iter().flatten().filter_map(Value::as_i64));
    }
    equal("all pages", found, numbers)
}

async fn an_offset_works_without_a_limit(lab: &Lab) -> Result<()> {
    let table = lab.numbers("offset", &[1, 2, 3, 4]).await?;
    let rows = lab
        .rows(Select {
            offset: 3,
            ..by_id(&table, [n()], Expr::True)
        })
        .await?;
    equal("rows", rows, vec![vec![4.into()]])
}

async fn a_limit_of_nothing_reads_nothing(lab: &Lab) -> Result<()> {
    let table = lab.numbers("nothing", &[1, 2]).await?;
    let rows = lab
        .rows(Select {
            limit: Some(0),
            ..by_id(&table, [n()], Expr::True)
        })
        .await?;
    equal("rows", rows, Vec::new())
}

async fn distinct_counts_equal_rows_once(lab: &Lab) -> Result<()> {
    let table = mixed(lab).await?;
    let order = vec![sort(n(), Direction::Asc)];
    let select = Select {
        distinct: true,
        order,
        ..Select::columns(table, [n()], Expr::True)
    };
    equal(
        "numbers",
        lab.rows(select).await?,
        vec![vec![Value::Null], vec![1.into()], vec![3.into()]],
    )
}

async fn rows_are_counted(lab: &Lab) -> Result<()> {
    let table = mixed(lab).await?;
    equal("all rows", lab.count(&table).await?, 6)?;
    let rows = lab.rows(Select::count(table, Expr::IsNull(n()))).await?;
    equal(
        "rows without number",
        rows.first().and_then(|row| row.first()?.as_i64()),
        Some(2),
    )
}

fn least_and_most(table: &TableRef, column: &Ident, filter: Expr) -> Select {
    let items =
        [Aggregate::Min, Aggregate::Max].map(|what| SelectItem::Aggregate(what, column.clone()));
    Select {
        items: items.into(),
        ..Select::columns(table.clone(), [], filter)
    }
}

async fn smallest_and_largest_are_found(lab: &Lab) -> Result<()> {
    let d = Ident::literal("d");
    let columns = vec![
        ColumnDef::required(id(), LogicalType::INT64),
        ColumnDef::optional(n(), LogicalType::INT64),
        ColumnDef {
            exact_text: true,
            ..ColumnDef::optional(t(), LogicalType::text(9))
        },
        ColumnDef::optional(d.clone(), LogicalType::decimal(10, 2)),
    ];
    let table = lab.create("least", columns, &["id"]).await?;
    let rows = [
        [1.into(), 10.into(), "b".into(), decimal("9.00")],
        [2.into(), 9.into(), "a".into(), decimal("10.00")],
        [3.into(), Value::Null, Value::Null, Value::Null],
        [4.into(), (-1).into(), "é".into(), decimal("-0.01")],
    ]
    .map(Vec::from);
    lab.commit(vec![insert(&table, &[id(), n(), t(), d.clone()], &rows)?])
        .await?;
    for (column, least, most) in [
        (n(), Value::I64(-1), Value::I64(10)),
        (t(), "a".into(), "é".into()),
        (d, decimal("-0.01"), decimal("10.00")),
    ] {
        let found = lab
            .rows(least_and_most(&table, &column, Expr::True))
            .await?;
        equal(column.as_str(), found, vec![vec![least, most]])?;
    }
    let few = Expr::compare(&id(), Compare::Le, 2);
    let found = lab.rows(least_and_most(&table, &n(), few)).await?;
    equal("of some rows", found, vec![vec![9.into(), 10.into()]])
}

async fn aggregates_of_nothing_are_null(lab: &Lab) -> Result<()> {
    let table = lab.pairs("empty").await?;
    let found = lab.rows(least_and_most(&table, &n(), Expr::True)).await?;
    equal("of no rows", found, vec![vec![Value::Null, Value::Null]])?;
    equal("rows", lab.count(&table).await?, 0)
}

async fn results_of_every_size_are_whole(lab: &Lab) -> Result<()> {
    let numbers: Vec<i64> = (0..5_000).map(|n| n * 7).collect();
    let table = lab.numbers("sizes", &numbers).await?;
    for size in [
        0, 1, 2, 999, 1_000, 1_001, 1_023, 1_024, 1_025, 2_048, 5_000, 6_000,
    ] {
        let select = Select {
            limit: Some(size),
            ..by_id(&table, [n()], Expr::True)
        };
        let found: Vec<_> = lab
            .rows(select)
            .await?
            .iter()
            .flatten()
            .filter_map(Value::as_i64)
            .collect();
        let wanted: Vec<_> = numbers
            .iter()
            .copied()
            .take(usize::try_from(size)?)
            .collect();
        equal(&format!("{size} rows"), found, wanted)?;
    }
    Ok(())
}

async fn wide_rows_are_whole(lab: &Lab) -> Result<()> {
    let names = (0..120)
        .map(|at| Ident::new(format!("c{at}")))
        .collect::<Result<Vec<_>, _>>()?;
    let mut columns = vec![ColumnDef::required(id(), LogicalType::INT64)];
    columns.extend(
        names
            .iter()
            .map(|name| ColumnDef::optional(name.clone(), LogicalType::INT64)),
    );
    let table = lab.create("wide", columns, &["id"]).await?;
    let cells: Vec<Value> = (0..120)
        .map(|at| if at % 9 == 0 { Value::Null } else { at.into() })
        .collect();
    let mut row = vec![Value::I64(1)];
    row.extend(cells.iter().cloned());
    let mut given = vec![id()];
    given.extend(names.iter().cloned());
    lab.commit(vec![insert(&table, &given, &[row])?]).await?;
    equal(
        "the row",
        lab.rows(by_id(&table, names, Expr::True)).await?,
        vec![cells],
    )
}

async fn columns_are_named_as_selected(lab: &Lab) -> Result<()> {
    let table = lab.numbers("named", &[1]).await?;
    let done = lab
        .commit(vec![crate::tables::read(by_id(
            &table,
            [t(), id()],
            Expr::True,
        ))])
        .await?;
    let rows = done.into_iter().next().and_then(|step| step.rows);
    let names: Vec<_> = rows
        .iter()
        .flat_map(|rows| &rows.columns)
        .map(|column| column.name.clone())
        .collect();
    equal("headings", names, vec!["t".to_owned(), "id".to_owned()])
}

async fn a_column_can_be_selected_twice(lab: &Lab) -> Result<()> {
    let table = lab.numbers("twice", &[7]).await?;
    let rows = lab
        .rows(by_id(&table, [n(), id(), n()], Expr::True))
        .await?;
    equal("the row", rows, vec![vec![7.into(), 1.into(), 7.into()]])
}

async fn locked_rows_are_read_like_others(lab: &Lab) -> Result<()> {
    let table = lab.numbers("locked", &[1, 2, 3]).await?;
    let select = Select {
        lock: Lock::Update,
        limit: Some(2),
        ..by_id(&table, [n()], Expr::True)
    };
    equal(
        "rows",
        lab.rows(select).await?,
        vec![vec![1.into()], vec![2.into()]],
    )
}
