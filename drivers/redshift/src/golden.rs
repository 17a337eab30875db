//! Every form of statement, compared with `tests/golden/statements.sql`.

use std::path::Path;

use quillback_conformance::{Golden, sqlparser::dialect::RedshiftSqlDialect as Grammar};

use crate::dialect::Redshift;

#[test]
fn every_form_of_statement_is_as_reviewed() {
    let golden = Golden {
        dialect: &Redshift::default(),
        changes: None,
        file: Path::new(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/golden/statements.sql"
        )),
        grammar: &Grammar {},
        beyond_grammar: &["create a table with a numbered key"],
        foreign: &[
            "RETURNING",
            "CONFLICT",
            "INDEX",
            "DISTINCT FROM",
            "SAVEPOINT",
            "JSONB",
            "BYTEA",
            "UUID",
            "TEXT",
            "MERGE",
            "::",
        ],
    };
    golden.check().unwrap();
}
