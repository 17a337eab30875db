//! What a database can do, declared as data. What is absent is not supported.

use serde::{Deserialize, Serialize};

/// How a database answers with keys that it makes itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GeneratedKeys {
    /// Not at all.
    #[default]
    No,
    /// For an insert of one row, one column.
    OneRow,
    /// For every row and any columns.
    AllRows,
}

/// What happens to the case of names that are not quoted; Quillback always quotes, other tools do not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseFolding {
    /// Kept.
    #[default]
    Preserve,
    /// Folded to lower case.
    Lower,
    /// Folded to upper case.
    Upper,
}

/// What can be changed about tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an independent fact about a database"
)]
pub struct DdlCapabilities {
    /// Tables can be made and removed.
    pub create_table: bool,
    /// Columns can be added.
    pub add_column: bool,
    /// Columns can be removed.
    pub drop_column: bool,
    /// Columns can be renamed.
    pub rename_column: bool,
    /// Types and nullability of columns can be changed.
    pub alter_column: bool,
    /// Indexes can be made.
    pub create_index: bool,
    /// Several changes take effect together or not at all.
    pub transactional: bool,
}

/// Everything that planning asks before it builds a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an independent fact about a database"
)]
pub struct Capabilities {
    /// Several statements take effect together or not at all.
    pub transactions: bool,
    /// The serializable isolation level is offered.
    pub serializable: bool,
    /// A write reports how many rows it found.
    pub row_counts: bool,
    /// Rows that are read can be locked, or there is only one writer at a time.
    pub row_locks: bool,
    /// Primary keys and unique indexes are enforced.
    pub enforced_keys: bool,
    /// Foreign keys are enforced.
    pub foreign_keys: bool,
    /// Keys made by the database come back.
    pub generated_keys: GeneratedKeys,
    /// The row whose key the database numbered last can be found again by a condition in the same batch.
    pub last_key: bool,
    /// Results can be read in pieces without holding them whole.
    pub streaming: bool,
    /// A call that is dropped also stops on the server.
    pub cancel: bool,
    /// There are schemas between database and table.
    pub schemas: bool,
    /// There are catalogs around schemas that one connection reaches.
    pub catalogs: bool,
    /// An empty text is stored as NULL.
    pub empty_text_is_null: bool,
    /// What happens to unquoted names.
    pub case_folding: CaseFolding,
    /// Longest identifier; counted in bytes when `identifier_bytes`, else in characters; 0 is unknown.
    pub max_identifier: u32,
    /// Whether identifiers are measured in bytes.
    pub identifier_bytes: bool,
    /// Most parameters of one statement; 0 is no limit.
    pub max_params: u32,
    /// Changes of tables.
    pub ddl: DdlCapabilities,
    /// Whether this database can hold the repository of Quillback.
    pub repository: bool,
}
