//! Bytes that cross the boundary: borrowed for a call, or owned by the side that made them.

use std::mem::ManuallyDrop;

/// Bytes borrowed for the duration of a call.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Slice {
    pub(super) ptr: *const u8,
    pub(super) len: usize,
}

impl From<&[u8]> for Slice {
    fn from(bytes: &[u8]) -> Self {
        Self {
            ptr: bytes.as_ptr(),
            len: bytes.len(),
        }
    }
}

impl Slice {
    /// The bytes.
    ///
    /// # Safety
    /// The other side must keep them valid and unchanged for `'a`, which is the call at hand.
    pub unsafe fn as_bytes<'a>(self) -> &'a [u8] {
        if self.ptr.is_null() || self.len == 0 {
            return &[];
        }
        // SAFETY: the caller promises it.
        unsafe { std::slice::from_raw_parts(self.ptr, self.len) }
    }
}

/// Bytes that the side that made them frees.
#[repr(C)]
#[derive(Debug)]
pub struct Bytes {
    pub(super) ptr: *mut u8,
    pub(super) len: usize,
    pub(super) cap: usize,
    pub(super) free: Option<unsafe extern "C" fn(*mut u8, usize, usize)>,
}

// SAFETY: the bytes are owned and are not written to; freeing them is allowed on any thread.
unsafe impl Send for Bytes {}
// SAFETY: as above.
unsafe impl Sync for Bytes {}

impl Bytes {
    /// No bytes.
    pub const EMPTY: Self = Self {
        ptr: std::ptr::null_mut(),
        len: 0,
        cap: 0,
        free: None,
    };

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        if self.ptr.is_null() || self.len == 0 {
            return &[];
        }
        // SAFETY: whoever made the value owns `len` bytes there until `free` is called, which dropping does.
        unsafe { std::slice::from_raw_parts(self.ptr, self.len) }
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        if bytes.capacity() == 0 {
            return Self::EMPTY;
        }
        let mut bytes = ManuallyDrop::new(bytes);
        Self {
            ptr: bytes.as_mut_ptr(),
            len: bytes.len(),
            cap: bytes.capacity(),
            free: Some(free),
        }
    }
}

impl Drop for Bytes {
    fn drop(&mut self) {
        if let Some(free) = self.free.take() {
            // SAFETY: the parts are those that `free` was given with, and this is the only time.
            unsafe { free(self.ptr, self.len, self.cap) };
        }
    }
}

unsafe extern "C" fn free(ptr: *mut u8, len: usize, cap: usize) {
    // SAFETY: the parts are those of a `Vec` of this side (see `From<Vec<u8>>`).
    drop(unsafe { Vec::from_raw_parts(ptr, len, cap) });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_freed_by_who_made_them() {
        let bytes = Bytes::from(b"abc".to_vec());
        assert_eq!(bytes.as_bytes(), b"abc");
        drop(bytes);
        assert!(Bytes::EMPTY.as_bytes().is_empty());
        assert!(Bytes::from(Vec::new()).free.is_none());
    }
}
