//! `countersign init`.

use super::Context;
use crate::config::Role;
use crate::known::on_paper;
use crate::output::Text;
use crate::problem::Problem;
use crate::start::{self, NewNode};
use crate::terminal;
use serde::Serialize;
use std::io;
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
    next: Vec<String>,
}

impl Init {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let out = context.out;
        context.check_empty()?;
        if !self.without_identity {
            terminal::can_hand_over(self.words_to.as_deref(), out)?;
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
            terminal::hand_over(words, self.words_to.as_deref(), out)?;
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
            next: context.next(created.joined, "countersign"),
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Text for Made {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        if let (Some(identity), Some(fingerprint)) = (&self.identity, &self.fingerprint) {
            writeln!(
                to,
                "Your identity is\n\n  {identity}\n\nand its fingerprint is {fingerprint}."
            )?;
            writeln!(
                to,
                "Write this line beside the 24 words, now: without it nobody finds what they bring \
                 back.\n\n  {}\n\n`countersign id show` repeats it.",
                on_paper(identity)
            )?;
        }
        writeln!(to, "Everything lies in {}.", self.data.display())?;
        writeln!(to, "Next: {}", self.next.join("\n      "))
    }
}
