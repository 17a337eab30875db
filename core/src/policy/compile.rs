//! Rules become conditions on columns. Whatever cannot be understood becomes "no row", never "every row".

use quillback_plugin_api::sql::{Compare, Expr, TextMatch};
use quillback_plugin_api::{Ident, Value};
use serde_json::Value as Json;

use super::{Operand, Operator, Rule};
use crate::cx::Principal;
use crate::field::FieldKind;
use crate::repo::schemas::Whole;
use crate::row_json;
use crate::schema::Definition;

/// The rows that a schema's policies let through; all of them when there is no policy.
pub(super) fn policies(
    whole: &Whole,
    principal: &Principal,
    entitlements: &[(String, String)],
) -> Expr {
    if whole.policies.is_empty() {
        return Expr::True;
    }
    let definition = &whole.schema.definition;
    let any = whole.policies.iter().map(|policy| {
        Expr::all(
            policy
                .rules
                .iter()
                .map(|rule| compile(rule, definition, principal, entitlements)),
        )
    });
    any_of(any.collect())
}

fn any_of(mut conditions: Vec<Expr>) -> Expr {
    conditions.retain(|condition| *condition != Expr::False);
    if conditions.contains(&Expr::True) {
        return Expr::True;
    }
    match conditions.len() {
        0 => Expr::False,
        1 => conditions.pop().unwrap_or(Expr::False),
        _ => Expr::Or(conditions),
    }
}

pub(super) fn compile(
    rule: &Rule,
    definition: &Definition,
    principal: &Principal,
    entitlements: &[(String, String)],
) -> Expr {
    let Some((column, kind, _)) = definition.column(&rule.field) else {
        return Expr::False;
    };
    if rule.operator == Operator::IsNull {
        return Expr::IsNull(column.clone());
    }
    let values: Vec<Value> = operand(&rule.operand, principal, entitlements)
        .iter()
        .filter_map(|json| read(json, kind))
        .filter(|value| !value.is_null())
        .collect();
    if values.is_empty() {
        return Expr::False;
    }
    compare(rule.operator, column, values)
}

pub(super) fn operand(
    operand: &Operand,
    principal: &Principal,
    entitlements: &[(String, String)],
) -> Vec<Json> {
    let text = |text: &str| Json::String(text.to_owned());
    match operand {
        Operand::Values(values) => values.clone(),
        Operand::Property(name) => entitlements
            .iter()
            .filter(|(property, _)| property == name)
            .map(|(_, value)| text(value))
            .collect(),
        Operand::Username => vec![text(&principal.username)],
        Operand::Groups => principal
            .groups
            .iter()
            .map(|group| text(&group.name))
            .collect(),
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
        Operator::Between => match <[Value; 2]>::try_from(values) {
            Ok([low, high]) => Expr::compare(column, Compare::Ge, low).and(Expr::compare(
                column,
                Compare::Le,
                high,
            )),
            Err(_) => Expr::False,
        },
        Operator::IsNull => Expr::IsNull(column.clone()),
    }
}
