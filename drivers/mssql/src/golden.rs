//! Every form of statement, compared with `tests/golden/statements.sql`.

use std::path::Path;

use quillback_conformance::{Golden, sqlparser::dialect::MsSqlDialect as Grammar};

use crate::dialect::{DIALECT, changes};

#[test]
fn every_form_of_statement_is_as_reviewed() {
    let golden = Golden {
        dialect: &DIALECT,
        changes: Some(&changes),
        file: Path::new(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/golden/statements.sql"
        )),
        grammar: &Grammar {},
        beyond_grammar: &["widen a column"],
        foreign: &[
            "LIMIT",
            "RETURNING",
            "::",
            "ILIKE",
            "TRUE",
            "FALSE",
            "||",
            "BOOLEAN",
            "SERIAL",
        ],
    };
    golden.check().unwrap();
}
