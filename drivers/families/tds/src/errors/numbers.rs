//! The server's error numbers, one line each.
//!
//! <https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors>, in its pages
//! by range; those of 40000 and more are Azure's:
//! <https://learn.microsoft.com/azure/azure-sql/database/troubleshoot-common-errors-issues>. Those from 100000 on are of
//! Azure Synapse, which has no list of them:
//! <https://learn.microsoft.com/azure/synapse-analytics/sql-data-warehouse/sql-data-warehouse-develop-transactions>

use quillback_plugin_api::Category as C;

/// What an error number means.
pub(crate) fn category(code: u32) -> Option<C> {
    let at = NUMBERS
        .binary_search_by_key(&code, |(number, _)| *number)
        .ok()?;
    NUMBERS.get(at).map(|(_, category)| *category)
}

#[rustfmt::skip]
const NUMBERS: &[(u32, C)] = &[
    (102, C::Syntax), // incorrect syntax
    (156, C::Syntax), // incorrect syntax near a keyword
    (206, C::InvalidData), // operand type clash
    (207, C::NotFound), // invalid column
    (208, C::NotFound), // invalid object
    (220, C::InvalidData), // overflow of a small integer
    (229, C::Permission), // on an object
    (230, C::Permission), // on a column
    (232, C::InvalidData), // overflow
    (241, C::InvalidData), // text to date or time
    (242, C::InvalidData), // date out of range
    (245, C::InvalidData), // text to number
    (248, C::InvalidData), // text overflows an int
    (257, C::InvalidData), // no implicit conversion
    (262, C::Permission), // in a database
    (271, C::InvalidData), // a computed column
    (272, C::InvalidData), // a rowversion column
    (273, C::InvalidData), // a rowversion column, inserted
    (295, C::InvalidData), // text to smalldatetime
    (297, C::Permission), // for the action
    (300, C::Permission), // on the server
    (402, C::Unsupported), // incompatible types in an operator
    (511, C::Resource), // row too large
    (515, C::NotNull), // no NULL
    (517, C::InvalidData), // overflow of a date
    (529, C::InvalidData), // explicit conversion not allowed
    (544, C::InvalidData), // value for an identity column
    (547, C::ForeignKey), // foreign key or check
    (596, C::Cancelled), // session is being killed
    (601, C::Conflict), // data moved while it was read
    (701, C::Resource), // memory
    (802, C::Resource), // buffer pool
    (911, C::NotFound), // database
    (916, C::Permission), // database
    (945, C::Unavailable), // database cannot be opened
    (978, C::Unavailable), // replica reads only
    (1101, C::Resource), // space in a filegroup
    (1105, C::Resource), // space in a filegroup
    (1204, C::Resource), // locks
    (1205, C::Conflict), // deadlock
    (1222, C::Timeout), // wait for a lock
    (1505, C::Unique), // duplicates under a new index
    (1779, C::AlreadyExists), // second primary key
    (1913, C::AlreadyExists), // index
    (2601, C::Unique), // unique index
    (2627, C::Unique), // key
    (2628, C::InvalidData), // text would be cut
    (2705, C::AlreadyExists), // column
    (2714, C::AlreadyExists), // object
    (2801, C::Conflict), // definition changed
    (2812, C::NotFound), // procedure
    (3609, C::Constraint), // a trigger ended the batch
    (3616, C::Constraint), // an error in a trigger
    (3621, C::Other), // the statement was ended
    (3701, C::NotFound), // object to drop
    (3726, C::ForeignKey), // table to drop is referred to
    (3902, C::Constraint), // nothing to commit: a trigger rolled back
    (3906, C::Permission), // database is read only
    (3930, C::Conflict), // transaction can only roll back
    (3948, C::Conflict), // killed on a replica
    (3952, C::Unsupported), // no snapshots
    (3960, C::Conflict), // snapshot update
    (3961, C::Conflict), // snapshot and a changed table
    (4060, C::Auth), // database refused
    (4064, C::Auth), // default database
    (4145, C::Syntax), // not a condition
    (4405, C::Unsupported), // view over several tables
    (4406, C::Unsupported), // derived column of a view
    (4701, C::NotFound), // table to truncate
    (4901, C::NotNull), // required column without a default
    (4922, C::Constraint), // other objects depend on the column
    (4924, C::NotFound), // column to change
    (4929, C::Unsupported), // change of a table
    (5074, C::Constraint), // an object depends on the column
    (8003, C::Resource), // too many parameters
    (8023, C::InvalidData), // not a value of its type
    (8101, C::InvalidData), // identity value
    (8102, C::InvalidData), // identity column
    (8114, C::InvalidData), // conversion
    (8115, C::InvalidData), // overflow
    (8134, C::InvalidData), // division by zero
    (8152, C::InvalidData), // text would be cut
    (8169, C::InvalidData), // text to UUID
    (8623, C::Resource), // no plan
    (8632, C::Resource), // expression too deep
    (8645, C::Timeout), // waiting for memory
    (8651, C::Resource), // memory
    (8672, C::Unique), // MERGE of one row twice
    (9001, C::Unavailable), // log
    (9002, C::Resource), // log is full
    (9402, C::InvalidData), // XML encoding
    (9436, C::InvalidData), // XML tags
    (10_928, C::Resource), // Azure: limit reached
    (10_929, C::Unavailable), // Azure: busy
    (13_535, C::Conflict), // temporal row changed by an older transaction
    (13_536, C::InvalidData), // period column
    (13_609, C::InvalidData), // JSON
    (14_355, C::Unavailable), // service is paused
    (15_225, C::NotFound), // sp_rename: object
    (15_248, C::NotFound), // sp_rename: column
    (15_335, C::AlreadyExists), // sp_rename
    (17_142, C::Unavailable), // paused
    (17_809, C::Resource), // connections
    (18_401, C::Unavailable), // starting
    (18_450, C::Auth), // sign-in
    (18_451, C::Unavailable), // administrators only
    (18_452, C::Auth), // untrusted domain
    (18_456, C::Auth), // sign-in
    (18_461, C::Unavailable), // single user
    (18_470, C::Auth), // account is disabled
    (18_486, C::Auth), // account is locked
    (18_487, C::Auth), // password has expired
    (18_488, C::Auth), // password must be changed
    (22_522, C::Conflict), // object is being changed
    (40_143, C::Unavailable), // Azure: replica
    (40_197, C::Unavailable), // Azure: moving
    (40_501, C::Unavailable), // Azure: busy
    (40_532, C::Auth), // Azure: sign-in
    (40_544, C::Resource), // Azure: size
    (40_549, C::Cancelled), // Azure: long transaction
    (40_550, C::Resource), // Azure: locks
    (40_551, C::Resource), // Azure: tempdb
    (40_552, C::Resource), // Azure: log
    (40_553, C::Resource), // Azure: memory
    (40_613, C::Unavailable), // Azure: database
    (40_615, C::Auth), // Azure: firewall
    (41_301, C::Conflict), // memory-optimized: dependency
    (41_302, C::Conflict), // memory-optimized: write
    (41_305, C::Conflict), // memory-optimized: repeatable read
    (41_325, C::Conflict), // memory-optimized: serializable
    (50_000, C::Constraint), // RAISERROR, mostly of a trigger
    (103_010, C::Syntax), // Synapse: parse error
    (111_233, C::Conflict), // Synapse: transaction can only roll back
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_listed_once_and_in_order() {
        assert!(NUMBERS.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
