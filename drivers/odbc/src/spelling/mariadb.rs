//! `MariaDB`, where it differs from `MySQL`: <https://mariadb.com/kb/en/sql-statements/>

use super::{Form, Spelling, Types, Values, mysql};

pub(super) const SPELLING: Spelling = Spelling {
    // https://mariadb.com/kb/en/aborting-statements/; it ends waits for locks too.
    time_limit: [
        "SET SESSION max_statement_time = {s}",
        "SET SESSION max_statement_time = DEFAULT",
    ],
    values: Values {
        json: ("?", Form::Text),
        ..mysql::SPELLING.values
    },
    types: Types {
        // Spaces at the end count: https://mariadb.com/kb/en/supported-character-sets-and-collations/
        exact_text: " CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin",
        options: " ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin",
        // A JSON column is a LONGTEXT to the catalogue: what is made of one would not be found again.
        json: "",
        ..mysql::SPELLING.types
    },
    ..mysql::SPELLING
};
