//! `countersign policy`.

use super::Context;
use super::source::Source;
use crate::output::Text;
use crate::problem::{Kind, Problem};
use crate::vendor::{Kept, POLICIES, can_name, file_with, files, pick, read};
use serde::Serialize;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Say whose word counts for what
#[derive(Debug, clap::Subcommand)]
pub(super) enum Policy {
    /// Write a policy to begin with, with every line explained
    New {
        /// Its name, such as new-customer
        name: String,
    },
    /// Print policies as they are understood
    Show {
        /// A policy file, or the name of a policy of this node; without it all of this node
        policy: Option<String>,
    },
}

impl Policy {
    pub(super) fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        match self {
            Self::New { name } => new(&name, context),
            Self::Show { policy } => show(policy.as_deref(), context),
        }
    }
}

fn new(name: &str, context: &Context) -> Result<ExitCode, Problem> {
    if !can_name(name) {
        return Err(Problem::new(Kind::Invalid, format!("`{name}` cannot be a policy's name"))
            .hint("a policy's name is letters, digits and dashes"));
    }
    let file = context.data.join(POLICIES).join(format!("{name}.toml"));
    if file.exists() {
        return Err(Problem::new(Kind::Conflict, format!("{} is there already", file.display()))
            .hint(format!(
                "change it in an editor; `countersign policy show {name}` reads it back"
            )));
    }
    // A second one of that name would be read in the place of the first.
    if let Some(file) = standing_in(&context.data, name)? {
        return Err(Problem::new(Kind::Conflict, format!("there is a policy `{name}` already"))
            .because(format!("it stands in {}", file.display()))
            .hint("change it there in an editor, or choose another name"));
    }
    let text = TEMPLATE.replace("{name}", name);
    crate::private::write(&file, text.as_bytes())
        .map_err(|error| Problem::unwritable(&file, error))?;
    context.out.answer(&Written { file })?;
    Ok(ExitCode::SUCCESS)
}

/// Gives the file that has a policy of this name; one that cannot be read has none.
fn standing_in(data: &Path, name: &str) -> Result<Option<PathBuf>, Problem> {
    let has = |kept: &Kept| kept.file.as_ref().is_ok_and(|file| file.names().any(|it| it == name));
    Ok(files(data)?.into_iter().find(has).map(|kept| kept.path))
}

fn show(policy: Option<&str>, context: &Context) -> Result<ExitCode, Problem> {
    let mut policies = Vec::new();
    match policy {
        None => {
            for Kept { path, text, .. } in files(&context.data)? {
                understand(&path, &text, None, &mut policies)?;
            }
        }
        Some(file) if Path::new(file).is_file() => {
            let path = PathBuf::from(file);
            let text = Source::File(path.clone()).read_text(SIZE)?;
            understand(&path, &text, None, &mut policies)?;
        }
        Some(name) => {
            let (path, text) = file_with(&context.data, name)?;
            understand(&path, &text, Some(name), &mut policies)?;
        }
    }
    let none = policies.is_empty();
    context.out.answer(&Shown { policies })?;
    Ok(if none { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Reads one policy of a file, or all of them.
fn understand(
    path: &Path,
    text: &str,
    only: Option<&str>,
    policies: &mut Vec<Understood>,
) -> Result<(), Problem> {
    let whence = path.display().to_string();
    let file = read(text, &whence)?;
    for name in file.names().filter(|name| only.is_none_or(|only| only == *name)) {
        let policy = pick(text, Some(name), &whence)?;
        policies.push(Understood {
            name: name.to_owned(),
            claim: policy.claim().to_owned(),
            attestors: policy.attestor_names().map(str::to_owned).collect(),
            takes_accredited: policy.takes_accredited(),
            at_least: policy.at_least(),
            control: policy.needs_control(),
        });
    }
    Ok(())
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
    /// Whether those count, too, whom these stand behind.
    takes_accredited: bool,
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
        if self.policies.is_empty() {
            return writeln!(to, "no policies yet: `countersign policy new NAME`");
        }
        for policy in &self.policies {
            let Understood { name, claim, attestors, takes_accredited, at_least, control } = policy;
            let mut who = attestors.join(", ");
            if *takes_accredited {
                who.push_str(" and whoever they stand behind");
            }
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
# In place of `from`: those you name here, and attestors they stand behind.
# accredited_by = ["north"]
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

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_protocol::did::Scid;

    #[test]
    fn a_policy_is_not_made_beside_one_of_its_name_in_another_file() {
        let data = tempfile::tempdir().unwrap();
        let policies = data.path().join(POLICIES);
        std::fs::create_dir(&policies).unwrap();
        let shop = policies.join("shop.toml");
        std::fs::write(&shop, TEMPLATE.replace("{name}", "new-customer")).unwrap();
        std::fs::write(policies.join("broken.toml"), "not a policy").unwrap();
        assert_eq!(standing_in(data.path(), "new-customer").unwrap(), Some(shop));
        assert_eq!(standing_in(data.path(), "broken").unwrap(), None);
    }

    #[test]
    fn whom_others_stand_behind_is_read_back_as_somebody_who_counts() {
        let text = TEMPLATE.replace("{name}", "shop").replace("# north", "north");
        let read = |from: &str| {
            let from = text.replace("from = [\"north\", \"south\", \"east\"]", from);
            let text = from.replace("at_least = 2", "at_least = 1").replace(
                "did:webvh:…",
                "did:webvh:QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG:north.example",
            );
            let mut policies = Vec::new();
            understand(Path::new("shop.toml"), &text, None, &mut policies).unwrap();
            let mut said = Vec::new();
            Shown { policies }.text(&mut said).unwrap();
            String::from_utf8(said).unwrap()
        };
        assert!(read("from = [\"north\"]").contains("1 of north say"));
        let said = read("accredited_by = [\"north\"]");
        assert!(said.contains("1 of north and whoever they stand behind say"), "{said}");
    }

    #[test]
    fn attestors_are_read_back_in_the_order_of_the_file_and_each_once() {
        let did = |digest| Scid::from_digest([digest; 32]).to_did();
        let attestors = format!("[attestors]\na = \"{}\"\nb = \"{}\"\n", did(1), did(2));
        for (from, read) in [("'a', 'b'", ["a", "b"]), ("'b', 'a', 'b'", ["b", "a"])] {
            for word in ["from", "accredited_by"] {
                let text = format!("{attestors}[policy.shop]\nclaim = \"A\"\n{word} = [{from}]\n");
                let mut policies = Vec::new();
                understand(Path::new("shop.toml"), &text, None, &mut policies).unwrap();
                assert_eq!(policies[0].attestors, read, "{word} = {from}");
            }
        }
    }

    #[test]
    fn what_cannot_be_a_policys_name_is_not_proposed_as_one() {
        let data = tempfile::tempdir().unwrap();
        let said = |name| file_with(data.path(), name).unwrap_err().to_string();
        assert!(said("shop").contains("policy new shop"), "{}", said("shop"));
        assert!(!said("./shop.toml").contains("policy new"), "{}", said("./shop.toml"));
    }
}
