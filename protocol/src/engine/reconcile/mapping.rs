//! Which coded symbols an item is part of.
//!
//! Symbol `i` covers an item with probability 1/(1 + i/2): the first covers all, later ones fewer and
//! fewer, so that for any number of differences some symbols cover just one. An item is part of about
//! 2·ln(n) of the first n symbols.
//!
//! From symbol `i` the next one of an item lies behind `j` with probability
//! (i+1)(i+2) / ((j+1)(j+2)): the product of all the probabilities not to be covered telescopes. So
//! one random number gives the next place exactly, in integers, alike on every machine.

/// Walks the indices of the symbols that cover one item, from 0 on.
#[derive(Debug, Clone)]
pub(super) struct Mapping {
    index: u64,
    state: u64,
}

impl Mapping {
    pub(super) const fn new(seed: u64) -> Self {
        Self { index: 0, state: seed }
    }

    /// Gives the indices in `from..to`.
    pub(super) fn within(self, from: u64, to: u64) -> impl Iterator<Item = u64> {
        self.take_while(move |index| *index < to).skip_while(move |index| *index < from)
    }

    /// SplitMix64 (Steele, Lea, Flood, 2014): the seed is a keyed hash already, this only spreads it.
    const fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.state;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }
}

impl Iterator for Mapping {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let index = self.index;
        // Beyond any stream there is; below it nothing can overflow 128 bits.
        if index > LAST {
            return None;
        }
        let random = u128::from(self.random().max(1));
        let here = product(index).checked_shl(64)?;
        let target = here.div_ceil(random);
        // The smallest j with (j+1)(j+2) >= target is within two of the square root.
        let root = u64::try_from(target.isqrt()).unwrap_or(u64::MAX);
        let low = root.saturating_sub(2);
        self.index = (low..=root).find(|next| product(*next) >= target).unwrap_or(u64::MAX);
        Some(index)
    }
}

/// Gives (index+1)(index+2).
fn product(index: u64) -> u128 {
    let next = u128::from(index).saturating_add(1);
    next.saturating_mul(next.saturating_add(1))
}

/// The last index that is walked from.
const LAST: u64 = 1 << 31;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_symbol_covers_every_item_and_indices_grow() {
        for seed in 0..1000 {
            let indices: Vec<_> = Mapping::new(seed).within(0, 100_000).collect();
            assert_eq!(indices.first(), Some(&0));
            assert!(indices.is_sorted_by(|one, two| one < two), "{indices:?}");
        }
    }

    #[test]
    fn a_symbol_covers_an_item_with_the_promised_probability() {
        let mut covered = [0_u32; 200];
        for seed in 0..20_000_u64 {
            for index in Mapping::new(seed << 32).within(0, 200) {
                covered[usize::try_from(index).unwrap()] += 1;
            }
        }
        for (index, count) in (0_u32..).zip(covered) {
            let (found, expected) = (f64::from(count) / 20_000.0, 2.0 / f64::from(2 + index));
            let deviation = (expected * (1.0 - expected) / 20_000.0).sqrt();
            assert!((found - expected).abs() <= 5.0 * deviation, "{index}: {found}, {expected}");
        }
    }

    #[test]
    fn a_part_of_the_walk_is_a_part_of_the_whole() {
        let whole: Vec<_> = Mapping::new(7).within(0, 10_000).collect();
        let parts = [(0, 50), (50, 51), (51, 3_000), (3_000, 10_000)];
        let joined: Vec<_> =
            parts.iter().flat_map(|(from, to)| Mapping::new(7).within(*from, *to)).collect();
        assert_eq!(whole, joined);
    }
}
