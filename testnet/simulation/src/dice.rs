//! Loads the dice: on a thread with a seed, everything random follows from it.
//!
//! All randomness of a node comes from `getrandom` of the C library: the standard library's for its hash
//! maps, versions 0.3 and 0.4 of the crate of that name for keys and choices, and version 0.2 as it stands in
//! `replaced/`. A function of that name in a program is taken in place of the library's. On a thread
//! without a seed it makes the system call, as ever.

use std::cell::Cell;

/// Rolls numbers that follow from a seed (SplitMix64: short, and even enough to choose by).
#[derive(Debug, Clone, Copy)]
pub struct Dice(u64);

impl Dice {
    /// Takes a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Rolls any number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Rolls a number below `below`; nothing is below 0 or 1 but 0.
    pub fn below(&mut self, below: u64) -> u64 {
        self.roll() % below.max(1)
    }

    /// Tells whether something that happens with this probability happens.
    pub fn happens(&mut self, probability: f64) -> bool {
        ((self.roll() >> 11) as f64) < probability * (1_u64 << 53) as f64
    }

    /// Fills `to`.
    pub fn fill(&mut self, to: &mut [u8]) {
        for chunk in to.chunks_mut(8) {
            let rolled = self.roll().to_le_bytes();
            chunk.copy_from_slice(&rolled[..chunk.len()]);
        }
    }
}

thread_local! {
    static LOADED: Cell<Option<Dice>> = const { Cell::new(None) };
}

/// Loads the dice of this thread.
pub(crate) fn load(seed: u64) {
    LOADED.set(Some(Dice::new(seed)));
}

/// Takes the place of the C library's function.
///
/// # Safety
///
/// `to` must be valid for writes of `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn getrandom(to: *mut u8, length: usize, flags: u32) -> isize {
    let Ok(Some(mut dice)) = LOADED.try_with(Cell::get) else {
        // SAFETY: as the caller promised.
        return unsafe { syscall(GETRANDOM, to, length, flags) };
    };
    if length > 0 {
        // SAFETY: as the caller promised; a pointer beside no bytes may be any, so it is not looked at.
        dice.fill(unsafe { std::slice::from_raw_parts_mut(to, length) });
    }
    LOADED.set(Some(dice));
    length as isize
}

unsafe extern "C" {
    fn syscall(number: i64, ...) -> isize;
}

/// The number of the system call on Linux.
#[cfg(target_arch = "x86_64")]
const GETRANDOM: i64 = 318;
/// The number of the system call on Linux.
#[cfg(target_arch = "aarch64")]
const GETRANDOM: i64 = 278;

#[cfg(test)]
mod tests {
    use super::*;
    use std::hash::{BuildHasher as _, RandomState};
    use std::thread;

    /// What each way to randomness gives on a fresh thread with this seed.
    fn rolled(seed: u64) -> (u64, [u8; 32], String) {
        let roll = move || {
            load(seed);
            let hashed = RandomState::new().hash_one(1);
            let key = libp2p::identity::Keypair::generate_ed25519().public().to_peer_id();
            let mut old = [0; 32];
            getrandom_02::getrandom(&mut old).unwrap();
            (hashed, old, key.to_string())
        };
        thread::spawn(roll).join().unwrap()
    }

    #[test]
    fn every_way_to_randomness_follows_from_the_seed() {
        let (first, again, other) = (rolled(1), rolled(1), rolled(2));
        assert_eq!(first, again);
        assert_ne!(first.0, other.0);
        assert_ne!(first.1, other.1);
        assert_ne!(first.2, other.2);
    }

    #[test]
    fn a_thread_without_a_seed_has_real_dice() {
        let roll = || libp2p::identity::Keypair::generate_ed25519().public().to_peer_id();
        assert_ne!(thread::spawn(roll).join().unwrap(), thread::spawn(roll).join().unwrap());
    }
}
