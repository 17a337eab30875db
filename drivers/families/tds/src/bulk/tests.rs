//! What is written for columns of each type, and what goes as parameters instead.

use quillback_plugin_api::civil::Date;
use quillback_plugin_api::sql::{ColumnDef, Lock, RenderError, Select};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::value::Decimal;
use quillback_plugin_api::{Ident, RowBuffer, TableRef};

use super::*;
use crate::{Spelling, Tsql};

struct Plain;

impl Spelling for Plain {
    const NULLABLE: &'static str = "";

    fn limit_before(&self, _: &mut SqlWriter<'_>, _: &Select) {}

    fn limit_after(&self, _: &mut SqlWriter<'_>, _: &Select) -> Result<(), RenderError> {
        Ok(())
    }

    fn lock_hint(&self, _: &mut SqlWriter<'_>, _: Lock) {}

    fn insert_rows(
        &self,
        w: &mut SqlWriter<'_>,
        _: &Insert,
        rows: &[Cells<'_>],
    ) -> Result<(), RenderError> {
        quillback_plugin_api::dialect::values(w, rows)
    }

    fn column_type(&self, _: &ColumnDef) -> Result<String, RenderError> {
        Err(RenderError::unsupported("types"))
    }
}

const DIALECT: Tsql<Plain> = Tsql(Plain);
const LIMITS: Limits = Limits {
    max_params: 10,
    max_insert_rows: 1_000,
    bulk_from: 0,
};

fn inserted(columns: &[Known], rows: &[Vec<Value>]) -> Statements {
    inserted_where(ReadsJson::Fully, columns, rows)
}

fn inserted_where(reads: ReadsJson, columns: &[Known], rows: &[Vec<Value>]) -> Statements {
    let insert = Insert {
        table: TableRef::in_schema(None, Ident::literal("t")),
        columns: columns
            .iter()
            .map(|known| known.info.name.clone())
            .collect(),
        rows: RowBuffer::from_rows(columns.len(), rows).unwrap(),
        returning: Vec::new(),
    };
    statements(
        &DIALECT,
        &insert,
        &Columns::of(columns.to_vec()),
        LIMITS,
        reads,
    )
    .unwrap()
}

/// One row of one value that is written as text.
fn written(ty: LogicalType, native: &str, value: Value) -> String {
    let made = inserted(&[Known::plain("c", ty, native)], &[vec![value]]);
    assert!(made.of_values.is_empty(), "{native}");
    let [Value::Text(text)] = made.of_texts[0].params.as_slice() else {
        panic!("{native}");
    };
    text.clone()
}

#[test]
fn all_rows_are_one_parameter() {
    let columns = [
        Known::plain("re]gion", LogicalType::text(20), "nvarchar(20)"),
        Known::plain("amount", LogicalType::decimal(12, 2), "decimal(12,2)"),
        Known::plain("note", LogicalType::Text { length: None }, "nvarchar(max)"),
    ];
    let number = Value::Decimal(Decimal::new("-0.10").unwrap());
    let rows = [
        vec!["Nord \"ä\"🚀".into(), number, Value::Null],
        vec!["".into(), 7.into(), "a\nb\\".into()],
    ];
    let made = inserted(&columns, &rows);
    assert!(made.of_values.is_empty() && made.of_texts.len() == 1);
    assert_eq!(
        made.of_texts[0].sql,
        "INSERT INTO [t] ([re]]gion], [amount], [note]) SELECT c0, c1, c2 FROM OPENJSON(@P1) \
         WITH (c0 nvarchar(20) '$[0]', c1 decimal(12,2) '$[1]', c2 nvarchar(max) '$[2]')"
    );
    assert_eq!(
        made.of_texts[0].params,
        [Value::from(
            r#"[["Nord \"ä\"🚀","-0.10",null],["",7,"a\nb\\"]]"#
        )]
    );
}

#[test]
fn moments_are_written_with_all_that_they_have() {
    let stamp = Timestamp {
        seconds: 1_709_164_799,
        nanos: 123_456_700,
    };
    let day = Date {
        year: 2024,
        month: 2,
        day: 29,
    };
    let offset = |seconds| Value::OffsetInstant {
        instant: stamp,
        offset: seconds,
    };
    let instants = LogicalType::OffsetInstant { precision: 7 };
    for (ty, native, value, text) in [
        (LogicalType::Date, "date", Value::Date(day), "2024-02-29"),
        (
            LogicalType::Time { precision: 3 },
            "time(3)",
            Value::Time(3_600_500_000_000),
            "01:00:00.5",
        ),
        (
            LogicalType::Timestamp { precision: 7 },
            "datetime2(7)",
            Value::Timestamp(stamp),
            "2024-02-28T23:59:59.1234567",
        ),
        (
            instants.clone(),
            "datetimeoffset(7)",
            Value::Instant(stamp),
            "2024-02-28T23:59:59.1234567Z",
        ),
        (
            instants.clone(),
            "datetimeoffset(7)",
            offset(-19_800),
            "2024-02-28T18:29:59.1234567-05:30",
        ),
        (
            instants,
            "datetimeoffset(7)",
            offset(3_600),
            "2024-02-29T00:59:59.1234567+01:00",
        ),
    ] {
        assert_eq!(written(ty, native, value), format!("[[\"{text}\"]]"));
    }
}

#[test]
fn what_the_server_would_not_read_exactly_goes_as_parameters() {
    let texts = Known::plain("c", LogicalType::text(9), "nvarchar(9)");
    let rows = [vec!["a".into()], vec!["b\0".into()], vec!["c".into()]];
    let made = inserted(&[texts], &rows);
    assert_eq!(made.of_texts[0].params, [Value::from(r#"[["a"],["c"]]"#)]);
    assert_eq!(made.of_values.len(), 1);
    assert_eq!(made.of_values[0].params, [Value::from("b\0")]);

    let texts = Known::plain("c", LogicalType::text(9), "nvarchar(9)");
    let rows = [vec!["ä🚀".into()], vec!["\"".into()], vec!["\n".into()]];
    let made = inserted_where(ReadsJson::WithoutEscapes, &[texts], &rows);
    assert_eq!(made.of_texts[0].params, [Value::from(r#"[["ä🚀"]]"#)]);
    assert_eq!(made.of_values[0].params, ["\"".into(), "\n".into()]);

    for (ty, native, value) in [
        (LogicalType::Float { bits: 64 }, "float", Value::F64(0.1)),
        (
            LogicalType::Bytes { length: Some(4) },
            "varbinary(4)",
            Value::Bytes(vec![1]),
        ),
        (
            LogicalType::Timestamp { precision: 3 },
            "datetime",
            Value::Timestamp(Timestamp::from_micros(0)),
        ),
    ] {
        let rows = vec![vec![value]; 25];
        let made = inserted(&[Known::plain("c", ty, native)], &rows);
        assert!(made.of_texts.is_empty(), "{native}");
        let sizes: Vec<_> = made.of_values.iter().map(|s| s.params.len()).collect();
        assert_eq!(sizes, [10, 10, 5], "{native}");
    }
}

#[test]
fn a_long_text_is_ended_after_a_row() {
    let texts = Known::plain("c", LogicalType::Text { length: None }, "nvarchar(max)");
    let rows = vec![vec!["x".repeat(PIECE / 2).into()]; 3];
    let made = inserted(&[texts], &rows);
    let rows_of = |statement: &Rendered| match &statement.params[0] {
        Value::Text(text) => text.matches('[').count() - 1,
        _ => 0,
    };
    let sizes: Vec<_> = made.of_texts.iter().map(rows_of).collect();
    assert_eq!(sizes, [2, 1]);
}

#[test]
fn a_value_that_does_not_fit_is_refused_before_anything_is_sent() {
    let texts = Known::plain("c", LogicalType::text(1), "nvarchar(1)");
    let insert = Insert {
        table: TableRef::in_schema(None, Ident::literal("t")),
        columns: vec![Ident::literal("c")],
        rows: RowBuffer::from_rows(1, &[vec!["a".into()], vec!["ab".into()]]).unwrap(),
        returning: Vec::new(),
    };
    assert!(
        statements(
            &DIALECT,
            &insert,
            &Columns::of([texts]),
            LIMITS,
            ReadsJson::Fully
        )
        .is_err()
    );
}
