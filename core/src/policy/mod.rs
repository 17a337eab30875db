//! Who may do what with the rows of a schema: permissions and row rules, turned into a [`Grant`].
//!
//! A grant is the only thing from which `plan` makes batches, and [`grant()`] is the only place that makes one.

mod compile;
mod demand;
mod explain;
mod rights;
mod rule;

pub use demand::Demand;
pub(crate) use explain::{ExplainedPolicy, explain};
pub use rights::{Action, Rights};
pub use rule::{Operand, Operator, Policy, Rule, check_policy, check_rules};

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
    /// For each field, the actions under which the user writes it.
    writable: Vec<Vec<Action>>,
    using: Expr,
    /// The actions that all groups that give them limit to own rows.
    own_only: Vec<Action>,
    own: Expr,
    edit_when: Expr,
    add_when: Expr,
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

    /// Whether the user writes the field at `position` in some way.
    pub fn writes(&self, position: usize) -> bool {
        self.writable
            .get(position)
            .is_some_and(|actions| !actions.is_empty())
    }

    /// Whether the user writes the field at `position` with the right to do `action`.
    pub fn writes_by(&self, action: Action, position: usize) -> bool {
        self.writable
            .get(position)
            .is_some_and(|actions| actions.contains(&action))
    }

    /// Whether the user does `action` to own rows only.
    pub fn is_own_only(&self, action: Action) -> bool {
        self.own_only.contains(&action)
    }

    /// Whether row rules keep some rows from the user.
    pub(crate) fn is_limited(&self) -> bool {
        self.using != Expr::True
    }

    /// Which rows the user may see; no other row is touched on any path.
    pub(crate) fn using(&self) -> &Expr {
        &self.using
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
    let actions: Vec<Action> = Action::ALL
        .into_iter()
        .filter(|action| held.iter().any(|rights| rights.allows(*action)))
        .filter(|action| !(principal.read_only && action.changes_rows()))
        .collect();
    if !actions.contains(&Action::View) {
        return Err(Error::NotFound("schema"));
    }
    let definition = &whole.schema.definition;
    let names = || definition.fields.iter().map(|field| field.name.as_str());
    let visible = names()
        .map(|name| held.iter().any(|rights| rights.sees(name)))
        .collect();
    let writing = |name: &str| {
        let actions = actions.iter().copied();
        actions
            .filter(|action| held.iter().any(|rights| rights.writes(*action, name)))
            .collect()
    };
    let all_limited = |action: &Action| {
        let mut giving = held.iter().filter(|rights| rights.allows(*action));
        action.can_be_limited_to_own_rows() && giving.all(|rights| rights.own_only)
    };
    let asker = compile::Asker {
        definition,
        principal,
        entitlements: &found.entitlements,
    };
    Ok(Grant {
        visible,
        writable: names().map(writing).collect(),
        using: asker.policies(&whole.policies),
        own_only: actions.iter().copied().filter(all_limited).collect(),
        own: asker.own_rows(),
        edit_when: asker.all(&definition.conditions.edit),
        add_when: asker.all(&definition.conditions.add),
        actions,
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
        .filter(|(group, rights)| mine(group) && rights.allows(Action::View))
        .map(|(_, rights)| rights.clone())
        .collect()
}
