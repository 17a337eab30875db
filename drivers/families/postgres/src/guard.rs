//! Lets the server itself check how many rows a statement found, so that a batch can be committed in the same flight.
//!
//! The guarded statement counts its rows and turns a wrong count into a number that is none: the server then fails
//! the statement, skips the rest of the flight and rolls back, and its message carries the count.

use quillback_plugin_api::batch::Expect;
use quillback_plugin_api::run::Action;
use quillback_plugin_api::sql::Insert;

/// What stands before the count in the text that is not a number.
const MARK: &str = "quillback found ";

/// What the answer of a statement is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Rows, or nothing but the number of rows touched: as the action says.
    Plain,
    /// One row with the number of rows touched.
    Counted,
}

/// The statement of an action with its guard; `None` when the action cannot have one.
pub(crate) fn guarded(action: &Action<'_>, expect: Expect) -> Option<(String, Shape)> {
    let condition = match expect {
        Expect::Any => return None,
        Expect::Rows(rows) => format!("= {rows}"),
        Expect::AtMost(rows) => format!("<= {rows}"),
    };
    let checked = |count: &str| {
        format!("CASE WHEN {count} {condition} THEN {count} ELSE ('{MARK}' || {count})::bigint END")
    };
    match action {
        Action::Execute(statement) => Some((
            format!(
                "WITH w AS ({} RETURNING 1) SELECT {} FROM w",
                statement.sql,
                checked("count(*)")
            ),
            Shape::Counted,
        )),
        Action::Count(statement) => Some((
            format!("SELECT {} FROM ({}) AS c(n)", checked("c.n"), statement.sql),
            Shape::Plain,
        )),
        // Without a row the join answers with one of NULLs, which must then have failed.
        Action::Returning { statement, insert } if matches!(expect, Expect::Rows(1..)) => Some((
            returning(&statement.sql, insert, &checked("count(*)")),
            Shape::Plain,
        )),
        // Of several rows, those that were found say which one is missing: they are read before anything is decided.
        Action::Query(statement) if expect == Expect::Rows(1) => {
            Some((rows(&statement.sql, &checked("count(*)")), Shape::Plain))
        }
        Action::Returning { .. } | Action::Query(_) | Action::Bulk(_) => None,
    }
}

/// The count is on the outer side of the join, so that it is checked even when there is no row.
fn returning(sql: &str, insert: &Insert, checked: &str) -> String {
    let width = insert.returning.len();
    let names: Vec<_> = (1..=width).map(|position| format!("c{position}")).collect();
    let names = names.join(", ");
    format!(
        "WITH w({names}) AS ({sql}) SELECT {names} FROM (SELECT {checked} AS n FROM w) AS g \
         LEFT JOIN w ON g.n IS NOT NULL"
    )
}

/// As [`returning`], of a query.
fn rows(sql: &str, checked: &str) -> String {
    format!(
        "WITH w AS ({sql}) SELECT w.* FROM (SELECT {checked} AS n FROM w) AS g LEFT JOIN w ON g.n IS NOT NULL"
    )
}

/// The count in a guard's error.
pub(crate) fn found(code: &str, message: &str) -> Option<u64> {
    // invalid_text_representation
    if code != "22P02" {
        return None;
    }
    let (_, after) = message.rsplit_once(MARK)?;
    let digits = after.find(|character: char| !character.is_ascii_digit());
    after.get(..digits.unwrap_or(after.len()))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use quillback_plugin_api::sql::Rendered;

    fn statement(sql: &str) -> Rendered {
        Rendered {
            sql: sql.into(),
            params: Vec::new(),
        }
    }

    #[test]
    fn a_write_counts_its_rows() {
        let action = Action::Execute(statement("DELETE FROM \"t\""));
        let (sql, shape) = guarded(&action, Expect::Rows(2)).unwrap();
        assert_eq!(shape, Shape::Counted);
        assert_eq!(
            sql,
            "WITH w AS (DELETE FROM \"t\" RETURNING 1) SELECT CASE WHEN count(*) = 2 THEN count(*) \
             ELSE ('quillback found ' || count(*))::bigint END FROM w"
        );
        assert_eq!(guarded(&action, Expect::Any), None);
    }

    #[test]
    fn a_query_of_one_row_counts_it() {
        let action = Action::Query(statement("SELECT \"a\" FROM \"t\""));
        let (sql, shape) = guarded(&action, Expect::Rows(1)).unwrap();
        assert_eq!(shape, Shape::Plain);
        assert_eq!(
            sql,
            "WITH w AS (SELECT \"a\" FROM \"t\") SELECT w.* FROM (SELECT CASE WHEN count(*) = 1 THEN count(*) \
             ELSE ('quillback found ' || count(*))::bigint END AS n FROM w) AS g LEFT JOIN w ON g.n IS NOT NULL"
        );
        assert_eq!(guarded(&action, Expect::Rows(2)), None);
    }

    #[test]
    fn the_count_is_read_from_the_error_in_any_language() {
        let german = "ungültige Eingabesyntax für Typ bigint: »quillback found 17«";
        assert_eq!(found("22P02", german), Some(17));
        assert_eq!(
            found("22P02", "invalid input syntax for type uuid: \"x\""),
            None
        );
        assert_eq!(found("22003", german), None);
    }
}
