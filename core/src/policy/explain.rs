//! Row rules laid open for one user: what each rule compares with, and as which condition the database evaluates it.

use quillback_plugin_api::sql::Expr;
use serde_json::Value as Json;

use super::{Policy, Rule, compile};
use crate::catalog::Found;
use crate::cx::Principal;

/// A rule as it applies to one user.
#[derive(Clone, Debug)]
pub(crate) struct ExplainedRule {
    pub(crate) rule: Rule,
    /// What it compares with; nothing lets no row through.
    pub(crate) values: Vec<Json>,
    /// The rows for which it holds.
    pub(crate) holds: Expr,
}

/// A policy as it applies to one user.
#[derive(Clone, Debug)]
pub(crate) struct ExplainedPolicy {
    pub(crate) policy: Policy,
    pub(crate) rules: Vec<ExplainedRule>,
}

impl ExplainedPolicy {
    /// The rows that it lets through.
    pub(crate) fn holds(&self) -> Expr {
        Expr::all(self.rules.iter().map(|rule| rule.holds.clone()))
    }
}

/// The policies of a schema for a user, made of the same conditions as the user's grant.
pub(crate) fn explain(principal: &Principal, found: &Found) -> Vec<ExplainedPolicy> {
    let whole = &found.loaded.whole;
    let asker = compile::Asker {
        definition: &whole.schema.definition,
        principal,
        entitlements: &found.entitlements,
    };
    let explained = |rule: &Rule| ExplainedRule {
        rule: rule.clone(),
        values: asker.operand(&rule.operand),
        holds: asker.compile(rule),
    };
    let policies = whole.policies.iter();
    policies
        .map(|policy| ExplainedPolicy {
            rules: policy.rules.iter().map(explained).collect(),
            policy: policy.clone(),
        })
        .collect()
}
