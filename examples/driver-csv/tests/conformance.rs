//! Runs the suite that every driver of Quillback runs, linked and loaded.

use std::process::ExitCode;

use quillback_conformance::{Quirks, Statements, Target};
use serde_json::json;

fn main() -> ExitCode {
    let target = Target {
        id: "csv",
        options: |around| {
            let folder = around.file("database");
            std::fs::create_dir_all(&folder).ok()?;
            Some(json!({ "folder": folder }))
        },
        // There is no server to be unreachable, and no other client that speaks SQL.
        access: None,
        session: None,
        statements: Statements::default(),
        quirks: Quirks {
            single_writer: true,
            ..Quirks::default()
        },
    };
    quillback_conformance::main(quillback_driver_csv::driver_plugin(), target)
}
