//! The first tables. Those that outside tools use keep the names and columns of the product's guides.

use quillback_plugin_api::sql::{CreateTable, Ddl};
use quillback_plugin_api::{Ident, TableRef};

use crate::define::{
    exact, flag, id, index, large, moment, number, optional, optional_id, table, text,
};

pub(crate) fn history_table() -> Ddl {
    Ddl::CreateTable(CreateTable {
        table: TableRef::new(Ident::literal("_migrations")),
        columns: vec![
            number("version"),
            text("name", 100),
            exact("checksum", 64),
            moment("applied_at"),
        ],
        primary_key: vec![Ident::literal("version")],
        if_not_exists: true,
    })
}

pub(crate) fn changes() -> Vec<Ddl> {
    [people(), access(), things(), books(), housekeeping()].concat()
}

fn people() -> Vec<Ddl> {
    vec![
        table(
            "_users",
            vec![
                id("id"),
                text("username", 255),
                // Lower case: what is unique and what sign-in looks up.
                exact("username_key", 255),
                text("display_name", 255),
                optional(text("email", 320)),
                optional(exact("password_hash", 255)),
                flag("must_change_password", false),
                flag("active", true),
                number("version"),
                moment("created_at"),
                moment("updated_at"),
            ],
            &["id"],
        ),
        index("_users", "_users_username_key", &["username_key"], true),
        table(
            "_groups",
            vec![
                id("id"),
                text("name", 255),
                exact("name_key", 255),
                // "everyone": every user is in it, and it cannot be removed.
                flag("builtin", false),
                number("version"),
                moment("created_at"),
                moment("updated_at"),
            ],
            &["id"],
        ),
        index("_groups", "_groups_name_key", &["name_key"], true),
        table(
            "_group_members",
            vec![id("group_id"), id("user_id")],
            &["group_id", "user_id"],
        ),
        index("_group_members", "_group_members_user", &["user_id"], false),
        table(
            "_user_roles",
            vec![id("user_id"), exact("role", 32)],
            &["user_id", "role"],
        ),
    ]
}

fn access() -> Vec<Ddl> {
    vec![
        table(
            "_sessions",
            vec![
                // SHA-256 of the token, in hexadecimal; the token itself is stored nowhere.
                exact("token_hash", 64),
                id("id"),
                id("user_id"),
                exact("method", 32),
                exact("client", 32),
                moment("created_at"),
                moment("last_seen_at"),
                moment("expires_at"),
            ],
            &["token_hash"],
        ),
        index("_sessions", "_sessions_user", &["user_id"], false),
        index("_sessions", "_sessions_expires", &["expires_at"], false),
        table(
            "_api_tokens",
            vec![
                exact("token_hash", 64),
                id("id"),
                id("user_id"),
                text("name", 255),
                exact("scope", 32),
                moment("created_at"),
                optional(moment("last_used_at")),
                moment("expires_at"),
            ],
            &["token_hash"],
        ),
        index("_api_tokens", "_api_tokens_user", &["user_id"], false),
        table(
            "_throttle",
            vec![
                exact("subject", 128),
                number("failures"),
                moment("last_failure_at"),
                moment("blocked_until"),
            ],
            &["subject"],
        ),
        // Filled by other people's ETL as well: four columns, no key, no defaults.
        table(
            "_rls_entitlements",
            vec![
                exact("assignable_type", 16),
                id("assignable_id"),
                exact("property", 255),
                exact("value", 1000),
            ],
            &[],
        ),
        index(
            "_rls_entitlements",
            "_rls_entitlements_assignable",
            &["assignable_type", "assignable_id"],
            false,
        ),
    ]
}

fn things() -> Vec<Ddl> {
    vec![
        table(
            "_connections",
            vec![
                id("id"),
                text("name", 255),
                exact("name_key", 255),
                exact("driver", 64),
                large("options"),
                // Sealed with a key that is not in this database; the key's id is part of the text.
                optional(large("secrets")),
                // Whether changes write a marker row in the target, so that a lost answer can be settled.
                flag("marker", true),
                number("version"),
                moment("created_at"),
                moment("updated_at"),
            ],
            &["id"],
        ),
        index("_connections", "_connections_name_key", &["name_key"], true),
        table(
            "_connection_groups",
            vec![id("connection_id"), id("group_id")],
            &["connection_id", "group_id"],
        ),
        table(
            "_schemas",
            vec![
                id("id"),
                text("label", 255),
                exact("label_key", 255),
                exact("module", 32),
                id("connection_id"),
                large("definition"),
                number("revision"),
                moment("created_at"),
                moment("updated_at"),
            ],
            &["id"],
        ),
        index("_schemas", "_schemas_label_key", &["label_key"], true),
        index("_schemas", "_schemas_connection", &["connection_id"], false),
        table(
            "_schema_permissions",
            vec![id("schema_id"), id("group_id"), large("rights")],
            &["schema_id", "group_id"],
        ),
        index(
            "_schema_permissions",
            "_schema_permissions_group",
            &["group_id"],
            false,
        ),
        table(
            "_policies",
            vec![
                id("id"),
                id("schema_id"),
                text("name", 255),
                large("rules"),
                moment("created_at"),
            ],
            &["id"],
        ),
        index("_policies", "_policies_schema", &["schema_id"], false),
    ]
}

fn books() -> Vec<Ddl> {
    vec![
        table(
            "_changes",
            vec![
                id("id"),
                id("schema_id"),
                id("connection_id"),
                id("user_id"),
                exact("state", 16),
                // SHA-256 of what was asked for: the same id with another body is refused.
                exact("digest", 64),
                // Whether the target writes its marker in the same transaction, so that a lost answer can be settled.
                flag("marked", true),
                flag("verified", true),
                number("row_count"),
                large("plan"),
                optional(large("outcome")),
                moment("opened_at"),
                optional(moment("closed_at")),
            ],
            &["id"],
        ),
        index("_changes", "_changes_state", &["state", "opened_at"], false),
        index(
            "_changes",
            "_changes_schema",
            &["schema_id", "opened_at"],
            false,
        ),
        table(
            "_audit_rows",
            vec![
                id("change_id"),
                number("position"),
                id("schema_id"),
                // SHA-256 of the key, so that keys of any length are found by index.
                exact("key_hash", 64),
                large("row_key"),
                exact("action", 16),
                optional(large("before")),
                optional(large("after")),
                id("user_id"),
                moment("at"),
            ],
            &["change_id", "position"],
        ),
        index(
            "_audit_rows",
            "_audit_rows_key",
            &["schema_id", "key_hash", "at"],
            false,
        ),
        index(
            "_audit_rows",
            "_audit_rows_schema",
            &["schema_id", "at"],
            false,
        ),
        table(
            "_audit_events",
            vec![
                id("id"),
                moment("at"),
                optional_id("user_id"),
                exact("action", 64),
                exact("subject_type", 32),
                optional_id("subject_id"),
                large("details"),
            ],
            &["id"],
        ),
        index("_audit_events", "_audit_events_at", &["at"], false),
    ]
}

fn housekeeping() -> Vec<Ddl> {
    vec![table(
        "_settings",
        vec![exact("name", 64), large("value")],
        &["name"],
    )]
}
