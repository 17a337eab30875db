//! Every form of statement, compared with `tests/golden/statements.sql`.

use std::path::Path;

use quillback_conformance::{Golden, sqlparser::dialect::SQLiteDialect as Grammar};

use crate::define;
use crate::dialect::Sqlite;

#[test]
fn every_form_of_statement_is_as_reviewed() {
    let golden = Golden {
        dialect: &Sqlite,
        changes: Some(&|change| define::render(std::slice::from_ref(change))),
        file: Path::new(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/golden/statements.sql"
        )),
        grammar: &Grammar {},
        // It knows GLOB, but not NOT GLOB: https://www.sqlite.org/lang_expr.html
        beyond_grammar: &["create a table", "create a table unless it is there"],
        foreign: &["ILIKE", "TOP", "FETCH", "::", "MERGE", "TRUE", "FALSE"],
    };
    golden.check().unwrap();
}
