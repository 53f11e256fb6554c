//! Where the passphrase comes from: a file, or the person at the terminal. Never from argv.

use crate::output::Output;
use crate::passphrase::{Passphrase, Words};
use crate::problem::{Kind, Problem};
use std::path::{Path, PathBuf};

/// Where the passphrase comes from.
#[derive(Debug)]
pub(super) struct Origin {
    file: Option<PathBuf>,
}

impl Origin {
    /// Takes the flag, or the file the environment names.
    pub(super) fn new(flag: Option<PathBuf>) -> Self {
        let named = || std::env::var_os("COUNTERSIGN_PASSPHRASE_FILE").map(PathBuf::from);
        Self { file: flag.or_else(named) }
    }

    /// Gives the passphrase if a file says it; a command that only looks does not ask a person.
    pub(super) fn known(&self) -> Result<Option<Passphrase>, Problem> {
        self.file.as_deref().map(read).transpose()
    }

    /// Gives the passphrase, asking a person for it if there is no file.
    pub(super) fn ask(&self, out: Output) -> Result<Passphrase, Problem> {
        match self.known()? {
            Some(passphrase) => Ok(passphrase),
            None => Ok(Passphrase::new(&prompt(out, "Passphrase: ")?)),
        }
    }

    /// Gives a new passphrase: typed twice, or from the file.
    pub(super) fn choose(&self, out: Output) -> Result<Passphrase, Problem> {
        let chosen = match self.known()? {
            Some(passphrase) => passphrase,
            None => {
                let first = prompt(out, "Choose a passphrase: ")?;
                if first != prompt(out, "Once more: ")? {
                    return Err(Problem::new(Kind::Invalid, "the two passphrases differ"));
                }
                Passphrase::new(&first)
            }
        };
        if chosen.reveal().chars().count() < SHORTEST {
            return Err(Problem::new(Kind::Invalid, "the passphrase is too short")
                .because(format!("whoever takes this computer tries all short ones; {SHORTEST} characters are the least"))
                .hint("four or five words nobody would put together are easy to remember"));
        }
        Ok(chosen)
    }
}

/// Reads the 24 words from a file, or asks for them.
pub(super) fn words(file: Option<&Path>, out: Output) -> Result<Words, Problem> {
    match file {
        Some(path) => Ok(Words::new(&read_text(path)?)),
        None => Ok(Words::new(&prompt(out, "The 24 words, in order: ")?)),
    }
}

fn read(path: &Path) -> Result<Passphrase, Problem> {
    Ok(Passphrase::new(&read_text(path)?))
}

fn read_text(path: &Path) -> Result<zeroize::Zeroizing<String>, Problem> {
    std::fs::read_to_string(path).map(zeroize::Zeroizing::new).map_err(|error| {
        Problem::new(Kind::Invalid, format!("{} cannot be read", path.display())).because(error)
    })
}

fn prompt(out: Output, question: &str) -> Result<zeroize::Zeroizing<String>, Problem> {
    if !out.is_interactive() {
        return Err(Problem::new(Kind::Locked, "a secret is needed and nobody can be asked")
            .hint("give it in a file: --passphrase-file FILE, or for the words --words FILE"));
    }
    rpassword::prompt_password(question).map(zeroize::Zeroizing::new).map_err(|error| {
        Problem::new(Kind::Invalid, "nothing could be read from the terminal").because(error)
    })
}

/// With Argon2id at 64 MiB, ten characters somebody chose hold for years.
const SHORTEST: usize = 10;
