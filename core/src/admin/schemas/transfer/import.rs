//! Takes a document in: shows what would be made and changed and everything that is in the way, or does it.

use quillback_plugin_api::Ident;
use quillback_plugin_api::batch::Batch;
use serde_json::json;

use super::document::{self, Document};
use super::fitting::check_definition;
use super::request::{GroupState, IdPolicy, Import, ImportMode, Imported, ImportedGroup};
use super::target::{Names, connection_named, with_connection_ids};
use crate::admin::people::checked_name;
use crate::admin::schemas::rights;
use crate::admin::schemas::{FieldDraft, KeyDraft, Prepared, SchemaDraft, prepare, save};
use crate::app::App;
use crate::audit::events;
use crate::cx::Cx;
use crate::error::{Error, Problem, Result};
use crate::ids::{ConnectionId, GroupId, PolicyId, SchemaId};
use crate::permit::{self, Homes, ManageSchemas, Permit, Reach, Within};
use crate::policy::{Policy, Rights};
use crate::repo::connections::Connection;
use crate::repo::groups::{self, Group};
use crate::repo::schemas;
use crate::repo::schemas::Whole;
use crate::schema::Schema;

/// Takes a document in, or with `dry_run` shows what that would do.
///
/// # Errors
/// `Denied`; `Invalid` with the path of every fault, which a dry run answers instead; `Taken` for a label that exists;
/// `Target` when the database could not do it.
pub async fn import(cx: &Cx, app: &App, import: Import) -> Result<Imported> {
    let permit = permit::manage_schemas(cx)?;
    let mut report = Imported::default();
    let found = look(cx, app, &permit, &import, &mut report).await;
    match found {
        Ok(_) | Err(Error::Invalid(_)) if import.dry_run => {
            if let Err(Error::Invalid(problems)) = found {
                report.problems.extend(problems);
            }
            Ok(report)
        }
        Ok(work) if report.problems.is_empty() => {
            let schema = work.run(cx, app, &import).await?;
            report.id = Some(schema.id.clone());
            report.schema = Some(schema);
            Ok(report)
        }
        Ok(_) => Err(Error::Invalid(report.problems)),
        Err(Error::Invalid(problems)) => {
            report.problems.extend(problems);
            Err(Error::Invalid(report.problems))
        }
        Err(other) => Err(other),
    }
}

/// An import that can be done.
struct Work<'a> {
    document: Document,
    draft: SchemaDraft,
    prepared: Prepared<'a>,
    before: Option<Within<ManageSchemas, Whole>>,
    homes: Option<Homes>,
    /// Those that the caller may give rights to.
    groups: Vec<Group>,
    /// Names of the groups that are made.
    made: Vec<String>,
    /// Whether the rights of groups that the document does not name go.
    clears: bool,
}

async fn look<'a>(
    cx: &Cx,
    app: &App,
    permit: &'a Permit<ManageSchemas>,
    import: &Import,
    report: &mut Imported,
) -> Result<Work<'a>> {
    document::measure(&import.document)?;
    let all = permit::connections_or_schemas(cx)?.connections(app).await?;
    let mut json = import.document.clone();
    let unknown = with_connection_ids(&mut json, &Names::of(&all));
    report.problems.extend(unknown);
    let document = document::read(&json)?;
    let known = groups::list_groups(&app.repo).await?;
    let reach = permit.reach();
    let own = known
        .iter()
        .filter(|group| group.builtin || reach.over([&group.id]));
    let groups: Vec<Group> = own.cloned().collect();
    name_groups(cx, import, &document, (&known, &groups), report);
    let before = existing(app, permit, import, &document, report).await?;
    let homes = match before {
        Some(_) => None,
        None => Some(permit.schema_homes(app, import.groups.clone()).await?),
    };
    report.replaces = before.is_some();
    report.id = (import.ids == IdPolicy::Keep).then(|| document.id.clone());
    check_label(app, import, &document, before.as_deref(), report).await?;
    let connection = choose_connection(import, &document, before.as_deref(), &all)?;
    let draft = draft(import, &document, before.as_deref(), connection, report);
    let mut prepared = prepare(app, permit, before.as_ref(), &draft)
        .await
        .map_err(|error| in_document(error, import))?;
    if import.mode == ImportMode::StructureOnly {
        if let Some(before) = &before {
            rights::check_still_fits(before, &prepared.definition)?;
        }
    } else {
        prepared.definition.conditions = document.definition.conditions.clone();
        let conditions = &prepared.definition.conditions;
        let found = rights::check_conditions(&prepared.definition, conditions);
        report.problems.extend(found);
    }
    check_definition(permit, &document, &prepared, report).await?;
    report.warnings.extend(prepared.warnings.iter().cloned());
    Ok(Work {
        document,
        draft,
        prepared,
        before,
        homes,
        groups,
        made: made(report),
        clears: reach == Reach::All,
    })
}

fn name_groups(
    cx: &Cx,
    import: &Import,
    document: &Document,
    (known, groups): (&[Group], &[Group]),
    report: &mut Imported,
) {
    if import.mode == ImportMode::StructureOnly {
        return;
    }
    for (name, _) in &document.permissions {
        let state = match (named(groups, name), named(known, name)) {
            (Some(_), _) => GroupState::Found,
            (None, None) if import.make_groups => {
                if let Err(Error::Invalid(found)) = checked_name("document.permissions", name) {
                    report.problems.extend(found);
                }
                GroupState::Made
            }
            (None, _) => {
                report.warnings.push(format!(
                    "There is no group {name} here to which you may give rights, so its rights are left out."
                ));
                GroupState::Missing
            }
        };
        report.groups.push(ImportedGroup {
            name: name.clone(),
            state,
        });
    }
    let makes = report
        .groups
        .iter()
        .any(|group| group.state == GroupState::Made);
    if makes && permit::manage_users(cx).is_err() {
        let message = "Only those who manage users may make groups. Leave their rights out, or ask one of them.";
        report
            .problems
            .push(Problem::new("makeGroups", "FORBIDDEN", message));
    }
}

fn made(report: &Imported) -> Vec<String> {
    let groups = report.groups.iter();
    groups
        .filter(|group| group.state == GroupState::Made)
        .map(|group| group.name.clone())
        .collect()
}

fn named<'a>(groups: &'a [Group], name: &str) -> Option<&'a Group> {
    let key = |name: &str| name.trim().to_lowercase();
    groups.iter().find(|group| key(&group.name) == key(name))
}

/// The schema of the same id, where the import may change it.
async fn existing(
    app: &App,
    permit: &Permit<ManageSchemas>,
    import: &Import,
    document: &Document,
    report: &mut Imported,
) -> Result<Option<Within<ManageSchemas, Whole>>> {
    if import.ids == IdPolicy::New {
        if import.mode == ImportMode::Replace {
            let message = "A schema under a new id replaces none. Keep the id, or create it.";
            report
                .problems
                .push(Problem::new("idPolicy", "CONTRADICTION", message));
        }
        return Ok(None);
    }
    let found = match permit.schema(app, &document.id).await {
        Ok(whole) => whole,
        Err(Error::NotFound(_)) => {
            if schemas::get_whole(&app.repo, &document.id).await.is_ok() {
                let message = "This id is taken here. Import under a new id.";
                return Err(Error::invalid("document.id", "ID_EXISTS", message));
            }
            return Ok(None);
        }
        Err(other) => return Err(other),
    };
    if import.mode == ImportMode::Create {
        let message = format!(
            "The schema {} has this id already. Replace it, or import under a new id.",
            found.schema.label
        );
        report
            .problems
            .push(Problem::new("document.id", "ID_EXISTS", message));
        return Ok(None);
    }
    Ok(Some(found))
}

async fn check_label(
    app: &App,
    import: &Import,
    document: &Document,
    before: Option<&Whole>,
    report: &mut Imported,
) -> Result<()> {
    let key = schemas::label_key(import.label.as_ref().unwrap_or(&document.label));
    let others = schemas::list_schemas(&app.repo).await?;
    let is_taken = others.iter().any(|other| {
        schemas::label_key(&other.label) == key
            && before.is_none_or(|whole| whole.schema.id != other.id)
    });
    if is_taken {
        let message = "There is a schema of this label already. Choose another one.";
        report
            .problems
            .push(Problem::new("label", "TAKEN", message));
    }
    Ok(())
}

fn choose_connection(
    import: &Import,
    document: &Document,
    before: Option<&Whole>,
    all: &[Connection],
) -> Result<ConnectionId> {
    let stored = before.map(|whole| &whole.schema.connection);
    let chosen = import
        .connection
        .as_ref()
        .or(stored)
        .or_else(|| connection_named(&document.connection, all));
    chosen.cloned().ok_or_else(|| {
        let message = format!(
            "There is no connection {} here. Make it, or choose another one.",
            document.connection.name
        );
        Error::invalid("connectionId", "UNKNOWN_CONNECTION", message)
    })
}

fn draft(
    import: &Import,
    document: &Document,
    before: Option<&Whole>,
    connection: ConnectionId,
    report: &mut Imported,
) -> SchemaDraft {
    let definition = &document.definition;
    // What was imported under another table or schema once stays there when it is imported again.
    let home = before.map_or(&definition.table, |whole| &whole.schema.definition.table);
    let moves = before.is_none() && import.table_schema.is_none() && import.connection.is_some();
    if moves && let Some(schema) = &home.schema {
        report.warnings.push(format!(
            "The table was in {schema}; it goes into the connection's own schema. Name tableSchema for another one."
        ));
    }
    let own = home.schema.as_ref().filter(|_| !moves);
    let key = definition.key.iter().map(|part| KeyDraft {
        column: part.column.to_string(),
        maker: part.maker,
    });
    let fields = definition.fields.iter().map(|field| FieldDraft {
        name: field.name.clone(),
        label: Some(field.label.clone()),
        column: Some(field.column.to_string()),
        kind: Some(field.kind.clone()),
        required: field.required,
        rules: field.rules.clone(),
    });
    SchemaDraft {
        label: import
            .label
            .clone()
            .unwrap_or_else(|| document.label.clone()),
        module: document.module,
        connection,
        table_schema: import.table_schema.clone().or(own.map(Ident::to_string)),
        table: import
            .table
            .clone()
            .unwrap_or_else(|| home.name.to_string()),
        key: key.filter(|_| !definition.managed).collect(),
        fields: fields.collect(),
        owner: definition.owner.clone(),
        allow_data_loss: import.allow_data_loss,
    }
}

/// Faults of the draft are faults of the document where it, and not an argument, says so.
fn in_document(error: Error, import: &Import) -> Error {
    let Error::Invalid(problems) = error else {
        return error;
    };
    let given = |path: &str| match path {
        "label" => import.label.is_some(),
        "table" => import.table.is_some(),
        "tableSchema" => import.table_schema.is_some(),
        path => path == "connectionId",
    };
    let placed = problems.into_iter().map(|problem| {
        let path = if given(&problem.path) {
            problem.path
        } else {
            format!("document.{}", problem.path)
        };
        Problem { path, ..problem }
    });
    Error::Invalid(placed.collect())
}

impl Work<'_> {
    async fn run(&self, cx: &Cx, app: &App, import: &Import) -> Result<Schema> {
        let id = match import.ids {
            IdPolicy::Keep => self.document.id.clone(),
            IdPolicy::New => SchemaId::from(cx.new_id()),
        };
        match (&self.before, &self.homes) {
            (None, Some(homes)) => {
                let schema = save::new(cx, &self.prepared, id, &self.draft)?;
                let more = |batch: &mut Batch, made: &Within<ManageSchemas, Whole>| {
                    self.rights(cx, batch, made, import)
                };
                save::make(cx, app, &self.prepared, homes, schema, more).await
            }
            (Some(before), _) => {
                let more = |batch: &mut Batch| self.rights(cx, batch, before, import);
                save::change(cx, app, &self.prepared, before, &self.draft, more).await
            }
            (None, None) => Err(Error::Internal("an import without a home".into())),
        }
    }

    /// Adds groups, rights and row-level security to the batch that saves the schema.
    fn rights(
        &self,
        cx: &Cx,
        batch: &mut Batch,
        whole: &Within<ManageSchemas, Whole>,
        import: &Import,
    ) -> Result<()> {
        let imported = json!({
            "documentId": self.document.id,
            "connection": self.document.connection,
            "structureOnly": import.mode == ImportMode::StructureOnly,
        });
        save::event(batch, cx, "schema.import", &whole.schema.id, imported)?;
        if import.mode == ImportMode::StructureOnly {
            return Ok(());
        }
        let mut kept: Vec<GroupId> = Vec::new();
        let given = self.document.permissions.iter();
        for (name, rights) in given.filter(|(_, rights)| !rights.is_empty()) {
            let group = match named(&self.groups, name) {
                Some(group) => group.id.clone(),
                None if self.made.contains(name) => add_group(cx, batch, name)?,
                None => continue,
            };
            schemas::set_permission(batch, whole, &group, rights)?;
            kept.push(group);
        }
        let others = whole
            .permissions
            .iter()
            .filter(|(group, rights)| self.clears && !rights.is_empty() && !kept.contains(group));
        for (group, _) in others {
            schemas::set_permission(batch, whole, group, &Rights::default())?;
        }
        let policies: Vec<Policy> = self
            .document
            .policies
            .iter()
            .map(|draft| Policy {
                id: PolicyId::from(cx.new_id()),
                name: draft.name.clone(),
                rules: draft.rules.clone(),
            })
            .collect();
        schemas::set_policies(batch, whole, &policies, cx.now())
    }
}

fn add_group(cx: &Cx, batch: &mut Batch, name: &str) -> Result<GroupId> {
    let group = Group {
        id: GroupId::from(cx.new_id()),
        name: name.trim().to_owned(),
        builtin: false,
        version: 1,
        created_at: cx.now(),
        updated_at: cx.now(),
    };
    let maker = cx.principal()?;
    // As with any group: who is no admin would otherwise not reach what they made.
    let member = (!maker.is_admin()).then_some(&maker.user);
    groups::insert_group(batch, &group, member);
    let details = json!({ "name": group.name });
    let id = Some(group.id.as_str());
    events::event(batch, cx, "group.create", "group", id, details)?;
    Ok(group.id)
}
