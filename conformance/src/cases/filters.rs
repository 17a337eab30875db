//! Conditions: every kind, three-valued logic, and texts searched literally, compared with an evaluation in plain Rust.

use anyhow::{Context, Result, ensure};
use quillback_plugin_api::batch::Expect;
use quillback_plugin_api::sql::{ColumnDef, Compare, Expr, Select, TextMatch};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::{Ident, TableRef, Value};

use crate::case::{Case, live};
use crate::lab::Lab;
use crate::oracle::{self, Row, Vocabulary, cents};
use crate::random::Random;
use crate::samples::can_create;
use crate::tables::{by_id, check, id, insert, n, read, t};
use crate::verify::{equal, short};

pub(crate) const CASES: &[Case] = &[
    live!(random_conditions_mean_what_they_say),
    live!(every_kind_of_condition_works_alone),
    live!(hostile_values_stay_values),
    live!(deeply_nested_conditions_work),
    live!(many_values_can_be_listed),
];

const SEED: u64 = 20_260_715;
const TREES: usize = 400;
const TREES_AT_ONCE: usize = 20;

struct Ground {
    table: TableRef,
    rows: Vec<Row>,
    others: Vec<Row>,
    vocabulary: Vocabulary,
}

fn name(name: &'static str) -> Ident {
    Ident::literal(name)
}

fn columns(has_bool: bool) -> Vec<(ColumnDef, Vec<Value>)> {
    let int = |bits| LogicalType::Int {
        bits,
        unsigned: false,
    };
    let numbers = || -> Vec<Value> { [-1, 0, 1, 2].map(Value::I64).into() };
    let texts = ["", "a", "A", "ab", "a%b", "a_b", "a\\b", "it's"].map(Value::from);
    let text = ColumnDef {
        exact_text: true,
        ..ColumnDef::optional(t(), LogicalType::text(40))
    };
    let mut columns = vec![
        (
            ColumnDef::optional(name("a"), LogicalType::INT64),
            numbers(),
        ),
        (ColumnDef::optional(name("b"), int(32)), numbers()),
        (
            ColumnDef::optional(name("d"), LogicalType::decimal(10, 2)),
            cents(),
        ),
        (text, texts.into()),
    ];
    if has_bool {
        let flag = ColumnDef::optional(name("f"), LogicalType::Bool);
        columns.push((flag, vec![true.into(), false.into()]));
    }
    columns
}

async fn ground(lab: &Lab, random: &mut Random) -> Result<Ground> {
    let mut columns = columns(can_create(lab, &LogicalType::Bool).await?);
    let mut defs = vec![ColumnDef::required(id(), LogicalType::INT64)];
    defs.extend(columns.iter().map(|(def, _)| def.clone()));
    let table = lab.create("ground", defs, &["id"]).await?;
    for (_, values) in &mut columns {
        values.push(Value::Null);
    }
    let mut rows = Vec::new();
    for key in 1..=24_i64 {
        let mut row = vec![(id(), Value::I64(key))];
        for (def, values) in &columns {
            row.push((def.name.clone(), random.pick(values).clone()));
        }
        rows.push(row);
    }
    write(lab, &table, &rows).await?;

    let other = lab.numbers("other", &[0, 1, 2]).await?;
    let null = insert(&other, &[id(), n()], &[vec![9.into(), Value::Null]])?;
    lab.commit(vec![null]).await?;
    let others = [(1, Some(0)), (2, Some(1)), (3, Some(2)), (9, None::<i64>)]
        .map(|(key, number): (i64, _)| vec![(id(), key.into()), (n(), number.into())]);
    let texts = columns.iter().filter(|(def, _)| def.name == t());
    let vocabulary = Vocabulary {
        texts: texts
            .map(|(def, values)| (def.name.clone(), values.clone()))
            .collect(),
        columns: columns
            .into_iter()
            .map(|(def, values)| (def.name, values))
            .collect(),
        others: other,
    };
    Ok(Ground {
        table,
        rows,
        others: others.into(),
        vocabulary,
    })
}

async fn write(lab: &Lab, table: &TableRef, rows: &[Row]) -> Result<()> {
    let names: Vec<_> = rows
        .iter()
        .flatten()
        .map(|(name, _)| name.clone())
        .collect();
    let width = rows.first().map_or(0, Vec::len);
    let values: Vec<Vec<_>> = rows
        .iter()
        .map(|row| row.iter().map(|(_, value)| value.clone()).collect())
        .collect();
    lab.commit(vec![insert(
        table,
        names.get(..width).unwrap_or_default(),
        &values,
    )?])
    .await?;
    Ok(())
}

/// The keys of the rows that hold the condition, by the oracle.
fn wanted(ground: &Ground, condition: &Expr) -> Result<Vec<i64>> {
    let mut keys = Vec::new();
    for row in &ground.rows {
        if oracle::holds(condition, row, &ground.others)? == Some(true) {
            keys.extend(row.first().and_then(|(_, key)| key.as_i64()));
        }
    }
    Ok(keys)
}

/// Reads and counts the rows of each condition in one batch, and compares with the oracle.
async fn agree(lab: &Lab, ground: &Ground, conditions: &[(String, Expr)]) -> Result<()> {
    let mut steps = Vec::new();
    for (_, condition) in conditions {
        steps.push(read(by_id(&ground.table, [id()], condition.clone())));
        steps.push(check(&ground.table, condition.clone(), Expect::Any));
    }
    let done = lab.commit(steps).await.with_context(|| {
        let names: Vec<_> = conditions.iter().map(|(name, _)| name.as_str()).collect();
        format!("conditions {}", names.join(", "))
    })?;
    for ((name, condition), outcome) in conditions.iter().zip(done.chunks(2)) {
        let wanted = wanted(ground, condition)?;
        let [rows, count] = outcome else {
            anyhow::bail!("the answer lacks steps")
        };
        let rows = rows
            .rows
            .as_ref()
            .context("the answer lacks rows")?
            .rows
            .to_rows();
        let found: Vec<_> = rows
            .iter()
            .filter_map(|row| row.first()?.as_i64())
            .collect();
        ensure!(
            found == wanted,
            "{name}: found {found:?}, wanted {wanted:?}, condition {condition:?}"
        );
        ensure!(
            count.found == wanted.len() as u64,
            "{name}: counted {}, condition {condition:?}",
            count.found
        );
    }
    Ok(())
}

async fn random_conditions_mean_what_they_say(lab: &Lab) -> Result<()> {
    let mut random = Random::new(SEED);
    let ground = ground(lab, &mut random).await?;
    let trees: Vec<_> = (0..TREES)
        .map(|tree| {
            (
                format!("seed {SEED} tree {tree}"),
                ground.vocabulary.condition(&mut random, 4),
            )
        })
        .collect();
    let telling = trees.iter().filter(|(_, tree)| {
        wanted(&ground, tree).is_ok_and(|keys| !keys.is_empty() && keys.len() < ground.rows.len())
    });
    ensure!(
        telling.count() > TREES / 3,
        "the random conditions hardly tell rows apart"
    );
    for some in trees.chunks(TREES_AT_ONCE) {
        agree(lab, &ground, some).await?;
    }
    Ok(())
}

/// Each kind of leaf, as it is and negated.
fn leaves(others: &TableRef) -> Vec<Expr> {
    let a = || name("a");
    let among = |values| Expr::In {
        column: a(),
        values,
    };
    let same = |value| Expr::Same { column: a(), value };
    let mut all = vec![
        Expr::True,
        Expr::False,
        Expr::And(vec![]),
        Expr::Or(vec![]),
        Expr::IsNull(a()),
        Expr::eq(&a(), Value::Null),
        same(Value::Null),
        same(1.into()),
        among(vec![]),
        among(vec![Value::Null]),
        among(vec![1.into()]),
        among(vec![1.into(), 2.into(), Value::Null]),
        matching(Value::Null, false),
        matching(Value::Null, true),
        matching("a".into(), false),
        matching("a".into(), true),
    ];
    let comparisons = [
        Compare::Eq,
        Compare::Ne,
        Compare::Lt,
        Compare::Le,
        Compare::Gt,
        Compare::Ge,
    ];
    all.extend(comparisons.map(|op| Expr::compare(&a(), op, 1)));
    for filter in [Expr::True, Expr::False, Expr::IsNull(n()).negate()] {
        let select = Box::new(Select::columns(others.clone(), [n()], filter));
        all.push(Expr::InSelect {
            column: a(),
            select,
        });
    }
    all
}

async fn every_kind_of_condition_works_alone(lab: &Lab) -> Result<()> {
    let ground = ground(lab, &mut Random::new(SEED)).await?;
    for leaf in leaves(&ground.vocabulary.others) {
        for condition in [leaf.clone(), leaf.clone().negate(), leaf.negate().negate()] {
            agree(lab, &ground, &[("alone".to_owned(), condition)]).await?;
        }
    }
    Ok(())
}

fn matching(text: Value, ignore_case: bool) -> Expr {
    Expr::Match {
        column: t(),
        how: TextMatch::Contains,
        ignore_case,
        text,
    }
}

async fn hostile_values_stay_values(lab: &Lab) -> Result<()> {
    let table = lab.pairs("hostile").await?;
    let texts = [
        "'; DROP TABLE x; --",
        "\\'; --",
        "\" OR 1=1",
        "${x}",
        "%s",
        "?",
        "$1",
        ":p1",
        "@P1",
        "/*",
        "0x41",
    ];
    let rows: Vec<_> = (1_i64..)
        .zip(texts)
        .map(|(key, text)| vec![key.into(), Value::from(text)])
        .collect();
    lab.commit(vec![insert(&table, &[id(), t()], &rows)?])
        .await?;
    for (key, text) in (1_i64..).zip(texts) {
        let found = lab
            .rows(by_id(&table, [id(), t()], Expr::eq(&t(), text)))
            .await?;
        equal(text, found, vec![vec![key.into(), text.into()]])?;
    }
    Ok(())
}

async fn deeply_nested_conditions_work(lab: &Lab) -> Result<()> {
    let table = lab.numbers("deep", &[1, 2]).await?;
    let deep = (0..60).fold(Expr::eq(&n(), 1), |inner, level| match level % 3 {
        0 => inner.negate(),
        1 => Expr::And(vec![inner, Expr::True]),
        _ => Expr::Or(vec![inner, Expr::False]),
    });
    // Sixty levels negate twenty times, which is an even number.
    let found = lab.rows(by_id(&table, [id()], deep.clone())).await?;
    equal("rows", found, vec![vec![Value::I64(1)]])?;
    let wide = Expr::Or((0..200).map(|number| Expr::eq(&n(), number)).collect());
    let found = lab.rows(by_id(&table, [id()], wide)).await?;
    equal("rows of a wide condition", found.len(), 2).with_context(|| short(&deep))
}

async fn many_values_can_be_listed(lab: &Lab) -> Result<()> {
    let table = lab.numbers("listed", &[5, 500, 50_000]).await?;
    let most = match lab.capabilities.max_params {
        0 => 2_000,
        most => i64::from(most).min(2_000),
    };
    let values = (0..most).map(Value::I64).collect();
    let found = lab
        .rows(by_id(
            &table,
            [n()],
            Expr::In {
                column: n(),
                values,
            },
        ))
        .await?;
    let wanted = if most > 500 { vec![5, 500] } else { vec![5] };
    equal(
        "rows",
        found,
        wanted.into_iter().map(|n: i64| vec![n.into()]).collect(),
    )
}
