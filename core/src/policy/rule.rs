//! Row-level security as people write it: rules of a policy are all demanded, one policy of a schema is enough.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::error::Problem;
use crate::ids::PolicyId;
use crate::row_json;
use crate::schema::Definition;

/// How a rule compares. With several values, one that matches is enough; for the two negative ones none may match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// Equal to one of the values.
    Eq,
    /// Different from all values; never holds for a row without a value.
    Ne,
    /// One of the values.
    In,
    /// None of the values; never holds for a row without a value.
    NotIn,
    /// Contains one of the values.
    Contains,
    /// Starts with one of the values.
    StartsWith,
    /// Less than one of the values.
    Lt,
    /// At most one of the values.
    Le,
    /// Greater than one of the values.
    Gt,
    /// At least one of the values.
    Ge,
    /// Between the two values, both included.
    Between,
    /// Has no value.
    IsNull,
}

/// What a rule compares with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operand {
    /// These values, as in the API.
    Values(Vec<Json>),
    /// The user's entitlements of this property, the user's own and those of all groups.
    Property(String),
    /// The user name.
    Username,
    /// The names of the user's groups.
    Groups,
}

/// One demand on a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// Field or key part, by its name in the API.
    pub field: String,
    /// How to compare.
    pub operator: Operator,
    /// What with.
    pub operand: Operand,
}

/// Rules that must all hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Identifier.
    pub id: PolicyId,
    /// Name for people.
    pub name: String,
    /// The rules; a policy without rules lets every row through.
    pub rules: Vec<Rule>,
}

/// Checks the rules of a policy against the schema it is for.
///
/// # Errors
/// One problem for each fault, with its path below `path`.
pub fn check_policy(definition: &Definition, rules: &[Rule], path: &str) -> Vec<Problem> {
    check_rules(definition, rules, &format!("{path}.rules"))
}

/// Checks rules against the schema they are for.
///
/// # Errors
/// One problem for each fault, with its path below `path`.
pub fn check_rules(definition: &Definition, rules: &[Rule], path: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (position, rule) in rules.iter().enumerate() {
        let path = |part: &str| format!("{path}.{position}.{part}");
        let Some((_, kind, _)) = definition.column(&rule.field) else {
            let message = format!("The schema has no field called {}.", rule.field);
            problems.push(Problem::new(path("field"), "UNKNOWN_FIELD", message));
            continue;
        };
        match (&rule.operand, rule.operator) {
            (Operand::Property(name), _) if name.trim().is_empty() => {
                problems.push(Problem::new(
                    path("operand"),
                    "REQUIRED",
                    "Name the property to compare with.",
                ));
            }
            (Operand::Values(values), Operator::Between) if values.len() != 2 => {
                problems.push(Problem::new(
                    path("operand"),
                    "TWO_VALUES",
                    "Give the smallest and the largest value.",
                ));
            }
            (Operand::Values(values), operator)
                if values.is_empty() && operator != Operator::IsNull =>
            {
                problems.push(Problem::new(
                    path("operand"),
                    "REQUIRED",
                    "Give at least one value.",
                ));
            }
            (Operand::Values(values), _) => {
                let wrong = values
                    .iter()
                    .filter_map(|value| row_json::read(value, kind).err());
                problems.extend(wrong.map(|problem| Problem {
                    path: path("operand"),
                    ..problem
                }));
            }
            _ => {}
        }
    }
    problems
}
