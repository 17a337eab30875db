//! The driver against a small server of its own, which does what the stand-in cannot: fail, wait, and put rows elsewhere.

mod server;

mod failures;
mod results;
mod signing;
