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

const fn slow(case: &'static str) -> Exception {
    Exception {
        case,
        why: "emulator: it runs one statement at a time, to its end, and stops none; the time is not enough",
        fails: false,
    }
}

const NAMES: &str = "BigQuery: names have letters, digits and underscores";
const REQUIRED: &str = "BigQuery: a column that is there never becomes required";
const DIGITS: &str = "emulator: its engine has decimals of 38 digits in all, BigQuery of 38 on each side of the point";

/// What cannot hold on BigQuery, and what does not hold on the emulator.
const EXCEPTIONS: &[Exception] = &[
    except(
        "cancel::a_deadline_stops_a_long_batch",
        "BigQuery: a script has a megabyte of text, sixty thousand steps have more",
    ),
    slow("cancel::dropped_reads_do_not_use_connections_up"),
    slow("concurrency::a_reader_sees_all_of_a_batch_or_nothing"),
    slow("stream::a_hundred_thousand_rows_take_little_memory"),
    except(
        "ddl::a_column_becomes_optional_and_required_again",
        REQUIRED,
    ),
    except("ddl::a_column_is_renamed", NAMES),
    except("ddl::a_column_with_nulls_cannot_become_required", REQUIRED),
    except(
        "ddl::a_required_column_with_a_default_is_added_to_rows",
        REQUIRED,
    ),
    except(
        "filters::deeply_nested_conditions_work",
        "emulator: its parser runs out of stack (HTTP 500, internalError)",
    ),
    except("identifiers::columns_are_renamed_to_any_name", NAMES),
    except("identifiers::columns_may_have_any_name", NAMES),
    except("identifiers::tables_may_have_any_name", NAMES),
    except(
        "identifiers::the_longest_name_is_kept",
        "emulator: it takes tables of 128 characters (invalid)",
    ),
    except("many::decimals_of_18_digits", DIGITS),
    except("many::decimals_of_38_digits", DIGITS),
    except("many::decimals_of_38_fractional_digits", DIGITS),
    except("many::decimals_of_38_whole_digits", DIGITS),
    except("many::decimals_of_65_digits", DIGITS),
    except("many::unsigned_64_bits", DIGITS),
    except("types::decimals_of_38_digits", DIGITS),
    except("types::decimals_of_38_fractional_digits", DIGITS),
    except("types::decimals_of_65_digits", DIGITS),
];

fn main() -> ExitCode {
    let target = Target {
        id: "bigquery",
        options: |around| {
            let server = around.server(9050)?;
            Some(json!({
                "endpoint": format!("http://{}:{}", server.host, server.port),
                "project": "quillback", "dataset": server.database, "authentication": "none", "retry_ms": 0,
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
        quillback_driver_bigquery::driver_plugin(),
        target,
        EXCEPTIONS,
    )
}
