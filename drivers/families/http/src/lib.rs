//! What drivers of databases that are reached over HTTP share: requests, TLS, waits before a request is sent again,
//! signed tokens, options, and values as texts.
//!
//! Written for decisions 0009 and 0014. What a service answers, and which of it is worth another attempt, is its driver's
//! to know.
#![forbid(unsafe_code)]

mod client;
mod jwt;
pub mod options;
mod retry;
#[cfg(feature = "test-server")]
pub mod test_server;
mod tls;
pub mod values;

pub use client::{Answer, Http, Request};
pub use hyper::Method;
pub use jwt::SigningKey;
pub use retry::{Retry, fresh_bytes};
pub use tls::client_config;
