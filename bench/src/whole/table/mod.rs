//! The table that everything is measured on, with rows to edit and ids for new ones.

mod postgres;
mod sqlite;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use serde_json::{Value as Json, json};

use super::scenario;
use super::store::{After, Work, postgres as postgres_store, sqlite as sqlite_store};
use super::{Surroundings, Target};

/// The region that the user of the measurement may see, one of four.
pub(super) const REGION: &str = "north";

/// Rows of the region, spread over the table, that edits take in turn.
const SAMPLE: i64 = 50_000;

/// Nine of ten rows of the region come before this day; the table covers 3,000 days from 2020 on.
const DEEP_DUE: &str = "2027-06-01";

/// From which day on, and until before which, a bulk edit changes the rows of the region: of a million rows 9,685, a
/// few less than one change may have.
pub(super) const MANY_DAYS: (&str, &str) = ("2020-01-01", "2020-04-26");

/// Regions of which the user may see the rows in two scenarios: one is there.
pub(super) fn many_regions() -> Vec<String> {
    let others = (1..1_000).map(|number| format!("region {number}"));
    others.chain([REGION.to_owned()]).collect()
}

/// Rows that are put into the table with one statement.
const FILLED_AT_ONCE: u64 = 10_000;

/// A row to edit.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) id: String,
    pub(super) product: String,
}

/// The prepared table.
pub(super) struct Table {
    /// Where it is, as contenders are told.
    pub(super) place: Place,
    /// Rows to edit.
    pub(super) known: Arc<[Known]>,
    /// The row behind which a deep page starts.
    pub(super) deep: After,
    /// Rows that a bulk edit changes.
    pub(super) many: u64,
    /// Makes the ids of this run differ from those of any other.
    pub(super) nonce: u64,
    keeper: Keeper,
}

/// Where a table is.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// A schema of a PostgreSQL database, and an account that row security binds.
    Postgres {
        /// Address.
        url: String,
        /// Schema of the database.
        schema: String,
        /// Account.
        role: String,
    },
    /// A file.
    Sqlite(PathBuf),
}

/// What keeps the table in order and removes it at the end.
enum Keeper {
    Postgres(Box<postgres::Keeper>),
    Sqlite(sqlite::Keeper),
}

impl Place {
    /// Driver and options of a connection to it.
    pub(super) fn connection(&self) -> (&'static str, Json) {
        match self {
            Self::Postgres { url, schema, .. } => {
                // The bare servers and the peers do not encrypt either.
                let options = json!({ "url": url, "schema": schema, "tls": "disable" });
                ("postgres", options)
            }
            Self::Sqlite(path) => ("sqlite", json!({ "path": path })),
        }
    }
}

impl Table {
    /// Makes the table with `rows` rows.
    pub(super) async fn prepare(
        surroundings: &Surroundings,
        target: Target,
        rows: u32,
    ) -> Result<Self> {
        match target {
            Target::Postgres => postgres::prepare(surroundings, rows).await,
            Target::Sqlite => sqlite::prepare(rows),
        }
    }

    /// Rows of the region on the days of a bulk edit, of so many in the table.
    fn many_of(rows: u32) -> u64 {
        let is_one = |number: &u32| number.is_multiple_of(4) && number % 3_000 < 116;
        (1..=rows).filter(is_one).count() as u64
    }

    /// An empty PostgreSQL database for Quillback's own records.
    pub(super) async fn make_repository(&self) -> Result<String> {
        match &self.keeper {
            Keeper::Postgres(keeper) => keeper.make_repository().await,
            Keeper::Sqlite(_) => anyhow::bail!(
                "with a target in SQLite the repository is in SQLite too; leave --repository out"
            ),
        }
    }

    /// Adds the first `count` new rows of a run, for it to remove them.
    pub(super) async fn fill(&self, run: u64, count: u64) -> Result<()> {
        let rows = |from: u64| {
            let numbers = from..(from + FILLED_AT_ONCE).min(count);
            numbers.map(|number| scenario::row(Self::new_id(self.nonce, run, number), number))
        };
        let chunks = (0..count).step_by(usize::try_from(FILLED_AT_ONCE)?);
        match &self.place {
            Place::Postgres { url, schema, .. } => {
                let session = postgres_store::Session::open(url, schema, None).await?;
                for from in chunks {
                    session.run(&Work::Add(rows(from).collect())).await?;
                }
            }
            Place::Sqlite(path) => {
                let session = sqlite_store::Session::open(path)?;
                for from in chunks {
                    session.run(&Work::Add(rows(from).collect()))?;
                }
            }
        }
        Ok(())
    }

    /// Removes what the last run left behind for later ones to stumble over.
    pub(super) async fn tidy(&self) -> Result<()> {
        match &self.keeper {
            Keeper::Postgres(keeper) => keeper.tidy().await,
            Keeper::Sqlite(keeper) => keeper.tidy(),
        }
    }

    /// Removes the table.
    pub(super) async fn remove(self) -> Result<()> {
        match self.keeper {
            Keeper::Postgres(keeper) => keeper.remove().await,
            Keeper::Sqlite(_) => Ok(()),
        }
    }

    /// An id that no row has: of the run and the number in it.
    pub(super) fn new_id(nonce: u64, run: u64, number: u64) -> String {
        let high = mix(nonce ^ run.rotate_left(32));
        let low = mix(high ^ number);
        let id = (u128::from(high) << 64) | u128::from(low);
        // Marked as random (version 4), so that whoever checks the form is content.
        let id = (id & !(0xF << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
        let digits = format!("{id:032x}");
        let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
        let parts = [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)];
        parts.map(|(from, to)| part(from, to)).join("-")
    }
}

/// Spreads numbers over all 64 bits, no two to the same place (splitmix64, <https://prng.di.unimi.it/splitmix64.c>).
fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
