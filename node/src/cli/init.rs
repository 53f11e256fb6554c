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
    /// What the node is: home, or full for one that keeps things for others (default: home; full with --found)
    #[arg(long, value_enum)]
    role: Option<Kinds>,
    /// Make a node that has no identity of its own, such as a bootstrap or a witness
    #[arg(long)]
    without_identity: bool,
    /// Make an attestor's node: its identity may sign claims about others
    #[arg(long, conflicts_with = "without_identity")]
    attests: bool,
    /// Write the 24 words into a new file instead of showing them; move it to paper and delete it
    #[arg(long, value_name = "FILE")]
    words_to: Option<PathBuf>,
    /// Derive the key from the passphrase fast and weakly: for testnets, and refused in any other network
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
        let role = self.role()?;
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
        let config = context.config.clone();
        // On one machine many nodes live side by side.
        let lasts = self.found.is_some() && !self.testnet;
        let config = if lasts { config.founding() } else { config };
        let new =
            NewNode { role, words, attests: self.attests, weak_passphrase: self.weak_passphrase };
        let created = start::create(&context.data, &config, new, &passphrase).await;
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

    /// Gives what the node is to be.
    fn role(&self) -> Result<Role, Problem> {
        match (self.role, &self.found) {
            (Some(Kinds::Home), Some(_)) => Err(start::no_founder()),
            (Some(Kinds::Full), _) | (None, Some(_)) => Ok(Role::Full),
            (Some(Kinds::Home) | None, None) => Ok(Role::Home),
        }
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

#[cfg(test)]
mod tests {
    use super::super::Cli;
    use super::*;
    use crate::config::{Config, Network};
    use crate::output::Output;
    use crate::problem::Kind;
    use clap::Parser as _;
    use std::path::Path;

    /// Types `init` with `more` behind it.
    async fn init(folder: &Path, more: &[&str]) -> Result<Config, Problem> {
        let path = |name: &str| folder.join(name).display().to_string();
        std::fs::write(folder.join("passphrase"), "nobody's passphrase").unwrap();
        let (data, passphrase) = (path("data"), path("passphrase"));
        let typed = ["countersign", "--json", "--data", &data, "--passphrase-file", &passphrase];
        let init = ["init", "--without-identity"];
        let typed = typed.iter().chain(&init).chain(more);
        Cli::try_parse_from(typed).unwrap().run(Output::new(true)).await?;
        Config::read(&folder.join("data"), &[])
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn whoever_founds_a_network_is_found_again_under_its_name_where_it_was() {
        let founding = Config::default().founding().network.listen;
        let anywhere = Network::default().listen;
        for (more, role, listen) in [
            (&["--found", "village"][..], Role::Full, &founding),
            (&["--found", "village", "--role", "full"], Role::Full, &founding),
            (&["--found", "village", "--testnet"], Role::Full, &anywhere),
            (&["--role", "full"], Role::Full, &anywhere),
            (&[], Role::Home, &anywhere),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let config = init(folder.path(), more).await.unwrap();
            assert_eq!((config.role, &config.network.listen), (role, listen), "{more:?}");
        }
        let folder = tempfile::tempdir().unwrap();
        let refused = init(folder.path(), &["--found", "village", "--role", "home"]).await;
        let refused = refused.unwrap_err();
        assert!(
            refused.is(Kind::Invalid) && refused.to_string().contains("invitations"),
            "{refused}"
        );
        assert!(!folder.path().join("data").exists(), "nothing was made");
    }
}
