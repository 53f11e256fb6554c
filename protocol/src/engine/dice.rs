//! The engine's small source of chance, seeded by its caller.
//!
//! It chooses whom to ask and spreads work over time, so that an attacker cannot foresee either and a
//! simulation can repeat both. Nothing secret comes from it.

/// SplitMix64 (Steele, Lea, Flood, 2014).
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) const fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// Gives a number below `end`, or 0.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.roll().checked_rem(end).unwrap_or(0)
    }

    pub(super) fn bytes(&mut self) -> [u8; 16] {
        let (high, low) = (u128::from(self.roll()), u128::from(self.roll()));
        ((high << 64) | low).to_be_bytes()
    }

    /// Puts `items` into a random order.
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let end = u64::try_from(last).unwrap_or(u64::MAX).saturating_add(1);
            let other = usize::try_from(self.below(end)).unwrap_or(0);
            items.swap(last, other);
        }
    }
}
