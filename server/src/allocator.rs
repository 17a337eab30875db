//! The allocator of the whole process, plugins and database engines included (decision 0018).

/// Rows, answers and batches are many small pieces of memory, freed on other threads than they were asked for on.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// `mi_option_purge_delay`: milliseconds after which freed memory goes back to the system
/// (<https://microsoft.github.io/mimalloc/group__options.html>).
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

/// Gives memory back when it is freed: by itself the allocator waits for more work before it does, and a server that has
/// nothing to do would keep what hashing a password or a large change once took.
#[expect(unsafe_code, reason = "a setting of a C library")]
pub(crate) fn give_back_at_once() {
    // SAFETY: the function stores a number in a table that it checks the position of.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, 0) }
}
