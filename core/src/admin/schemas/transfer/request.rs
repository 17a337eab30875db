//! What an import is asked to do, and what it answers.

use serde_json::Value as Json;

use crate::error::Problem;
use crate::ids::{ConnectionId, GroupId, SchemaId};
use crate::schema::Schema;

/// Under which id a schema comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdPolicy {
    /// Its own, so that workbooks find it.
    Keep,
    /// A new one: a copy beside the original.
    New,
}

/// What an import may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportMode {
    /// Makes a schema that is not there yet.
    Create,
    /// Makes it, or changes the one of the same id into it, its rights and row-level security included.
    Replace,
    /// The same without touching rights and row-level security.
    StructureOnly,
}

/// A document and what to do with it.
#[derive(Clone, Debug)]
pub struct Import {
    /// The document.
    pub document: Json,
    /// Connection here; the one of the same name when it is left out.
    pub connection: Option<ConnectionId>,
    /// Another label.
    pub label: Option<String>,
    /// Another table.
    pub table: Option<String>,
    /// Another schema of the database.
    pub table_schema: Option<String>,
    /// Under which id.
    pub ids: IdPolicy,
    /// What to do.
    pub mode: ImportMode,
    /// Groups that a schema which is made belongs to; the caller's only one when they are left out.
    pub groups: Option<Vec<GroupId>>,
    /// Whether to make the groups that are not here; otherwise their rights are left out.
    pub make_groups: bool,
    /// Whether values may be lost where a table is changed.
    pub allow_data_loss: bool,
    /// Whether to show everything and do nothing.
    pub dry_run: bool,
}

/// What becomes of a group that a document names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupState {
    /// It is here.
    Found,
    /// It is made.
    Made,
    /// It is not here: its rights are left out.
    Missing,
}

/// A group that a document names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedGroup {
    /// Its name.
    pub name: String,
    /// What becomes of it.
    pub state: GroupState,
}

/// What an import did, or would do.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    /// The schema, unless it was a dry run.
    pub schema: Option<Schema>,
    /// Its id, when it is known beforehand.
    pub id: Option<SchemaId>,
    /// Whether a schema that was there is changed.
    pub replaces: bool,
    /// The exact statements that change the target database, in order.
    pub statements: Vec<String>,
    /// What to think of.
    pub warnings: Vec<String>,
    /// What is in the way; only a dry run answers with any.
    pub problems: Vec<Problem>,
    /// The groups that the document names.
    pub groups: Vec<ImportedGroup>,
}
