//! The errors of __NAME__ as categories, one line and one link each.

use quillback_plugin_api::error::Origin;
use quillback_plugin_api::{Category, DriverError};

/// What an error of the server means. The message must be free of values of rows.
#[cfg_attr(not(test), expect(dead_code, reason = "until the first call to the server is written"))]
pub(crate) fn from_server(sqlstate: &str, message: &str) -> DriverError {
    let origin = Origin { sqlstate: Some(sqlstate.to_owned()), ..Origin::default() };
    DriverError::new(category(sqlstate), message).from_origin(origin)
}

/// These are the codes of the SQL standard; add the vendor's own, each with a link to its documentation.
fn category(sqlstate: &str) -> Category {
    match sqlstate {
        "23502" => Category::NotNull,
        "23503" => Category::ForeignKey,
        "23505" => Category::Unique,
        "23514" => Category::Check,
        "40001" => Category::Conflict,
        "42501" => Category::Permission,
        _ => match sqlstate.get(..2) {
            Some("08") => Category::Connect,
            Some("22") => Category::InvalidData,
            Some("23") => Category::Constraint,
            Some("28") => Category::Auth,
            Some("40") => Category::Conflict,
            Some("42") => Category::Syntax,
            _ => Category::Other,
        },
    }
}

/// The answer of what is not written yet.
pub(crate) fn unwritten(what: &str, file: &str) -> DriverError {
    DriverError::unsupported(format!("{what} is not written yet: see src/{file}"))
}

#[cfg(test)]
mod tests {
    use quillback_plugin_api::Category;

    use super::from_server;

    #[test]
    fn an_exact_code_wins_over_its_class() {
        assert_eq!(from_server("23505", "duplicate").category, Category::Unique);
        assert_eq!(from_server("23000", "constraint").category, Category::Constraint);
        assert_eq!(from_server("", "nothing").category, Category::Other);
    }
}
