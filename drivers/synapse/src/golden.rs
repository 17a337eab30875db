//! Every form of statement, compared with `tests/golden/statements.sql`.

use std::path::Path;

use quillback_conformance::{Golden, sqlparser::dialect::MsSqlDialect as Grammar};

use crate::define::in_usual_layout;
use crate::dialect::DIALECT;

#[test]
fn every_form_of_statement_is_as_reviewed() {
    let golden = Golden {
        dialect: &DIALECT,
        changes: Some(&in_usual_layout),
        file: Path::new(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/golden/statements.sql"
        )),
        grammar: &Grammar {},
        beyond_grammar: &["widen a column"],
        foreign: &[
            "LIMIT",
            "OFFSET",
            "OUTPUT",
            "RETURNING",
            "UPDLOCK",
            "MERGE",
            "ROWCOUNT",
            "SCOPE_IDENTITY",
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
