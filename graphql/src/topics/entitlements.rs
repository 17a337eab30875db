//! Entitlements: the values of users and groups that row rules compare with.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use quillback_core::admin::entitlements::{
    self, EntitlementLine, ImportCommand, Kind, Listed, Mode, Source, Wanted,
};

use crate::context::Env;
use crate::error::{Public, public};

#[derive(Default)]
pub(crate) struct EntitlementQuery;

#[Object]
impl EntitlementQuery {
    /// Entitlements, a page at a time, for people who manage schemas: those of your groups and of their members, and all
    /// for an admin.
    async fn entitlements(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which ones; all when it is left out.", default)]
        filter: EntitlementFilter,
        #[graphql(desc = "Most entitlements to answer, 1 to 500.", default = 50)] first: u32,
        #[graphql(desc = "Cursor after which the page starts.")] after: Option<String>,
    ) -> Result<EntitlementPage> {
        let (wanted, first) = (filter.wanted(), u64::from(first));
        let page =
            entitlements::list(ctx.cx()?, ctx.app()?, &wanted, after.as_deref(), first).await;
        let page = page.public()?;
        Ok(EntitlementPage {
            entitlements: page.entitlements.into_iter().map(Entitlement).collect(),
            end_cursor: page.end,
            has_more: page.has_more,
        })
    }
}

#[derive(Default)]
pub(crate) struct EntitlementMutation;

#[Object]
impl EntitlementMutation {
    /// Gives a user or group exactly these values of a property. They count from the next request on.
    async fn set_entitlements(
        &self,
        ctx: &Context<'_>,
        input: SetEntitlementsInput,
    ) -> Result<EntitlementsPayload> {
        let of = (input.r#type.into(), input.assignable.as_str());
        entitlements::set(ctx.cx()?, ctx.app()?, of, &input.property, &input.values)
            .await
            .public()?;
        let wanted = Wanted {
            kind: Some(input.r#type.into()),
            assignable: Some(input.assignable),
            property: Some(input.property),
            value: None,
        };
        let page = entitlements::list(ctx.cx()?, ctx.app()?, &wanted, None, 500).await;
        let all = page.public()?.entitlements.into_iter();
        Ok(EntitlementsPayload {
            entitlements: all.map(Entitlement).collect(),
        })
    }

    /// Removes entitlements. Whose, or which property, must be said.
    async fn remove_entitlements(
        &self,
        ctx: &Context<'_>,
        input: RemoveEntitlementsInput,
    ) -> Result<RemovedPayload> {
        let wanted = input.filter.wanted();
        let removed = entitlements::remove(ctx.cx()?, ctx.app()?, &wanted, input.dry_run).await;
        Ok(RemovedPayload {
            removed: removed.public()?,
        })
    }

    /// Imports entitlements, as rows or as CSV text. Every line is checked first and every fault told with its line; then
    /// all of it takes effect, or nothing. The size of a request is limited by the setting `limits.body_bytes`.
    async fn import_entitlements(
        &self,
        ctx: &Context<'_>,
        input: ImportEntitlementsInput,
    ) -> Result<ImportReport> {
        let source = match (input.rows, input.csv) {
            (Some(rows), None) => Source::Rows(rows.into_iter().map(Into::into).collect()),
            (None, Some(csv)) => Source::Csv(csv),
            _ => {
                let message = "Give either rows or csv.";
                let error = quillback_core::Error::invalid("input", "SOURCE", message);
                return Err(public(error));
            }
        };
        let command = ImportCommand {
            source,
            mode: input.mode.into(),
            dry_run: input.dry_run,
        };
        let report = entitlements::import(ctx.cx()?, ctx.app()?, command).await;
        Ok(ImportReport(report.public()?))
    }
}

/// Whose an entitlement is.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Kind")]
enum AssignableType {
    /// A user's.
    User,
    /// A group's: it counts for every member.
    Group,
}

/// What an import does with what is there.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Mode")]
enum ImportMode {
    /// Replaces everything that you may see.
    ReplaceAll,
    /// Replaces everything that you may see of the properties that the import names.
    ReplaceProperty,
    /// Adds what is not there.
    Add,
}

/// An entitlement: a value of a property that a user or group has.
struct Entitlement(Listed);

#[Object]
impl Entitlement {
    /// `user` or `group`, as in the table `_rls_entitlements`; anything else has no effect.
    async fn assignable_type(&self) -> &str {
        &self.0.entitlement.assignable_type
    }

    /// Identifier of the user or group.
    async fn assignable_id(&self) -> ID {
        ID(self.0.entitlement.assignable_id.clone())
    }

    /// Name of the user or group; missing when there is none of that identifier, and the entitlement has no effect.
    async fn assignable_name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// Property, as rules name it.
    async fn property(&self) -> &str {
        &self.0.entitlement.property
    }

    /// Value.
    async fn value(&self) -> &str {
        &self.0.entitlement.value
    }
}

/// One page of entitlements.
#[derive(SimpleObject)]
struct EntitlementPage {
    /// Different entitlements in the order of type, identifier, property and value.
    entitlements: Vec<Entitlement>,
    /// Cursor of the last one, for the next page.
    end_cursor: Option<String>,
    /// Whether there are more.
    has_more: bool,
}

/// Which entitlements; what is left out does not matter.
#[derive(InputObject, Default)]
struct EntitlementFilter {
    /// Only of users, or only of groups.
    r#type: Option<AssignableType>,
    /// Only of this user or group, by name or identifier; needs the type.
    assignable: Option<String>,
    /// Only of this property.
    property: Option<String>,
    /// Only of this value.
    value: Option<String>,
}

impl EntitlementFilter {
    fn wanted(self) -> Wanted {
        Wanted {
            kind: self.r#type.map(Into::into),
            assignable: self.assignable,
            property: self.property,
            value: self.value,
        }
    }
}

/// Values of a property for a user or group.
#[derive(InputObject)]
struct SetEntitlementsInput {
    /// Whether it is a user or a group.
    r#type: AssignableType,
    /// User or group, by name or identifier.
    assignable: String,
    /// Property.
    property: String,
    /// All values that it is to have; none takes the property away.
    values: Vec<String>,
}

/// Which entitlements to remove.
#[derive(InputObject)]
struct RemoveEntitlementsInput {
    /// Which ones: name a user or group, a property, or both.
    filter: EntitlementFilter,
    /// Only count what would be removed.
    #[graphql(default)]
    dry_run: bool,
}

/// An entitlement to import.
#[derive(InputObject)]
struct EntitlementInput {
    /// Whether it is a user's or a group's.
    r#type: AssignableType,
    /// User or group, by name or identifier.
    assignable: String,
    /// Property.
    property: String,
    /// Value.
    value: String,
}

impl From<EntitlementInput> for EntitlementLine {
    fn from(input: EntitlementInput) -> Self {
        Self {
            kind: input.r#type.into(),
            assignable: input.assignable,
            property: input.property,
            value: input.value,
        }
    }
}

/// Entitlements to import. Give either rows or csv.
#[derive(InputObject)]
struct ImportEntitlementsInput {
    /// The entitlements.
    rows: Option<Vec<EntitlementInput>>,
    /// The entitlements as CSV text: a header with the columns assignable (name or identifier), type (user or group),
    /// property and value, in any order, separated by commas or semicolons.
    csv: Option<String>,
    /// What becomes of what is there.
    mode: ImportMode,
    /// Only check, and say what would change.
    #[graphql(default)]
    dry_run: bool,
}

/// Entitlements that were set.
#[derive(SimpleObject)]
struct EntitlementsPayload {
    /// What the user or group has of the property now, the first 500.
    entitlements: Vec<Entitlement>,
}

/// Entitlements that were removed.
#[derive(SimpleObject)]
struct RemovedPayload {
    /// How many records.
    removed: u64,
}

/// What an import changed, or would change.
struct ImportReport(entitlements::ImportReport);

#[Object]
impl ImportReport {
    /// Lines that were read.
    async fn lines(&self) -> u64 {
        self.0.lines
    }

    /// Lines that say the same as an earlier one; they count once.
    async fn duplicates(&self) -> u64 {
        self.0.duplicates
    }

    /// How many entitlements come.
    async fn added_count(&self) -> u64 {
        self.0.added
    }

    /// How many entitlements go.
    async fn removed_count(&self) -> u64 {
        self.0.removed
    }

    /// The first 100 that come.
    async fn added(&self) -> Vec<Entitlement> {
        self.0
            .added_sample
            .iter()
            .cloned()
            .map(Entitlement)
            .collect()
    }

    /// The first 100 that go.
    async fn removed(&self) -> Vec<Entitlement> {
        let removed = self.0.removed_sample.iter().cloned();
        removed.map(Entitlement).collect()
    }

    /// Whether it took effect; a dry run only says what would.
    async fn applied(&self) -> bool {
        self.0.applied
    }
}
