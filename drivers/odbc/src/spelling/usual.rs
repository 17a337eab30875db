//! What most dialects have in common; each states what it has beyond this, or in place of it.
//!
//! Nothing here promises anything: what a database can do beyond the least, its own file says.

use quillback_plugin_api::capabilities::{
    Capabilities, CaseFolding, DdlCapabilities, GeneratedKeys,
};

use super::{Alter, Beyond, Changes, Form, Isolation, Types, Values};

/// A transaction has the usual level only.
pub(super) const NO_ISOLATION: Isolation = Isolation {
    repeatable: None,
    serializable: None,
    is_inside: false,
    usual: "",
};

/// Transactions run one after the other, or as if they did, without being told.
pub(super) const ALWAYS_SERIAL: Isolation = Isolation {
    repeatable: Some(""),
    serializable: Some(""),
    ..NO_ISOLATION
};

/// The statement of the SQL standard, before the transaction that it is for.
pub(super) const SET_ISOLATION: Isolation = Isolation {
    repeatable: Some("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"),
    serializable: Some("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"),
    ..NO_ISOLATION
};

/// What every database can do through ODBC, and no more. A call that is dropped goes on at the server, one connection has
/// one catalog, and the repository takes another driver.
pub(super) const CAPABILITIES: Capabilities = Capabilities {
    transactions: false,
    serializable: false,
    row_counts: false,
    row_locks: false,
    enforced_keys: false,
    foreign_keys: false,
    generated_keys: GeneratedKeys::No,
    last_key: false,
    streaming: true,
    cancel: false,
    schemas: false,
    catalogs: false,
    empty_text_is_null: false,
    case_folding: CaseFolding::Preserve,
    max_identifier: 0,
    identifier_bytes: false,
    max_params: 0,
    ddl: DdlCapabilities {
        create_table: true,
        add_column: true,
        drop_column: false,
        rename_column: false,
        alter_column: false,
        create_index: false,
        transactional: false,
    },
    repository: false,
};

/// Values whose types the server finds out by itself.
pub(super) const VALUES: Values = Values {
    bool: ("?", Form::Whole),
    whole: ("?", Form::Whole),
    large: ("CAST(? AS DECIMAL(20,0))", Form::Text),
    decimal: ("CAST(? AS DECIMAL({p},{s}))", Form::Text),
    double: ("?", Form::Double),
    float: ("?", Form::Double),
    text: ("?", Form::Text),
    json: ("?", Form::Text),
    bytes: ("?", Form::Bytes),
    uuid: ("?", Form::Text),
    date: ("?", Form::Text),
    time: ("?", Form::Text),
    timestamp: ("?", Form::Text),
    instant: ("?", Form::Text),
    digits: (38, 38),
    infinity: false,
    nan: false,
    last_character: char::MAX,
};

/// Types by their most common names. Texts, bytes and numbered columns are every database's own.
pub(super) const TYPES: Types = Types {
    bool: "BOOLEAN",
    signed: ["TINYINT", "SMALLINT", "INT", "BIGINT"],
    unsigned: ["SMALLINT", "INT", "BIGINT", "DECIMAL(20,0)"],
    decimal: ("DECIMAL({p},{s})", 38, 38),
    unlimited: "",
    float: ["FLOAT", "DOUBLE"],
    text: (0, "", ""),
    exact_text: "",
    json: "",
    bytes: (0, "", ""),
    uuid: "CHAR(36)",
    date: "DATE",
    time: "TIME({n})",
    timestamp: "TIMESTAMP({n})",
    instant: "TIMESTAMP({n}) WITH TIME ZONE",
    fraction: 6,
    identity: None,
    options: "",
    truth: ["0", "1"],
    plain_backslash: true,
    quote_in_literal: "''",
    literal_prefix: "",
};

/// The words of the SQL standard, and no change of a column's type.
pub(super) const CHANGES: Changes = Changes {
    if_not_exists: "IF NOT EXISTS ",
    add: "COLUMN ",
    says_null: true,
    adds_filled: true,
    alter: Alter::No,
    renames_by_procedure: false,
};

/// The catalogue functions of ODBC tell all.
pub(super) const BEYOND: Beyond = Beyond {
    columns: "",
    primary: "",
    keys: "",
    fractions: false,
};
