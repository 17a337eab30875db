//! Texts: searched literally, with and without regard to case, and compared byte by byte where that is asked for.

use anyhow::{Context, Result};
use quillback_plugin_api::sql::{ColumnDef, Expr, Select, TextMatch};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::{TableRef, Value};

use crate::case::{Case, live};
use crate::lab::Lab;
use crate::oracle::{self, Row};
use crate::tables::{by_id, id, insert, t};
use crate::verify::equal;

pub(crate) const CASES: &[Case] = &[
    live!(texts_are_searched_literally),
    live!(upper_and_lower_case_differ_unless_ignored),
    live!(an_empty_needle_is_in_every_text),
    live!(exact_texts_compare_byte_by_byte),
];

const TEXTS: &[&str] = &[
    "",
    "100%",
    "100",
    "a_b",
    "axb",
    "back\\slash",
    "backslash",
    "it's",
    "its",
    "[x]",
    "x",
    "a*b",
    "a?b",
    "?",
    "^a",
    "a$",
    "..",
    "%",
    "_",
    "\\",
    "\\%",
    "%%",
    "\\_",
    "''",
    "\"",
    "{}",
    "#",
    "-- ",
    "é",
    "e",
    "🚀 up",
    "up",
    "tab\there",
    "line\nbreak",
    "Case",
    "cASE",
    "~",
    "!",
    "!%",
];

async fn texts(lab: &Lab) -> Result<(TableRef, Vec<Row>)> {
    let table = lab.pairs("texts").await?;
    let mut rows: Vec<Row> = (1_i64..)
        .zip(TEXTS)
        .map(|(key, text)| vec![(id(), key.into()), (t(), (*text).into())])
        .collect();
    rows.push(vec![(id(), 1_000.into()), (t(), Value::Null)]);
    let cells: Vec<Vec<_>> = rows
        .iter()
        .map(|row| row.iter().map(|(_, cell)| cell.clone()).collect())
        .collect();
    lab.commit(vec![insert(&table, &[id(), t()], &cells)?])
        .await?;
    Ok((table, rows))
}

async fn search(
    lab: &Lab,
    (table, rows): &(TableRef, Vec<Row>),
    needles: &[&str],
    ignore_case: bool,
) -> Result<()> {
    for needle in needles {
        for how in [TextMatch::Contains, TextMatch::StartsWith] {
            let text = Value::from(*needle);
            let wanted: Vec<Vec<Value>> = rows
                .iter()
                .filter(|row| {
                    row.iter().any(|(_, cell)| {
                        oracle::matches(cell, how, ignore_case, &text) == Some(true)
                    })
                })
                .filter_map(|row| row.first().map(|(_, key)| vec![key.clone()]))
                .collect();
            let filter = Expr::Match {
                column: t(),
                how,
                ignore_case,
                text,
            };
            let found = lab.rows(by_id(table, [id()], filter)).await?;
            equal(
                &format!("{how:?} {needle:?}, ignoring case: {ignore_case}"),
                found,
                wanted,
            )?;
        }
    }
    Ok(())
}

async fn texts_are_searched_literally(lab: &Lab) -> Result<()> {
    search(lab, &texts(lab).await?, TEXTS, false).await
}

async fn upper_and_lower_case_differ_unless_ignored(lab: &Lab) -> Result<()> {
    let ground = texts(lab).await?;
    let words = ["case", "CASE", "Case", "A_B", "E", "é", "UP"];
    search(lab, &ground, &words, false).await?;
    search(lab, &ground, &words, true).await?;
    search(lab, &ground, &["%", "_", "\\", "'", "🚀"], true).await
}

async fn exact_texts_compare_byte_by_byte(lab: &Lab) -> Result<()> {
    let table = lab.create("exact", vec![key_column()], &["t"]).await?;
    let texts = [
        "a", "A", "a ", " a", "á", "a\u{301}", "ß", "ss", "SS", "\u{212b}", "\u{c5}", "z",
    ];
    let rows: Vec<_> = texts.iter().map(|text| vec![Value::from(*text)]).collect();
    lab.commit(vec![insert(&table, &[t()], &rows)?])
        .await
        .context("texts that differ are one key")?;
    for text in texts {
        let found = lab
            .rows(Select::columns(table.clone(), [t()], Expr::eq(&t(), text)))
            .await?;
        equal(
            &format!("rows equal to {text:?}"),
            found,
            vec![vec![text.into()]],
        )?;
    }
    let order = vec![crate::tables::ascending(&t())];
    let sorted = lab
        .rows(Select {
            order,
            ..Select::columns(table, [t()], Expr::True)
        })
        .await?;
    let mut wanted = texts;
    wanted.sort_unstable();
    equal(
        "the order",
        sorted,
        wanted.map(|text| vec![text.into()]).into(),
    )
}

fn key_column() -> ColumnDef {
    ColumnDef {
        exact_text: true,
        ..ColumnDef::required(t(), LogicalType::text(40))
    }
}

async fn an_empty_needle_is_in_every_text(lab: &Lab) -> Result<()> {
    let ground = texts(lab).await?;
    search(lab, &ground, &[""], false).await?;
    search(lab, &ground, &[""], true).await
}
