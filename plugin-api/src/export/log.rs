//! Lines for the server's log, from a driver.

use crate::abi::{self, Slice};
use crate::driver::Context;

use super::runtime;

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Something is wrong.
    Error,
    /// Something is odd.
    Warn,
    /// Something of note happened.
    Info,
    /// For who looks for a fault.
    Debug,
}

impl Level {
    fn number(self) -> u32 {
        match self {
            Self::Error => abi::level::ERROR,
            Self::Warn => abi::level::WARN,
            Self::Info => abi::level::INFO,
            Self::Debug => abi::level::DEBUG,
        }
    }
}

impl Context {
    /// Writes a line to the server's log. Never log values of rows or credentials.
    pub fn log(&self, level: Level, message: &str) {
        line(level, &self.driver, message);
    }
}

/// Writes a line to the server's log; without a server it is dropped.
pub(super) fn line(level: Level, target: &str, message: &str) {
    let Some(host) = runtime::host() else {
        return;
    };
    if level.number() > host.log_level {
        return;
    }
    let (target, message) = (target.as_bytes(), message.as_bytes());
    // SAFETY: the struct is the server's, its function takes any two texts, and both outlive the call.
    unsafe {
        (host.log)(
            host.context,
            level.number(),
            Slice::from(target),
            Slice::from(message),
        );
    }
}
