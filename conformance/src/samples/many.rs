//! Many rows of one type in one insert: a driver's quicker way of sending them must not change a value.

use anyhow::{Result, ensure};
use quillback_plugin_api::Value;
use quillback_plugin_api::sql::Expr;

use super::{Sample, as_read, is_kept, typed_table, v};
use crate::lab::Lab;
use crate::tables::{by_id, id, insert};
use crate::verify::{equal, short};

/// More than any driver sends in its usual way.
const ROWS: i64 = 600;
/// Longer values would make long work of so many rows.
const MOST_BYTES: usize = 200;

/// Takes the values of `sample` through a table, all rows at once.
pub(crate) async fn check_many(lab: &Lab, sample: &'static Sample) -> Result<()> {
    let (table, ty) = typed_table(lab, &(sample.ty)()).await?;
    let mut values = (sample.good)(&ty, &lab.target.quirks);
    values.push(Value::Null);
    values.retain(|value| match value {
        Value::Text(text) | Value::Json(text) => text.len() <= MOST_BYTES,
        Value::Bytes(bytes) => bytes.len() <= MOST_BYTES,
        _ => true,
    });
    let rows: Vec<_> = (0..ROWS)
        .zip(values.iter().cycle())
        .map(|(key, value)| vec![key.into(), value.clone()])
        .collect();
    lab.commit(vec![insert(&table, &[id(), v()], &rows)?])
        .await?;
    let found = lab.rows(by_id(&table, [id(), v()], Expr::True)).await?;
    equal("the number of rows", found.len(), rows.len())?;
    for (found, sent) in found.iter().flatten().zip(rows.iter().flatten()) {
        ensure!(
            is_kept(lab, found, &as_read(sent, &ty)),
            "{} came back as {}",
            short(sent),
            short(found)
        );
    }
    Ok(())
}
