//! The driver against a small server of its own, which does what the emulator cannot: fail, wait, and hand out tokens.

mod server;

mod credentials;
mod failures;
