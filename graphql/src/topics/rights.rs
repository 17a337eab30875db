//! Who may do what with a schema's rows: permissions of groups, and row-level security.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use quillback_core::admin::schemas::{self, PolicyDraft};
use quillback_core::ids::{GroupId, SchemaId};
use quillback_core::policy::{
    Action as StoredAction, Operand, Operator as StoredOperator, Policy as StoredPolicy, Rights,
    Rule as StoredRule,
};
use quillback_core::schema::Conditions as StoredConditions;

use super::schemas::{SchemaPayload, SchemaSummary};
use crate::context::Env;
use crate::error::{Public, public};
use crate::scalars::{Json, id};

#[derive(Default)]
pub(crate) struct RightsMutation;

#[Object]
impl RightsMutation {
    /// Gives groups rights on a schema. Groups that are not named keep theirs; no actions at all take a group's away.
    async fn set_schema_permissions(
        &self,
        ctx: &Context<'_>,
        input: SetPermissionsInput,
    ) -> Result<PermissionsPayload> {
        let schema = SchemaId::parse(&input.schema_id).public()?;
        let mut permissions = Vec::with_capacity(input.permissions.len());
        for permission in input.permissions {
            let group = GroupId::parse(&permission.group_id).public()?;
            let actions = permission.actions.into_iter().map(Into::into).collect();
            let rights = Rights {
                actions,
                hidden: permission.hidden_fields,
                read_only: permission.read_only_fields,
                own_only: permission.own_only,
            };
            permissions.push((group, rights));
        }
        let warning = schemas::set_permissions(ctx.cx()?, ctx.app()?, &schema, permissions)
            .await
            .public()?;
        let SchemaPayload { schema } = payload(ctx, &schema).await?;
        Ok(PermissionsPayload {
            schema,
            public_warning: warning,
        })
    }

    /// Replaces the row-level security of a schema. Without any policy everyone with the right to view sees every row.
    async fn set_schema_policies(
        &self,
        ctx: &Context<'_>,
        input: SetPoliciesInput,
    ) -> Result<SchemaPayload> {
        let schema = SchemaId::parse(&input.schema_id).public()?;
        let mut drafts = Vec::with_capacity(input.policies.len());
        for (position, policy) in input.policies.into_iter().enumerate() {
            drafts.push(PolicyDraft {
                name: policy.name,
                rules: rules(policy.rules, &format!("policies.{position}.rules"))?,
            });
        }
        schemas::set_policies(ctx.cx()?, ctx.app()?, &schema, drafts)
            .await
            .public()?;
        payload(ctx, &schema).await
    }
}

#[derive(Default)]
pub(crate) struct ConditionsMutation;

#[Object]
impl ConditionsMutation {
    /// Replaces the conditions under which rows of a schema may be changed and added. They are enforced on the server
    /// for every row on every path, and bind administrators too: who must get past one changes it first, which is on
    /// record.
    async fn set_schema_conditions(
        &self,
        ctx: &Context<'_>,
        input: SetConditionsInput,
    ) -> Result<SchemaPayload> {
        let schema = SchemaId::parse(&input.schema_id).public()?;
        let conditions = StoredConditions {
            edit: rules(input.edit_when, "editWhen")?,
            add: rules(input.add_when, "addWhen")?,
        };
        schemas::set_conditions(ctx.cx()?, ctx.app()?, &schema, conditions)
            .await
            .public()?;
        payload(ctx, &schema).await
    }
}

fn rules(rules: Vec<RuleInput>, path: &str) -> Result<Vec<StoredRule>> {
    let rules = rules.into_iter().enumerate();
    rules
        .map(|(at, rule)| rule.rule(&format!("{path}.{at}")))
        .collect()
}

/// When rows of a schema may be changed and added.
pub(super) struct Conditions(pub(super) StoredConditions);

#[Object]
impl Conditions {
    /// Rules that a row must satisfy before it is changed or removed; none let every row be changed.
    async fn edit_when(&self) -> Vec<Rule> {
        self.0.edit.iter().cloned().map(Rule).collect()
    }

    /// Rules that a new row must satisfy; none let every row be added.
    async fn add_when(&self) -> Vec<Rule> {
        self.0.add.iter().cloned().map(Rule).collect()
    }
}

/// The conditions of a schema.
#[derive(InputObject)]
struct SetConditionsInput {
    /// Schema.
    schema_id: ID,
    /// "Allow edit when": rules that must all hold for a row before it is changed or removed.
    #[graphql(default)]
    edit_when: Vec<RuleInput>,
    /// "Allow add when": rules that must all hold for a new row.
    #[graphql(default)]
    add_when: Vec<RuleInput>,
}

async fn payload(ctx: &Context<'_>, schema: &SchemaId) -> Result<SchemaPayload> {
    let schema = schemas::get(ctx.cx()?, ctx.app()?, schema).await.public()?;
    Ok(SchemaPayload {
        schema: SchemaSummary(schema.schema),
    })
}

/// Rights that were set.
#[derive(SimpleObject)]
struct PermissionsPayload {
    /// The schema.
    schema: SchemaSummary,
    /// What to think of when everybody who can sign in may see its rows now.
    public_warning: Option<String>,
}

/// Something that can be done with the rows of a schema.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "StoredAction")]
pub(super) enum Action {
    /// See rows.
    View,
    /// Add rows.
    Add,
    /// Change rows.
    Edit,
    /// Remove rows.
    Delete,
    /// Change many rows at once.
    BulkEdit,
    /// Fill gaps between known values.
    Interpolate,
    /// See the history of rows.
    History,
    /// Bring earlier versions of rows back.
    RollBack,
    /// Take rows out as a file.
    Export,
}

/// What one group may do with a schema.
pub(super) struct GroupPermission {
    pub(super) group: GroupId,
    pub(super) rights: Rights,
}

#[Object]
impl GroupPermission {
    /// Group.
    async fn group_id(&self) -> ID {
        id(&self.group)
    }

    /// What it may do.
    async fn actions(&self) -> Vec<Action> {
        self.rights
            .actions
            .iter()
            .copied()
            .map(Action::from)
            .collect()
    }

    /// Fields that it does not see.
    async fn hidden_fields(&self) -> &[String] {
        &self.rights.hidden
    }

    /// Fields that it sees and does not write.
    async fn read_only_fields(&self) -> &[String] {
        &self.rights.read_only
    }

    /// Whether it changes and removes only rows that the user added. What it may see is not limited by this.
    async fn own_only(&self) -> bool {
        self.rights.own_only
    }
}

/// How a rule compares. With several values, one that matches is enough; for `NE` and `NOT_IN` none may match.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "StoredOperator")]
pub(super) enum RuleOperator {
    /// Equal to one of the values.
    Eq,
    /// Different from all values.
    Ne,
    /// One of the values.
    In,
    /// None of the values.
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

/// A policy: rules that must all hold. A row is visible when any policy of its schema lets it through.
pub(super) struct Policy(pub(super) StoredPolicy);

#[Object]
impl Policy {
    /// Identifier.
    async fn id(&self) -> ID {
        id(&self.0.id)
    }

    /// Name for people.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Rules that must all hold.
    async fn rules(&self) -> Vec<Rule> {
        self.0.rules.iter().cloned().map(Rule).collect()
    }
}

/// One demand on a row.
pub(super) struct Rule(pub(super) StoredRule);

#[Object]
impl Rule {
    /// Field or key part.
    async fn field(&self) -> &str {
        &self.0.field
    }

    /// How it compares.
    async fn operator(&self) -> RuleOperator {
        self.0.operator.into()
    }

    /// The values it compares with.
    async fn values(&self) -> Option<Vec<Json>> {
        if let Operand::Values(values) = &self.0.operand {
            Some(values.iter().cloned().map(Json).collect())
        } else {
            None
        }
    }

    /// The property whose entitlements it compares with.
    async fn property(&self) -> Option<&str> {
        if let Operand::Property(name) = &self.0.operand {
            Some(name)
        } else {
            None
        }
    }

    /// Whether it compares with the user name.
    async fn username(&self) -> bool {
        self.0.operand == Operand::Username
    }

    /// Whether it compares with the names of the user's groups.
    async fn groups(&self) -> bool {
        self.0.operand == Operand::Groups
    }
}

/// Rights of one group.
#[derive(InputObject)]
struct PermissionInput {
    /// Group.
    group_id: ID,
    /// What it may do; nothing without VIEW.
    actions: Vec<Action>,
    /// Fields that it does not see.
    #[graphql(default)]
    hidden_fields: Vec<String>,
    /// Fields that it sees and does not write.
    #[graphql(default)]
    read_only_fields: Vec<String>,
    /// Whether it changes, removes and rolls back only rows that the user added, by the schema's owner field. A user
    /// who has the right through another group without this limit changes all rows. Adding and seeing are not limited.
    #[graphql(default)]
    own_only: bool,
}

/// Rights of groups on a schema.
#[derive(InputObject)]
struct SetPermissionsInput {
    /// Schema.
    schema_id: ID,
    /// Groups and their rights.
    permissions: Vec<PermissionInput>,
}

/// One demand on a row. Give exactly one of values, property, username and groups, or none for `IS_NULL`.
#[derive(InputObject)]
struct RuleInput {
    /// Field or key part.
    field: String,
    /// How it compares.
    operator: RuleOperator,
    /// Values to compare with.
    values: Option<Vec<Json>>,
    /// Property whose entitlements to compare with: those of the user and of all the user's groups.
    property: Option<String>,
    /// Compare with the user name.
    #[graphql(default)]
    username: bool,
    /// Compare with the names of the user's groups.
    #[graphql(default)]
    groups: bool,
}

impl RuleInput {
    fn rule(self, path: &str) -> Result<StoredRule> {
        let values = self
            .values
            .map(|values| Operand::Values(values.into_iter().map(|json| json.0).collect()));
        let given = [
            values,
            self.property.map(Operand::Property),
            self.username.then_some(Operand::Username),
            self.groups.then_some(Operand::Groups),
        ];
        let mut given = given.into_iter().flatten();
        let operator = self.operator.into();
        let operand = match (given.next(), given.next()) {
            (Some(operand), None) => operand,
            (None, None) if operator == StoredOperator::IsNull => Operand::Values(Vec::new()),
            _ => {
                let message = "Give exactly one of values, property, username and groups.";
                return Err(public(quillback_core::Error::invalid(
                    path, "OPERAND", message,
                )));
            }
        };
        Ok(StoredRule {
            field: self.field,
            operator,
            operand,
        })
    }
}

/// A policy to set.
#[derive(InputObject)]
struct PolicyInput {
    /// Name for people.
    name: String,
    /// Rules that must all hold.
    rules: Vec<RuleInput>,
}

/// The row-level security of a schema.
#[derive(InputObject)]
struct SetPoliciesInput {
    /// Schema.
    schema_id: ID,
    /// All its policies.
    policies: Vec<PolicyInput>,
}
