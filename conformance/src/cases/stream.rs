//! Results read in pieces.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use quillback_plugin_api::sql::{ColumnDef, Expr, Select};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::{TableRef, Value};

use crate::case::{Case, STREAMING, live};
use crate::lab::Lab;
use crate::tables::{by_id, id, insert, n, set_n, t};
use crate::verify::equal;

pub(crate) const CASES: &[Case] = &[
    live!(pieces_make_the_whole_result),
    live!(a_stream_of_nothing_ends_at_once),
    live!(every_size_of_result_is_whole),
    live!(values_are_those_of_a_read),
    live!(large_rows_come_in_small_pieces, STREAMING),
    live!(a_dropped_stream_gives_its_connection_back),
    live!(a_dropped_piece_ends_the_stream),
    live!(a_read_to_the_end_gives_its_connection_back),
    live!(streams_run_side_by_side),
    live!(a_write_goes_on_beside_a_stream),
    live!(a_hundred_thousand_rows_take_little_memory, STREAMING),
];

async fn filled(lab: &Lab, rows: i64) -> Result<TableRef> {
    let table = lab.pairs("streamed").await?;
    let rows: Vec<_> = (0..rows)
        .map(|key| vec![key.into(), (key * 2).into()])
        .collect();
    lab.commit(vec![insert(&table, &[id(), n()], &rows)?])
        .await?;
    Ok(table)
}

async fn keys(lab: &Lab, select: &Select) -> Result<(Vec<i64>, usize)> {
    let mut stream = lab.instance.stream(select).await?;
    let (mut keys, mut pieces) = (Vec::new(), 0);
    while let Some(piece) = stream.next().await? {
        ensure!(!piece.is_empty(), "a piece without rows");
        pieces += 1;
        keys.extend(
            piece
                .to_rows()
                .iter()
                .filter_map(|row| row.first()?.as_i64()),
        );
    }
    ensure!(
        stream.next().await?.is_none(),
        "a stream goes on after its end"
    );
    Ok((keys, pieces))
}

async fn pieces_make_the_whole_result(lab: &Lab) -> Result<()> {
    let table = filled(lab, 12_345).await?;
    let (found, pieces) = keys(lab, &by_id(&table, [id(), n()], Expr::True)).await?;
    ensure!(
        found.iter().copied().eq(0..12_345),
        "the rows are not those of the table in order"
    );
    if lab.capabilities.streaming {
        ensure!(pieces > 3, "12,345 rows came in {pieces} pieces");
    }
    Ok(())
}

async fn a_stream_of_nothing_ends_at_once(lab: &Lab) -> Result<()> {
    let table = lab.pairs("nothing").await?;
    let stream = lab
        .instance
        .stream(&by_id(&table, [n(), id()], Expr::True))
        .await?;
    let names: Vec<_> = stream
        .columns()
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    equal("headings", names, vec!["n", "id"])?;
    drop(stream);
    equal(
        "rows",
        keys(lab, &by_id(&table, [id()], Expr::True)).await?,
        (Vec::new(), 0),
    )
}

async fn every_size_of_result_is_whole(lab: &Lab) -> Result<()> {
    let table = filled(lab, 2_100).await?;
    for size in [
        0, 1, 2, 999, 1_000, 1_001, 1_023, 1_024, 1_025, 2_000, 2_001, 2_100,
    ] {
        let select = Select {
            limit: Some(size),
            ..by_id(&table, [id()], Expr::True)
        };
        let (found, _) = keys(lab, &select).await?;
        ensure!(
            found.iter().copied().eq(0..i64::try_from(size)?),
            "{size} rows: found {}",
            found.len()
        );
    }
    Ok(())
}

async fn values_are_those_of_a_read(lab: &Lab) -> Result<()> {
    let table = lab.pairs("values").await?;
    let rows = [
        vec![1.into(), Value::Null, "🚀 x".into()],
        vec![2.into(), i64::MIN.into(), "".into()],
        vec![3.into(), 0.into(), Value::Null],
        vec![4.into(), i64::MAX.into(), "x".repeat(200).into()],
    ];
    lab.commit(vec![insert(&table, &[id(), n(), t()], &rows)?])
        .await?;
    let select = by_id(&table, [id(), n(), t()], Expr::True);
    let mut stream = lab.instance.stream(&select).await?;
    let mut found = Vec::new();
    while let Some(piece) = stream.next().await? {
        found.extend(piece.to_rows());
    }
    equal("streamed rows", &found, &rows.to_vec())?;
    equal("read rows", lab.rows(select).await?, found)
}

async fn large_rows_come_in_small_pieces(lab: &Lab) -> Result<()> {
    let columns = vec![
        ColumnDef::required(id(), LogicalType::INT64),
        ColumnDef::required(t(), LogicalType::Text { length: None }),
    ];
    let table = lab.create("large", columns, &["id"]).await?;
    let text = "é".repeat(150_000);
    for key in 0..40_i64 {
        let row = vec![key.into(), text.as_str().into()];
        lab.commit(vec![insert(&table, &[id(), t()], &[row])?])
            .await?;
    }
    let mut stream = lab
        .instance
        .stream(&by_id(&table, [id(), t()], Expr::True))
        .await?;
    let mut rows = 0;
    while let Some(piece) = stream.next().await? {
        let size = piece.bytes().len();
        ensure!(
            size < 3_000_000,
            "a piece has {size} bytes in {} rows",
            piece.len()
        );
        for row in piece.to_rows() {
            equal(
                "the text of a large row",
                row.get(1).and_then(Value::as_text) == Some(&text),
                true,
            )?;
            rows += 1;
        }
    }
    equal("rows", rows, 40)
}

async fn a_dropped_stream_gives_its_connection_back(lab: &Lab) -> Result<()> {
    let table = filled(lab, 20_000).await?;
    for round in 0..40 {
        let mut stream = lab
            .instance
            .stream(&by_id(&table, [id(), n()], Expr::True))
            .await?;
        for _ in 0..round % 3 {
            stream.next().await?;
        }
        drop(stream);
    }
    let count = tokio::time::timeout(Duration::from_secs(20), lab.count(&table));
    equal(
        "rows",
        count.await.context("no connection is left")??,
        20_000,
    )?;
    lab.commit(vec![set_n(&table, 1, 0)]).await?;
    Ok(())
}

async fn a_dropped_piece_ends_the_stream(lab: &Lab) -> Result<()> {
    let table = filled(lab, 20_000).await?;
    for round in 0..20 {
        let mut stream = lab
            .instance
            .stream(&by_id(&table, [id(), n()], Expr::True))
            .await?;
        let _ = tokio::time::timeout(Duration::from_micros(round * 30), stream.next()).await;
    }
    let count = tokio::time::timeout(Duration::from_secs(20), lab.count(&table));
    equal(
        "rows",
        count.await.context("no connection is left")??,
        20_000,
    )
}

async fn a_read_to_the_end_gives_its_connection_back(lab: &Lab) -> Result<()> {
    let table = filled(lab, 10).await?;
    let mut ended = Vec::new();
    for _ in 0..40 {
        let mut stream = lab
            .instance
            .stream(&by_id(&table, [id()], Expr::True))
            .await?;
        while stream.next().await?.is_some() {}
        // The stream itself is kept: its end alone must free the connection.
        ended.push(stream);
    }
    let count = tokio::time::timeout(Duration::from_secs(20), lab.count(&table));
    equal("rows", count.await.context("no connection is left")??, 10)
}

async fn streams_run_side_by_side(lab: &Lab) -> Result<()> {
    let table = filled(lab, 3_000).await?;
    let select = by_id(&table, [id()], Expr::True);
    let (mut one, mut two) = (
        lab.instance.stream(&select).await?,
        lab.instance.stream(&select).await?,
    );
    let mut seen = BTreeSet::new();
    let mut rows = 0;
    loop {
        let pieces = [one.next().await?, two.next().await?];
        if pieces.iter().all(Option::is_none) {
            break;
        }
        for piece in pieces.into_iter().flatten() {
            rows += piece.len();
            seen.extend(
                piece
                    .to_rows()
                    .iter()
                    .filter_map(|row| row.first()?.as_i64()),
            );
        }
    }
    equal("rows and keys", (rows, seen.len()), (6_000, 3_000))
}

async fn a_write_goes_on_beside_a_stream(lab: &Lab) -> Result<()> {
    let table = filled(lab, 20_000).await?;
    let mut stream = lab
        .instance
        .stream(&by_id(&table, [id(), n()], Expr::True))
        .await?;
    stream.next().await?.context("the first piece")?;
    let write = lab.commit(vec![set_n(&table, 19_999, -1)]);
    tokio::time::timeout(Duration::from_secs(20), write)
        .await
        .context("a stream keeps writers out")??;
    while stream.next().await?.is_some() {}
    Ok(())
}

/// Resident memory of this process in bytes; `None` where the system does not say.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim()
        .strip_suffix(" kB")?
        .trim()
        .parse::<u64>()
        .ok()
        .map(|kilobytes| kilobytes * 1024)
}

async fn a_hundred_thousand_rows_take_little_memory(lab: &Lab) -> Result<()> {
    const ROWS: i64 = 100_000;
    let Some(_) = resident() else {
        return crate::verify::skip("the system does not tell how much memory is used");
    };
    let columns = vec![
        ColumnDef::required(id(), LogicalType::INT64),
        ColumnDef::required(t(), LogicalType::text(600)),
    ];
    let table = lab.create("long", columns, &["id"]).await?;
    let text = "0123456789".repeat(60);
    for start in (0..ROWS).step_by(5_000) {
        let rows: Vec<_> = (start..start + 5_000)
            .map(|key| vec![key.into(), text.as_str().into()])
            .collect();
        lab.commit(vec![insert(&table, &[id(), t()], &rows)?])
            .await?;
    }
    let select = by_id(&table, [id(), t()], Expr::True);
    let mut stream = lab.instance.stream(&select).await?;
    // Buffers that grow with the first piece do not count.
    let first = stream.next().await?.context("the first piece")?;
    let (mut rows, mut largest) = (first.len(), 0);
    let before = resident().unwrap_or(0);
    while let Some(piece) = stream.next().await? {
        rows += piece.len();
        largest = largest.max(resident().unwrap_or(0));
    }
    equal("rows", rows, usize::try_from(ROWS)?)?;
    let grown = largest.saturating_sub(before) / 1_000_000;
    ensure!(
        grown < 40,
        "reading 60 MB of rows in pieces took {grown} MB more"
    );
    Ok(())
}
