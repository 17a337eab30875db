//! The GraphQL schema of Quillback: topics of thin resolvers over the use-cases of core.
//!
//! A resolver parses its input, calls one function and converts the answer. Rules live in core, HTTP in the server.

#![expect(
    clippy::unused_async,
    clippy::too_many_arguments,
    reason = "resolvers are async and take the arguments of their field"
)]

mod context;
mod error;
mod scalars;
mod topics;

pub use context::{Caller, CookieHandle, LoadedDriver, RefusedDriver, ServerFacts, SessionCookie};

pub use topics::rows::{Selection, selection};

use async_graphql::{MergedObject, MergedSubscription};
use quillback_auth::Auth;
use quillback_core::App;

/// Everything that can be asked.
#[derive(MergedObject, Default)]
#[graphql(name = "Query")]
pub struct Query(
    topics::session::SessionQuery,
    topics::server::ServerQuery,
    topics::connections::ConnectionQuery,
    topics::schemas::SchemaQuery,
    topics::browse::BrowseQuery,
    topics::options::OptionQuery,
    topics::transfer::TransferQuery,
    topics::rows::RowQuery,
    topics::history::HistoryQuery,
    topics::changes::ChangeQuery,
    topics::people::PeopleQuery,
    topics::access::AccessQuery,
    topics::entitlements::EntitlementQuery,
    topics::view_as::PreviewQuery,
);

/// Everything that can be changed.
#[derive(MergedObject, Default)]
#[graphql(name = "Mutation")]
pub struct Mutation(
    topics::session::SessionMutation,
    topics::connections::ConnectionMutation,
    topics::schemas::SchemaMutation,
    topics::transfer::TransferMutation,
    topics::rights::RightsMutation,
    topics::rights::ConditionsMutation,
    topics::write::WriteMutation,
    topics::rollback::RollBackMutation,
    topics::bulk::BulkMutation,
    topics::changes::ChangeMutation,
    topics::people::PeopleMutation,
    topics::people::GroupMutation,
    topics::entitlements::EntitlementMutation,
);

/// Everything that can be watched.
#[derive(MergedSubscription, Default)]
#[graphql(name = "Subscription")]
pub struct Subscription(topics::live::LiveSubscription);

/// The executable schema.
pub type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// Puts the schema together.
pub fn build(app: App, auth: Auth, server: ServerFacts) -> Schema {
    Schema::build(
        Query::default(),
        Mutation::default(),
        Subscription::default(),
    )
    .data(app)
    .data(auth)
    .data(server)
    .disable_suggestions()
    .finish()
}

/// The schema in the schema definition language, sorted and with descriptions.
pub fn sdl() -> String {
    let options = async_graphql::SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items();
    Schema::build(
        Query::default(),
        Mutation::default(),
        Subscription::default(),
    )
    .finish()
    .sdl_with_options(options)
}
