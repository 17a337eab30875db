//! Random policies, entitlements, rights, conditions and rows: everything that is done with them must come out as an
//! oracle says that is written in plain Rust. `CONTRIBUTING.md` says how to run more of it and how to run one again.

mod filter;
mod oracle;
mod past;
mod random;
mod setting;
mod shrink;
mod stage;
mod value;
mod world;

use random::Dice;
use setting::Stage;

use world::Table;

use crate::support::Kind;

/// How many deeds are compared on each database when the environment does not ask for more.
const CASES: usize = 3_600;
const SEED: u64 = 20_261_125;

#[expect(
    clippy::disallowed_methods,
    reason = "tests are told how much to do by the environment"
)]
fn number<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok()?.parse().ok()
}

async fn agree(kind: Kind) {
    if !Kind::at_hand().any(|at_hand| at_hand == kind) {
        return;
    }
    let stage = Stage::on(kind).await;
    if let Some(seed) = number("QUILLBACK_TEST_SEED") {
        play(&stage, kind, seed).await;
        return;
    }
    let wanted = number("QUILLBACK_TEST_CASES").unwrap_or(CASES);
    let mut seeds = Dice(SEED);
    let mut compared = 0;
    while compared < wanted {
        compared += play(&stage, kind, seeds.next()).await;
    }
}

/// Plays one world, and shows the smallest one of its kind that fails when it does.
async fn play(stage: &Stage, kind: Kind, seed: u64) -> usize {
    let world = random::world(seed);
    if kind == Kind::Mssql && world.table == Table::Numbered {
        // The server tells a key only within the request that made it, so that rows cannot be added under row rules.
        return 0;
    }
    match stage.play(&world).await {
        Ok(compared) => compared,
        Err(fault) => {
            let (world, text) = shrink::smallest(stage, world, *fault).await;
            panic!("QUILLBACK_TEST_SEED={seed} on {kind:?}\n{world:#?}\n{text}")
        }
    }
}

#[tokio::test]
async fn the_embedded_database_agrees_with_the_oracle() {
    agree(Kind::Sqlite).await;
}

#[tokio::test]
async fn postgres_agrees_with_the_oracle() {
    agree(Kind::Postgres).await;
}

#[tokio::test]
async fn mysql_agrees_with_the_oracle() {
    agree(Kind::Mysql).await;
}

#[tokio::test]
async fn sql_server_agrees_with_the_oracle() {
    agree(Kind::Mssql).await;
}
