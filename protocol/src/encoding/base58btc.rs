//! The alphabet of SCIDs, keys and proof values.
//!
//! Base58 is a number written in another base, so a general decoder takes a step for every character and
//! every byte before it. What is read and written here is 34 or 64 bytes, hundreds of times a log: five
//! characters and four bytes at a time are twenty times fewer steps. `bs58` is the judge in the tests.
//!
//! - Standard: Multibase as Controlled Identifiers 1.0, section 2.4 uses it; prefix `z`.

/// Writes `bytes` in base58btc, without a prefix.
///
/// It is quadratic in its input, which is a hash, a key, a signature or a name of these.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    // The number in base 2^32, the highest limb first; the first one may be short.
    let mut limbs: Vec<u32> =
        bytes.rchunks(4).rev().map(|four| four.iter().fold(0, push)).collect();
    let mut number = limbs.as_mut_slice();
    let mut digits = Vec::with_capacity(bytes.len().saturating_mul(2));
    while !number.is_empty() {
        let mut five = divide(number);
        for _ in 0..5 {
            digits.push(five % 58);
            five /= 58;
        }
        let done = number.iter().take_while(|limb| **limb == 0).count();
        number = number.get_mut(done..).unwrap_or_default();
    }
    while digits.last() == Some(&0) {
        digits.pop();
    }
    let zeros = core::iter::repeat_n(0, zeros);
    zeros.chain(digits.into_iter().rev()).map(character).collect()
}

/// Writes `bytes` in base58btc behind the multibase prefix `z`.
#[must_use]
pub fn encode_multibase(bytes: &[u8]) -> String {
    format!("z{}", encode(bytes))
}

/// Reads exactly `N` bytes of base58btc that have no prefix.
#[must_use]
pub fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    // Base58 is quadratic in its input: what cannot be N bytes is not looked at.
    if text.len() > N.saturating_mul(2) {
        return None;
    }
    // The number in base 2^32, the lowest limb first.
    let mut limbs = vec![0_u32; N.div_ceil(4)];
    for five in text.as_bytes().chunks(5) {
        let (mut factor, mut more) = (1_u64, 0_u64);
        for byte in five {
            factor = factor.saturating_mul(58);
            more = more.saturating_mul(58).saturating_add(u64::from(value(*byte)?));
        }
        multiply_add(&mut limbs, factor, more)?;
    }
    let mut bytes = [0; N];
    let number = limbs.iter().flat_map(|limb| limb.to_le_bytes());
    for (index, byte) in number.enumerate() {
        match bytes.len().checked_sub(index.saturating_add(1)).and_then(|at| bytes.get_mut(at)) {
            Some(place) => *place = byte,
            // Higher than N bytes hold.
            None if byte != 0 => return None,
            None => {}
        }
    }
    // Each zero byte in front is a character of its own, or the number has another length.
    let ones = text.bytes().take_while(|byte| *byte == b'1').count();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    (ones == zeros).then_some(bytes)
}

/// Reads exactly `N` bytes of base58btc behind the multibase prefix `z`.
#[must_use]
pub fn decode_multibase<const N: usize>(text: &str) -> Option<[u8; N]> {
    decode(text.strip_prefix('z')?)
}

/// Tells whether every character of `text` is one of base58btc.
#[must_use]
pub fn is_alphabet(text: &str) -> bool {
    text.bytes().all(|byte| value(byte).is_some())
}

/// Puts a byte behind those of a limb.
fn push(limb: u32, byte: &u8) -> u32 {
    limb << 8 | u32::from(*byte)
}

/// Divides a number, the highest limb first, by 58^5 and gives what is left over.
fn divide(number: &mut [u32]) -> u32 {
    let mut rest = 0_u64;
    for limb in number {
        let whole = rest << 32 | u64::from(*limb);
        *limb = low(whole / FIVE_DIGITS);
        rest = whole % FIVE_DIGITS;
    }
    low(rest)
}

/// Multiplies a number, the lowest limb first, adds to it, and gives nothing if it no longer fits.
fn multiply_add(number: &mut [u32], factor: u64, more: u64) -> Option<()> {
    let mut carry = more;
    for limb in number {
        // At most (2^32 − 1) · 58^5 + 2^32, which is below 2^62.
        let whole = u64::from(*limb).wrapping_mul(factor).wrapping_add(carry);
        *limb = low(whole);
        carry = whole >> 32;
    }
    (carry == 0).then_some(())
}

/// Gives the lower half of a number.
fn low(whole: u64) -> u32 {
    let [a, b, c, d, ..] = whole.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

/// Gives the character for a digit.
fn character(digit: u32) -> char {
    let byte = usize::try_from(digit).ok().and_then(|digit| ALPHABET.get(digit));
    byte.copied().map_or('1', char::from)
}

/// Gives the digit a character stands for.
fn value(character: u8) -> Option<u8> {
    VALUES.get(usize::from(character)).copied().filter(|digit| *digit != NO_DIGIT)
}

/// Turns the alphabet round.
#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "it runs when the crate is built, where a fault is an error"
)]
const fn values() -> [u8; 256] {
    let mut values = [NO_DIGIT; 256];
    let mut digit = 0_u8;
    while digit < 58 {
        values[ALPHABET[digit as usize] as usize] = digit;
        digit += 1;
    }
    values
}

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const VALUES: [u8; 256] = values();
const NO_DIGIT: u8 = 0xff;

/// 58^5: as many digits as a limb holds.
const FIVE_DIGITS: u64 = 656_356_768;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn agrees<const N: usize>(bytes: [u8; N]) {
        let text = encode(&bytes);
        assert_eq!(text, bs58::encode(bytes).into_string());
        assert_eq!(decode::<N>(&text), Some(bytes), "{text}");
    }

    #[test]
    fn zeros_in_front_are_characters_of_their_own() {
        agrees([]);
        agrees([0; 34]);
        agrees([0xff; 34]);
        agrees([0xff; 64]);
        for zeros in 0..34 {
            let mut bytes = [7; 34];
            bytes.iter_mut().take(zeros).for_each(|byte| *byte = 0);
            agrees(bytes);
        }
        assert_eq!(encode(b"Hello World!"), "2NEpo7TZRRrLZSi2U", "draft-msporny-base58, section 5");
        assert_eq!(decode::<12>("2NEpo7TZRRrLZSi2U"), Some(*b"Hello World!"));
    }

    #[test]
    fn another_length_or_another_alphabet_is_refused() {
        let text = encode(&[7; 34]);
        assert_eq!(decode::<33>(&text), None);
        assert_eq!(decode::<35>(&text), None);
        assert_eq!(decode::<34>(&format!("1{text}")), None);
        assert_eq!(decode::<34>(&text[1..]), None);
        for wrong in ["0", "O", "I", "l", " ", "é", "-"] {
            assert_eq!(decode::<34>(&text.replacen(&text[3..4], wrong, 1)), None, "{wrong}");
        }
        assert_eq!(decode::<34>(&"z".repeat(69)), None);
        assert!(is_alphabet(&text) && !is_alphabet("l"));
    }

    proptest! {
        /// Whatever the bytes, both write the same and read it back.
        #[test]
        fn all_bytes_are_written_as_bs58_writes_them(
            short: [u8; 34],
            long: [u8; 64],
            any in proptest::collection::vec(any::<u8>(), 0..80),
        ) {
            agrees(short);
            agrees(long);
            prop_assert_eq!(encode(&any), bs58::encode(&any).into_string());
        }

        /// Whatever the text, both read the same out of it or refuse it.
        #[test]
        fn all_texts_are_read_as_bs58_reads_them(text in "[1-9A-HJ-NP-Za-km-z]{0,12}|.{0,12}") {
            let judged = bs58::decode(&text).into_vec().ok();
            let judged: Option<[u8; 8]> = judged.and_then(|bytes| bytes.try_into().ok());
            prop_assert_eq!(decode::<8>(&text), judged);
        }
    }
}
