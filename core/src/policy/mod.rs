//! Who may do what with the rows of a schema: permissions and row rules, turned into a [`Grant`].
//!
//! A grant is the only thing from which `plan` makes batches, and [`grant()`] is the only place that makes one.

mod compile;
mod explain;
mod rights;
mod rule;

pub(crate) use explain::{ExplainedPolicy, explain};
pub use rights::{Action, Rights};
pub use rule::{Operand, Operator, Policy, Rule, check_policy};

use quillback_plugin_api::sql::Expr;

use crate::catalog::Found;
use crate::cx::Principal;
use crate::error::{Error, Result};
use crate::ids::GroupId;
use crate::repo::schemas::Whole;

/// What one user may do with one schema now. Cannot be made elsewhere.
#[derive(Clone, Debug)]
pub struct Grant {
    actions: Vec<Action>,
    visible: Vec<bool>,
    editable: Vec<bool>,
    using: Expr,
    check: Expr,
}

impl Grant {
    /// Whether the user may do `action`.
    pub fn allows(&self, action: Action) -> bool {
        self.actions.contains(&action)
    }

    /// Demands the right to do `action`.
    ///
    /// # Errors
    /// `Denied` without it.
    pub fn require(&self, action: Action) -> Result<()> {
        if self.allows(action) {
            Ok(())
        } else {
            Err(Error::Denied(action.phrase()))
        }
    }

    /// What the user may do.
    pub fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// Whether the user sees the field at `position`.
    pub fn sees(&self, position: usize) -> bool {
        self.visible.get(position).copied().unwrap_or(false)
    }

    /// Whether the user writes the field at `position`.
    pub fn writes(&self, position: usize) -> bool {
        self.editable.get(position).copied().unwrap_or(false)
    }

    /// Whether row rules keep some rows from the user.
    pub(crate) fn is_limited(&self) -> bool {
        self.using != Expr::True
    }

    /// Which rows the user may see and touch.
    pub(crate) fn using(&self) -> &Expr {
        &self.using
    }

    /// What rows that the user writes must look like afterwards.
    pub(crate) fn check(&self) -> &Expr {
        &self.check
    }
}

/// Works out what the user may do.
///
/// # Errors
/// `NotFound` when the user may not even see the schema: then it does not exist for that user. `PasswordDue`.
pub fn grant(principal: &Principal, found: &Found) -> Result<Grant> {
    if principal.must_change_password {
        return Err(Error::PasswordDue);
    }
    let whole = &found.loaded.whole;
    if !principal.reaches(&whole.schema.id) {
        return Err(Error::NotFound("schema"));
    }
    let held = held_rights(principal, whole);
    let mut actions: Vec<Action> = Action::ALL
        .into_iter()
        .filter(|action| held.iter().any(|rights| rights.allows(*action)))
        .filter(|action| !(principal.read_only && action.changes_rows()))
        .collect();
    if !actions.contains(&Action::View) {
        return Err(Error::NotFound("schema"));
    }
    actions.dedup();
    let names = || {
        whole
            .schema
            .definition
            .fields
            .iter()
            .map(|field| field.name.as_str())
    };
    let visible = names()
        .map(|name| held.iter().any(|rights| rights.sees(name)))
        .collect();
    let editable = names()
        .map(|name| held.iter().any(|rights| rights.writes(name)))
        .collect();
    let rows = compile::policies(whole, principal, &found.entitlements);
    Ok(Grant {
        actions,
        visible,
        editable,
        using: rows.clone(),
        check: rows,
    })
}

fn held_rights(principal: &Principal, whole: &Whole) -> Vec<Rights> {
    if principal.is_admin() {
        return vec![Rights::all()];
    }
    let mine = |id: &GroupId| principal.groups.iter().any(|group| group.id == *id);
    whole
        .permissions
        .iter()
        .filter(|(group, _)| mine(group))
        .map(|(_, rights)| rights.clone())
        .collect()
}
