//! Tests of the dialect.

use quillback_plugin_api::civil::Date;
use quillback_plugin_api::dialect::{self, condition};
use quillback_plugin_api::sql::{
    Assignment, Compare, CreateTable, Ddl, Delete, Direction, Expr, SetTo, Update,
};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::value::Decimal;
use quillback_plugin_api::{RowBuffer, TableRef};

use super::*;

const MARIADB: MySqlDialect = of(Product::MariaDb, (10, 11, 19));
const MYSQL: MySqlDialect = of(Product::MySql, (8, 4, 2));
const OLD: MySqlDialect = of(Product::MySql, (5, 6, 24));

const fn of(product: Product, version: (u16, u16, u16)) -> MySqlDialect {
    MySqlDialect {
        flavor: Flavor { product, version },
    }
}

fn name(text: &str) -> Ident {
    Ident::new(text).unwrap()
}

fn orders() -> TableRef {
    TableRef::in_schema(Some(name("shop")), name("or`ders"))
}

fn printed(expr: &Expr) -> String {
    condition(&MARIADB, expr).unwrap().sql
}

fn decimal(text: &str) -> Value {
    Value::Decimal(Decimal::new(text).unwrap())
}

#[test]
fn names_are_quoted_and_values_are_bound() {
    let mut select = Select::columns(
        orders(),
        [name("id"), name("a?b")],
        Expr::eq(&name("id"), 7),
    );
    select.order = vec![Order {
        column: name("id"),
        direction: Direction::Desc,
        nullable: true,
    }];
    select.limit = Some(10);
    select.offset = 20;
    select.lock = Lock::Update;
    let rendered = dialect::select(&MARIADB, &select).unwrap();
    assert_eq!(
        rendered.sql,
        "SELECT `id`, `a?b` FROM `shop`.`or``ders` WHERE `id` = ? ORDER BY `id` DESC LIMIT 10 OFFSET 20 FOR UPDATE"
    );
    assert_eq!(rendered.params, [Value::I64(7)]);
    select.limit = None;
    let rendered = dialect::select(&MARIADB, &select).unwrap();
    assert!(
        rendered
            .sql
            .contains(" LIMIT 18446744073709551615 OFFSET 20"),
        "{}",
        rendered.sql
    );
}

#[test]
fn numbers_and_documents_are_compared_as_what_they_are() {
    let price = |value| Expr::compare(&name("price"), Compare::Ge, value);
    assert_eq!(
        printed(&price(decimal("1.50"))),
        "`price` >= CAST(? AS DECIMAL(65,2))"
    );
    assert_eq!(
        printed(&price(decimal("150"))),
        "`price` >= CAST(? AS DECIMAL(65,0))"
    );
    let document = Expr::Same {
        column: name("doc"),
        value: Value::Json("{}".into()),
    };
    assert_eq!(printed(&document), "`doc` <=> ?");
    assert_eq!(
        condition(&MYSQL, &document).unwrap().sql,
        "`doc` <=> CAST(? AS JSON)"
    );
}

#[test]
fn a_date_that_does_not_exist_is_compared_as_text() {
    let zero = Value::Date(Date {
        year: 0,
        month: 0,
        day: 0,
    });
    let same = Expr::Same {
        column: name("d"),
        value: zero.clone(),
    };
    let rendered = condition(&MARIADB, &same).unwrap();
    assert_eq!(rendered.sql, "CAST(`d` AS CHAR) <=> ?");
    assert_eq!(rendered.params, [zero]);
}

#[test]
fn texts_are_equal_only_character_by_character() {
    let c = name("c");
    assert_eq!(
        printed(&Expr::eq(&c, "a")),
        "(`c` = ? AND CAST(CONVERT(`c` USING utf8mb4) AS BINARY) IN (CAST(? AS BINARY)))"
    );
    let same = Expr::Same {
        column: c,
        value: "a".into(),
    };
    assert_eq!(
        printed(&same),
        "CAST(CONVERT(`c` USING utf8mb4) AS BINARY) <=> CAST(? AS BINARY)"
    );
}

#[test]
fn a_search_takes_its_text_literally() {
    let search = |how, ignore_case| Expr::Match {
        column: name("c"),
        how,
        ignore_case,
        text: "50%".into(),
    };
    assert_eq!(
        printed(&search(TextMatch::Contains, false)),
        "LOCATE(?, CONVERT(`c` USING utf8mb4) COLLATE utf8mb4_bin) > 0"
    );
    assert_eq!(
        printed(&search(TextMatch::StartsWith, true)),
        "LOCATE(LOWER(?), LOWER(CONVERT(`c` USING utf8mb4) COLLATE utf8mb4_bin)) = 1"
    );
}

#[test]
fn inserts_of_the_same_shape_have_the_same_text() {
    let text = |values: [Value; 2]| {
        let insert = Insert {
            table: orders(),
            columns: vec![name("id"), name("price")],
            rows: RowBuffer::from_rows(2, &[values.to_vec()]).unwrap(),
            returning: Vec::new(),
        };
        let rows: Vec<_> = insert.rows.iter().collect();
        dialect::insert(&MARIADB, &insert, &rows).unwrap().sql
    };
    let one = text([1.into(), decimal("1.5")]);
    assert_eq!(
        one,
        "INSERT INTO `shop`.`or``ders` (`id`, `price`) VALUES (?, ?)"
    );
    assert_eq!(one, text([Value::Null, decimal("12345.678")]));
}

#[test]
fn updates_and_deletes_print_their_condition() {
    let update = Update {
        table: orders(),
        set: vec![
            Assignment::set(&name("a"), "x"),
            Assignment {
                column: name("b"),
                to: SetTo::Plus(decimal("0.1")),
            },
        ],
        filter: Expr::eq(&name("id"), 1),
    };
    assert_eq!(
        dialect::update(&MARIADB, &update).unwrap().sql,
        "UPDATE `shop`.`or``ders` SET `a` = ?, `b` = `b` + CAST(? AS DECIMAL(65,1)) WHERE `id` = ?"
    );
    let delete = Delete {
        table: orders(),
        filter: Expr::False,
    };
    assert_eq!(
        dialect::delete(&MARIADB, &delete).unwrap().sql,
        "DELETE FROM `shop`.`or``ders` WHERE FALSE"
    );
}

fn column(ty: LogicalType) -> ColumnDef {
    ColumnDef::optional(name("c"), ty)
}

#[test]
fn tables_are_made_with_exact_texts_on_each_product() {
    let id = ColumnDef {
        identity: true,
        ..ColumnDef::required(name("id"), LogicalType::INT64)
    };
    let note = ColumnDef {
        default: Some("it's \\ 1".into()),
        ..column(LogicalType::text(20))
    };
    let create = Ddl::CreateTable(CreateTable {
        table: orders(),
        columns: vec![id, note, column(LogicalType::INSTANT)],
        primary_key: vec![name("id")],
        if_not_exists: true,
    });
    let on = |dialect: &MySqlDialect| dialect::ddl(dialect, &create).unwrap().remove(0).sql;
    assert_eq!(
        on(&MARIADB),
        "CREATE TABLE IF NOT EXISTS `shop`.`or``ders` (`id` BIGINT AUTO_INCREMENT NOT NULL, `c` VARCHAR(20) \
         CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin DEFAULT 'it''s \\\\ 1' NULL, `c` DATETIME(6) COMMENT 'UTC' \
         NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"
    );
    assert!(
        on(&MYSQL).contains("COLLATE utf8mb4_0900_bin DEFAULT ('it''s \\\\ 1') NULL"),
        "{}",
        on(&MYSQL)
    );
    assert!(on(&OLD).ends_with("COLLATE utf8mb4_bin"), "{}", on(&OLD));
}

#[test]
fn changes_of_columns_say_what_old_servers_cannot() {
    let alter = Ddl::AlterColumn {
        table: orders(),
        from: column(LogicalType::decimal(10, 2)),
        to: column(LogicalType::decimal(20, 4)),
    };
    assert_eq!(
        dialect::ddl(&OLD, &alter).unwrap()[0].sql,
        "ALTER TABLE `shop`.`or``ders` MODIFY COLUMN `c` DECIMAL(20,4) NULL"
    );
    let rename = Ddl::RenameColumn {
        table: orders(),
        from: name("a"),
        to: name("b"),
    };
    assert_eq!(
        dialect::ddl(&MARIADB, &rename).unwrap()[0].sql,
        "ALTER TABLE `shop`.`or``ders` RENAME COLUMN `a` TO `b`"
    );
    assert!(dialect::ddl(&OLD, &rename).is_err());
}
