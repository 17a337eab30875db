//! Tests of the table of error numbers.

use quillback_plugin_api::Category;

use super::*;

fn server(code: u16, message: &str) -> DriverError {
    from_server(&ServerError {
        code,
        message: message.into(),
        state: "HY000".into(),
    })
}

#[test]
fn values_are_cut_from_messages_and_names_are_kept() {
    let cases = [
        (
            1062,
            "Duplicate entry 's3cret for key 'x'' for key 'PRIMARY'",
            "PRIMARY",
        ),
        (
            1062,
            "Duplicate entry 's3cret-1' for key 'orders.by_code'",
            "by_code",
        ),
        (3819, "Check constraint 'positive' is violated.", "positive"),
        (
            4025,
            "CONSTRAINT `positive` failed for `shop`.`orders`",
            "positive",
        ),
        (
            1452,
            "Cannot add or update a child row: a foreign key constraint fails (`shop`.`orders`, CONSTRAINT \
             `to_customer` FOREIGN KEY (`customer`) REFERENCES `customers` (`id`))",
            "to_customer",
        ),
    ];
    for (code, message, constraint) in cases {
        let error = server(code, message);
        assert_eq!(
            error.origin.constraint.as_deref(),
            Some(constraint),
            "{message}"
        );
        assert!(!error.message.contains("s3cret"), "{}", error.message);
    }
    let error = server(1452, cases[4].1);
    assert_eq!(error.origin.table.as_deref(), Some("orders"));
    assert_eq!(error.origin.column.as_deref(), Some("customer"));
    assert_eq!(
        server(1062, cases[1].1).origin.table.as_deref(),
        Some("orders")
    );
}

#[test]
fn columns_are_found_in_both_products_spelling() {
    for message in [
        "Incorrect integer value: 's3cret' for column 'n' at row 1",
        "Incorrect integer value: 's3cret for column ' for column `shop`.`orders`.`n` at row 1",
    ] {
        let error = server(1366, message);
        assert_eq!(error.category, Category::InvalidData);
        assert_eq!(error.origin.column.as_deref(), Some("n"), "{message}");
        assert!(!error.message.contains("s3cret"), "{}", error.message);
    }
    assert_eq!(
        server(1048, "Column 'n' cannot be null")
            .origin
            .column
            .as_deref(),
        Some("n")
    );
    assert_eq!(
        server(1146, "Table 'shop.nope' doesn't exist")
            .origin
            .table
            .as_deref(),
        Some("nope")
    );
    let denied = "SELECT command denied to user 'me'@'10.0.0.1' for table `shop`.`orders`";
    let denied = server(1142, denied);
    assert_eq!(denied.origin.table.as_deref(), Some("orders"));
    assert!(!denied.message.contains("10.0.0.1"));
}

#[test]
fn each_kind_has_its_category() {
    use Category as C;
    let cases = [
        (1062, C::Unique),
        (1451, C::ForeignKey),
        (1364, C::NotNull),
        (4025, C::Check),
        (1213, C::Conflict),
        (1205, C::Timeout),
        (1317, C::Cancelled),
        (1406, C::InvalidData),
        (1054, C::NotFound),
        (1061, C::AlreadyExists),
        (1045, C::Auth),
        (1142, C::Permission),
        (1040, C::Unavailable),
        (1114, C::Resource),
        (1064, C::Syntax),
        (1071, C::Unsupported),
        (60_000, C::Other),
    ];
    for (code, category) in cases {
        assert_eq!(server(code, "").category, category, "{code}");
    }
}

#[test]
fn only_errors_after_which_the_server_hangs_up_lose_the_connection() {
    assert!(server(1927, "Connection was killed").connection_lost);
    assert!(server(4031, "").connection_lost);
    assert!(!server(1062, "").connection_lost);
    let broken = std::io::Error::from(std::io::ErrorKind::BrokenPipe);
    assert!(from_client(AnyError::Io(IoError::Io(broken))).connection_lost);
}

#[test]
fn a_refused_sign_in_names_the_options_and_not_the_user() {
    let error = server(
        1045,
        "Access denied for user 'me'@'h' (using password: YES)",
    );
    assert!(error.message.contains("`password`") && !error.message.contains("me'@"));
}
