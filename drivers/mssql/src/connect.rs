//! What a session is set to before its first statement, and what it is asked then.

use quillback_family_tds::Greeting;
use quillback_plugin_api::batch::Isolation;

/// What makes a session behave the same on every server, whatever its defaults are:
///
/// - the settings that indexed views and filtered indexes demand, so that writing to their tables works;
/// - an error ends the transaction as a whole (`XACT_ABORT`);
/// - no counts between results: the driver asks for the count itself, so that triggers cannot add theirs;
/// - messages in English, so that names are found in them; dates as year, month, day;
/// - nobody's limits on rows, text sizes and waiting for locks: deadlines are the driver's.
pub(crate) const SESSION: &str = "SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, \
QUOTED_IDENTIFIER ON; SET NUMERIC_ROUNDABORT OFF; SET IMPLICIT_TRANSACTIONS OFF; SET XACT_ABORT ON; SET NOCOUNT ON; \
SET LANGUAGE us_english; SET DATEFORMAT ymd; SET ROWCOUNT 0; SET TEXTSIZE 2147483647; SET LOCK_TIMEOUT -1; \
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;";

/// Who the server is, and what the database keeps row versions for.
pub(crate) const GREETING: &str = "SELECT CAST(@@VERSION AS nvarchar(4000)), \
CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)), \
(SELECT CAST(d.snapshot_isolation_state AS int) FROM sys.databases d WHERE d.name = DB_NAME()), \
(SELECT CAST(d.is_read_committed_snapshot_on AS int) FROM sys.databases d WHERE d.name = DB_NAME())";

/// Asks for the rows that the statement before touched. A trigger leaves that number as it is.
pub(crate) const COUNT: &str = "; SELECT CAST(@@ROWCOUNT AS bigint)";

/// Asks for the number that the insert before was given, by this statement and not by a trigger of it.
pub(crate) const KEY: &str = "; SELECT CAST(SCOPE_IDENTITY() AS bigint)";

/// The level between batches.
pub(crate) const USUAL_LEVEL: &str = "READ COMMITTED";

/// The level of a batch. Without row versions only the strictest one shows one state of the database all through.
pub(crate) fn level(isolation: Isolation, greeting: &Greeting) -> &'static str {
    match isolation {
        Isolation::Default => USUAL_LEVEL,
        Isolation::RepeatableRead if greeting.snapshots => "SNAPSHOT",
        Isolation::RepeatableRead | Isolation::Serializable => "SERIALIZABLE",
    }
}
