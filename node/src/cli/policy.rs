//! `countersign policy`.

use super::Context;
use super::source::Source;
use crate::output::Text;
use crate::problem::{Kind, Problem};
use crate::vendor::{POLICIES, pick, read};
use serde::Serialize;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

/// Say whose word counts for what
#[derive(Debug, clap::Subcommand)]
pub(super) enum Policy {
    /// Write a policy to begin with, with every line explained
    New {
        /// Its name, such as new-customer
        name: String,
    },
    /// Print a policy as it is understood
    Show {
        /// A policy file, or the name of a policy of this node
        policy: String,
    },
}

impl Policy {
    pub(super) fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        match self {
            Self::New { name } => new(&name, context),
            Self::Show { policy } => show(&policy, context),
        }
    }
}

fn new(name: &str, context: &Context) -> Result<ExitCode, Problem> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if name.is_empty() || !name.chars().all(plain) {
        return Err(Problem::new(Kind::Invalid, "a policy's name is letters, digits and dashes"));
    }
    let file = context.data.join(POLICIES).join(format!("{name}.toml"));
    if file.exists() {
        return Err(Problem::new(Kind::Conflict, format!("{} is there already", file.display())));
    }
    let text = TEMPLATE.replace("{name}", name);
    crate::door::write_private(&file, text.as_bytes()).map_err(|error| {
        Problem::new(Kind::Internal, format!("{} cannot be written", file.display())).because(error)
    })?;
    context.out.answer(&Written { file })?;
    Ok(ExitCode::SUCCESS)
}

fn show(policy: &str, context: &Context) -> Result<ExitCode, Problem> {
    let path = PathBuf::from(policy);
    let path = if path.is_file() {
        path
    } else {
        context.data.join(POLICIES).join(format!("{policy}.toml"))
    };
    if !path.is_file() {
        return Err(Problem::new(Kind::NotFound, format!("there is no policy `{policy}`"))
            .hint(format!("`countersign policy new {policy}` writes one to begin with")));
    }
    let text = Source::File(path.clone()).read_text(SIZE)?;
    let whence = path.display().to_string();
    let file = read(&text, &whence)?;
    let mut policies = Vec::new();
    for name in file.names() {
        let policy = pick(&text, Some(name), &whence)?;
        policies.push(Understood {
            name: name.to_owned(),
            claim: policy.claim().to_owned(),
            attestors: policy.attestors().values().cloned().collect(),
            at_least: policy.at_least(),
            control: policy.needs_control(),
        });
    }
    context.out.answer(&Shown { policies })?;
    Ok(ExitCode::SUCCESS)
}

#[derive(Debug, Serialize)]
struct Written {
    file: PathBuf,
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Shown {
    policies: Vec<Understood>,
}

#[derive(Debug, Serialize)]
struct Understood {
    name: String,
    claim: String,
    attestors: Vec<String>,
    at_least: usize,
    control: bool,
}

impl Text for Written {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        writeln!(to, "wrote {}; name your attestors in it", self.file.display())
    }
}

impl Text for Shown {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        for Understood { name, claim, attestors, at_least, control } in &self.policies {
            let who = attestors.join(", ");
            let control =
                if *control { "and proves that it is theirs" } else { "whoever brings it" };
            writeln!(to, "{name}: somebody of whom {at_least} of {who} say `{claim}`, {control}")?;
        }
        Ok(())
    }
}

/// A policy is read aloud by people.
const SIZE: usize = 64 * 1024;

const TEMPLATE: &str = r#"# Whose word counts, and for what. `countersign policy show {name}` reads it back to you.

[attestors]
# Names you give to attestors. `countersign attestors` lists those that told the network about
# themselves; whom to trust is for you to find out.
# north = "did:webvh:…"
# south = "did:webvh:…"
# east  = "did:webvh:…"

[policy.{name}]
claim = "PaymentAccountVerified"
# What the claim has to say.
require = [
  { path = "/verified", equals = true },
]
# Whose claims count, and how many of them are needed, each from another attestor.
from = ["north", "south", "east"]
at_least = 2
# Whether the customer has to prove that the identity is theirs: "required" or "optional".
control = "required"
# How old the evidence, the word on revocation and the word on newness may be.
evidence_max_age = "90d"
status_max_age = "24h"
freshness_max_age = "24h"
# An identity somebody forked, and whose witnesses did not settle it: "refuse" or "allow".
on_fork = "refuse"
"#;
