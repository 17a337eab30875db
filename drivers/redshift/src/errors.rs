//! What Redshift's errors mean where they are not `PostgreSQL`'s: its compute nodes report under `XX000`, with a code of
//! their own in the detail, or as the message itself.

use quillback_family_postgres::{Meaning, Report};
use quillback_plugin_api::Category;

/// Reads an error; `None` for those that mean what they do in `PostgreSQL`.
pub(crate) fn explain(report: &Report<'_>) -> Option<Meaning> {
    let column = after(report.message, NULL_IN_COLUMN);
    if let Some(column) = column {
        return Some(Meaning {
            column: Some(column.to_owned()),
            ..meaning(Category::NotNull, "a required value is missing", None)
        });
    }
    // internal_error
    if report.code != "XX000" {
        return None;
    }
    let number = own_number(report)?;
    let (category, words) = of_number(number)?;
    Some(meaning(category, words, Some(number)))
}

/// The beginning of the message about a missing value, as users report it; the name of the column follows.
const NULL_IN_COLUMN: &str = "Cannot insert a NULL value into column ";

fn meaning(category: Category, words: &'static str, number: Option<&str>) -> Meaning {
    Meaning {
        category,
        words: Some(words),
        vendor_code: number.map(str::to_owned),
        column: None,
    }
}

fn after<'m>(message: &'m str, beginning: &str) -> Option<&'m str> {
    let rest = message.strip_prefix(beginning)?;
    rest.split_whitespace().next()
}

/// The number after `code:` in the detail; serialization failures have theirs as the message.
fn own_number<'r>(report: &Report<'r>) -> Option<&'r str> {
    if report.message.trim() == "1023" {
        return Some("1023");
    }
    let mut lines = report.detail.lines();
    lines.find_map(|line| Some(line.trim().strip_prefix("code:")?.trim()))
}

fn of_number(number: &str) -> Option<(Category, &'static str)> {
    Some(match number {
        // https://docs.aws.amazon.com/redshift/latest/dg/c_serial_isolation-serializable-isolation-troubleshooting.html
        "1023" | "1018" => (
            Category::Conflict,
            "another transaction changed the same table at the same time",
        ),
        // https://github.com/awslabs/amazon-redshift-utils/issues/716
        "8001" => (
            Category::InvalidData,
            "a value does not fit its column, or does not have the form that its type needs",
        ),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report<'r>(code: &'r str, message: &'r str, detail: &'r str) -> Option<Meaning> {
        explain(&Report {
            code,
            message,
            detail,
        })
    }

    #[test]
    fn what_compute_nodes_report_is_told_apart() {
        let detail = "\n  -----\n  error:  Value too long for character type\n  code:      8001\n  \
             context:   Value too long for type character varying(3)\n  query:     1\n  -----\n";
        let found = report("XX000", "Value too long for character type", detail).unwrap();
        assert_eq!(found.category, Category::InvalidData);
        assert_eq!(found.vendor_code.as_deref(), Some("8001"));
        let found = report(
            "XX000",
            "1023",
            "Serializable isolation violation on table - 7",
        )
        .unwrap();
        assert_eq!(found.category, Category::Conflict);
        assert!(found.words.is_some_and(|words| !words.contains('7')));
    }

    #[test]
    fn a_missing_value_names_its_column() {
        let found = report("XX000", "Cannot insert a NULL value into column must", "").unwrap();
        assert_eq!(found.category, Category::NotNull);
        assert_eq!(found.column.as_deref(), Some("must"));
    }

    #[test]
    fn everything_else_means_what_it_does_in_postgresql() {
        assert_eq!(report("42P01", "relation does not exist", ""), None);
        assert_eq!(report("XX000", "something else", "no number"), None);
        assert_eq!(report("XX000", "something else", "code: 4711"), None);
    }
}
