//! The 24 words on paper from which every recovery key comes.
//!
//! The words are 32 bytes of randomness (BIP-39, English). Recovery key number *n* is
//! HKDF-SHA-512 over these bytes with salt `countersign/recovery/1` and *n* as four bytes,
//! big-endian, as info. Each number is promised by one entry of one identity: a number promised twice
//! would show the world that two identities have one owner.
//!
//! - Standards: BIP-39 (words and their checksum); RFC 5869 (HKDF).

use super::{VaultError, cipher};
use bip39::{Language, Mnemonic};
use core::fmt;
use countersign_protocol::key::SecretKey;
use hkdf::Hkdf;
use sha2::Sha512;
use zeroize::{Zeroize as _, Zeroizing};

/// Tells whether a word, in any case, is one of those there are.
#[must_use]
pub fn is_known(word: &str) -> bool {
    Language::English.find_word(&Zeroizing::new(word.to_lowercase())).is_some()
}

/// Gives the words of a line, without numbers and what else stands between them.
fn each(typed: &str) -> impl Iterator<Item = &str> {
    typed.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty())
}

/// 24 words. They wipe themselves and print as nothing.
#[derive(Clone)]
pub struct Words(Mnemonic);

impl Words {
    /// Makes words of the system's randomness.
    ///
    /// # Errors
    ///
    /// Returns [`VaultError::Randomness`] if the system has none.
    pub fn random() -> Result<Self, VaultError> {
        let mut entropy = Zeroizing::new([0; ENTROPY]);
        cipher::fill(&mut *entropy)?;
        // 32 bytes are one of the lengths BIP-39 knows.
        let words = Mnemonic::from_entropy_in(Language::English, &*entropy);
        words.map(Self).map_err(|_| VaultError::Randomness)
    }

    /// Reads words as a person types them: any case, any spaces, with or without their numbers.
    ///
    /// # Errors
    ///
    /// Returns [`WordsError`], which says which word to look at.
    pub fn parse(text: &str) -> Result<Self, WordsError> {
        let typed = Zeroizing::new(text.to_lowercase());
        let words = Zeroizing::new(each(&typed).collect::<Vec<_>>().join(" "));
        let count = words.split(' ').filter(|word| !word.is_empty()).count();
        if count != COUNT {
            return Err(WordsError::Count { found: count });
        }
        match Mnemonic::parse_in_normalized(Language::English, &words) {
            Ok(words) => Ok(Self(words)),
            Err(bip39::Error::UnknownWord(index)) => {
                Err(WordsError::Unknown { number: index.saturating_add(1) })
            }
            Err(_) => Err(WordsError::Checksum),
        }
    }

    /// Gives those of what a person typed that are no words of the list, each with its number, for her
    /// alone to see.
    #[must_use]
    pub fn unknown(text: &str) -> Vec<(usize, String)> {
        let typed = Zeroizing::new(text.to_lowercase());
        let unknown = (1..).zip(each(&typed)).filter(|(_, word)| !is_known(word));
        unknown.take(COUNT).map(|(number, word)| (number, word.to_owned())).collect()
    }

    /// Gives the words, to be shown once.
    pub fn reveal(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.words()
    }

    /// Gives recovery key number `number`.
    #[must_use]
    pub fn recovery_key(&self, number: u32) -> SecretKey {
        let (mut entropy, length) = self.0.to_entropy_array();
        let secret = entropy.get(..length).unwrap_or_default();
        let mut seed = Zeroizing::new([0; 32]);
        let expanded =
            Hkdf::<Sha512>::new(Some(SALT), secret).expand(&number.to_be_bytes(), &mut *seed);
        // RFC 5869, section 2.3: fails only for more than 255 times the hash's length.
        debug_assert!(expanded.is_ok(), "32 bytes are fewer than one hash");
        entropy.zeroize();
        SecretKey::from_seed(*seed)
    }

    /// Gives the hash by which a log promises recovery key number `number`.
    #[must_use]
    pub fn promise(&self, number: u32) -> String {
        self.recovery_key(number).public().promise()
    }

    /// Finds the number of the recovery key that a log promised, among the first `most`.
    ///
    /// This is both the rehearsal, which shows that the words on paper are the right ones, and the
    /// beginning of a recovery, which needs the number.
    #[must_use]
    pub fn rehearse(&self, promised: &str, most: u32) -> Option<u32> {
        (0..most).find(|number| self.promise(*number) == promised)
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Words(..)")
    }
}

/// What was typed are not the 24 words. Fault of whoever typed or wrote them down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum WordsError {
    /// Too few or too many.
    #[error("{found} words; there are {COUNT}")]
    Count { found: usize },
    /// Not a word of the list; the word itself is not repeated, for it may be half right.
    #[error("word {number} is not in the list of words; look at its spelling")]
    Unknown { number: usize },
    /// All words are in the list, and one of them is another one.
    #[error("the words do not fit together; one is another word, or two changed places")]
    Checksum,
}

/// The words a person writes down.
pub const COUNT: usize = 24;
/// The randomness in them.
const ENTROPY: usize = 32;
const SALT: &[u8] = b"countersign/recovery/1";

#[cfg(test)]
mod tests {
    use super::*;

    const ZERO: &str = "abandon abandon abandon abandon abandon abandon abandon abandon abandon \
        abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon \
        abandon abandon abandon art";

    /// The words are BIP-39's own test vector for 32 zero bytes; the keys were computed from the
    /// definition above with another implementation of HMAC.
    #[test]
    fn the_same_words_give_the_same_keys_for_ever() {
        let words = Words::parse(ZERO).unwrap();
        let key = |number| {
            let seed = words.recovery_key(number).seed();
            seed.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        assert_eq!(key(0), "a5fd362e89d900c85883be857db1fa223b4d9ee7efd5ff76f7daa3d5924e5d1d");
        assert_eq!(key(1), "7ba9ab71933367ea87656ac6cd1336a25bb57c2a6e8fc88d1c99ed2d84d415ab");
    }

    #[test]
    fn words_read_back_however_they_are_typed() {
        let words = Words::random().unwrap();
        let list = words.reveal().collect::<Vec<_>>();
        assert_eq!(list.len(), COUNT);
        let numbered =
            list.iter().zip(1..).map(|(word, number)| format!("{number}. {word}\n")).collect();
        for text in [list.join(" "), list.join("  \n").to_uppercase(), numbered] {
            let read = Words::parse(&text).unwrap();
            assert_eq!(read.promise(3), words.promise(3));
        }
    }

    #[test]
    fn what_are_not_the_words_is_refused_with_the_place() {
        let error = |text: &str| Words::parse(text).unwrap_err();
        assert_eq!(error("abandon art"), WordsError::Count { found: 2 });
        assert_eq!(error(""), WordsError::Count { found: 0 });
        let misspelt = ZERO.replacen("abandon", "abandom", 1);
        assert_eq!(error(&misspelt), WordsError::Unknown { number: 1 });
        assert_eq!(error(&ZERO.replace("art", "abandon")), WordsError::Checksum);
    }

    #[test]
    fn a_rehearsal_finds_the_promised_number_and_no_other() {
        let (words, other) = (Words::random().unwrap(), Words::random().unwrap());
        let promised = words.promise(5);
        assert_eq!(words.rehearse(&promised, 9), Some(5));
        assert_eq!(words.rehearse(&promised, 5), None);
        assert_eq!(other.rehearse(&promised, 9), None);
    }

    #[test]
    fn words_print_as_nothing() {
        assert_eq!(format!("{:?}", Words::random().unwrap()), "Words(..)");
    }
}
