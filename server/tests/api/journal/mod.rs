//! The journal under fire: servers are killed and connections cut at every point of a change while others write, and
//! afterwards target, books and deliveries agree in everything.
//!
//! `QUILLBACK_CRASH_SEED` repeats the choices of a run that found a difference.

mod books;
mod dice;
mod faults;
mod load;
mod proxy;
mod world;

use self::{dice::Dice, world::World};

/// Rounds on each pair of databases; six pairs make more than 200 rounds.
const ROUNDS: u32 = 36;

/// Which rounds end with the death of the server, besides those whose fault is one: what is lost is settled then, and
/// everything is compared.
const COMPARED_EVERY: u32 = 6;

async fn survive(target: &'static str, repository: &'static str) {
    let Some(mut world) = World::start(target, repository).await else {
        return;
    };
    let mut dice = Dice::new();
    let (mut reached, mut struck) = (0, 0);
    for round in 0..ROUNDS {
        let fault = world.faults().choose(&mut dice);
        let context = format!(
            "seed {}, round {round}, {fault:?}, {target} on {repository}",
            dice.seed()
        );
        let is_last = round + 1 == ROUNDS;
        let hit = world.round(&fault, &mut dice).await;
        struck += 1;
        reached += u32::from(hit);
        if fault.kills() || is_last || round % COMPARED_EVERY == COMPARED_EVERY - 1 {
            world.kill();
            world.compare(&context).await;
            world.restart();
            world.resend(&context).await;
        }
    }
    world.kill();
    world
        .compare(&format!(
            "seed {}, the end, {target} on {repository}",
            dice.seed()
        ))
        .await;
    let acknowledged = world.acknowledged();
    assert!(
        reached * 2 > struck,
        "most faults strike: {reached} of {struck}"
    );
    assert!(
        acknowledged > struck,
        "the load goes on between the faults: {acknowledged}"
    );
    world.remove().await;
}

/// One test for each pair, so that they run side by side.
macro_rules! pairs {
    ($($name:ident: $target:literal on $repository:literal;)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            survive($target, $repository).await;
        }
    )*};
}

pairs! {
    an_embedded_target_and_repository: "sqlite" on "sqlite";
    an_embedded_target: "sqlite" on "postgres";
    a_postgres_target: "postgres" on "sqlite";
    a_postgres_target_and_repository: "postgres" on "postgres";
    a_mysql_target: "mysql" on "sqlite";
    a_mysql_target_and_a_postgres_repository: "mysql" on "postgres";
}
