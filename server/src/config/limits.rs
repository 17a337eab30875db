//! `[limits]`: how much one request, one connection and the whole server may take.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::problem::SectionProblems;

/// How much one request, one connection and the whole server may take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsSection {
    /// Largest request body, in bytes.
    pub body_bytes: usize,
    /// Time for a request body to arrive, in milliseconds.
    pub body_arrival_ms: u64,
    /// Time for the request line and headers to arrive, and for which an idle connection is kept, in milliseconds.
    pub header_arrival_ms: u64,
    /// Header lines of one request.
    pub headers: usize,
    /// Connections open at the same time; more wait until one is closed.
    pub connections: usize,
    /// GraphQL requests worked on at the same time; more are told to come back.
    pub requests: usize,
    /// Time for one GraphQL request, in milliseconds.
    /// A query is then stopped; a mutation is finished in the background, never stopped half-way.
    pub deadline_ms: u64,
    /// Time for running requests to finish when the server stops, in milliseconds.
    pub drain_ms: u64,
    /// Rows of one change: of a write, a bulk edit, an interpolation or a roll-back.
    pub row_changes: usize,
    /// Tokens of a GraphQL document.
    pub tokens: usize,
    /// Brackets open at the same time in a GraphQL document.
    pub nesting: usize,
    /// Fields of a GraphQL document after its fragments are unfolded.
    pub nodes: u64,
    /// Levels of fields; the standard introspection query needs 13.
    pub depth: u64,
    /// Estimated cost: every field counts one, times the page sizes (`first`, `last`) around it.
    pub cost: u64,
    /// Estimated cost of everything that one user, or one network without a user (an IPv4 address, an IPv6 /64), asks for
    /// in a minute, over all connections; 0 is no limit. It fills again evenly.
    pub cost_per_minute: u64,
    /// Aliases of a GraphQL document after its fragments are unfolded.
    pub aliases: u64,
    /// Directives of a GraphQL document after its fragments are unfolded.
    pub directives: u64,
    /// Fields at the top of one operation.
    pub root_fields: u64,
    /// Fragments of a GraphQL document.
    pub fragments: usize,
    /// Operations of a GraphQL document.
    pub operations: usize,
    /// Variables of one operation.
    pub variables: usize,
    /// Subscriptions of one user at the same time.
    pub subscriptions: usize,
    /// Subscriptions on one WebSocket at the same time.
    pub socket_subscriptions: usize,
    /// Time for the first message on a WebSocket, in milliseconds.
    pub socket_init_ms: u64,
    /// Largest message that a client may send over a WebSocket, in bytes.
    pub message_bytes: usize,
}

impl Default for LimitsSection {
    fn default() -> Self {
        Self {
            body_bytes: 256 * 1024,
            body_arrival_ms: 10_000,
            header_arrival_ms: 10_000,
            headers: 100,
            connections: 900,
            requests: 256,
            deadline_ms: 30_000,
            drain_ms: 20_000,
            row_changes: 10_000,
            tokens: 5_000,
            nesting: 64,
            nodes: 1_000,
            depth: 16,
            cost: 100_000,
            cost_per_minute: 20_000_000,
            aliases: 20,
            directives: 50,
            root_fields: 20,
            fragments: 50,
            operations: 20,
            variables: 100,
            subscriptions: 50,
            socket_subscriptions: 20,
            socket_init_ms: 5_000,
            message_bytes: 64 * 1024,
        }
    }
}

impl LimitsSection {
    pub(super) fn validate(&self, problems: &mut SectionProblems) {
        let at_least_one = [
            ("body_bytes", self.body_bytes as u64),
            ("body_arrival_ms", self.body_arrival_ms),
            ("header_arrival_ms", self.header_arrival_ms),
            ("headers", self.headers as u64),
            ("connections", self.connections as u64),
            ("requests", self.requests as u64),
            ("deadline_ms", self.deadline_ms),
            ("row_changes", self.row_changes as u64),
            ("tokens", self.tokens as u64),
            ("nesting", self.nesting as u64),
            ("nodes", self.nodes),
            ("depth", self.depth),
            ("cost", self.cost),
            ("root_fields", self.root_fields),
            ("operations", self.operations as u64),
        ];
        for (key, value) in at_least_one {
            if value == 0 {
                problems.add(
                    &format!("limits.{key}"),
                    "must be at least 1: 0 would refuse every request".to_owned(),
                );
            }
        }
    }
}
