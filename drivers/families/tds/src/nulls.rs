//! NULL stands in the text of a statement (see [`crate::tsql`]): its parameter is not sent, and those behind it move up.

use quillback_plugin_api::sql::Rendered;

/// The statement as it is sent: without the parameters that are NULL.
pub(crate) fn left_out(statement: &Rendered) -> Rendered {
    let mut sent = 0_usize;
    let numbers: Vec<_> = statement
        .params
        .iter()
        .map(|value| {
            sent += usize::from(!value.is_null());
            sent
        })
        .collect();
    if sent == numbers.len() {
        return statement.clone();
    }
    Rendered {
        sql: renumbered(&statement.sql, &numbers),
        params: statement
            .params
            .iter()
            .filter(|value| !value.is_null())
            .cloned()
            .collect(),
    }
}

/// Gives each `@P` outside of names and texts its new number.
fn renumbered(sql: &str, numbers: &[usize]) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut rest = sql;
    let mut inside = None;
    while let Some(first) = rest.chars().next() {
        let after = rest.get(first.len_utf8()..).unwrap_or_default();
        let digits = after.strip_prefix('P').map(leading_digits);
        match (inside, first, digits) {
            (None, '@', Some(digits)) if !digits.is_empty() => {
                let old: usize = digits.parse().unwrap_or(0);
                let new = old.checked_sub(1).and_then(|at| numbers.get(at));
                out.push_str("@P");
                out.push_str(&new.copied().unwrap_or(old).to_string());
                rest = after.get(1 + digits.len()..).unwrap_or_default();
                continue;
            }
            // A doubled end closes and opens again, which comes to the same.
            (Some(end), _, _) if first == end => inside = None,
            // Behind a closed name a second bracket belongs to it.
            (None, '[' | ']', _) => inside = Some(']'),
            (None, '\'', _) => inside = Some('\''),
            _ => {}
        }
        out.push(first);
        rest = after;
    }
    out
}

fn leading_digits(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_digit());
    text.get(..end.unwrap_or(text.len())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use quillback_plugin_api::Value;

    use super::*;

    #[test]
    fn the_parameters_behind_a_null_move_up() {
        let statement = Rendered {
            sql: "UPDATE [a]]@P1] SET [b] = NULL, [@P3] = @P2, t = N'it''s @P3' WHERE c = CAST(@P3 AS int)".into(),
            params: vec![Value::Null, 1.into(), 2.into()],
        };
        let sent = left_out(&statement);
        assert_eq!(
            sent.sql,
            "UPDATE [a]]@P1] SET [b] = NULL, [@P3] = @P1, t = N'it''s @P3' WHERE c = CAST(@P2 AS int)"
        );
        assert_eq!(sent.params, [1.into(), 2.into()]);
    }

    #[test]
    fn without_a_null_nothing_changes() {
        let statement = Rendered {
            sql: "SELECT @P1".into(),
            params: vec![1.into()],
        };
        assert_eq!(left_out(&statement), statement);
    }
}
