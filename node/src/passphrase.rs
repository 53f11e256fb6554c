//! Secrets a person types: they wipe themselves, print as nothing, and never stand in argv.

use crate::problem::{Kind, Problem};
use core::fmt;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// The passphrase that opens the vault.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<String>);

/// The 24 words on paper.
#[derive(Clone)]
pub struct Words(Zeroizing<String>);

macro_rules! secret_text {
    ($name:ident) => {
        impl $name {
            /// Takes what was typed; white space around it is no part of it.
            #[must_use]
            pub fn new(text: &str) -> Self {
                Self(Zeroizing::new(text.trim().to_owned()))
            }

            /// Gives the text, for as long as it is needed.
            #[must_use]
            pub fn reveal(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(concat!(stringify!($name), "(..)"))
            }
        }

        // It travels to the owner's door on loopback, and nowhere else.
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Zeroizing::new(String::deserialize(deserializer)?);
                Ok(Self::new(&text))
            }
        }
    };
}

secret_text!(Passphrase);
secret_text!(Words);

impl Passphrase {
    /// Takes a new passphrase that was typed twice.
    ///
    /// # Errors
    ///
    /// Returns a problem if the two differ, or it is too short to hold.
    pub fn choose(first: &str, again: &str) -> Result<Self, Problem> {
        let chosen = Self::new(first);
        if chosen.reveal() != again.trim() {
            return Err(Problem::new(Kind::Invalid, "the two passphrases differ")
                .hint("type the same one twice"));
        }
        if chosen.reveal().chars().count() < SHORTEST {
            return Err(Problem::new(Kind::Invalid, "the passphrase is too short")
                .because(format!(
                    "whoever takes this computer tries all short ones; {SHORTEST} characters are the \
                     least"
                ))
                .hint("four or five words nobody would put together are easy to remember"));
        }
        Ok(chosen)
    }
}

/// With Argon2id at 64 MiB, ten characters somebody chose hold for years.
const SHORTEST: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_prints_as_nothing() {
        assert_eq!(format!("{:?}", Passphrase::new("correct horse")), "Passphrase(..)");
        assert_eq!(format!("{:?}", Words::new("abandon")), "Words(..)");
    }
}
