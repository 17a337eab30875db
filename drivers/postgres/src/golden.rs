//! Every form of statement, compared with `tests/golden/statements.sql`.

use std::path::Path;

use quillback_conformance::{Golden, sqlparser::dialect::PostgreSqlDialect as Grammar};

use crate::dialect::Postgres;

#[test]
fn every_form_of_statement_is_as_reviewed() {
    let golden = Golden {
        dialect: &Postgres::default(),
        changes: None,
        file: Path::new(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/golden/statements.sql"
        )),
        grammar: &Grammar {},
        beyond_grammar: &[],
        foreign: &["TOP", "MERGE", "AUTO_INCREMENT"],
    };
    golden.check().unwrap();
}
