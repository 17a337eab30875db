//! The raw limit: the same statements through the client library alone, prepared, one commit each.

use std::sync::Arc;

use anyhow::Result;

use super::load::{Plan, Timed, Times, drive};
use super::scenario::{Scenario, work};
use super::store::{postgres, sqlite};
use super::table::{Place, Table};

/// Runs a scenario. On a server each caller has a connection of its own; a file is written by one caller.
pub(super) async fn run(scenario: Scenario, table: &Table, run: u64, plan: Plan) -> Result<Timed> {
    let work = Arc::new(work(scenario, table, run));
    match &table.place {
        Place::Postgres { url, schema, .. } => {
            drive(plan, |counter| {
                let work = Arc::clone(&work);
                async move {
                    let session = postgres::Session::open(url, schema, None).await?;
                    Ok(move |times: Times| async move {
                        let mut times = times;
                        while let Some(number) = times.next(&counter) {
                            let work = work(number);
                            times.begin(number).await;
                            session.run(&work).await?;
                            times.stop();
                        }
                        Ok(times)
                    })
                }
            })
            .await
        }
        Place::Sqlite(path) => {
            let alone = Plan {
                concurrency: 1,
                ..plan
            };
            drive(alone, |counter| {
                let work = Arc::clone(&work);
                async move {
                    let session = sqlite::Session::open(path)?;
                    Ok(move |mut times: Times| async move {
                        let blocking = move || -> Result<Times> {
                            while let Some(number) = times.next(&counter) {
                                let work = work(number);
                                times.start();
                                session.run(&work)?;
                                times.stop();
                            }
                            Ok(times)
                        };
                        tokio::task::spawn_blocking(blocking).await?
                    })
                }
            })
            .await
        }
    }
}
