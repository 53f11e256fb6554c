//! Where a passphrase comes from: a prompt, or a file; never an argument, never the environment.

use super::VaultError;
use bip39::Mnemonic;
use core::fmt;
use secrecy::{ExposeSecret as _, SecretString};
use std::borrow::Cow;
use std::path::Path;
use zeroize::{Zeroize as _, Zeroizing};

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

    /// Reads the first line of a file.
    ///
    /// # Errors
    ///
    /// Returns [`VaultError::File`] if it cannot be read or is no text of at most 4 KiB, and
    /// [`VaultError::EmptyPassphrase`].
    pub fn from_file(path: &Path) -> Result<Self, VaultError> {
        let text = super::file::read(path, BOUND)?;
        let invalid =
            || VaultError::File { path: path.to_owned(), kind: std::io::ErrorKind::InvalidData };
        let text = core::str::from_utf8(&text).map_err(|_| invalid())?;
        Self::new(text.lines().next().unwrap_or_default())
    }

    /// Reads the file that the environment variable [`VARIABLE`] names, if it is set.
    ///
    /// # Errors
    ///
    /// Returns what [`Self::from_file`] returns.
    pub fn from_environment() -> Result<Option<Self>, VaultError> {
        let path = std::env::var_os(VARIABLE).filter(|path| !path.is_empty());
        path.map(|path| Self::from_file(Path::new(&path))).transpose()
    }

    /// Asks the person at the terminal, who sees nothing of what is typed.
    ///
    /// # Errors
    ///
    /// Returns [`VaultError::NoPrompt`] if there is no terminal, and
    /// [`VaultError::EmptyPassphrase`].
    pub fn ask(prompt: &str) -> Result<Self, VaultError> {
        let text = rpassword::prompt_password(prompt);
        let text = text.map_err(|error| VaultError::NoPrompt { kind: error.kind() })?;
        Self::new(&Zeroizing::new(text))
    }

    /// Asks for a new passphrase, twice.
    ///
    /// # Errors
    ///
    /// Returns [`VaultError::PassphrasesDiffer`] and what [`Self::ask`] returns.
    pub fn ask_twice(prompt: &str, again: &str) -> Result<Self, VaultError> {
        let (first, second) = (Self::ask(prompt)?, Self::ask(again)?);
        if first.bytes() == second.bytes() { Ok(first) } else { Err(VaultError::PassphrasesDiffer) }
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

/// Names the file that holds the passphrase. The passphrase itself is never in the environment, which
/// other programs of the same user can read.
pub const VARIABLE: &str = "COUNTERSIGN_PASSPHRASE_FILE";
/// Longer than anybody types.
const BOUND: u64 = 4096;

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
    fn a_file_gives_its_first_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passphrase");
        for text in ["four words of mine", "four words of mine\n", "four words of mine\r\nmore"] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(Passphrase::from_file(&path).unwrap().bytes(), b"four words of mine");
        }
        std::fs::write(&path, "\n").unwrap();
        assert!(matches!(Passphrase::from_file(&path), Err(VaultError::EmptyPassphrase)));
        std::fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(matches!(Passphrase::from_file(&path), Err(VaultError::File { .. })));
        std::fs::write(&path, vec![b'a'; 5000]).unwrap();
        assert!(matches!(Passphrase::from_file(&path), Err(VaultError::File { .. })));
        let missing = Passphrase::from_file(&folder.path().join("missing"));
        assert!(matches!(missing, Err(VaultError::File { .. })));
    }

    #[test]
    fn a_passphrase_prints_as_nothing() {
        assert_eq!(format!("{:?}", Passphrase::new("hush").unwrap()), "Passphrase(..)");
    }
}
