//! Runs the conformance suite against this driver, linked and loaded.

use std::process::ExitCode;

use quillback_conformance::{Exception, Quirks, Statements, Target};
use serde_json::json;

const fn except(case: &'static str, why: &'static str) -> Exception {
    Exception {
        case,
        why,
        fails: true,
    }
}

const LEVEL: &str = "Snowflake: READ COMMITTED is the only isolation level";

const fn slow(case: &'static str) -> Exception {
    Exception {
        case,
        why: "stand-in: it takes seconds for each thousand rows; the time is not enough",
        fails: false,
    }
}

const NO_OFFSETS: &str = "stand-in: its engine keeps the moment and forgets the offset";
const MICROSECONDS: &str = "stand-in: its engine keeps microseconds";

/// What cannot hold on Snowflake, and what does not hold on the stand-in.
const EXCEPTIONS: &[Exception] = &[
    except("batch::every_isolation_level_runs", LEVEL),
    except("concurrency::a_repeatable_read_sees_one_state", LEVEL),
    except(
        "filters::deeply_nested_conditions_work",
        "stand-in: its parser runs out of stack (RecursionError)",
    ),
    slow("stream::a_hundred_thousand_rows_take_little_memory"),
    except("types::instants_with_an_offset", NO_OFFSETS),
    except("many::instants_with_an_offset", NO_OFFSETS),
    except("types::timestamps_with_nanoseconds", MICROSECONDS),
    except("many::timestamps_with_nanoseconds", MICROSECONDS),
];

fn main() -> ExitCode {
    let target = Target {
        id: "snowflake",
        options: |around| {
            let server = around.server(8084)?;
            Some(json!({
                "endpoint": format!("http://{}:{}", server.host, server.port),
                "account": "quillback", "user": server.user, "password": "none", "database": server.database,
                "retry_ms": 0,
            }))
        },
        access: None,
        session: None,
        statements: Statements::default(),
        quirks: Quirks {
            reformats_json: true,
            keeps_nul: true,
            ..Quirks::default()
        },
    };
    quillback_conformance::main_except(
        quillback_driver_snowflake::driver_plugin(),
        target,
        EXCEPTIONS,
    )
}
