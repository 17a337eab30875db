//! `_schemas` with their permissions and policies.

use std::collections::HashMap;

use quillback_plugin_api::batch::{Batch, Expect, StepOutcome};
use quillback_plugin_api::civil::Timestamp;
use quillback_plugin_api::remote::RemoteInstance;
use quillback_plugin_api::sql::{Assignment, Expr, Select, SetTo, Statement, TextMatch, Update};
use quillback_plugin_api::{Ident, Value};

use super::{Record, Table, is, read, records, select, to_json};
use crate::error::{Error, Result};
use crate::ids::{ConnectionId, GroupId, PolicyId, SchemaId};
use crate::permit::{Homes, ManageSchemas, Within};
use crate::policy::{Action, Policy, Rights};
use crate::schema::{Module, Schema};

const SCHEMAS: Table = Table {
    name: "_schemas",
    columns: &[
        "id",
        "label",
        "label_key",
        "module",
        "connection_id",
        "definition",
        "revision",
        "created_at",
        "updated_at",
    ],
};
const PERMISSIONS: Table = Table {
    name: "_schema_permissions",
    columns: &["schema_id", "group_id", "rights"],
};
const POLICIES: Table = Table {
    name: "_policies",
    columns: &["id", "schema_id", "name", "rules", "created_at"],
};

/// What makes two labels the same.
pub(crate) fn label_key(label: &str) -> String {
    label.trim().to_lowercase()
}

fn record(record: &mut Record<'_>) -> Result<Schema> {
    let id = SchemaId::stored(record.text()?);
    let label = record.text()?;
    record.text()?;
    let module = record.text()?;
    Ok(Schema {
        id,
        label,
        module: Module::parse(&module)
            .ok_or_else(|| Error::Internal("a stored module is unknown".into()))?,
        connection: ConnectionId::stored(record.text()?),
        definition: record.json()?,
        revision: record.number()?,
        created_at: record.moment()?,
        updated_at: record.moment()?,
    })
}

fn values(schema: &Schema) -> Result<Vec<Value>> {
    Ok(vec![
        (&schema.id).into(),
        schema.label.as_str().into(),
        label_key(&schema.label).into(),
        schema.module.as_str().into(),
        (&schema.connection).into(),
        to_json(&schema.definition)?.into(),
        schema.revision.into(),
        Value::Instant(schema.created_at),
        Value::Instant(schema.updated_at),
    ])
}

/// Reads that give a schema with its permissions and policies; [`from_outcomes`] takes their answers.
pub(crate) fn whole(id: &SchemaId) -> [Select; 3] {
    [
        SCHEMAS.select(is("id", id)),
        PERMISSIONS.select(is("schema_id", id)),
        POLICIES.select_by(is("schema_id", id), "created_at"),
    ]
}

/// A schema with everything that decides who may do what with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Whole {
    /// The schema.
    pub schema: Schema,
    /// Rights by group.
    pub permissions: Vec<(GroupId, Rights)>,
    /// Row-level security; a row is visible when any policy lets it through.
    pub policies: Vec<Policy>,
}

/// Reads the answers of [`whole`].
pub(crate) fn from_outcomes(outcomes: &[StepOutcome]) -> Result<Option<Whole>> {
    let [schema, permissions, policies, ..] = outcomes else {
        return Ok(None);
    };
    let Some(schema) = records(schema, record)?.pop() else {
        return Ok(None);
    };
    let permissions = records(permissions, permission)?
        .into_iter()
        .map(|(_, group, rights)| (group, rights))
        .collect();
    let policies = records(policies, policy)?
        .into_iter()
        .map(|(_, policy)| policy)
        .collect();
    Ok(Some(Whole {
        schema,
        permissions,
        policies,
    }))
}

/// A schema with its permissions and policies.
///
/// # Errors
/// `NotFound` when there is none.
pub async fn get_whole(repo: &RemoteInstance, id: &SchemaId) -> Result<Whole> {
    let outcomes = read(repo, whole(id).into()).await?;
    from_outcomes(&outcomes)?.ok_or(Error::NotFound("schema"))
}

/// All schemas by label, with the rights of all groups and their policies, in one exchange.
pub(crate) async fn list_with_rights(repo: &RemoteInstance) -> Result<Vec<Whole>> {
    let selects = vec![
        SCHEMAS.select_by(Expr::True, "label_key"),
        PERMISSIONS.select(Expr::True),
        POLICIES.select_by(Expr::True, "created_at"),
    ];
    let outcomes = read(repo, selects).await?;
    let [found, permissions, policies] = outcomes.as_slice() else {
        return Ok(Vec::new());
    };
    let mut by_schema: HashMap<SchemaId, Vec<(GroupId, Rights)>> = HashMap::new();
    for (schema, group, rights) in records(permissions, permission)? {
        by_schema.entry(schema).or_default().push((group, rights));
    }
    let mut rules: HashMap<SchemaId, Vec<Policy>> = HashMap::new();
    for (schema, policy) in records(policies, policy)? {
        rules.entry(schema).or_default().push(policy);
    }
    let whole = |schema: Schema| Whole {
        permissions: by_schema.remove(&schema.id).unwrap_or_default(),
        policies: rules.remove(&schema.id).unwrap_or_default(),
        schema,
    };
    Ok(records(found, record)?.into_iter().map(whole).collect())
}

fn policy(record: &mut Record<'_>) -> Result<(SchemaId, Policy)> {
    let id = PolicyId::stored(record.text()?);
    let schema = SchemaId::stored(record.text()?);
    let policy = Policy {
        id,
        name: record.text()?,
        rules: record.json()?,
    };
    Ok((schema, policy))
}

fn permission(record: &mut Record<'_>) -> Result<(SchemaId, GroupId, Rights)> {
    let schema = SchemaId::stored(record.text()?);
    Ok((schema, GroupId::stored(record.text()?), record.json()?))
}

/// Whether any row rule compares with the names of groups: then a group's name is a right.
pub(crate) async fn rules_name_groups(repo: &RemoteInstance) -> Result<bool> {
    let names_groups = |column: &'static str| Expr::Match {
        column: Ident::literal(column),
        how: TextMatch::Contains,
        ignore_case: false,
        // As `Operand::Groups` is stored; inside a text the quotation marks would be escaped.
        text: r#""operand":"groups""#.into(),
    };
    let some = |select: Select| Select {
        limit: Some(1),
        ..select
    };
    let selects = vec![
        some(POLICIES.column("id", names_groups("rules"))),
        some(SCHEMAS.column("id", names_groups("definition"))),
    ];
    let outcomes = read(repo, selects).await?;
    Ok(outcomes.iter().any(|outcome| outcome.found > 0))
}

/// What tells one state of a schema from every other: its revision, and when it was changed. A revision alone may come
/// again: after a change of the table that was refused, and where a removed schema comes back under its identifier.
pub(crate) type Edition = (i64, Timestamp);

/// Reads the edition that a schema has now; [`read_edition`] takes the answer.
pub(crate) fn edition(id: &SchemaId) -> Select {
    Select::columns(
        SCHEMAS.table(),
        ["revision", "updated_at"].map(Ident::literal),
        is("id", id),
    )
}

/// Reads the answer of [`edition`].
pub(crate) fn read_edition(outcome: &StepOutcome) -> Result<Option<Edition>> {
    let read = |record: &mut Record<'_>| Ok((record.number()?, record.moment()?));
    Ok(records(outcome, read)?.pop())
}

/// All schemas by label.
pub async fn list_schemas(repo: &RemoteInstance) -> Result<Vec<Schema>> {
    select(repo, SCHEMAS.select_by(Expr::True, "label_key"), record).await
}

/// Schemas of which one of the groups `viewing` may see rows, or which belong to one of the groups `managing`, by label.
pub async fn list_schemas_of(
    repo: &RemoteInstance,
    viewing: &[GroupId],
    managing: &[GroupId],
) -> Result<Vec<Schema>> {
    let groups = viewing.iter().chain(managing).map(Value::from).collect();
    let of_groups = Expr::In {
        column: Ident::literal("group_id"),
        values: groups,
    };
    let permissions = select(repo, PERMISSIONS.select(of_groups), permission).await?;
    let mut ids: Vec<SchemaId> = permissions
        .into_iter()
        .filter(|(_, group, rights)| managing.contains(group) || rights.allows(Action::View))
        .map(|(schema, _, _)| schema)
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let filter = Expr::In {
        column: Ident::literal("id"),
        values: ids.iter().map(Value::from).collect(),
    };
    select(repo, SCHEMAS.select_by(filter, "label_key"), record).await
}

/// Labels of the schemas that use a connection, for their table or for the options of a field.
pub async fn labels_using(repo: &RemoteInstance, connection: &ConnectionId) -> Result<Vec<String>> {
    let uses = |schema: &Schema| {
        let mut sources = schema.definition.sources();
        schema.connection == *connection
            || sources.any(|(_, source)| source.reads_connection(connection))
    };
    labels_of(repo, uses).await
}

/// Labels of the other schemas whose fields have their options from a schema.
pub(crate) async fn labels_reading(repo: &RemoteInstance, id: &SchemaId) -> Result<Vec<String>> {
    let uses = |schema: &Schema| {
        let mut sources = schema.definition.sources();
        schema.id != *id && sources.any(|(_, source)| source.reads_schema(id))
    };
    labels_of(repo, uses).await
}

async fn labels_of(repo: &RemoteInstance, uses: impl Fn(&Schema) -> bool) -> Result<Vec<String>> {
    let all = list_schemas(repo).await?.into_iter();
    Ok(all
        .filter(|schema| uses(schema))
        .map(|schema| schema.label)
        .collect())
}

/// Adds a schema that belongs to these groups, which have no rights on its rows yet.
pub fn insert_schema(batch: &mut Batch, schema: &Schema, homes: &Homes) -> Result<()> {
    batch.write(SCHEMAS.insert(&[values(schema)?]), Expect::Rows(1));
    for group in homes.groups() {
        let none = to_json(&Rights::default())?;
        let record = vec![(&schema.id).into(), group.into(), none.into()];
        batch.write(PERMISSIONS.insert(&[record]), Expect::Rows(1));
    }
    Ok(())
}

/// Replaces a schema whose revision is still `seen`.
pub fn update_schema(
    batch: &mut Batch,
    before: &Within<ManageSchemas, Whole>,
    schema: &Schema,
    seen: i64,
) -> Result<()> {
    let set = SCHEMAS
        .columns
        .iter()
        .copied()
        .zip(values(schema)?)
        .skip(1)
        .collect();
    let filter = is("id", &before.schema.id).and(is("revision", seen));
    batch.write(SCHEMAS.update(set, filter), Expect::Rows(1));
    Ok(())
}

/// Makes the revision grow after a change of permissions or policies, so that every server reads them anew.
pub fn touch_schema(batch: &mut Batch, whole: &Within<ManageSchemas, Whole>, now: Timestamp) {
    let plus = Assignment {
        column: Ident::literal("revision"),
        to: SetTo::Plus(Value::I64(1)),
    };
    let set = vec![
        plus,
        Assignment::set(&Ident::literal("updated_at"), Value::Instant(now)),
    ];
    let update = Update {
        table: SCHEMAS.table(),
        set,
        filter: is("id", &whole.schema.id),
    };
    batch.write(Statement::Update(update), Expect::Rows(1));
}

/// Removes a schema whose revision is still `seen`, with its permissions and policies. Its audit trail stays.
pub fn delete_schema(batch: &mut Batch, whole: &Within<ManageSchemas, Whole>, seen: i64) {
    let id = &whole.schema.id;
    batch.write(
        SCHEMAS.delete(is("id", id).and(is("revision", seen))),
        Expect::Rows(1),
    );
    batch.write(PERMISSIONS.delete(is("schema_id", id)), Expect::Any);
    batch.write(POLICIES.delete(is("schema_id", id)), Expect::Any);
}

/// Gives a group these rights and takes all others from it.
pub fn set_permission(
    batch: &mut Batch,
    whole: &Within<ManageSchemas, Whole>,
    group: &GroupId,
    rights: &Rights,
) -> Result<()> {
    let schema = &whole.schema.id;
    batch.write(
        PERMISSIONS.delete(is("schema_id", schema).and(is("group_id", group))),
        Expect::Any,
    );
    if !rights.is_empty() {
        let record = vec![schema.into(), group.into(), to_json(rights)?.into()];
        batch.write(PERMISSIONS.insert(&[record]), Expect::Rows(1));
    }
    Ok(())
}

/// Replaces the policies of a schema.
pub fn set_policies(
    batch: &mut Batch,
    whole: &Within<ManageSchemas, Whole>,
    policies: &[Policy],
    now: Timestamp,
) -> Result<()> {
    let schema = &whole.schema.id;
    batch.write(POLICIES.delete(is("schema_id", schema)), Expect::Any);
    for policy in policies {
        let record = vec![
            (&policy.id).into(),
            schema.into(),
            policy.name.as_str().into(),
            to_json(&policy.rules)?.into(),
            Value::Instant(now),
        ];
        batch.write(POLICIES.insert(&[record]), Expect::Rows(1));
    }
    Ok(())
}
