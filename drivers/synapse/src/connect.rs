//! What a session is set to before its first statement, and what it is asked then.

use quillback_family_tds::Greeting;
use quillback_plugin_api::batch::Isolation;

/// An error ends the transaction as a whole, as it does here anyway, and each statement says how many rows it touched.
/// The other settings that SQL Server has are not documented for the service, or have one value only.
/// <https://learn.microsoft.com/sql/t-sql/language-elements/transactions-sql-data-warehouse>
pub(crate) const SESSION: &str = "SET XACT_ABORT ON; SET NOCOUNT OFF";

/// Who the server is, and whether readers see what was committed only.
pub(crate) const GREETING: &str = "SELECT CAST(@@VERSION AS nvarchar(4000)), \
CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)), CAST(d.is_read_committed_snapshot_on AS int) \
FROM sys.databases AS d WHERE d.name = DB_NAME()";

/// The only level that a session may ask for. Where `READ_COMMITTED_SNAPSHOT` is on for the pool, all transactions have
/// that one, whatever the session asks for.
/// <https://learn.microsoft.com/sql/t-sql/statements/set-transaction-isolation-level-transact-sql>
pub(crate) const USUAL_LEVEL: &str = "READ UNCOMMITTED";

/// The level of a batch; the driver refuses all but the usual one before it comes to this.
pub(crate) fn level(_isolation: Isolation, _greeting: &Greeting) -> &'static str {
    USUAL_LEVEL
}
