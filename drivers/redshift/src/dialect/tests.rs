//! What this dialect prints that the reviewed forms do not show.

use quillback_plugin_api::dialect::{self, Dialect as _};
use quillback_plugin_api::rows::RowBuffer;
use quillback_plugin_api::sql::{ColumnDef, Ddl, Expr, Insert, TextMatch};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::{Ident, TableRef, Value};

use super::Redshift;
use quillback_family_postgres::Printer as _;

fn ident(name: &str) -> Ident {
    Ident::new(name).unwrap()
}

fn condition(expr: &Expr) -> String {
    dialect::condition(&Redshift::default(), expr).unwrap().sql
}

#[test]
fn documents_and_bytes_are_made_of_texts() {
    let insert = Insert {
        table: TableRef::new(ident("t")),
        columns: vec![ident("j"), ident("b")],
        rows: RowBuffer::from_rows(2, &[vec![Value::Json("{}".into()), Value::Bytes(vec![1])]])
            .unwrap(),
        returning: Vec::new(),
    };
    let rows: Vec<_> = insert.rows.iter().collect();
    let printed = dialect::insert(&Redshift::default(), &insert, &rows).unwrap();
    assert_eq!(
        printed.sql,
        "INSERT INTO \"t\" (\"j\", \"b\") VALUES (JSON_PARSE($1), FROM_HEX($2))"
    );
    let asks = Insert {
        returning: vec![ident("id")],
        ..insert
    };
    let rows: Vec<_> = asks.rows.iter().collect();
    assert!(dialect::insert(&Redshift::default(), &asks, &rows).is_err());
}

#[test]
fn sameness_is_never_unknown() {
    let same = |value: Value| {
        condition(&Expr::Same {
            column: ident("c"),
            value,
        })
    };
    assert_eq!(same(Value::Null), "\"c\" IS NULL");
    assert_eq!(same(7.into()), "(\"c\" IS NOT NULL AND \"c\" = $1)");
    assert_eq!(
        same(Value::Json("1".into())),
        "(\"c\" IS NOT NULL AND JSON_SERIALIZE(\"c\") = JSON_SERIALIZE(JSON_PARSE($1)))"
    );
}

#[test]
fn an_empty_needle_is_in_every_text() {
    let search = condition(&Expr::Match {
        column: ident("c"),
        how: TextMatch::StartsWith,
        ignore_case: true,
        text: "".into(),
    });
    assert_eq!(search, "LENGTH(CAST(\"c\" AS VARCHAR(65535))) >= 0");
}

#[test]
fn only_texts_become_longer() {
    let alter = |from: ColumnDef, to: ColumnDef| {
        let table = TableRef::new(ident("t"));
        let change = Ddl::AlterColumn { table, from, to };
        let printed = dialect::ddl(&Redshift::default(), &change);
        printed.map(|all| all.into_iter().map(|one| one.sql).collect::<Vec<_>>())
    };
    let column = |ty| ColumnDef::optional(ident("c"), ty);
    let text = |length| column(LogicalType::text(length));
    assert_eq!(
        alter(text(5), text(50)).unwrap(),
        ["ALTER TABLE \"t\" ALTER COLUMN \"c\" TYPE VARCHAR(200)"]
    );
    assert!(alter(text(5), text(5)).unwrap().is_empty());
    for (from, to) in [
        (text(50), text(5)),
        (
            column(LogicalType::decimal(6, 2)),
            column(LogicalType::decimal(9, 2)),
        ),
        (
            text(5),
            ColumnDef::required(ident("c"), LogicalType::text(50)),
        ),
    ] {
        assert!(alter(from, to).is_err());
    }
}

#[test]
fn a_backslash_in_a_default_means_itself() {
    let literal = Redshift::default().literal(&"it's \\ ok".into()).unwrap();
    assert_eq!(literal, "'it''s \\\\ ok'");
}

#[test]
fn names_have_127_bytes() {
    let dialect = Redshift::default();
    dialect.quote(&mut String::new(), &"é".repeat(63));
    assert!(dialect.names().checked(()).is_ok());
    dialect.quote(&mut String::new(), &"é".repeat(64));
    assert!(dialect.names().checked(()).is_err());
}
