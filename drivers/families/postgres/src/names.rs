//! Quotes names, and notes those that the server would cut short.

use std::sync::atomic::{AtomicBool, Ordering};

use quillback_plugin_api::{Category, DriverError};

/// The names that one printer has met.
#[derive(Debug)]
pub struct Names {
    most_bytes: usize,
    /// Set when a name is met that the server would cut short.
    too_long: AtomicBool,
}

impl Names {
    /// Names of a server that keeps so many bytes of each.
    pub fn new(most_bytes: usize) -> Self {
        Self {
            most_bytes,
            too_long: AtomicBool::new(false),
        }
    }

    /// Appends a name in quotes.
    pub fn quote(&self, out: &mut String, name: &str) {
        if name.len() > self.most_bytes {
            self.too_long.store(true, Ordering::Relaxed);
        }
        out.push('"');
        for character in name.chars() {
            if character == '"' {
                out.push('"');
            }
            out.push(character);
        }
        out.push('"');
    }

    /// What was printed, unless a name in it is too long.
    ///
    /// # Errors
    /// `InvalidData`: the server would cut the name short and mean another one.
    pub fn checked<T>(&self, printed: T) -> Result<T, DriverError> {
        if self.too_long.load(Ordering::Relaxed) {
            let message = format!(
                "a name is longer than the {} bytes that this database keeps: choose a shorter one",
                self.most_bytes
            );
            return Err(DriverError::new(Category::InvalidData, message));
        }
        Ok(printed)
    }
}
