//! The passphrase that opens a vault, in the one form every keyboard leads to.

use super::VaultError;
use bip39::Mnemonic;
use core::fmt;
use secrecy::{ExposeSecret as _, SecretString};
use std::borrow::Cow;
use zeroize::Zeroize as _;

/// A passphrase. It wipes itself and prints as nothing.
#[derive(Clone)]
pub struct Passphrase(SecretString);

impl Passphrase {
    /// Takes a text as a passphrase, in the one Unicode form that every keyboard leads to.
    ///
    /// # Errors
    ///
    /// Returns [`VaultError::EmptyPassphrase`] if there is nothing in it.
    pub fn new(text: &str) -> Result<Self, VaultError> {
        if text.is_empty() {
            return Err(VaultError::EmptyPassphrase);
        }
        let mut normal = Cow::Borrowed(text);
        Mnemonic::normalize_utf8_cow(&mut normal);
        let passphrase = Self(SecretString::from(&*normal));
        if let Cow::Owned(mut text) = normal {
            text.zeroize();
        }
        Ok(passphrase)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Passphrase(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_passphrase_typed_on_two_keyboards_is_one() {
        let composed = Passphrase::new("gr\u{fc}n").unwrap();
        let decomposed = Passphrase::new("gru\u{308}n").unwrap();
        assert_eq!(composed.bytes(), decomposed.bytes());
    }

    #[test]
    fn a_passphrase_prints_as_nothing() {
        assert_eq!(format!("{:?}", Passphrase::new("hush").unwrap()), "Passphrase(..)");
    }
}
