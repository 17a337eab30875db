//! Every form of statement, as the neutral tree that a dialect prints.

use quillback_plugin_api::rows::RowBuffer;
use quillback_plugin_api::sql::{
    Aggregate, Assignment, ColumnDef, Compare, CreateTable, Ddl, Delete, Direction, Expr, Index,
    Insert, Lock, Order, Select, SelectItem, SetTo, TextMatch, Update,
};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::value::Decimal;
use quillback_plugin_api::{Ident, TableRef, Value};

/// A statement that a dialect prints.
pub(super) enum Form {
    Select(Select),
    Insert(Insert),
    Update(Update),
    Delete(Delete),
    Change(Ddl),
}

fn name(text: &'static str) -> Ident {
    Ident::literal(text)
}

fn table() -> TableRef {
    TableRef::in_schema(Some(name("shop")), name("forecast"))
}

/// Conditions by name; each becomes a select.
fn conditions() -> Vec<(&'static str, Expr)> {
    let (id, note, amount) = (name("id"), name("note"), name("amount"));
    let matches = |how, ignore_case| Expr::Match {
        column: note.clone(),
        how,
        ignore_case,
        text: "50%_".into(),
    };
    let listed = |column: &Ident, values| Expr::In {
        column: column.clone(),
        values,
    };
    let same = |column: &Ident, value| Expr::Same {
        column: column.clone(),
        value,
    };
    let inner = Select::columns(table(), [name("id")], Expr::eq(&amount, 2));
    let compared = [Compare::Ne, Compare::Lt, Compare::Le, Compare::Gt].map(|op| {
        let value = Decimal::new("1.50").map_or(Value::Null, Value::Decimal);
        Expr::compare(&amount, op, value)
    });
    vec![
        ("condition that always holds", Expr::True),
        ("condition that never holds", Expr::False),
        ("number equals", Expr::eq(&id, 1)),
        ("text equals, by its characters", Expr::eq(&note, "a")),
        ("comparisons", Expr::And(compared.to_vec())),
        ("number in a list", listed(&id, vec![1.into(), 2.into()])),
        (
            "text in a list",
            listed(&note, vec!["a".into(), "b".into()]),
        ),
        ("in an empty list", listed(&id, Vec::new())),
        ("same number", same(&id, 7.into())),
        ("same text", same(&note, "a".into())),
        ("same as nothing", same(&note, Value::Null)),
        ("is null", Expr::IsNull(note.clone())),
        ("text contains", matches(TextMatch::Contains, false)),
        (
            "text contains, in any case",
            matches(TextMatch::Contains, true),
        ),
        ("text starts with", matches(TextMatch::StartsWith, false)),
        (
            "text starts with, in any case",
            matches(TextMatch::StartsWith, true),
        ),
        (
            "or, and, not",
            Expr::Or(vec![
                Expr::And(vec![Expr::eq(&id, 1), Expr::IsNull(note.clone())]),
                Expr::compare(&amount, Compare::Ge, 5).negate(),
            ]),
        ),
        (
            "in a select",
            Expr::InSelect {
                column: id.clone(),
                select: Box::new(inner),
            },
        ),
        (
            "row of the last insert",
            Expr::LastKey {
                table: table(),
                column: id,
            },
        ),
    ]
}

fn selects() -> Vec<(&'static str, Select)> {
    let all = || Select::columns(table(), ["id", "note"].map(name), Expr::True);
    let order = |column, direction, nullable| Order {
        column: name(column),
        direction,
        nullable,
    };
    let by_note = vec![
        order("note", Direction::Desc, true),
        order("id", Direction::Asc, false),
    ];
    let after = Expr::Or(vec![
        Expr::compare(&name("amount"), Compare::Gt, 5),
        Expr::eq(&name("amount"), 5).and(Expr::compare(&name("id"), Compare::Gt, 9)),
    ]);
    let items = vec![
        SelectItem::Aggregate(Aggregate::Min, name("amount")),
        SelectItem::Aggregate(Aggregate::Max, name("amount")),
    ];
    let odd = TableRef::new(name("or\"der] `x`"));
    vec![
        ("count", Select::count(table(), Expr::eq(&name("id"), 1))),
        ("least and greatest", Select { items, ..all() }),
        (
            "distinct",
            Select {
                distinct: true,
                ..all()
            },
        ),
        (
            "name with every quote",
            Select::columns(odd, [name("select")], Expr::True),
        ),
        (
            "first rows",
            Select {
                limit: Some(3),
                ..all()
            },
        ),
        (
            "page sorted by a column that may be null",
            Select {
                order: by_note.clone(),
                limit: Some(20),
                ..all()
            },
        ),
        (
            "page with an offset",
            Select {
                order: by_note,
                limit: Some(20),
                offset: 40,
                ..all()
            },
        ),
        (
            "page after a key",
            Select {
                filter: after,
                order: vec![
                    order("amount", Direction::Asc, false),
                    order("id", Direction::Asc, false),
                ],
                limit: Some(101),
                ..all()
            },
        ),
        (
            "row locked for a change",
            Select {
                filter: Expr::eq(&name("id"), 1),
                lock: Lock::Update,
                ..all()
            },
        ),
    ]
}

fn insert(rows: &[Vec<Value>], returning: Vec<Ident>) -> Form {
    Form::Insert(Insert {
        table: table(),
        columns: ["id", "note"].map(name).to_vec(),
        // Two columns, as every row has; a row buffer refuses nothing else.
        rows: RowBuffer::from_rows(2, rows).unwrap_or_default(),
        returning,
    })
}

fn writes() -> Vec<(&'static str, Form)> {
    let one = || vec![1.into(), "a".into()];
    let set = vec![
        Assignment::set(&name("note"), "b"),
        Assignment::set(&name("amount"), Value::Null),
        Assignment {
            column: name("revision"),
            to: SetTo::Plus(1.into()),
        },
    ];
    let filter = Expr::eq(&name("id"), 1).and(Expr::Same {
        column: name("note"),
        value: "a".into(),
    });
    let update = Update {
        table: table(),
        set,
        filter: filter.clone(),
    };
    vec![
        ("insert of a row", insert(&[one()], Vec::new())),
        (
            "insert of two rows",
            insert(&[one(), vec![2.into(), Value::Null]], Vec::new()),
        ),
        (
            "insert that tells its key",
            insert(&[one()], vec![name("id")]),
        ),
        ("guarded update", Form::Update(update)),
        (
            "guarded delete",
            Form::Delete(Delete {
                table: table(),
                filter,
            }),
        ),
    ]
}

fn columns() -> Vec<ColumnDef> {
    let text = ColumnDef {
        default: Some("it's".into()),
        exact_text: true,
        ..ColumnDef::required(name("region"), LogicalType::text(40))
    };
    let optional = |column, ty| ColumnDef::optional(name(column), ty);
    vec![
        ColumnDef::required(name("id"), LogicalType::Uuid),
        text,
        optional("note", LogicalType::Text { length: None }),
        optional("amount", LogicalType::decimal(12, 2)),
        optional("share", LogicalType::Float { bits: 64 }),
        optional(
            "small",
            LogicalType::Int {
                bits: 16,
                unsigned: false,
            },
        ),
        optional("revision", LogicalType::INT64),
        optional("approved", LogicalType::Bool),
        optional("due", LogicalType::Date),
        optional("at", LogicalType::Timestamp { precision: 6 }),
        optional("updated_at", LogicalType::INSTANT),
        optional("picture", LogicalType::Bytes { length: None }),
        optional("more", LogicalType::Json),
    ]
}

fn changes() -> Vec<(&'static str, Ddl)> {
    let create = |columns, key, if_not_exists| {
        Ddl::CreateTable(CreateTable {
            table: table(),
            columns,
            primary_key: vec![name(key)],
            if_not_exists,
        })
    };
    let numbered = ColumnDef {
        identity: true,
        ..ColumnDef::required(name("number"), LogicalType::INT64)
    };
    let index = |unique| Ddl::CreateIndex {
        table: table(),
        index: Index {
            name: name("by_region"),
            columns: ["region", "due"].map(name).to_vec(),
            unique,
        },
    };
    let region = |ty| ColumnDef::optional(name("region"), ty);
    vec![
        ("create a table", create(columns(), "id", false)),
        (
            "create a table unless it is there",
            create(columns(), "id", true),
        ),
        (
            "create a table with a numbered key",
            create(vec![numbered], "number", false),
        ),
        ("drop a table", Ddl::DropTable(table())),
        ("index", index(false)),
        ("unique index", index(true)),
        (
            "add a column",
            Ddl::AddColumn {
                table: table(),
                column: region(LogicalType::text(40)),
            },
        ),
        (
            "drop a column",
            Ddl::DropColumn {
                table: table(),
                column: name("region"),
            },
        ),
        (
            "rename a column",
            Ddl::RenameColumn {
                table: table(),
                from: name("region"),
                to: name("area"),
            },
        ),
        (
            "widen a column",
            Ddl::AlterColumn {
                table: table(),
                from: region(LogicalType::text(40)),
                to: region(LogicalType::text(80)),
            },
        ),
    ]
}

/// All forms with their names, in the order of the file.
pub(super) fn all() -> Vec<(&'static str, Form)> {
    let conditions = conditions().into_iter().map(|(name, filter)| {
        let select = Select::count(table(), filter);
        (name, Form::Select(select))
    });
    let selects = selects()
        .into_iter()
        .map(|(name, select)| (name, Form::Select(select)));
    let changes = changes()
        .into_iter()
        .map(|(name, change)| (name, Form::Change(change)));
    conditions
        .chain(selects)
        .chain(writes())
        .chain(changes)
        .collect()
}
