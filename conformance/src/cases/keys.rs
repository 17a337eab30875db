//! Keys that rows bring along for columns that the database else numbers.

use anyhow::Result;
use quillback_plugin_api::sql::Expr;

use super::writes::numbered;
use crate::case::{Case, GENERATED_KEY, live};
use crate::lab::Lab;
use crate::tables::{by_id, id, insert, n};
use crate::verify::equal;

pub(crate) const CASES: &[Case] = &[live!(
    rows_bring_keys_that_the_database_else_numbers,
    GENERATED_KEY
)];

/// As rows do that were deleted and come back.
async fn rows_bring_keys_that_the_database_else_numbers(lab: &Lab) -> Result<()> {
    let table = numbered(lab, "given").await?;
    for keys in [7..=7, 1_001..=1_600] {
        let rows: Vec<_> = keys.map(|key| vec![key.into(), (-key).into()]).collect();
        lab.commit(vec![insert(&table, &[id(), n()], &rows)?])
            .await?;
        let among = Expr::In {
            column: id(),
            values: rows.iter().filter_map(|row| row.first().cloned()).collect(),
        };
        let found = lab.rows(by_id(&table, [id(), n()], among)).await?;
        equal("the rows with their keys", found, rows)?;
    }
    lab.commit(vec![insert(&table, &[n()], &[vec![5.into()]])?])
        .await?;
    let numbered = lab.rows(by_id(&table, [id()], Expr::eq(&n(), 5))).await?;
    equal("rows that the database numbered", numbered.len(), 1)
}
