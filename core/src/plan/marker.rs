//! The marker: a row in the target with the id of a change, written in the same transaction as the change.

use quillback_plugin_api::batch::{Batch, Expect};
use quillback_plugin_api::civil::Timestamp;
use quillback_plugin_api::sql::{ColumnDef, CreateTable, Ddl, Insert, Statement};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::{Ident, RowBuffer, TableRef, Value};

use crate::ids::ChangeId;

/// Name of the marker table in a target database.
pub(crate) const MARKER: &str = "_quillback_changes";

/// The change that makes the marker table where there is none.
pub fn marker_table() -> Ddl {
    let id = ColumnDef {
        exact_text: true,
        ..ColumnDef::required(Ident::literal("change_id"), LogicalType::text(36))
    };
    Ddl::CreateTable(CreateTable {
        table: TableRef::new(Ident::literal(MARKER)),
        columns: vec![
            id,
            ColumnDef::required(Ident::literal("written_at"), LogicalType::INSTANT),
        ],
        primary_key: vec![Ident::literal("change_id")],
        if_not_exists: false,
    })
}

/// The statement that writes the marker of a change.
pub(super) fn write_marker(change: &ChangeId, now: Timestamp) -> Statement {
    let record = [vec![Value::from(change), Value::Instant(now)]];
    Statement::Insert(Insert {
        table: TableRef::new(Ident::literal(MARKER)),
        columns: vec![Ident::literal("change_id"), Ident::literal("written_at")],
        rows: RowBuffer::from_rows(2, &record).unwrap_or_default(),
        returning: Vec::new(),
    })
}

/// Writes the marker of a change whose answer was lost: when that succeeds the change can never take effect any more,
/// and when the marker is there already the change did take effect.
#[derive(Clone, Debug)]
pub struct Fence(Batch);

impl Fence {
    /// The fence of `change`; it may wait `deadline_ms` for a transaction that is still running.
    pub(crate) fn new(change: &ChangeId, now: Timestamp, deadline_ms: u32) -> Self {
        let mut batch = Batch {
            deadline_ms,
            ..Batch::default()
        };
        batch.write(write_marker(change, now), Expect::Rows(1));
        Self(batch)
    }

    pub(crate) fn batch(&self) -> &Batch {
        &self.0
    }
}
