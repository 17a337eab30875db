//! Runs the conformance suite on SQLite, through its ODBC driver.

mod support;

use std::process::ExitCode;

use quillback_conformance::{Exception, Quirks, Statements, Surroundings, Target};
use serde_json::json;

const NO_DECIMALS: &str = "SQLite makes floats of exact numbers, so that no such column is made";
const NO_WIDE_NAMES: &str = "the ODBC driver has no wide functions: the driver manager changes names beyond ASCII, so they are refused";
const SHORT_FLOATS: &str = "the ODBC driver hands floats over with 15 digits";
const LAST_PLANE: &str =
    "the ODBC driver mangles characters of the last plane, so they are refused";

const NO_QUOTES: &str =
    "the ODBC driver takes quotes and question marks in a name for its own, so they are refused";

const EXCEPTIONS: &[Exception] = &[
    known("types::floats_of_32_bits", SHORT_FLOATS),
    known("many::floats_of_32_bits", SHORT_FLOATS),
    known("types::floats_of_64_bits", SHORT_FLOATS),
    known("many::floats_of_64_bits", SHORT_FLOATS),
    known("types::texts_of_10_characters", LAST_PLANE),
    known("many::texts_of_10_characters", LAST_PLANE),
    known("types::texts_without_limit", LAST_PLANE),
    known("many::texts_without_limit", LAST_PLANE),
    known("identifiers::columns_may_have_any_name", NO_WIDE_NAMES),
    known("identifiers::tables_may_have_any_name", NO_WIDE_NAMES),
    known("identifiers::indexes_may_have_any_name", NO_WIDE_NAMES),
    known(
        "identifiers::columns_are_renamed_to_any_name",
        NO_WIDE_NAMES,
    ),
    known("ddl::a_column_is_renamed", NO_QUOTES),
    known("render::rendering_asks_no_table", NO_QUOTES),
    known("filters::every_kind_of_condition_works_alone", NO_DECIMALS),
    known("filters::random_conditions_mean_what_they_say", NO_DECIMALS),
    known("reads::smallest_and_largest_are_found", NO_DECIMALS),
    known("writes::a_sum_adds_to_the_value_in_the_row", NO_DECIMALS),
    known(
        "writes::a_column_that_is_not_given_gets_its_default",
        NO_DECIMALS,
    ),
    known("neighbours::values_written_by_others_are_read", NO_DECIMALS),
    known(
        "neighbours::values_are_written_as_others_read_them",
        NO_DECIMALS,
    ),
    known(
        "neighbours::a_table_that_was_made_anew_is_used_as_it_is_now",
        NO_DECIMALS,
    ),
    known("neighbours::a_column_added_by_others_is_used", NO_DECIMALS),
];

const fn known(case: &'static str, why: &'static str) -> Exception {
    Exception {
        case,
        why,
        fails: true,
    }
}

fn main() -> ExitCode {
    let target = Target {
        id: "odbc",
        options: |around: &Surroundings| {
            let driver = support::driver("SQLite3", "libsqlite3odbc.so")?;
            Some(json!({
                "dialect": "sqlite", "driver": driver, "database": around.file("conformance.sqlite"),
                "connection_string": "SyncPragma=OFF;JournalMode=WAL",
            }))
        },
        access: None,
        session: Some(support::open),
        statements: Statements {
            trigger: Some(trigger),
            loose_text: "VARCHAR(40) COLLATE NOCASE",
            instant: "'2024-02-29 12:34:56'",
            ..Statements::default()
        },
        quirks: Quirks {
            refuses_nan: true,
            single_writer: true,
            ..Quirks::default()
        },
    };
    quillback_conformance::main_except(quillback_driver_odbc::driver_plugin(), target, EXCEPTIONS)
}

fn trigger(table: &str, log: &str) -> Vec<String> {
    vec![format!(
        "CREATE TRIGGER {table}_log AFTER INSERT ON {table} BEGIN INSERT INTO {log} (n) VALUES (NEW.n); END"
    )]
}
