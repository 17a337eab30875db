//! Preview as user: what somebody sees of a schema's rows, and rule by rule why a row is hidden from them.
//!
//! There is no second evaluator: pages are read by the user's own grant, and every rule is asked of the database.

use std::sync::Arc;

use quillback_plugin_api::Value;
use quillback_plugin_api::batch::Batch;
use quillback_plugin_api::sql::Expr;
use serde_json::{Value as Json, json};

use super::access::stand_in;
use crate::app::App;
use crate::audit::events;
use crate::catalog::{self, Found};
use crate::cx::{Cx, Principal};
use crate::error::{Error, Result};
use crate::ids::{SchemaId, UserId};
use crate::permit::{self, ManageSchemas, Within};
use crate::plan;
use crate::policy::{self, Action, ExplainedPolicy, Grant, Rule};
use crate::read::{self, Filter, PageCommand, PageRow};
use crate::repo::people::Person;
use crate::repo::schemas::Whole;
use crate::repo::{commit, people};
use crate::schema::Definition;
use crate::targets::Opened;
use crate::write::{key_json, read_key};

/// Most sample rows.
pub const MAX_SAMPLE: u32 = 50;

/// As whom to look.
#[derive(Clone, Debug)]
pub enum Who {
    /// By identifier.
    Id(UserId),
    /// By user name.
    Name(String),
}

/// What to preview.
#[derive(Clone, Debug)]
pub struct PreviewCommand {
    /// Schema.
    pub schema: SchemaId,
    /// As whom.
    pub who: Who,
    /// Which rows to sample, as the user would ask for them.
    pub filter: Option<Filter>,
    /// Most sample rows.
    pub first: u32,
    /// A row to explain.
    pub key: Option<Json>,
}

/// What somebody sees of a schema's rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Preview {
    /// As whom.
    pub person: Person,
    /// What the user may do; nothing when the schema does not exist for the user.
    pub actions: Vec<Action>,
    /// Fields that the user does not see.
    pub hidden: Vec<String>,
    /// Rows that there are.
    pub total: u64,
    /// Rows that the user sees.
    pub visible: u64,
    /// Of those, rows that hold the filter.
    pub matching: u64,
    /// The first of these, as the user sees them.
    pub rows: Vec<PageRow>,
    /// Properties and values of the user and all the user's groups.
    pub entitlements: Vec<(String, String)>,
    /// The policies; without any, every row is seen.
    pub policies: Vec<PolicyPreview>,
    /// The row that was asked for.
    pub row: Option<RowPreview>,
}

/// A policy as it applies to the user.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyPreview {
    /// Name for people.
    pub name: String,
    /// Rows that it lets through.
    pub rows: u64,
    /// Its rules, which must all hold.
    pub rules: Vec<RulePreview>,
    /// Whether it lets the row through that was asked for.
    pub lets_row_through: Option<bool>,
}

/// A rule as it applies to the user.
#[derive(Clone, Debug, PartialEq)]
pub struct RulePreview {
    /// The rule.
    pub rule: Rule,
    /// What it compares with for this user; with nothing it lets no row through.
    pub values: Vec<Json>,
    /// Whether it holds for the row that was asked for.
    pub holds_for_row: Option<bool>,
}

/// What the user may do with one row.
#[derive(Clone, Debug, PartialEq)]
pub struct RowPreview {
    /// Key, as JSON object.
    pub key: Json,
    /// Whether there is such a row.
    pub exists: bool,
    /// Whether the user sees it.
    pub visible: bool,
    /// What the user may do with it.
    pub actions: Vec<RowAction>,
}

/// Something that can be done with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowAction {
    /// What.
    pub action: Action,
    /// Why not: `NO_RIGHT`, `HIDDEN`, or the code with which the write would be refused; `None` when it is allowed.
    pub obstacle: Option<&'static str>,
}

/// Looks at a schema as another user would. It is written down in the audit trail.
///
/// # Errors
/// `Denied`; `NotFound` for a schema or user beyond the caller's groups; `Invalid` for a filter that the user could not
/// send and for a key that is none; `Target` when the database could not be asked.
pub async fn as_user(cx: &Cx, app: &App, command: PreviewCommand) -> Result<Preview> {
    let permit = permit::manage_schemas(cx)?;
    let whole = permit.schema(app, &command.schema).await?;
    let id = match &command.who {
        Who::Id(id) => id.clone(),
        Who::Name(name) => {
            let found = people::find_user_by_name(&app.repo, name).await?;
            found.ok_or(Error::NotFound("user"))?.id
        }
    };
    let person = permit.user(app, &id).await?;
    let principal = stand_in(app, &person).await?;
    note(cx, app, &command, &person).await?;
    let found = catalog::find_with_all(app, &command.schema, &principal).await?;
    let grant = match policy::grant(&principal, &found) {
        Ok(grant) => Some(grant),
        Err(Error::NotFound(_)) => None,
        Err(other) => return Err(other),
    };
    let definition = &found.loaded.whole.schema.definition;
    let key = command.key.as_ref().map(|key| read_key(definition, key));
    let key = key
        .transpose()
        .map_err(|problem| Error::Invalid(vec![problem]))?;
    let target = app.targets.get(&app.keyring, &found.loaded.connection);
    let asked = Asked {
        policies: policy::explain(&principal, &found),
        found: &found,
        grant: grant.as_ref(),
        target: target.await?,
        whole: &whole,
        deadline_ms: app.options.batch_deadline_ms,
    };
    let page = match grant {
        Some(_) => Some(sample(cx, app, principal, &command).await?),
        None => None,
    };
    asked.preview(person.into_inner(), page, key).await
}

/// A page as the user would get it, by the function that reads pages.
async fn sample(
    cx: &Cx,
    app: &App,
    principal: Principal,
    command: &PreviewCommand,
) -> Result<read::Page> {
    let theirs = Cx {
        principal: Some(Arc::new(principal)),
        ..cx.clone()
    };
    let page = PageCommand {
        schema: command.schema.clone(),
        filter: command.filter.clone(),
        sort: Vec::new(),
        first: command.first.clamp(1, MAX_SAMPLE),
        after: None,
        count: true,
    };
    read::page(&theirs, app, page).await
}

async fn note(
    cx: &Cx,
    app: &App,
    command: &PreviewCommand,
    person: &Within<ManageSchemas, Person>,
) -> Result<()> {
    let mut batch = Batch::default();
    let details = json!({ "user": person.user.id, "row": command.key.is_some() });
    events::event(
        &mut batch,
        cx,
        "schema.preview",
        "schema",
        Some(command.schema.as_str()),
        details,
    )?;
    commit(&app.repo, &batch, "schema").await.map(|_| ())
}

/// What is asked of the target database, and under which permission.
struct Asked<'a> {
    found: &'a Found,
    grant: Option<&'a Grant>,
    policies: Vec<ExplainedPolicy>,
    target: Opened,
    whole: &'a Within<ManageSchemas, Whole>,
    deadline_ms: u32,
}

impl Asked<'_> {
    fn definition(&self) -> &Definition {
        &self.found.loaded.whole.schema.definition
    }

    fn seen(&self) -> Expr {
        self.grant
            .map_or(Expr::False, |grant| grant.using().clone())
    }

    async fn count(&self, filters: Vec<Expr>) -> Result<Vec<u64>> {
        self.target
            .counts(self.whole, filters, self.deadline_ms)
            .await
    }

    async fn preview(
        &self,
        person: Person,
        page: Option<read::Page>,
        key: Option<Vec<Value>>,
    ) -> Result<Preview> {
        let mut filters = vec![Expr::True, self.seen()];
        filters.extend(self.policies.iter().map(ExplainedPolicy::holds));
        let mut counts = self.count(filters).await?.into_iter();
        let (total, visible) = (counts.next(), counts.next());
        let mut policies: Vec<PolicyPreview> =
            self.policies.iter().zip(counts).map(preview_of).collect();
        let row = match key {
            Some(key) => Some(self.row(&key, &mut policies).await?),
            None => None,
        };
        let fields = self.definition().fields.iter().enumerate();
        let sees = |position| self.grant.is_some_and(|grant| grant.sees(position));
        let hidden = fields.filter(|(position, _)| !sees(*position));
        Ok(Preview {
            person,
            actions: self
                .grant
                .map_or_else(Vec::new, |grant| grant.actions().to_vec()),
            hidden: hidden.map(|(_, field)| field.name.clone()).collect(),
            total: total.unwrap_or(0),
            visible: visible.unwrap_or(0),
            matching: page.as_ref().and_then(|page| page.total).unwrap_or(0),
            rows: page.map_or_else(Vec::new, |page| page.rows),
            entitlements: self.found.entitlements.clone(),
            policies,
            row,
        })
    }

    /// Asks the database for every rule whether it holds for the row: one count each, all in one exchange.
    async fn row(&self, key: &[Value], policies: &mut [PolicyPreview]) -> Result<RowPreview> {
        let row = plan::key_filter(self.definition(), key);
        let mut filters = vec![row.clone(), row.clone().and(self.seen())];
        let rules = self.policies.iter().flat_map(|policy| &policy.rules);
        filters.extend(rules.map(|rule| row.clone().and(rule.holds.clone())));
        let first_lock = filters.len();
        let locks = self.locks();
        filters.extend(
            locks
                .iter()
                .map(|(_, _, demanded)| row.clone().and(demanded.clone())),
        );
        let counts = self.count(filters).await?;
        let is = |at: usize| counts.get(at).is_some_and(|count| *count > 0);
        let (exists, visible) = (is(0), is(1));
        let mut at = 2;
        for policy in policies.iter_mut() {
            for rule in &mut policy.rules {
                rule.holds_for_row = Some(is(at));
                at += 1;
            }
            let all = policy
                .rules
                .iter()
                .all(|rule| rule.holds_for_row == Some(true));
            policy.lets_row_through = Some(exists && all);
        }
        let failing = |action: Action| {
            let mut own = locks.iter().enumerate();
            own.find(|(lock, (of, _, _))| *of == action && !is(first_lock + lock))
                .map(|(_, (_, code, _))| *code)
        };
        let obstacle = |action: Action| {
            if !self.grant.is_some_and(|grant| grant.allows(action)) {
                Some("NO_RIGHT")
            } else if visible {
                failing(action)
            } else {
                Some("HIDDEN")
            }
        };
        let actions = Action::ALL
            .into_iter()
            .filter(|action| *action != Action::Add);
        Ok(RowPreview {
            key: key_json(self.definition(), key),
            exists,
            visible,
            actions: actions
                .map(|action| RowAction {
                    action,
                    obstacle: obstacle(action),
                })
                .collect(),
        })
    }

    /// What a row must satisfy beforehand, for each action that changes rows, with the code of a refusal.
    fn locks(&self) -> Vec<(Action, &'static str, Expr)> {
        let Some(grant) = self.grant else {
            return Vec::new();
        };
        let touching = Action::ALL
            .into_iter()
            .filter(|action| action.changes_rows() && *action != Action::Add);
        touching
            .flat_map(|action| {
                let locks = grant.locks(action).into_iter();
                locks.map(move |(demand, holds)| (action, demand.code(), holds.clone()))
            })
            .collect()
    }
}

fn preview_of((explained, rows): (&ExplainedPolicy, u64)) -> PolicyPreview {
    let rules = explained.rules.iter().map(|one| RulePreview {
        rule: one.rule.clone(),
        values: one.values.clone(),
        holds_for_row: None,
    });
    PolicyPreview {
        name: explained.policy.name.clone(),
        rows,
        rules: rules.collect(),
        lets_row_through: None,
    }
}
