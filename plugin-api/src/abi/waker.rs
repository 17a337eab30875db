//! Wakers over the boundary: the server's waker as a C object, and that object as a waker of the driver's side.

use std::mem::{ManuallyDrop, offset_of};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{RawWaker, RawWakerVTable};

/// What can be done with a [`Waker`]. Frozen.
#[repr(C)]
#[derive(Debug)]
pub struct WakerVTable {
    /// Makes another one that lives until it is dropped or woken.
    pub clone: unsafe extern "C" fn(*const Waker) -> *const Waker,
    /// Wakes the task and drops the waker.
    pub wake: unsafe extern "C" fn(*const Waker),
    /// Wakes the task.
    pub wake_by_ref: unsafe extern "C" fn(*const Waker),
    /// Drops a waker that was cloned.
    pub drop: unsafe extern "C" fn(*const Waker),
}

/// The head of a waker; the server keeps its own data behind it. The one given to `poll` is borrowed: who wants to
/// keep it clones it.
#[repr(C)]
#[derive(Debug)]
pub struct Waker {
    /// What can be done with it.
    pub vtable: &'static WakerVTable,
}

// The driver's side.

static FOREIGN: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop_waker);

/// A waker of the server as one of this side, for as long as the server lends it.
///
/// # Safety
/// `waker` must be the pointer that the server gave to the `poll` at hand.
pub(crate) unsafe fn borrow_waker(waker: *const Waker) -> ManuallyDrop<std::task::Waker> {
    // SAFETY: the functions keep the contract of `RawWaker` as long as the server keeps that of `WakerVTable`.
    // The waker is lent, so it is never dropped.
    ManuallyDrop::new(unsafe { std::task::Waker::new(waker.cast(), &FOREIGN) })
}

unsafe fn table(data: *const ()) -> &'static WakerVTable {
    // SAFETY: `data` is a live waker of the server, whose head is a `Waker`.
    unsafe { (*data.cast::<Waker>()).vtable }
}

unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: `data` is a live waker of the server; the result is another.
    let copy = unsafe { (table(data).clone)(data.cast()) };
    RawWaker::new(copy.cast(), &FOREIGN)
}

unsafe fn wake(data: *const ()) {
    // SAFETY: `data` is a live waker of the server that this consumes.
    unsafe { (table(data).wake)(data.cast()) }
}

unsafe fn wake_by_ref(data: *const ()) {
    // SAFETY: `data` is a live waker of the server.
    unsafe { (table(data).wake_by_ref)(data.cast()) }
}

unsafe fn drop_waker(data: *const ()) {
    // SAFETY: `data` is a live waker of the server that this consumes.
    unsafe { (table(data).drop)(data.cast()) }
}

// The server's side.

/// A waker lent to a driver for one `poll`.
#[repr(C)]
pub(crate) struct HostWaker<'a> {
    head: Waker,
    waker: &'a std::task::Waker,
}

/// A waker that a driver keeps.
#[repr(C)]
struct Kept {
    head: Waker,
    waker: std::task::Waker,
}

// The casts below read the head of each struct through a pointer to the whole.
const _: () = assert!(offset_of!(HostWaker<'_>, head) == 0 && offset_of!(Kept, head) == 0);

static LENT: WakerVTable = WakerVTable {
    clone: lent_clone,
    wake: lent_wake,
    wake_by_ref: lent_wake,
    drop: lent_drop,
};

static KEPT: WakerVTable = WakerVTable {
    clone: kept_clone,
    wake: kept_wake,
    wake_by_ref: kept_wake_by_ref,
    drop: kept_drop,
};

impl<'a> HostWaker<'a> {
    pub(crate) fn new(waker: &'a std::task::Waker) -> Self {
        let head = Waker { vtable: &LENT };
        Self { head, waker }
    }

    pub(crate) fn as_ptr(&self) -> *const Waker {
        std::ptr::from_ref(self).cast()
    }
}

/// A waker that panics (an executor's fault) must not unwind into the driver.
fn quietly(work: impl FnOnce()) {
    let _ = catch_unwind(AssertUnwindSafe(work));
}

unsafe extern "C" fn lent_clone(waker: *const Waker) -> *const Waker {
    // SAFETY: the table is only in `HostWaker`s, which live through the `poll` at hand.
    let lent = unsafe { &*waker.cast::<HostWaker<'_>>() };
    let head = Waker { vtable: &KEPT };
    let waker = lent.waker.clone();
    Arc::into_raw(Arc::new(Kept { head, waker })).cast()
}

unsafe extern "C" fn lent_wake(waker: *const Waker) {
    // SAFETY: as in `lent_clone`.
    let lent = unsafe { &*waker.cast::<HostWaker<'_>>() };
    quietly(|| lent.waker.wake_by_ref());
}

unsafe extern "C" fn lent_drop(_: *const Waker) {}

unsafe extern "C" fn kept_clone(waker: *const Waker) -> *const Waker {
    // SAFETY: the table is only in `Kept`s, which `Arc`s made, and one of them is held by the caller.
    unsafe { Arc::increment_strong_count(waker.cast::<Kept>()) };
    waker
}

unsafe extern "C" fn kept_wake(waker: *const Waker) {
    // SAFETY: as in `kept_clone`; the caller gives its `Arc` up.
    let kept = unsafe { Arc::from_raw(waker.cast::<Kept>()) };
    quietly(move || match Arc::try_unwrap(kept) {
        Ok(kept) => kept.waker.wake(),
        Err(shared) => shared.waker.wake_by_ref(),
    });
}

unsafe extern "C" fn kept_wake_by_ref(waker: *const Waker) {
    // SAFETY: as in `kept_clone`.
    let kept = unsafe { &*waker.cast::<Kept>() };
    quietly(|| kept.waker.wake_by_ref());
}

unsafe extern "C" fn kept_drop(waker: *const Waker) {
    // SAFETY: as in `kept_clone`; the caller gives its `Arc` up.
    let kept = unsafe { Arc::from_raw(waker.cast::<Kept>()) };
    quietly(move || drop(kept));
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Counter(AtomicUsize);

    impl Wake for Counter {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn wakers_are_cloned_woken_and_dropped_in_every_order() {
        let counter = Arc::new(Counter::default());
        let waker = std::task::Waker::from(counter.clone());
        let lent = HostWaker::new(&waker);
        // SAFETY: `lent` outlives every use of the borrowed waker.
        let borrowed = unsafe { borrow_waker(lent.as_ptr()) };
        borrowed.wake_by_ref();
        let first = ManuallyDrop::into_inner(borrowed.clone());
        let second = first.clone();
        assert!(first.will_wake(&second));
        first.wake();
        std::thread::spawn(move || {
            second.wake_by_ref();
            let third = second.clone();
            drop(second);
            third.wake();
        })
        .join()
        .unwrap();
        assert_eq!(counter.0.load(Ordering::SeqCst), 4);
        drop(waker);
        assert_eq!(Arc::strong_count(&counter), 1);
    }
}
