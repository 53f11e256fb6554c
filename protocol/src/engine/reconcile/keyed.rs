//! A hash under a key that is drawn for one session.
//!
//! - Specification: SipHash-2-4 with 128 bits of output, Aumasson and Bernstein, 2012, for messages of
//!   32 bytes.

use crate::wire::exchange::want::Session;

/// Hashes items under the key of one session.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keyed {
    first: u64,
    second: u64,
}

impl Keyed {
    pub(super) fn new(session: &Session) -> Self {
        let both = u128::from_le_bytes(session.0);
        Self { first: low(both), second: low(both >> 64) }
    }

    /// Gives two words that nobody can predict without the key.
    pub(super) fn hash(&self, item: &[u8; 32]) -> [u64; 2] {
        let mut state = State([
            self.first ^ 0x736f_6d65_7073_6575,
            self.second ^ 0x646f_7261_6e64_6f6d ^ WIDE,
            self.first ^ 0x6c79_6765_6e65_7261,
            self.second ^ 0x7465_6462_7974_6573,
        ]);
        let (words, _) = item.as_chunks::<8>();
        for word in words {
            state.absorb(u64::from_le_bytes(*word));
        }
        state.absorb(LENGTH);
        state.0[2] ^= WIDE;
        let first = state.squeeze();
        state.0[1] ^= 0xdd;
        [first, state.squeeze()]
    }
}

fn low(number: u128) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = number.to_le_bytes();
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

struct State([u64; 4]);

impl State {
    fn absorb(&mut self, word: u64) {
        self.0[3] ^= word;
        self.round();
        self.round();
        self.0[0] ^= word;
    }

    fn squeeze(&mut self) -> u64 {
        for _ in 0..4 {
            self.round();
        }
        self.0.iter().fold(0, |all, word| all ^ word)
    }

    fn round(&mut self) {
        let [mut a, mut b, mut c, mut d] = self.0;
        a = a.wrapping_add(b);
        c = c.wrapping_add(d);
        b = b.rotate_left(13) ^ a;
        d = d.rotate_left(16) ^ c;
        a = a.rotate_left(32);
        c = c.wrapping_add(b);
        a = a.wrapping_add(d);
        b = b.rotate_left(17) ^ c;
        d = d.rotate_left(21) ^ a;
        c = c.rotate_left(32);
        self.0 = [a, b, c, d];
    }
}

/// Tells the variant with 128 bits from the one with 64.
const WIDE: u64 = 0xee;

/// The last block of a message of 32 bytes: its length in the highest byte.
const LENGTH: u64 = 32 << 56;

#[cfg(test)]
mod tests {
    use super::*;

    /// OpenSSL 3 gives the same for this key and message (`openssl mac -macopt size:16 SIPHASH`).
    #[test]
    fn it_is_siphash() {
        let key = core::array::from_fn(|at| u8::try_from(at).unwrap());
        let item = core::array::from_fn(|at| u8::try_from(at).unwrap());
        let [first, second] = Keyed::new(&Session(key)).hash(&item);
        let bytes = [first.to_le_bytes(), second.to_le_bytes()].concat();
        assert_eq!(bytes, EXPECTED);
    }

    const EXPECTED: [u8; 16] = [
        0x7c, 0x39, 0x56, 0xca, 0x5e, 0xea, 0xfc, 0x3e, 0x36, 0x3e, 0x9d, 0x55, 0x65, 0x46, 0xeb,
        0x68,
    ];
}
