//! Rules become conditions on columns. Whatever cannot be understood becomes "no row", never "every row".

use std::collections::HashMap;

use quillback_plugin_api::sql::{Compare, Expr, TextMatch};
use quillback_plugin_api::{Ident, Value};
use serde_json::Value as Json;

use super::{Operand, Operator, Policy, Rule};
use crate::cx::Principal;
use crate::field::FieldKind;
use crate::row_json;
use crate::schema::Definition;

/// Who asks for which rows of which schema.
pub(super) struct Asker<'a> {
    pub(super) definition: &'a Definition,
    pub(super) principal: &'a Principal,
    pub(super) entitlements: &'a [(String, String)],
}

impl Asker<'_> {
    /// The rows that these policies let through; all of them when there is no policy.
    pub(super) fn policies(&self, policies: &[Policy]) -> Expr {
        if policies.is_empty() {
            return Expr::True;
        }
        let each = policies.iter().map(|policy| self.all(&policy.rules));
        any_of(each.collect())
    }

    /// The rows for which all of these rules hold.
    pub(super) fn all(&self, rules: &[Rule]) -> Expr {
        Expr::all(rules.iter().map(|rule| self.compile(rule)))
    }

    /// The rows that the user added; none where the schema does not say who added a row.
    pub(super) fn own_rows(&self) -> Expr {
        self.definition.owner().map_or(Expr::False, |(_, field)| {
            Expr::eq(&field.column, self.principal.username.as_str())
        })
    }

    /// The rows for which a rule holds.
    pub(super) fn compile(&self, rule: &Rule) -> Expr {
        let Some((column, kind, _)) = self.definition.column(&rule.field) else {
            return Expr::False;
        };
        if rule.operator == Operator::IsNull {
            return Expr::IsNull(column.clone());
        }
        let values: Vec<Value> = self
            .operand(&rule.operand)
            .iter()
            .filter_map(|json| read(json, kind))
            .filter(|value| !value.is_null())
            .collect();
        if values.is_empty() {
            return Expr::False;
        }
        let is_written_down = matches!(rule.operand, Operand::Values(_));
        if rule.operator == Operator::Between && !is_written_down {
            return between_unordered(column, values);
        }
        compare(rule.operator, column, values)
    }

    /// What a rule compares with, for this user.
    pub(super) fn operand(&self, operand: &Operand) -> Vec<Json> {
        let text = |text: &str| Json::String(text.to_owned());
        match operand {
            Operand::Values(values) => values.clone(),
            Operand::Property(name) => self
                .entitlements
                .iter()
                .filter(|(property, _)| property == name)
                .map(|(_, value)| text(value))
                .collect(),
            Operand::Username => vec![text(&self.principal.username)],
            Operand::Groups => self
                .principal
                .groups
                .iter()
                .map(|group| text(&group.name))
                .collect(),
        }
    }
}

/// Any of the conditions. Lists of values of the same column become one: a schema may have a thousand policies that each
/// name one region, and a database reads one list much faster than a thousand comparisons.
fn any_of(conditions: Vec<Expr>) -> Expr {
    let mut different: Vec<Expr> = Vec::with_capacity(conditions.len());
    let mut lists: HashMap<Ident, usize> = HashMap::new();
    for condition in conditions {
        match condition {
            Expr::False => {}
            Expr::True => return Expr::True,
            Expr::In { column, values } => {
                let known = lists.get(&column).and_then(|at| different.get_mut(*at));
                if let Some(Expr::In { values: list, .. }) = known {
                    list.extend(values);
                } else {
                    lists.insert(column.clone(), different.len());
                    different.push(Expr::In { column, values });
                }
            }
            other => different.push(other),
        }
    }
    match different.len() {
        0 => Expr::False,
        1 => different.pop().unwrap_or(Expr::False),
        _ => Expr::Or(different),
    }
}

/// Entitlements are texts whatever the column is: those that read as the column's type count, others match nothing.
fn read(json: &Json, kind: &FieldKind) -> Option<Value> {
    let json = match (kind, json.as_str()) {
        (FieldKind::Boolean, Some("true" | "1")) => Json::Bool(true),
        (FieldKind::Boolean, Some("false" | "0")) => Json::Bool(false),
        (FieldKind::Float, Some(text)) => Json::from(text.parse::<f64>().ok()?),
        _ => json.clone(),
    };
    row_json::read(&json, kind).ok()
}

/// From the first of two values to the second, both included.
fn between(column: &Ident, values: &[Value]) -> Expr {
    let [low, high] = values else {
        return Expr::False;
    };
    let from = Expr::compare(column, Compare::Ge, low.clone());
    from.and(Expr::compare(column, Compare::Le, high.clone()))
}

/// Between two values of which only the database knows the smaller one: entitlements come in no order, and the same one
/// may be held by a user and by groups.
fn between_unordered(column: &Ident, values: Vec<Value>) -> Expr {
    let mut different: Vec<Value> = Vec::with_capacity(2);
    for value in values {
        if !different.contains(&value) {
            different.push(value);
        }
    }
    let one = between(column, &different);
    different.reverse();
    any_of(vec![one, between(column, &different)])
}

fn compare(operator: Operator, column: &Ident, values: Vec<Value>) -> Expr {
    let each = |make: &dyn Fn(Value) -> Expr| any_of(values.iter().cloned().map(make).collect());
    let compared = |op: Compare| each(&|value| Expr::compare(column, op, value));
    let matched = |how: TextMatch| {
        each(&|text| match text {
            Value::Text(_) => Expr::Match {
                column: column.clone(),
                how,
                ignore_case: false,
                text,
            },
            _ => Expr::False,
        })
    };
    match operator {
        Operator::Eq | Operator::In => Expr::In {
            column: column.clone(),
            values,
        },
        Operator::Ne | Operator::NotIn => Expr::In {
            column: column.clone(),
            values,
        }
        .negate(),
        Operator::Contains => matched(TextMatch::Contains),
        Operator::StartsWith => matched(TextMatch::StartsWith),
        Operator::Lt => compared(Compare::Lt),
        Operator::Le => compared(Compare::Le),
        Operator::Gt => compared(Compare::Gt),
        Operator::Ge => compared(Compare::Ge),
        Operator::Between => between(column, &values),
        Operator::IsNull => Expr::IsNull(column.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_one_column_become_one() {
        let list = |name: &'static str, numbers: &[i64]| Expr::In {
            column: Ident::literal(name),
            values: numbers.iter().copied().map(Value::I64).collect(),
        };
        let null = Expr::IsNull(Ident::literal("a"));
        let conditions = vec![
            list("a", &[1]),
            Expr::False,
            list("b", &[2]),
            null.clone(),
            list("a", &[3, 4]),
        ];
        let expected = Expr::Or(vec![list("a", &[1, 3, 4]), list("b", &[2]), null]);
        assert_eq!(any_of(conditions), expected);
        assert_eq!(any_of(vec![list("a", &[1]), Expr::True]), Expr::True);
        assert_eq!(
            any_of(vec![list("a", &[1]), list("a", &[2])]),
            list("a", &[1, 2])
        );
        assert_eq!(any_of(Vec::new()), Expr::False);
    }
}
