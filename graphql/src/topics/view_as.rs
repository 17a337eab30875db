//! Preview as user: what somebody sees of a schema's rows, and why a row is hidden from them.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use quillback_core::admin::preview::{self, Preview as Stored, PreviewCommand, RowAction, Who};
use quillback_core::ids::{SchemaId, UserId};

use super::rights::{Action, Rule};
use super::rows::RowFilter;
use crate::context::Env;
use crate::error::{Public, public};
use crate::scalars::{Json, id};

#[derive(Default)]
pub(crate) struct PreviewQuery;

#[Object]
impl PreviewQuery {
    /// What a user sees of a schema's rows, and which policies and entitlements make it so; for people who manage the
    /// schema, about users of their groups. It is written down in the audit trail.
    async fn preview_as_user(
        &self,
        ctx: &Context<'_>,
        input: PreviewAsUserInput,
    ) -> Result<PreviewAsUser> {
        let who = match (input.user_id, input.username) {
            (Some(id), None) => Who::Id(UserId::parse(&id).public()?),
            (None, Some(name)) => Who::Name(name),
            _ => {
                let message = "Give either userId or username.";
                let error = quillback_core::Error::invalid("input", "USER", message);
                return Err(public(error));
            }
        };
        let command = PreviewCommand {
            schema: SchemaId::parse(&input.schema_id).public()?,
            who,
            filter: input
                .filter
                .map(|filter| filter.parse("filter"))
                .transpose()?,
            first: input.first,
            key: input.key.map(|key| key.0),
        };
        let found = preview::as_user(ctx.cx()?, ctx.app()?, command).await;
        Ok(PreviewAsUser(found.public()?))
    }
}

/// What to preview, and as whom.
#[derive(InputObject)]
struct PreviewAsUserInput {
    /// Schema.
    schema_id: ID,
    /// User; or give the name.
    user_id: Option<ID>,
    /// Name of the user; or give the id.
    username: Option<String>,
    /// Which rows to sample, as the user would ask for them.
    filter: Option<RowFilter>,
    /// Most rows to sample, 1 to 50.
    #[graphql(default = 10)]
    first: u32,
    /// Key of a row to explain, as an object of key parts.
    key: Option<Json>,
}

/// What somebody sees of a schema's rows.
struct PreviewAsUser(Stored);

#[Object]
impl PreviewAsUser {
    /// User.
    async fn user_id(&self) -> ID {
        id(&self.0.person.user.id)
    }

    /// Name to sign in with.
    async fn username(&self) -> &str {
        &self.0.person.user.username
    }

    /// Whether the user may sign in; if not, the rest is what it would be.
    async fn active(&self) -> bool {
        self.0.person.user.active
    }

    /// What the user may do; nothing when the schema does not exist for the user.
    async fn actions(&self) -> Vec<Action> {
        self.0.actions.iter().copied().map(Action::from).collect()
    }

    /// Fields that the user does not see.
    async fn hidden_fields(&self) -> &[String] {
        &self.0.hidden
    }

    /// Rows that there are.
    async fn total_rows(&self) -> u64 {
        self.0.total
    }

    /// Rows that the user sees.
    async fn visible_rows(&self) -> u64 {
        self.0.visible
    }

    /// Of the rows that the user sees, those that hold the filter.
    async fn matching_rows(&self) -> u64 {
        self.0.matching
    }

    /// The first of the matching rows, as the user sees them.
    async fn rows(&self) -> Vec<RowAsUser> {
        let row = |row: &quillback_core::read::PageRow| RowAsUser {
            key: Json(row.key()),
            values: Json(row.values()),
        };
        self.0.rows.iter().map(row).collect()
    }

    /// Entitlements of the user and of all the user's groups.
    async fn entitlements(&self) -> Vec<HeldEntitlement> {
        let pairs = self.0.entitlements.iter().cloned();
        pairs
            .map(|(property, value)| HeldEntitlement { property, value })
            .collect()
    }

    /// The policies of the schema as they apply to the user: one that lets a row through is enough; with none, every row
    /// is seen.
    async fn policies(&self) -> Vec<PolicyPreview> {
        self.0.policies.iter().cloned().map(PolicyPreview).collect()
    }

    /// The row of the key that was given.
    async fn row(&self) -> Option<RowPreview> {
        self.0.row.clone().map(RowPreview)
    }
}

/// A row as the user sees it.
#[derive(SimpleObject)]
struct RowAsUser {
    /// Key.
    key: Json,
    /// Values of the fields that the user sees.
    values: Json,
}

/// A property and a value that the user has.
#[derive(SimpleObject)]
struct HeldEntitlement {
    /// Property.
    property: String,
    /// Value.
    value: String,
}

/// A policy as it applies to the user.
struct PolicyPreview(preview::PolicyPreview);

#[Object]
impl PolicyPreview {
    /// Name for people.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Rows that it lets through.
    async fn rows(&self) -> u64 {
        self.0.rows
    }

    /// Its rules, which must all hold.
    async fn rules(&self) -> Vec<RulePreview> {
        self.0.rules.iter().cloned().map(RulePreview).collect()
    }

    /// Whether it lets the row of the key through; nothing when no key was given.
    async fn lets_row_through(&self) -> Option<bool> {
        self.0.lets_row_through
    }
}

/// A rule as it applies to the user.
struct RulePreview(preview::RulePreview);

#[Object]
impl RulePreview {
    /// The rule.
    async fn rule(&self) -> Rule {
        Rule(self.0.rule.clone())
    }

    /// What it compares with for this user; a rule that has nothing to compare with lets no row through.
    async fn values(&self) -> Vec<Json> {
        self.0.values.iter().cloned().map(Json).collect()
    }

    /// Whether it holds for the row of the key; nothing when no key was given.
    async fn holds_for_row(&self) -> Option<bool> {
        self.0.holds_for_row
    }
}

/// What the user may do with one row.
struct RowPreview(preview::RowPreview);

#[Object]
impl RowPreview {
    /// Key.
    async fn key(&self) -> Json {
        Json(self.0.key.clone())
    }

    /// Whether there is such a row.
    async fn exists(&self) -> bool {
        self.0.exists
    }

    /// Whether the user sees it.
    async fn visible(&self) -> bool {
        self.0.visible
    }

    /// What the user may do with it, and why not.
    async fn actions(&self) -> Vec<RowActionPreview> {
        let actions = self.0.actions.iter();
        actions.map(RowActionPreview::from).collect()
    }
}

/// Something that can be done with a row.
#[derive(SimpleObject)]
struct RowActionPreview {
    /// What.
    action: Action,
    /// Whether the user may do it with this row.
    allowed: bool,
    /// Why not: `NO_RIGHT` without the right, `HIDDEN` for a row that the user does not see, or the code with which the
    /// write would be refused.
    obstacle: Option<&'static str>,
}

impl From<&RowAction> for RowActionPreview {
    fn from(stored: &RowAction) -> Self {
        Self {
            action: stored.action.into(),
            allowed: stored.obstacle.is_none(),
            obstacle: stored.obstacle,
        }
    }
}
