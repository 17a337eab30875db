//! One story for each driver and server: what people do with rows, through the real program and the real plugin.
//!
//! Where a story happens is in the driver's `live.toml`, so that a new driver touches no file here. `QUILLBACK_RECORD`
//! names a folder that gets a note of each step, for the table of drivers.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    clippy::print_stderr,
    clippy::disallowed_methods,
    unreachable_pub,
    reason = "a test fails by panicking, and finds its database through the environment"
)]

mod book;
#[path = "../api/support/client.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod client;
mod many;
mod numbers;
mod peer;
mod place;
#[path = "../api/support/program.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod program;
mod rights;
mod rows;
mod tables;
mod world;

use std::{process::ExitCode, time::Duration};

use libtest_mimic::{Arguments, Completion, Failed, Trial};

use book::{Book, Step};
use place::Place;
use world::World;

/// Longest time that a request may take; nothing comes near it unless it hangs.
const PATIENCE: Duration = Duration::from_mins(2);

/// What happens once there is a table. No step needs what an earlier one left behind.
const STEPS: &[Step] = &[
    Step::new("add rows", |world| Box::pin(rows::add(world))),
    Step::new("page", |world| Box::pin(rows::page(world))),
    Step::new("edit", |world| Box::pin(rows::edit_step(world))),
    Step::new("conflict", |world| Box::pin(rows::conflict(world))),
    Step::new("delete", |world| Box::pin(rows::delete(world))),
    Step::new("send twice", |world| Box::pin(rows::send_twice(world))),
    Step::new("exact numbers", |world| Box::pin(numbers::exact(world))),
    Step::new("bulk add", |world| Box::pin(many::add(world))),
    Step::new("bulk edit", |world| Box::pin(many::edit(world))),
    Step::new("row-level security", |world| {
        Box::pin(rights::row_level_security(world))
    }),
    Step::new("history", |world| Box::pin(many::history(world))),
    Step::new("roll-back", |world| Box::pin(many::roll_back(world))),
    Step::new("add a field", |world| Box::pin(tables::add_field(world))),
    Step::new("remove the table", |world| Box::pin(tables::remove(world))),
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for place in place::all() {
        let name = format!("{}::{}", place.driver, place.name);
        trials.push(Trial::ignorable_test(name, move || told(&place)));
    }
    trials.push(Trial::test("every_driver_has_a_place", || {
        let without = place::drivers_without();
        if without.is_empty() {
            return Ok(());
        }
        Err(format!("no live.toml names a place: {}", without.join(", ")).into())
    }));
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn told(place: &Place) -> Result<Completion, Failed> {
    let reached = match place.reach() {
        Ok(reached) => reached,
        Err(place::Missing::Left(reason)) => return Ok(Completion::ignored_with(reason)),
        Err(place::Missing::Required(reason)) => return Err(reason.into()),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let mut book = Book::new(place);
    runtime.block_on(async {
        let Some(start) = book.groundwork("sign in", world::sign_in(place)).await else {
            return;
        };
        let connection = world::connect(&start, place, reached.options());
        let Some((connection, server)) = book.groundwork("connect", connection).await else {
            return;
        };
        book.server = Some(server);
        let fields = tables::fields();
        let table = tables::Table::make(&start.admin, &connection, &fields);
        let Some(table) = book.groundwork("make a table", table).await else {
            return;
        };
        let world = World {
            admin: start.admin.clone(),
            ann: start.ann.clone(),
            connection,
            table,
        };
        for step in STEPS {
            book.step(step, &world).await;
        }
    });
    book.close()?;
    Ok(Completion::Completed)
}

/// Waits, but not for ever.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .expect("it should have happened by now")
}
