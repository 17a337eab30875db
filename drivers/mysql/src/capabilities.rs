//! What MySQL and MariaDB can do, by product and version.

use quillback_plugin_api::capabilities::{
    Capabilities, CaseFolding, DdlCapabilities, GeneratedKeys,
};

/// Which of the two products a server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Product {
    /// Oracle's, and what follows it (Percona Server, Aurora).
    MySql,
    /// `MariaDB`.
    MariaDb,
}

/// Product and version of a server: what its SQL and its abilities depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flavor {
    pub(crate) product: Product,
    pub(crate) version: (u16, u16, u16),
}

impl Flavor {
    /// Reads the answer to `SELECT VERSION()`, such as `8.0.36-0ubuntu0.22.04.1` or `10.11.19-MariaDB`.
    pub(crate) fn parse(version: &str) -> Self {
        let product = if version.to_ascii_lowercase().contains("mariadb") {
            Product::MariaDb
        } else {
            Product::MySql
        };
        // Old replication clients needed a version that starts with 5; MariaDB before 11 may put this in front:
        // https://mariadb.com/kb/en/replication-as-a-storage-engine-mixing-mysql-and-mariadb/
        let numbers = match product {
            Product::MariaDb => version.strip_prefix("5.5.5-").unwrap_or(version),
            Product::MySql => version,
        };
        let mut parts = numbers
            .split(|c: char| !c.is_ascii_digit())
            .map(|part| part.parse().unwrap_or(0));
        let mut next = || parts.next().unwrap_or(0);
        Self {
            product,
            version: (next(), next(), next()),
        }
    }

    /// Whether it is `MySQL` of at least `version`.
    pub(crate) fn is_mysql_from(self, version: (u16, u16, u16)) -> bool {
        self.product == Product::MySql && self.version >= version
    }

    /// Whether it is `MariaDB` of at least `version`.
    pub(crate) fn is_mariadb_from(self, version: (u16, u16, u16)) -> bool {
        self.product == Product::MariaDb && self.version >= version
    }

    /// Whether it has a column type `JSON`; on `MariaDB` that is checked text.
    /// <https://dev.mysql.com/doc/refman/8.0/en/json.html>, <https://mariadb.com/kb/en/json-data-type/>
    pub(crate) fn has_json(self) -> bool {
        self.is_mysql_from((5, 7, 8)) || self.is_mariadb_from((10, 2, 7))
    }

    /// Whether `RENAME COLUMN` exists: <https://dev.mysql.com/doc/refman/8.0/en/alter-table.html>,
    /// <https://mariadb.com/kb/en/alter-table/#rename-column>
    pub(crate) fn renames_columns(self) -> bool {
        self.is_mysql_from((8, 0, 3)) || self.is_mariadb_from((10, 5, 2))
    }

    /// Whether Quillback keeps its own tables there: versions that still get fixes, and have all that they need.
    fn holds_repository(self) -> bool {
        self.is_mysql_from((8, 0, 17)) || self.is_mariadb_from((10, 5, 2))
    }

    /// What this server can do.
    pub(crate) fn capabilities(self) -> Capabilities {
        let best = best();
        Capabilities {
            repository: self.holds_repository(),
            ddl: DdlCapabilities {
                rename_column: self.renames_columns(),
                ..best.ddl
            },
            ..best
        }
    }
}

/// What the newest servers can do.
pub(crate) fn best() -> Capabilities {
    Capabilities {
        transactions: true,
        serializable: true,
        // The session counts found rows, not changed ones (see `connect.rs`).
        row_counts: true,
        row_locks: true,
        enforced_keys: true,
        foreign_keys: true,
        // LAST_INSERT_ID; MySQL has no RETURNING.
        generated_keys: GeneratedKeys::OneRow,
        last_key: true,
        streaming: true,
        cancel: true,
        // What others call a schema is a database here; one connection reaches all of them.
        schemas: true,
        catalogs: false,
        empty_text_is_null: false,
        case_folding: CaseFolding::Preserve,
        // https://dev.mysql.com/doc/refman/8.0/en/identifier-length.html
        max_identifier: 64,
        identifier_bytes: false,
        // The protocol counts parameters in 16 bits.
        max_params: 65_535,
        ddl: DdlCapabilities {
            create_table: true,
            add_column: true,
            drop_column: true,
            rename_column: true,
            alter_column: true,
            create_index: true,
            // Each change commits: https://dev.mysql.com/doc/refman/8.0/en/implicit-commit.html
            transactional: false,
        },
        repository: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_servers_write_them() {
        for (text, product, version) in [
            ("8.0.36-0ubuntu0.22.04.1", Product::MySql, (8, 0, 36)),
            ("5.6.24", Product::MySql, (5, 6, 24)),
            ("8.0.mysql_aurora.3.04.0", Product::MySql, (8, 0, 0)),
            ("9.1.0", Product::MySql, (9, 1, 0)),
            ("10.11.19-MariaDB-0+deb12u1", Product::MariaDb, (10, 11, 19)),
            ("5.5.5-10.4.1-MariaDB-log", Product::MariaDb, (10, 4, 1)),
            ("", Product::MySql, (0, 0, 0)),
        ] {
            assert_eq!(Flavor::parse(text), Flavor { product, version }, "{text}");
        }
    }

    #[test]
    fn old_servers_neither_rename_columns_nor_hold_the_repository() {
        let old = Flavor::parse("5.6.24").capabilities();
        assert!(!old.ddl.rename_column && !old.repository && old.transactions);
        let new = Flavor::parse("10.11.19-MariaDB").capabilities();
        assert!(new.ddl.rename_column && new.repository);
        assert_eq!(Flavor::parse("8.4.2").capabilities(), best());
    }
}
