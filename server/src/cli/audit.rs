//! `quillback audit`: the arguments of the commands for the audit trail.

use clap::Subcommand;

/// What to do with the audit trail.
#[derive(Debug, Clone, Subcommand)]
pub enum AuditCommand {
    /// Check the chain of digests and name the first record that was changed or removed.
    Verify {
        /// Begin with this record instead of the first.
        #[arg(long, value_name = "NUMBER")]
        from: Option<u64>,
    },
}
