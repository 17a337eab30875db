//! Repeatable random numbers (`SplitMix64`, <https://prng.di.unimi.it/splitmix64.c>) and names that nobody else uses.

use std::hash::{BuildHasher, Hasher};

/// A sequence of numbers that follows from its seed alone.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`, which is at least 1.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % limit).unwrap_or(0)
    }

    /// One of `items`, which has at least one.
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        let at = self.below(items.len());
        items
            .get(at)
            .unwrap_or_else(|| unreachable!("nothing to pick from"))
    }
}

/// Letters and digits that no other case has, in this process or another.
pub(crate) fn unique() -> String {
    let seed = std::collections::hash_map::RandomState::new()
        .build_hasher()
        .finish();
    format!("{:x}{:08x}", std::process::id(), seed & 0xffff_ffff)
}
