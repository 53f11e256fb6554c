//! `countersign init`.

use super::Context;
use crate::config::Role;
use crate::output::{Output, Text};
use crate::passphrase::Words;
use crate::problem::{Kind, Problem};
use crate::start::{self, NewNode};
use serde::Serialize;
use std::io::{self, BufRead as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

/// Make your identity: keys under a passphrase, and 24 words on paper
///
/// Whoever has the 24 words has the identity, and without them a lost computer is a lost identity.
/// They are shown once.
#[derive(Debug, clap::Args)]
pub(super) struct Init {
    /// Join this network first, so that its witnesses cosign your identity
    #[arg(long, value_name = "INVITE")]
    join: Option<String>,
    /// Found a new network of this name, with this node as its first
    #[arg(long, value_name = "NAME", conflicts_with = "join")]
    found: Option<String>,
    /// Found it for one machine: cheap identities, nothing that lasts
    #[arg(long, hide = true, requires = "found")]
    testnet: bool,
    /// What the node is: home, or full for one that keeps things for others
    #[arg(long, value_enum, default_value_t = Kinds::Home)]
    role: Kinds,
    /// Make a node that has no identity of its own, such as a bootstrap or a witness
    #[arg(long)]
    without_identity: bool,
    /// Make an attestor's node: its identity may sign claims about others
    #[arg(long, conflicts_with = "without_identity")]
    attests: bool,
    /// Write the 24 words into a new file instead of showing them; move it to paper and delete it
    #[arg(long, value_name = "FILE")]
    words_to: Option<PathBuf>,
    /// Derive the key from the passphrase fast and weakly: for networks on one machine only
    #[arg(long, hide = true)]
    weak_passphrase: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Kinds {
    Home,
    Full,
}

#[derive(Debug, Serialize)]
struct Made {
    identity: Option<String>,
    fingerprint: Option<String>,
    data: PathBuf,
    joined: bool,
}

impl Init {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let out = context.out;
        if self.words_to.is_none() && !self.without_identity && !out.is_interactive() {
            return Err(Problem::new(Kind::Locked, "nobody can be shown the 24 words")
                .hint("run this at a terminal, or give --words-to FILE"));
        }
        start::check_empty(&context.data)?;
        if let Some(file) = self.words_to.as_ref().filter(|file| file.exists()) {
            return Err(Problem::new(
                Kind::Conflict,
                format!("{} is there already", file.display()),
            )
            .because("it may hold the words of another identity")
            .hint("name a file that is not there yet"));
        }
        if let Some(invite) = &self.join {
            start::join(&context.data, invite)?;
        }
        if let Some(name) = &self.found {
            start::found(&context.data, name, self.testnet)?;
        }
        let passphrase = context.passphrase.choose(out)?;
        let words = if self.without_identity { None } else { Some(start::new_words()?) };
        // Nothing is made before its owner can recover it.
        if let Some(words) = &words {
            self.hand_over(words, out)?;
        }
        out.say("Making your keys ...");
        let role = if self.role == Kinds::Full { Role::Full } else { Role::Home };
        let new =
            NewNode { role, words, attests: self.attests, weak_passphrase: self.weak_passphrase };
        let created = start::create(&context.data, &context.config, new, &passphrase).await;
        if created.is_err() {
            out.say("No identity was made: the words you have belong to nothing.");
        }
        let created = created?;
        let did = created.identity.as_ref();
        out.answer(&Made {
            identity: did.map(ToString::to_string),
            fingerprint: did.map(|did| did.scid().fingerprint()),
            data: context.data.clone(),
            joined: created.joined,
        })?;
        Ok(ExitCode::SUCCESS)
    }

    fn hand_over(&self, words: &Words, out: Output) -> Result<(), Problem> {
        if let Some(path) = &self.words_to {
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

impl Text for Made {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        if let (Some(identity), Some(fingerprint)) = (&self.identity, &self.fingerprint) {
            writeln!(
                to,
                "Your identity is\n\n  {identity}\n\nand its fingerprint is {fingerprint}."
            )?;
        }
        writeln!(to, "Everything lies in {}.", self.data.display())?;
        if self.joined {
            writeln!(to, "Next: countersign run")
        } else {
            writeln!(to, "Next: countersign join INVITATION, then countersign run")
        }
    }
}
