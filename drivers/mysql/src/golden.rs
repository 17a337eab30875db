//! Every form of statement, compared with `tests/golden/statements.sql`.

use std::path::Path;

use quillback_conformance::{Golden, sqlparser::dialect::MySqlDialect as Grammar};

use crate::capabilities::Flavor;
use crate::dialect::MySqlDialect;

#[test]
fn every_form_of_statement_is_as_reviewed() {
    let flavor = Flavor::parse("8.0.36");
    let golden = Golden {
        dialect: &MySqlDialect { flavor },
        changes: None,
        file: Path::new(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/golden/statements.sql"
        )),
        grammar: &Grammar {},
        beyond_grammar: &[],
        foreign: &[
            "ILIKE",
            "TOP",
            "FETCH",
            "::",
            "MERGE",
            "RETURNING",
            "NULLS",
            "||",
        ],
    };
    golden.check().unwrap();
}
