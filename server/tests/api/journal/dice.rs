//! Choices that a seed repeats (`SplitMix64`).

/// A sequence of choices.
pub(super) struct Dice {
    seed: u64,
    state: u64,
}

impl Dice {
    /// A new sequence, or the one of `QUILLBACK_CRASH_SEED`.
    #[expect(
        clippy::disallowed_methods,
        reason = "who repeats a run says so through the environment"
    )]
    pub(super) fn new() -> Self {
        let wanted = std::env::var("QUILLBACK_CRASH_SEED").ok();
        let seed = wanted.map_or_else(
            || getrandom::u64().unwrap() >> 32,
            |text| text.parse().expect("QUILLBACK_CRASH_SEED is a number"),
        );
        Self { seed, state: seed }
    }

    /// A sequence of its own for somebody who chooses at the same time.
    pub(super) fn split(&mut self) -> Self {
        let state = self.below(usize::MAX) as u64;
        Self {
            seed: self.seed,
            state,
        }
    }

    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    /// One of the numbers below `end`.
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        usize::try_from(z % end as u64).unwrap()
    }
}
