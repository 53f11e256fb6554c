//! What a person types at the terminal, and what she is shown there once. Secrets never come from argv.

use crate::output::Output;
use crate::passphrase::{Passphrase, Words};
use crate::problem::{Kind, Problem};
use crate::vault;
use std::io::{self, BufRead as _, Read as _, Write as _};
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

    /// Takes `file` alone: the environment names where another one is.
    #[must_use]
    pub const fn of(file: Option<PathBuf>) -> Self {
        Self { file }
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
            None => choose_typed(out),
        }
    }
}

/// Asks until a passphrase is good, and typed twice alike.
fn choose_typed(out: Output) -> Result<Passphrase, Problem> {
    loop {
        let first = prompt(out, "Choose a passphrase of ten characters or more: ")?;
        let chosen = match Passphrase::choose(&first, &first) {
            Ok(_) => Passphrase::choose(&first, &prompt(out, "Once more: ")?),
            short => short,
        };
        match chosen {
            Ok(chosen) => return Ok(chosen),
            Err(problem) => out.say(&problem.to_string()),
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
        None => typed_words(out),
    }
}

/// Reads what is to be said from standard input, or asks a person for a line of it: what stands in
/// argv is seen by everybody on this computer.
///
/// # Errors
///
/// Returns a problem if nothing can be read, or it is longer than `bound` bytes.
pub fn said(question: &str, bound: usize, out: Output) -> Result<String, Problem> {
    if out.is_interactive() {
        return read_said(io::Cursor::new(read_line(question)?.as_bytes()), bound);
    }
    read_said(io::stdin().lock(), bound)
}

/// Gives a path as it was typed from the root on.
///
/// # Errors
///
/// Returns a problem if nothing was typed, or the folder the person stands in is gone.
pub fn whole(path: impl AsRef<Path>) -> Result<PathBuf, Problem> {
    let path = path.as_ref();
    std::path::absolute(path).map_err(|error| {
        Problem::new(Kind::Invalid, format!("`{}` is no path", path.display()))
            .because(error)
            .hint("write it whole, such as /home/you/file")
    })
}

/// Reads text to its end, and cuts off the space around it.
fn read_said(from: impl io::Read, bound: usize) -> Result<String, Problem> {
    let most = u64::try_from(bound).unwrap_or(u64::MAX).saturating_add(1);
    let mut text = String::new();
    let read = from.take(most).read_to_string(&mut text);
    read.map_err(|error| {
        Problem::new(Kind::Invalid, "standard input is no text").because(error).hint(UTF_8)
    })?;
    if text.len() > bound {
        return Err(Problem::new(Kind::Invalid, "standard input is too long")
            .because(format!("what is said here has at most {bound} bytes"))
            .hint("say it shorter"));
    }
    Ok(text.trim().to_owned())
}

/// Asks for the words, each of which is looked at when it is typed. A person has to see what she types
/// of so many; nobody finds them on the screen later.
fn typed_words(out: Output) -> Result<Words, Problem> {
    if !out.is_interactive() {
        return Err(nobody());
    }
    out.say("Type the 24 words as they stand on the paper, as many in a line as you like.");
    let mut words = zeroize::Zeroizing::new(String::new());
    let mut count: usize = 0;
    while count < vault::words::COUNT {
        let line = read_line(&format!("From word {}: ", count.saturating_add(1)))?;
        for word in line.split_whitespace().filter(|text| !is_number(text)) {
            if !vault::words::is_known(word) {
                let number = count.saturating_add(1);
                out.say(&format!("Word {number} is none of the words there are. Look again."));
                break;
            }
            words.extend([word, " "]);
            count = count.saturating_add(1);
        }
    }
    out.say(CLEAR);
    Ok(Words::new(&words))
}

/// Rows on paper begin with numbers.
fn is_number(text: &str) -> bool {
    text.trim_end_matches('.').bytes().all(|byte| byte.is_ascii_digit())
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
        Some(file) if file.exists() => Err(Problem::new(
            Kind::Conflict,
            format!("{} is there already", file.display()),
        )
        .because("it may hold the words of another identity")
        .hint(
            "name a file that is not there yet; the words of a try that was cut off belong to \
                     nothing, and their file can be deleted",
        )),
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
        crate::private::write(path, words.reveal().as_bytes()).map_err(|error| {
            Problem::new(Kind::Internal, "the 24 words could not be written")
                .because(error)
                .hint("name another file")
        })?;
        let path = path.display();
        out.say(&format!("The 24 words are in {path}: put them on paper, then delete the file."));
        return Ok(());
    }
    show(words)?;
    while !asked_back(words)? {
        out.say("That is not what stands there. Look again.");
        show(words)?;
    }
    out.say(CLEAR);
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
        let line = read_line(&format!("Word number {}: ", at.saturating_add(1)))?;
        if list.get(at).copied() != Some(line.trim()) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Asks for a line that may be seen.
fn read_line(question: &str) -> Result<zeroize::Zeroizing<String>, Problem> {
    let mut line = zeroize::Zeroizing::new(String::new());
    let mut err = io::stderr().lock();
    let read = write!(err, "{question}")
        .and_then(|()| err.flush())
        .and_then(|()| io::stdin().lock().read_line(&mut line));
    match read {
        Ok(0) => Err(Problem::new(Kind::Invalid, "the terminal was closed before the answer")
            .hint("type the command again")),
        Ok(_) => Ok(line),
        Err(error) => Err(unreadable(error)),
    }
}

/// Reads the first line.
fn read(path: &Path) -> Result<Passphrase, Problem> {
    Ok(Passphrase::new(read_text(path)?.lines().next().unwrap_or_default()))
}

fn read_text(path: &Path) -> Result<zeroize::Zeroizing<String>, Problem> {
    std::fs::read_to_string(path)
        .map(zeroize::Zeroizing::new)
        .map_err(|error| Problem::unreadable(path, error))
}

fn prompt(out: Output, question: &str) -> Result<zeroize::Zeroizing<String>, Problem> {
    if !out.is_interactive() {
        return Err(nobody());
    }
    rpassword::prompt_password(question).map(zeroize::Zeroizing::new).map_err(unreadable)
}

fn nobody() -> Problem {
    Problem::new(Kind::Locked, "a secret is needed and nobody can be asked")
        .hint("give it in a file: --passphrase-file FILE, or for the words --words FILE")
}

/// What text is made of.
const UTF_8: &str = "write it as UTF-8";

fn unreadable(error: io::Error) -> Problem {
    Problem::new(Kind::Invalid, "nothing could be read from the terminal").because(error)
}

/// Empties the screen and what was scrolled out of it.
const CLEAR: &str = "\x1b[2J\x1b[3J\x1b[H";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_read_to_its_end_and_no_further_than_its_bound() {
        let read = |text: &str| read_said(text.as_bytes(), 16);
        assert_eq!(read("  two\n lines\n\n").unwrap(), "two\n lines");
        assert_eq!(read("").unwrap(), "");
        assert!(read(&"n".repeat(17)).is_err());
        assert!(read_said(&[0xff_u8, 0xfe][..], 16).is_err());
    }
}
