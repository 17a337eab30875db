//! Every type of the database: what its values read as, and that they go back in unchanged.

use quillback_plugin_api::batch::{Batch, Expect};
use quillback_plugin_api::civil::{Date, Interval, Timestamp};
use quillback_plugin_api::driver::Instance as _;
use quillback_plugin_api::{Category, Value};

use crate::support::{Lab, add, lab, set};

const USER_TYPES: &str = "CREATE TYPE mood AS ENUM ('sad', 'so, \"so\"', 'happy'); \
     CREATE DOMAIN price AS numeric(8, 2) CHECK (VALUE >= 0); CREATE DOMAIN fair_price AS price; \
     CREATE TYPE place AS (city text, at point); CREATE TYPE pair AS (n integer, feeling mood, cost price); \
     CREATE TYPE nest AS (p pair, many integer[])";

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn decimal(number: &str) -> Value {
    Value::Decimal(number.to_owned().try_into().unwrap())
}

fn list(items: impl IntoIterator<Item = Value>) -> Value {
    Value::List(items.into_iter().collect())
}

fn special(kind: u8, text: &str) -> Value {
    let text = text.to_owned();
    Value::Special { kind, text }
}

fn date(year: i32, month: u8, day: u8) -> Date {
    Date { year, month, day }
}

fn moment(seconds: i64, nanos: u32) -> Timestamp {
    Timestamp { seconds, nanos }
}

fn interval(months: i64, days: i64, seconds: i64, nanos: i32) -> Value {
    Value::Interval(Interval {
        months,
        days,
        seconds,
        nanos,
    })
}

/// Type, value as the database writes it, value as it is read.
fn numbers_and_texts() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("smallint", "-32768", Value::I64(-32_768)),
        ("bigint", "9223372036854775807", Value::I64(i64::MAX)),
        ("oid", "4294967295", Value::I64(4_294_967_295)),
        ("real", "0.1", Value::F32(0.1)),
        (
            "double precision",
            "-Infinity",
            Value::F64(f64::NEG_INFINITY),
        ),
        (
            "numeric",
            "-0.000012345678901234567890",
            decimal("-0.000012345678901234567890"),
        ),
        ("numeric", "NaN", decimal("NaN")),
        ("numeric(6, -2)", "1200", decimal("1200")),
        ("money", "-1234.50", decimal("-1234.50")),
        ("boolean", "true", Value::Bool(true)),
        ("text", "ä🚀 ' \\ \t", text("ä🚀 ' \\ \t")),
        ("char(5)", "ab", text("ab   ")),
        ("varchar(5)", "", text("")),
        ("name", "a name", text("a name")),
        ("\"char\"", "x", text("x")),
        ("bytea", "\\x00ff", Value::Bytes(vec![0, 255])),
        (
            "uuid",
            "00010203-0405-0607-0809-0a0b0c0d0e0f",
            Value::Uuid(*b"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"),
        ),
        (
            "json",
            "{\"b\": 1,  \"a\":[1.00]}",
            Value::Json("{\"b\": 1,  \"a\":[1.00]}".into()),
        ),
        (
            "jsonb",
            "{\"b\": 1,  \"a\":[1.00]}",
            Value::Json("{\"a\": [1.00], \"b\": 1}".into()),
        ),
        ("xml", "<a>1</a>", text("<a>1</a>")),
    ]
}

fn times_and_others() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("date", "0044-03-15 BC", Value::Date(date(-43, 3, 15))),
        ("date", "infinity", special(1, "infinity")),
        ("time", "24:00:00", Value::Time(86_400_000_000_000)),
        ("time(3)", "12:00:00.125", Value::Time(43_200_125_000_000)),
        (
            "timetz",
            "12:00:00-02:30",
            Value::OffsetTime {
                nanos: 43_200_000_000_000,
                offset: -9_000,
            },
        ),
        (
            "timestamp",
            "1969-12-31 23:59:59.999999",
            Value::Timestamp(moment(-1, 999_999_000)),
        ),
        ("timestamp", "-infinity", special(1, "-infinity")),
        (
            "timestamptz",
            "1970-01-01 01:00:00+01",
            Value::Instant(moment(0, 0)),
        ),
        (
            "timestamptz",
            "294276-12-31 23:59:59.999999+00",
            Value::Instant(moment(9_224_318_015_999, 999_999_000)),
        ),
        (
            "interval",
            "1 year 2 mons -3 days -04:05:06.5",
            interval(14, -3, -14_706, -500_000_000),
        ),
        ("inet", "10.1.2.3/8", text("10.1.2.3/8")),
        ("cidr", "10.0.0.0/8", text("10.0.0.0/8")),
        ("macaddr", "08:00:2b:01:02:03", text("08:00:2b:01:02:03")),
        ("bit(4)", "1010", text("1010")),
        ("varbit", "101", text("101")),
        ("point", "(1,2.5)", text("(1,2.5)")),
        ("box", "(2,2),(1,1)", text("(2,2),(1,1)")),
        ("int4range", "[1,5)", text("[1,5)")),
        ("tsvector", "'a' 'b'", text("'a' 'b'")),
        ("pg_lsn", "16/B374D848", text("16/B374D848")),
        ("regtype", "integer", text("integer")),
        ("int2vector", "1 2 3", text("1 2 3")),
    ]
}

fn nested() -> Vec<(&'static str, &'static str, Value)> {
    let ints = |items: &[i64]| list(items.iter().copied().map(Value::I64));
    let pair = |n: i64| Value::Struct(vec![Value::I64(n), text("so, \"so\""), decimal("1.50")]);
    vec![
        ("integer[]", "{}", ints(&[])),
        (
            "integer[]",
            "{{1,2},{3,4}}",
            list([ints(&[1, 2]), ints(&[3, 4])]),
        ),
        (
            "integer[]",
            "[0:1]={7,8}",
            special(2, "[0:1]={\"7\",\"8\"}"),
        ),
        (
            "text[]",
            "{a,NULL,\"NULL\",\"b,\\\"\\\\\"}",
            list([text("a"), Value::Null, text("NULL"), text("b,\"\\")]),
        ),
        (
            "numeric[]",
            "{1.50,NaN}",
            list([decimal("1.50"), decimal("NaN")]),
        ),
        (
            "bytea[]",
            "{\"\\\\x00ff\"}",
            list([Value::Bytes(vec![0, 255])]),
        ),
        (
            "jsonb[]",
            "{\"{\\\"a\\\": 1}\"}",
            list([Value::Json("{\"a\": 1}".into())]),
        ),
        (
            "timestamptz[]",
            "{1970-01-01 00:00:00+00}",
            list([Value::Instant(moment(0, 0))]),
        ),
        (
            "inet[]",
            "{10.0.0.1,NULL}",
            list([text("10.0.0.1"), Value::Null]),
        ),
        (
            "box[]",
            "{(2,2),(1,1);(4,4),(3,3)}",
            list([text("(2,2),(1,1)"), text("(4,4),(3,3)")]),
        ),
        ("money[]", "{1.25}", list([decimal("1.25")])),
        ("mood", "so, \"so\"", text("so, \"so\"")),
        (
            "mood[]",
            "{happy,\"so, \\\"so\\\"\"}",
            list([text("happy"), text("so, \"so\"")]),
        ),
        ("price", "1.50", decimal("1.50")),
        ("fair_price[]", "{1.50}", list([decimal("1.50")])),
        ("pair", "(1,\"so, \\\"so\\\"\",1.50)", pair(1)),
        (
            "pair",
            "(,,)",
            Value::Struct(vec![Value::Null, Value::Null, Value::Null]),
        ),
        (
            "pair[]",
            "{\"(2,\\\"so, \\\\\\\"so\\\\\\\"\\\",1.50)\"}",
            list([pair(2)]),
        ),
        (
            "nest",
            "(\"(3,\\\"so, \\\\\\\"so\\\\\\\"\\\",1.50)\",\"{4}\")",
            Value::Struct(vec![pair(3), ints(&[4])]),
        ),
        // A point has no form of its own here, so that all of the composite travels as text.
        ("place", "(Rome,\"(1,2)\")", text("(Rome,\"(1,2)\")")),
    ]
}

/// Reads what the other client wrote, writes it back in every way there is, and compares inside the database.
async fn there_and_back(lab: &Lab, number: usize, ty: &str, written: &str, wanted: &Value) {
    let table = &format!("v{number}");
    let make = format!(
        "CREATE TABLE {table} (id bigint PRIMARY KEY, v {ty}); \
         INSERT INTO {table} VALUES (1, '{}'), (2, NULL)",
        written.replace('\'', "''")
    );
    lab.client.batch_execute(&make).await.unwrap();
    let what = format!("{ty} {written}");
    let rows = lab.rows(table, &["v"]).await;
    assert_eq!(rows[0][0], *wanted, "{what}");
    assert_eq!(rows[1][0], Value::Null, "{what}");
    let row = |id: i64| vec![Value::I64(id), wanted.clone()];
    lab.commit(vec![
        add(table, &["id", "v"], &[row(3)]),
        add(
            table,
            &["id", "v"],
            &[row(4), row(5), vec![6.into(), Value::Null]],
        ),
        set(table, 2, "v", wanted.clone(), Expect::Rows(1)),
    ])
    .await;
    let many: Vec<_> = (100..700).map(row).collect();
    lab.commit(vec![add(table, &["id", "v"], &many)]).await;
    let same = format!(
        "SELECT count(*) FROM {table} WHERE v::text = (SELECT v::text FROM {table} WHERE id = 1)"
    );
    assert_eq!(lab.number(&same).await, 605, "{what}");
}

#[tokio::test]
async fn built_in_types_go_there_and_back() {
    let Some(lab) = lab("SET lc_monetary = 'C'").await else {
        return;
    };
    let all = numbers_and_texts().into_iter().chain(times_and_others());
    for (number, (ty, written, wanted)) in all.enumerate() {
        there_and_back(&lab, number, ty, written, &wanted).await;
    }
    lab.end().await;
}

#[tokio::test]
async fn nested_types_and_those_of_users_go_there_and_back() {
    let Some(lab) = lab(USER_TYPES).await else {
        return;
    };
    for (number, (ty, written, wanted)) in nested().into_iter().enumerate() {
        there_and_back(&lab, number, ty, written, &wanted).await;
    }
    lab.end().await;
}

#[tokio::test]
async fn the_longest_number_goes_there_and_back() {
    let Some(lab) = lab("").await else { return };
    let longest = format!("{}.{}", "9".repeat(131_072), "8".repeat(16_383));
    let wanted = decimal(&longest);
    there_and_back(&lab, 0, "numeric", &longest, &wanted).await;
    lab.end().await;
}

#[tokio::test]
async fn values_that_a_column_cannot_hold_are_refused_and_not_repeated() {
    let Some(lab) = lab(USER_TYPES).await else {
        return;
    };
    let third = Value::Timestamp(moment(0, 1));
    let cases = [
        ("smallint", Value::I64(40_000)),
        ("integer", decimal("1.5")),
        ("real", Value::I64(16_777_217)),
        ("double precision", Value::I64(i64::MAX)),
        ("numeric(5, 2)", decimal("1.005")),
        ("price", decimal("1.005")),
        ("numeric(5, 2)", text("1.005")),
        ("timestamp", third.clone()),
        ("timestamp(3)", Value::Timestamp(moment(0, 1_000))),
        ("date", text("tomorrow")),
        ("date", Value::I64(20_240_101)),
        ("timestamptz", text("now")),
        ("varchar(3)", text("abc ")),
        ("varchar(3)", text("abcd")),
        ("uuid", text("secret-value")),
        ("mood", text("secret-value")),
        ("jsonb", text("secret-value")),
        ("bytea", text("secret-value")),
        ("text", text("a\0b")),
        ("text", Value::Bytes(vec![1])),
        ("boolean", Value::I64(2)),
        ("integer[]", list([text("secret-value")])),
    ];
    for (number, (ty, value)) in cases.into_iter().enumerate() {
        let table = &format!("v{number}");
        let make = format!("CREATE TABLE {table} (id bigint PRIMARY KEY, v {ty})");
        lab.client.batch_execute(&make).await.unwrap();
        for rows in [1_i64, 600] {
            let rows: Vec<_> = (0..rows).map(|id| vec![id.into(), value.clone()]).collect();
            let batch = Batch::of(vec![add(table, &["id", "v"], &rows)]);
            let error = lab.instance.apply(batch).await.expect_err(ty);
            assert_eq!(error.category, Category::InvalidData, "{ty}: {error:?}");
            assert!(!format!("{error:?}").contains("secret"), "{ty}: {error:?}");
            assert_eq!(error.step, Some(0));
        }
        let left = format!("SELECT count(*) FROM {table}");
        assert_eq!(lab.number(&left).await, 0, "{ty}");
    }
    lab.end().await;
}
