//! Messages of the server, word for word from its documentation, and what becomes of them.

use super::*;

#[test]
fn a_duplicate_key_names_its_constraint_and_hides_its_value() {
    let error = from_parts(
        2627,
        "Violation of PRIMARY KEY constraint 'PK_people'. Cannot insert duplicate key in object 'dbo.people'. \
         The duplicate key value is (secret).",
    );
    assert_eq!(error.category, C::Unique);
    assert_eq!(error.origin.constraint.as_deref(), Some("PK_people"));
    assert_eq!(error.origin.table.as_deref(), Some("dbo.people"));
    assert_eq!(error.origin.vendor_code.as_deref(), Some("2627"));
    assert!(!format!("{error:?}").contains("secret"));
}

#[test]
fn one_number_stands_for_foreign_keys_and_checks() {
    let foreign = "The INSERT statement conflicted with the FOREIGN KEY constraint \"FK_a\". The conflict occurred in \
                   database \"d\", table \"dbo.b\", column 'id'.";
    assert_eq!(from_parts(547, foreign).category, C::ForeignKey);
    let check = "The UPDATE statement conflicted with the CHECK constraint \"CK_a\". The conflict occurred in database \
                 \"d\", table \"dbo.b\", column 'n'.";
    let error = from_parts(547, check);
    assert_eq!(error.category, C::Check);
    assert_eq!(error.origin.constraint.as_deref(), Some("CK_a"));
}

#[test]
fn a_missing_value_names_its_column() {
    let error = from_parts(
        515,
        "Cannot insert the value NULL into column 'n', table 'd.dbo.t'; column does not allow nulls. INSERT fails.",
    );
    assert_eq!(error.category, C::NotNull);
    assert_eq!(error.origin.column.as_deref(), Some("n"));
}

#[test]
fn values_in_messages_of_conversions_are_hidden() {
    let error = from_parts(
        245,
        "Conversion failed when converting the varchar value 'secret' to data type int.",
    );
    assert_eq!(error.category, C::InvalidData);
    assert!(!format!("{error:?}").contains("secret"));
}

#[test]
fn deadlocks_may_be_sent_again_and_unknown_numbers_may_not() {
    assert!(from_parts(1205, "").is_retryable());
    assert_eq!(from_parts(99_999, "").category, C::Other);
}

#[test]
fn a_broken_connection_is_not_used_again() {
    let kind = tiberius::error::IoErrorKind::ConnectionReset;
    let error = from_client(Error::Io {
        kind,
        message: "secret".into(),
    });
    assert!(error.connection_lost);
    assert!(!error.message.contains("secret"));
}
