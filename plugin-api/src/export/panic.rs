//! Panics of a driver, caught and told without repeating values of rows.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use crate::error::{Category, DriverError};

use super::log::{self, Level};

thread_local! {
    /// Where the latest panic of this thread came from; only known when the hook below is installed.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// What is known of a panic.
#[derive(Debug)]
pub(super) struct Panicked {
    text: Option<&'static str>,
    place: Option<String>,
}

/// Runs `work`, and catches its panic.
pub(super) fn guard<T>(work: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(work)).map_err(Panicked::new)
}

impl Panicked {
    /// Takes what is told and drops the rest, which may panic in turn.
    pub(super) fn new(payload: Box<dyn Any + Send>) -> Self {
        // A literal cannot hold a value of a row; a formatted text can, so it is not repeated.
        let text = payload.downcast_ref::<&'static str>().copied();
        if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            std::mem::forget(again);
        }
        let place = PLACE.try_with(RefCell::take).ok().flatten();
        Self { text, place }
    }

    pub(super) fn into_error(self) -> DriverError {
        let mut message = String::from("the driver panicked, which is a fault in the driver");
        if let Some(place) = self.place {
            message.push_str(" at ");
            message.push_str(&place);
        }
        if let Some(text) = self.text {
            message.push_str(": ");
            message.push_str(text);
        }
        DriverError::new(Category::Internal, message)
    }
}

/// Sends panics of a loaded driver to the server's log. A linked driver shares the server's own hook.
pub(super) fn install_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|info| {
            let place = info.location().map(ToString::to_string).unwrap_or_default();
            log::line(
                Level::Error,
                "panic",
                &format!("a driver panicked at {place}"),
            );
            let _ = PLACE.try_with(|kept| kept.replace(Some(place)));
        }));
    });
}
