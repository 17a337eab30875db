//! Runs the conformance suite against this driver, linked and loaded: at `QUILLBACK_TEST_REDSHIFT_URL`, or at a stand-in
//! before the `PostgreSQL` of `QUILLBACK_TEST_POSTGRES_URL`.

#[expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by a panic"
)]
mod peer;
#[expect(clippy::expect_used, reason = "a test fails by a panic")]
mod place;

use std::process::ExitCode;

use quillback_conformance::{Access, Exception, Quirks, Session, Statements, Target};
use serde_json::{Value, json};

const fn except(case: &'static str, why: &'static str) -> Exception {
    Exception {
        case,
        why,
        fails: true,
    }
}

const LONGER: &str = "Redshift: a column that is there becomes a longer text, and nothing else";
const LARGE: &str = "Redshift: the longest text has 65535 bytes";
const LOCKS: &str =
    "Redshift: there are no locks of rows, with which this case looks who holds one";

/// What cannot hold on Redshift, and what does not hold on the stand-in.
const EXCEPTIONS: &[Exception] = &[
    except("ddl::a_decimal_column_is_widened", LONGER),
    except("ddl::a_whole_number_column_is_widened", LONGER),
    except("ddl::a_column_becomes_optional_and_required_again", LONGER),
    except("ddl::a_column_with_nulls_cannot_become_required", LONGER),
    except(
        "ddl::types_settle_after_one_round",
        "Redshift: lengths are bytes; a text of n characters becomes 4n of them, and reads as a text of up to 4n",
    ),
    except(
        "errors::a_violated_check_is_told_apart",
        "Redshift: there are no checks",
    ),
    Exception {
        case: "outage::a_connection_lost_during_a_batch_says_so",
        why: LOCKS,
        fails: false,
    },
    except("stream::large_rows_come_in_small_pieces", LARGE),
    except("types::texts_without_limit", LARGE),
    except(
        "identifiers::the_longest_name_is_kept",
        "stand-in: names have 63 bytes",
    ),
];

fn main() -> ExitCode {
    let target = Target {
        id: "redshift",
        options: |_| place::options(),
        access: Some(Access {
            host: "host",
            port: "port",
            password: "password",
            hurry: |options| options["connect_timeout_ms"] = json!(1_000),
        }),
        session: Some(open),
        statements: Statements {
            computed_column: None,
            ..Statements::default()
        },
        quirks: Quirks {
            reformats_json: true,
            single_writer: true,
            ..Quirks::default()
        },
    };
    quillback_conformance::main_except(
        quillback_driver_redshift::driver_plugin(),
        target,
        EXCEPTIONS,
    )
}

struct Beside {
    runtime: tokio::runtime::Runtime,
    client: tokio_postgres::Client,
}

/// Another client than the driver's own, so that a fault of the one is not hidden by the same fault of the other.
fn open(options: &Value) -> Result<Box<dyn Session>, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let client = runtime.block_on(place::client(options));
    let client = client.map_err(|error| error.to_string())?;
    Ok(Box::new(Beside { runtime, client }))
}

impl Session for Beside {
    fn run(&mut self, sql: &str) -> Result<(), String> {
        self.runtime
            .block_on(self.client.batch_execute(sql))
            .map_err(|error| format!("{error:?}"))
    }
}
