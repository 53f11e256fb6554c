//! What a person types at the terminal, and what she is shown there once. Secrets never come from argv.

use crate::output::Output;
use crate::passphrase::{Passphrase, Words};
use crate::problem::{Kind, Problem};
use std::io::{self, BufRead as _, Write as _};
use std::path::{Path, PathBuf};

/// Where the passphrase comes from.
#[derive(Debug)]
pub struct Origin {
    file: Option<PathBuf>,
}

impl Origin {
    /// Takes the flag, or the file the environment names.
    #[must_use]
    pub fn new(flag: Option<PathBuf>) -> Self {
        let named = || std::env::var_os("COUNTERSIGN_PASSPHRASE_FILE").map(PathBuf::from);
        Self { file: flag.or_else(named) }
    }

    /// Gives the file, if one is named.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Gives the passphrase if a file says it; a command that only looks does not ask a person.
    ///
    /// # Errors
    ///
    /// Returns a problem if the file cannot be read.
    pub fn known(&self) -> Result<Option<Passphrase>, Problem> {
        self.file.as_deref().map(read).transpose()
    }

    /// Gives the passphrase, asking a person for it if there is no file.
    ///
    /// # Errors
    ///
    /// Returns a problem if nobody can be asked.
    pub fn ask(&self, out: Output) -> Result<Passphrase, Problem> {
        match self.known()? {
            Some(passphrase) => Ok(passphrase),
            None => Ok(Passphrase::new(&prompt(out, "Passphrase: ")?)),
        }
    }

    /// Gives a new passphrase: typed twice, or from the file.
    ///
    /// # Errors
    ///
    /// Returns a problem if nobody can be asked, or it is too short.
    pub fn choose(&self, out: Output) -> Result<Passphrase, Problem> {
        match self.known()? {
            Some(passphrase) => Passphrase::choose(passphrase.reveal(), passphrase.reveal()),
            None => {
                let first = prompt(out, "Choose a passphrase: ")?;
                Passphrase::choose(&first, &prompt(out, "Once more: ")?)
            }
        }
    }
}

/// Reads the 24 words from a file, or asks for them.
///
/// # Errors
///
/// Returns a problem if the file cannot be read, or nobody can be asked.
pub fn words(file: Option<&Path>, out: Output) -> Result<Words, Problem> {
    match file {
        Some(path) => Ok(Words::new(&read_text(path)?)),
        None => Ok(Words::new(&prompt(out, "The 24 words, in order: ")?)),
    }
}

/// Tells whether 24 words could be handed over, before anything is made.
///
/// # Errors
///
/// Returns a problem if nobody sits at the terminal, or the file is there already.
pub fn can_hand_over(file: Option<&Path>, out: Output) -> Result<(), Problem> {
    match file {
        None if !out.is_interactive() => {
            Err(Problem::new(Kind::Locked, "nobody can be shown the 24 words")
                .hint("run this at a terminal, or give --words-to FILE"))
        }
        Some(file) if file.exists() => {
            Err(Problem::new(Kind::Conflict, format!("{} is there already", file.display()))
                .because("it may hold the words of another identity")
                .hint("name a file that is not there yet"))
        }
        _ => Ok(()),
    }
}

/// Hands the 24 words over: into a new file, or on the screen, once, and asked back.
///
/// # Errors
///
/// Returns a problem if they cannot be written or shown.
pub fn hand_over(words: &Words, file: Option<&Path>, out: Output) -> Result<(), Problem> {
    if let Some(path) = file {
        return crate::door::write_private(path, words.reveal().as_bytes()).map_err(|error| {
            Problem::new(Kind::Internal, "the 24 words could not be written").because(error)
        });
    }
    show(words)?;
    while !asked_back(words)? {
        out.say("That is not what stands there. Look again.");
        show(words)?;
    }
    // Nobody who looks over the shoulder later should find them in the scroll-back.
    out.say("\x1b[2J\x1b[3J\x1b[H");
    Ok(())
}

/// Prints the words in numbered rows of four.
fn show(words: &Words) -> Result<(), Problem> {
    let list: Vec<&str> = words.reveal().split_whitespace().collect();
    let mut err = io::stderr().lock();
    let mut print = || -> io::Result<()> {
        writeln!(err, "\nWrite these 24 words on paper, now. They are not shown again.\n")?;
        for (row, four) in list.chunks(4).enumerate() {
            for (column, word) in four.iter().enumerate() {
                let number = row.saturating_mul(4).saturating_add(column).saturating_add(1);
                write!(err, "  {number:>2} {word:<10}")?;
            }
            writeln!(err)?;
        }
        writeln!(err)
    };
    print()
        .map_err(|error| Problem::new(Kind::Internal, "the words cannot be shown").because(error))
}

/// Asks for three of the words.
fn asked_back(words: &Words) -> Result<bool, Problem> {
    let list: Vec<&str> = words.reveal().split_whitespace().collect();
    for _ in 0..3 {
        let at = usize::from(rand::random::<u8>()).checked_rem(list.len()).unwrap_or_default();
        let mut line = zeroize::Zeroizing::new(String::new());
        let mut err = io::stderr().lock();
        write!(err, "Word number {}: ", at.saturating_add(1))
            .and_then(|()| err.flush())
            .and_then(|()| io::stdin().lock().read_line(&mut line))
            .map_err(|error| {
                Problem::new(Kind::Invalid, "nothing could be read from the terminal")
                    .because(error)
            })?;
        if list.get(at).copied() != Some(line.trim()) {
            return Ok(false);
        }
    }
    Ok(true)
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
