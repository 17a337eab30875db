//! Changes of tables: what is asked for is what is found afterwards.

use anyhow::{Context, Result, ensure};
use quillback_plugin_api::catalog::TableInfo;
use quillback_plugin_api::sql::{ColumnDef, CreateTable, Ddl, Expr, Index};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::{Category, Ident, TableRef, Value};

use crate::case::{
    ADD_COLUMN, ALTER_COLUMN, CREATE_INDEX, Case, DROP_COLUMN, KEYS, RENAME_COLUMN, live,
};
use crate::lab::Lab;
use crate::samples::{self, can_create};
use crate::tables::{by_id, id, insert, insert_pair, n, pair_columns, t};
use crate::verify::{equal, fails, skip};

pub(crate) const CASES: &[Case] = &[
    live!(a_table_is_found_as_it_was_made),
    live!(types_settle_after_one_round),
    live!(a_table_needs_columns),
    live!(a_column_is_added, ADD_COLUMN),
    live!(
        a_required_column_with_a_default_is_added_to_rows,
        ADD_COLUMN
    ),
    live!(a_column_is_removed, DROP_COLUMN),
    live!(a_column_is_renamed, RENAME_COLUMN),
    live!(a_text_column_is_widened, ALTER_COLUMN),
    live!(a_decimal_column_is_widened, ALTER_COLUMN),
    live!(a_whole_number_column_is_widened, ALTER_COLUMN),
    live!(a_column_becomes_optional_and_required_again, ALTER_COLUMN),
    live!(a_column_with_nulls_cannot_become_required, ALTER_COLUMN),
    live!(a_unique_index_is_enforced_and_found, CREATE_INDEX, KEYS),
    live!(an_index_of_several_columns_is_made, CREATE_INDEX),
    live!(several_changes_take_effect_as_declared),
    live!(what_is_not_claimed_is_refused),
];

async fn info(lab: &Lab, table: &TableRef) -> Result<TableInfo> {
    lab.describe(table).await?.context("the table is not found")
}

fn create(table: &TableRef, columns: Vec<ColumnDef>, primary_key: Vec<Ident>) -> Ddl {
    Ddl::CreateTable(CreateTable {
        table: table.clone(),
        columns,
        primary_key,
        if_not_exists: false,
    })
}

async fn a_table_is_found_as_it_was_made(lab: &Lab) -> Result<()> {
    let mut columns = pair_columns();
    columns.push(ColumnDef {
        default: Some(7.into()),
        ..ColumnDef::required(Ident::literal("seven"), LogicalType::INT64)
    });
    columns.push(ColumnDef::required(
        Ident::literal("kind"),
        LogicalType::text(20),
    ));
    let table = lab.create("made", columns.clone(), &["kind", "id"]).await?;
    let info = info(lab, &table).await?;
    let names = |defs: &[ColumnDef]| defs.iter().map(|def| def.name.clone()).collect::<Vec<_>>();
    equal(
        "columns",
        info.columns.iter().map(|c| c.name.clone()).collect(),
        names(&columns),
    )?;
    equal(
        "the key",
        info.primary_key,
        vec![Ident::literal("kind"), id()],
    )?;
    for (found, wanted) in info.columns.iter().zip(&columns) {
        equal(
            &format!("whether {} may be NULL", found.name),
            found.nullable,
            wanted.nullable,
        )?;
        equal(
            &format!("default of {}", found.name),
            found.has_default,
            wanted.default.is_some(),
        )?;
        equal(
            &format!("{} is generated", found.name),
            (found.generated, found.identity),
            (false, false),
        )?;
        ensure!(
            samples::widens(&wanted.ty, &found.ty),
            "{}: {:?} became {:?}",
            found.name,
            wanted.ty,
            found.ty
        );
        ensure!(
            !found.native.trim().is_empty(),
            "{} has no native type",
            found.name
        );
    }
    Ok(())
}

/// A table made from what was found of another is found the same: nothing drifts when schemas are copied.
async fn types_settle_after_one_round(lab: &Lab) -> Result<()> {
    for ty in samples::all().map(|sample| (sample.ty)()) {
        if !can_create(lab, &ty).await? {
            continue;
        }
        let (table, once) = samples::typed_table(lab, &ty).await?;
        ensure!(
            can_create(lab, &once).await?,
            "{ty:?} became {once:?}, of which no column can be made"
        );
        lab.instance.define(&[Ddl::DropTable(table)]).await?;
        let (table, twice) = samples::typed_table(lab, &once).await?;
        lab.instance.define(&[Ddl::DropTable(table)]).await?;
        equal(&format!("{ty:?} after two rounds"), twice, once)?;
    }
    Ok(())
}

async fn a_table_needs_columns(lab: &Lab) -> Result<()> {
    let table = TableRef::new(Ident::new(lab.fresh("bare"))?);
    let result = lab
        .instance
        .define(&[create(&table, Vec::new(), Vec::new())])
        .await;
    fails("a table without columns", result, Category::Unsupported)?;
    equal("the table", lab.describe(&table).await?, None)
}

async fn a_column_is_added(lab: &Lab) -> Result<()> {
    let table = lab.numbers("added", &[1]).await?;
    let column = ColumnDef::optional(Ident::literal("extra"), LogicalType::text(30));
    let change = Ddl::AddColumn {
        table: table.clone(),
        column: column.clone(),
    };
    lab.instance.define(std::slice::from_ref(&change)).await?;
    let extra = info(lab, &table)
        .await?
        .column(&column.name)
        .cloned()
        .context("the column is missing")?;
    equal("whether it may be NULL", extra.nullable, true)?;
    let rows = lab
        .rows(by_id(&table, [n(), column.name], Expr::True))
        .await?;
    equal("the row", rows, vec![vec![1.into(), Value::Null]])?;
    fails(
        "the same column again",
        lab.instance.define(&[change]).await,
        Category::AlreadyExists,
    )?;
    Ok(())
}

async fn a_required_column_with_a_default_is_added_to_rows(lab: &Lab) -> Result<()> {
    let table = lab.numbers("default", &[1, 2]).await?;
    let column = ColumnDef {
        default: Some("it's".into()),
        ..ColumnDef::required(Ident::literal("extra"), LogicalType::text(30))
    };
    lab.instance
        .define(&[Ddl::AddColumn {
            table: table.clone(),
            column: column.clone(),
        }])
        .await?;
    let rows = lab.rows(by_id(&table, [column.name], Expr::True)).await?;
    equal("the rows", rows, vec![vec!["it's".into()]; 2])
}

async fn a_column_is_removed(lab: &Lab) -> Result<()> {
    let table = lab.numbers("removed", &[1]).await?;
    let change = Ddl::DropColumn {
        table: table.clone(),
        column: t(),
    };
    lab.instance.define(std::slice::from_ref(&change)).await?;
    equal(
        "the column",
        info(lab, &table).await?.column(&t()).cloned(),
        None,
    )?;
    equal(
        "the rows",
        lab.numbers_in(&table).await?,
        vec![(1, Some(1))],
    )?;
    fails(
        "the same column again",
        lab.instance.define(&[change]).await,
        Category::NotFound,
    )?;
    Ok(())
}

async fn a_column_is_renamed(lab: &Lab) -> Result<()> {
    let table = lab.numbers("renamed", &[5]).await?;
    let to = Ident::literal("Renamed \"n\"");
    let change = Ddl::RenameColumn {
        table: table.clone(),
        from: n(),
        to: to.clone(),
    };
    lab.instance.define(std::slice::from_ref(&change)).await?;
    let found = info(lab, &table)
        .await?
        .columns
        .into_iter()
        .map(|c| c.name)
        .collect();
    equal("columns", found, vec![id(), to.clone(), t()])?;
    let rows = lab.rows(by_id(&table, [to], Expr::True)).await?;
    equal("the row", rows, vec![vec![5.into()]])?;
    fails(
        "a column that is gone",
        lab.instance.define(&[change]).await,
        Category::NotFound,
    )?;
    Ok(())
}

/// Alters a column that holds `kept`, then writes `new`, which only fits afterwards.
async fn widened(
    lab: &Lab,
    from: LogicalType,
    to: LogicalType,
    kept: Value,
    new: Value,
) -> Result<()> {
    let (table, _) = samples::typed_table(lab, &from).await?;
    let v = Ident::literal("v");
    lab.commit(vec![insert(
        &table,
        &[id(), v.clone()],
        &[vec![1.into(), kept.clone()]],
    )?])
    .await?;
    let change = Ddl::AlterColumn {
        table: table.clone(),
        from: samples::column(from),
        to: samples::column(to.clone()),
    };
    lab.instance.define(&[change]).await?;
    let found = info(lab, &table).await?;
    let got = found.column(&v).context("the column is gone")?;
    ensure!(
        samples::widens(&to, &got.ty),
        "asked for {to:?}, got {:?}",
        got.ty
    );
    equal("whether it may be NULL", got.nullable, true)?;
    equal("the key", found.primary_key, vec![id()])?;
    lab.commit(vec![insert(
        &table,
        &[id(), v.clone()],
        &[vec![2.into(), new.clone()]],
    )?])
    .await?;
    equal(
        "the rows",
        lab.rows(by_id(&table, [v], Expr::True)).await?,
        vec![vec![kept], vec![new]],
    )
}

async fn a_text_column_is_widened(lab: &Lab) -> Result<()> {
    let (from, to) = (LogicalType::text(5), LogicalType::text(50));
    widened(
        lab,
        from,
        to,
        "short".into(),
        "rather longer than before 🚀".into(),
    )
    .await
}

async fn a_decimal_column_is_widened(lab: &Lab) -> Result<()> {
    let (from, to) = (LogicalType::decimal(6, 2), LogicalType::decimal(20, 2));
    let decimal = samples::decimal;
    widened(
        lab,
        from,
        to,
        decimal("9999.99"),
        decimal("123456789012345678.90"),
    )
    .await
}

async fn a_whole_number_column_is_widened(lab: &Lab) -> Result<()> {
    let from = LogicalType::Int {
        bits: 32,
        unsigned: false,
    };
    widened(lab, from, LogicalType::INT64, 7.into(), i64::MAX.into()).await
}

async fn a_column_becomes_optional_and_required_again(lab: &Lab) -> Result<()> {
    let mut columns = pair_columns();
    let must = ColumnDef::required(Ident::literal("must"), LogicalType::text(20));
    columns.push(must.clone());
    let table = lab.create("optional", columns, &["id"]).await?;
    let may = ColumnDef {
        nullable: true,
        ..must.clone()
    };
    let row = vec![vec![1.into(), "x".into()]];
    lab.commit(vec![insert(&table, &[id(), must.name.clone()], &row)?])
        .await?;
    for (from, to) in [(&must, &may), (&may, &must)] {
        let change = Ddl::AlterColumn {
            table: table.clone(),
            from: from.clone(),
            to: to.clone(),
        };
        lab.instance.define(&[change]).await?;
        let found = info(lab, &table)
            .await?
            .column(&must.name)
            .map(|column| column.nullable);
        equal("whether it may be NULL", found, Some(to.nullable))?;
    }
    equal("rows", lab.count(&table).await?, 1)
}

async fn a_column_with_nulls_cannot_become_required(lab: &Lab) -> Result<()> {
    let table = lab.numbers("nulls", &[1]).await?;
    let from = ColumnDef {
        exact_text: true,
        ..ColumnDef::optional(t(), LogicalType::text(200))
    };
    let to = ColumnDef {
        nullable: false,
        ..from.clone()
    };
    let change = Ddl::AlterColumn {
        table: table.clone(),
        from,
        to,
    };
    let result = lab.instance.define(&[change]).await;
    let wanted = [Category::NotNull, Category::InvalidData];
    crate::verify::fails_as("a required column with NULL in it", result, &wanted)?;
    let found = info(lab, &table)
        .await?
        .column(&t())
        .map(|column| column.nullable);
    equal("whether it may be NULL", found, Some(true))?;
    equal(
        "the rows",
        lab.numbers_in(&table).await?,
        vec![(1, Some(1))],
    )
}

async fn index(lab: &Lab, table: &TableRef, columns: Vec<Ident>, unique: bool) -> Result<()> {
    let index = Index {
        name: Ident::new(lab.fresh("index"))?,
        columns,
        unique,
    };
    Ok(lab
        .instance
        .define(&[Ddl::CreateIndex {
            table: table.clone(),
            index,
        }])
        .await?)
}

async fn a_unique_index_is_enforced_and_found(lab: &Lab) -> Result<()> {
    let table = lab.numbers("unique", &[1]).await?;
    index(lab, &table, vec![n()], true).await?;
    equal(
        "unique keys",
        info(lab, &table).await?.unique_keys,
        vec![vec![n()]],
    )?;
    let batch = quillback_plugin_api::batch::Batch::of(vec![insert_pair(&table, 2, 1)?]);
    fails(
        "a number that exists",
        lab.instance.apply(&batch).await,
        Category::Unique,
    )?;
    Ok(())
}

async fn an_index_of_several_columns_is_made(lab: &Lab) -> Result<()> {
    let table = lab.numbers("several", &[1]).await?;
    index(lab, &table, vec![t(), n()], false).await?;
    let info = info(lab, &table).await?;
    equal(
        "unique keys of an index that is not unique",
        info.unique_keys,
        Vec::<Vec<Ident>>::new(),
    )
}

/// Two changes of which the second fails: the first takes effect unless changes are transactional.
async fn several_changes_take_effect_as_declared(lab: &Lab) -> Result<()> {
    let existing = lab.numbers("existing", &[1]).await?;
    let first = TableRef::new(Ident::new(lab.fresh("first"))?);
    lab.remember(&first);
    let changes = [
        create(&first, pair_columns(), vec![id()]),
        create(&existing, pair_columns(), vec![id()]),
    ];
    let error = fails(
        "a table that exists",
        lab.instance.define(&changes).await,
        Category::AlreadyExists,
    )?;
    equal("the change that failed", error.step, Some(1))?;
    let is_there = lab.describe(&first).await?.is_some();
    equal(
        "whether the first change took effect",
        is_there,
        !lab.capabilities.ddl.transactional,
    )
}

async fn what_is_not_claimed_is_refused(lab: &Lab) -> Result<()> {
    let table = lab.pairs("unclaimed").await?;
    let ddl = lab.capabilities.ddl;
    let extra = ColumnDef::optional(Ident::literal("extra"), LogicalType::INT64);
    let index = Index {
        name: Ident::new(lab.fresh("i"))?,
        columns: vec![n()],
        unique: false,
    };
    let (from, to) = (n(), Ident::literal("m"));
    let number = ColumnDef::optional(n(), LogicalType::INT64);
    let required = ColumnDef::required(n(), LogicalType::INT64);
    let table = || table.clone();
    let refused: Vec<_> = [
        (
            ddl.add_column,
            Ddl::AddColumn {
                table: table(),
                column: extra,
            },
        ),
        (
            ddl.drop_column,
            Ddl::DropColumn {
                table: table(),
                column: t(),
            },
        ),
        (
            ddl.rename_column,
            Ddl::RenameColumn {
                table: table(),
                from,
                to,
            },
        ),
        (
            ddl.alter_column,
            Ddl::AlterColumn {
                table: table(),
                from: number,
                to: required,
            },
        ),
        (
            ddl.create_index,
            Ddl::CreateIndex {
                table: table(),
                index,
            },
        ),
    ]
    .into_iter()
    .filter_map(|(is_claimed, change)| (!is_claimed).then_some(change))
    .collect();
    if refused.is_empty() {
        return skip("every change is claimed");
    }
    for change in refused {
        let what = format!("{change:?}");
        fails(
            &what,
            lab.instance.define(&[change]).await,
            Category::Unsupported,
        )?;
    }
    Ok(())
}
