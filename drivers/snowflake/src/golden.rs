//! Every form of statement, compared with `tests/golden/statements.sql`.

use std::path::Path;

use quillback_conformance::{Golden, sqlparser::dialect::SnowflakeDialect as Grammar};
use quillback_plugin_api::Ident;

use crate::define;
use crate::dialect::SnowflakeDialect;

#[test]
fn every_form_of_statement_is_as_reviewed() {
    let golden = Golden {
        dialect: &SnowflakeDialect,
        changes: Some(&|change| {
            let printed = define::print(std::slice::from_ref(change), &Ident::literal("PUBLIC"))?;
            Ok(printed.into_iter().map(|(_, sql)| sql).collect())
        }),
        file: Path::new(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/golden/statements.sql"
        )),
        grammar: &Grammar {},
        beyond_grammar: &[],
        foreign: &["TOP", "FETCH", "::", "AUTO_INCREMENT", "RETURNING"],
    };
    golden.check().unwrap();
}
