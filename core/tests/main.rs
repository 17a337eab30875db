//! Tests of the use-cases, on every repository database at hand.
#![cfg(test)]

mod access;
mod audit_events;
mod bootstrap;
mod certain;
mod changes;
mod credentials;
mod entitlements;
mod groups;
mod history;
mod keys;
mod made_values;
mod many_rows;
mod memory;
mod migrations;
mod options;
mod outbox;
mod preview;
mod reading;
mod recovering;
mod rendered;
mod rolling_back;
mod row_conditions;
mod row_security;
mod row_security_properties;
mod schema_tables;
mod schemas;
mod scopes;
mod seals;
mod support;
mod transfer;
mod users;
mod writing;
