//! What follows a change (deliveries), and what proves that the books were not touched (seals).

use quillback_plugin_api::sql::{ColumnDef, Ddl};
use quillback_plugin_api::{Ident, TableRef};

use crate::define::{exact, id, index, large, moment, number, optional, optional_id, table};

pub(crate) fn changes() -> Vec<Ddl> {
    [deliveries(), purposes(), seals(), tokens()].concat()
}

fn add(table: &'static str, column: ColumnDef) -> Ddl {
    Ddl::AddColumn {
        table: TableRef::new(Ident::literal(table)),
        column,
    }
}

/// A delivery is written down when its change is booked as applied.
fn deliveries() -> Vec<Ddl> {
    vec![
        table(
            "_outbox",
            vec![
                id("id"),
                id("change_id"),
                id("schema_id"),
                exact("topic", 32),
                large("payload"),
                moment("ready_at"),
            ],
            &["id"],
        ),
        index("_outbox", "_outbox_ready", &["topic", "ready_at"], false),
    ]
}

fn purposes() -> Vec<Ddl> {
    vec![
        // What the change is for, such as a roll-back; nothing is a plain write.
        add("_changes", optional(exact("purpose", 16))),
        // The earlier change that it takes back, or whose state it brings back.
        add("_changes", optional_id("reverts")),
        // The list of changes, of all and of one user.
        index("_changes", "_changes_opened", &["opened_at", "id"], false),
        index(
            "_changes",
            "_changes_user",
            &["user_id", "opened_at"],
            false,
        ),
    ]
}

fn seals() -> Vec<Ddl> {
    vec![
        // Keyed hash of the record, with the key's id before it: who cannot read the key file cannot make one up.
        add("_audit_rows", optional(exact("mac", 96))),
        add("_audit_events", optional(exact("mac", 96))),
        // Of a change once it is settled, over the number of its audit rows as well.
        add("_changes", optional(exact("mac", 96))),
        add("_changes", optional(number("audited"))),
        // The seal that covers the record.
        add("_changes", optional(number("seal"))),
        add("_audit_events", optional(number("seal"))),
        index("_changes", "_changes_seal", &["seal"], false),
        index("_audit_events", "_audit_events_seal", &["seal"], false),
        table(
            "_audit_seals",
            vec![
                // Without gaps, from 1.
                number("seq"),
                moment("sealed_at"),
                exact("previous", 96),
                exact("hash", 96),
                large("contents"),
                // When the records that it covers were removed because of their age.
                optional(moment("retired_at")),
            ],
            &["seq"],
        ),
    ]
}

fn tokens() -> Vec<Ddl> {
    // The only schemas that a token reaches, as a JSON list; nothing is every schema that its user reaches.
    vec![add("_api_tokens", optional(large("schemas")))]
}
