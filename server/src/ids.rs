//! Short ids that join an answer to its log records; they are unique, but not secret.

use std::sync::{
    LazyLock,
    atomic::{AtomicU64, Ordering},
};

/// Random start of all ids of this process, so that those of two processes differ.
static PROCESS: LazyLock<u32> =
    LazyLock::new(|| getrandom::u32().unwrap_or_else(|_| std::process::id()));

static NEXT: AtomicU64 = AtomicU64::new(1);

/// An id for a request that brought none, such as `3f9a1c2b-1a4`.
pub fn request() -> String {
    format!(
        "{:08x}-{:x}",
        *PROCESS,
        NEXT.fetch_add(1, Ordering::Relaxed)
    )
}

/// An id for something that went wrong and was logged, such as `I3f9a1c2b-1a5`.
pub fn incident() -> String {
    format!("I{}", request())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_do_not_repeat() {
        let ids: std::collections::HashSet<_> = (0..1_000).map(|_| request()).collect();
        assert_eq!(ids.len(), 1_000);
        assert!(incident().starts_with('I'));
    }
}
