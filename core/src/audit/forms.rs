//! The records of the books as they are hashed: every column of a table but the hash itself and the seal.

use quillback_plugin_api::civil::Timestamp;

use super::mac::Form;

/// A settled change. Its hash covers the number of its rows in the audit trail as well, so that none can be left out.
pub(crate) struct ChangeForm<'a> {
    pub(crate) id: &'a str,
    pub(crate) schema: &'a str,
    pub(crate) connection: &'a str,
    pub(crate) user: &'a str,
    pub(crate) state: &'a str,
    pub(crate) digest: &'a str,
    pub(crate) marked: bool,
    pub(crate) verified: bool,
    pub(crate) row_count: i64,
    pub(crate) outcome: Option<&'a str>,
    pub(crate) opened_at: Timestamp,
    pub(crate) closed_at: Option<Timestamp>,
    pub(crate) purpose: Option<&'a str>,
    pub(crate) reverts: Option<&'a str>,
    pub(crate) audited: i64,
}

impl ChangeForm<'_> {
    pub(crate) fn form(&self) -> Form {
        Form::new("change")
            .text(self.id)
            .text(self.schema)
            .text(self.connection)
            .text(self.user)
            .text(self.state)
            .text(self.digest)
            .flag(self.marked)
            .flag(self.verified)
            .number(self.row_count)
            .optional(self.outcome)
            .moment(self.opened_at)
            .optional_moment(self.closed_at)
            .optional(self.purpose)
            .optional(self.reverts)
            .number(self.audited)
    }
}

/// A row of a change.
pub(crate) struct RowForm<'a> {
    pub(crate) change: &'a str,
    pub(crate) position: i64,
    pub(crate) schema: &'a str,
    pub(crate) key_hash: &'a str,
    pub(crate) key: &'a str,
    pub(crate) action: &'a str,
    pub(crate) before: Option<&'a str>,
    pub(crate) after: Option<&'a str>,
    pub(crate) user: &'a str,
    pub(crate) at: Timestamp,
}

impl RowForm<'_> {
    pub(crate) fn form(&self) -> Form {
        Form::new("row")
            .text(self.change)
            .number(self.position)
            .text(self.schema)
            .text(self.key_hash)
            .text(self.key)
            .text(self.action)
            .optional(self.before)
            .optional(self.after)
            .text(self.user)
            .moment(self.at)
    }
}

/// An entry of the administrative audit trail.
pub(crate) struct EventForm<'a> {
    pub(crate) id: &'a str,
    pub(crate) at: Timestamp,
    pub(crate) user: Option<&'a str>,
    pub(crate) action: &'a str,
    pub(crate) subject_type: &'a str,
    pub(crate) subject_id: Option<&'a str>,
    pub(crate) details: &'a str,
}

impl EventForm<'_> {
    pub(crate) fn form(&self) -> Form {
        Form::new("event")
            .text(self.id)
            .moment(self.at)
            .optional(self.user)
            .text(self.action)
            .text(self.subject_type)
            .optional(self.subject_id)
            .text(self.details)
    }
}
