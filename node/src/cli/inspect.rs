//! `countersign inspect`.

use super::Context;
use super::source::Source;
use crate::inspect::{self, Answer, File, LookError, Looked, Network, Options};
use crate::joined::Joined;
use crate::output::Text;
use crate::problem::{Kind, Problem};
use countersign_protocol::time::Timestamp;
use countersign_protocol::wire::bounds;
use countersign_protocol::wire::network::NetworkId;
use std::io;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

/// Look at any signed object, with no network
///
/// It tells by its content what a file is: a log, a witness file, a credential, a presentation, a showcase,
/// an attestor's profile, a status list, a head, a status statement, a freshness proof, a receipt, a fork
/// proof, a staple, an invitation or a challenge. Each file may use what stands in the others, so a claim
/// and its issuer's log can be named side by side.
///
/// Exit status: 0 if all hold, 1 if one does not, 2 if something that is needed to say was not given.
#[derive(Debug, clap::Args)]
pub(super) struct Inspect {
    /// What to look at, or `-` for standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<Source>,
    /// The log of an issuer, a holder or an owner; may be given several times
    #[arg(long, value_name = "FILE")]
    log: Vec<Source>,
    /// What witnesses signed of a log: its did-witness.json; may be given several times
    #[arg(long, value_name = "FILE")]
    witness: Vec<Source>,
    /// Decide at another time than now, such as 2026-11-22T07:30:00Z
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
    at: Option<Timestamp>,
    /// The network whose records these are (default: the one the data folder has joined)
    #[arg(long, value_name = "ID")]
    network: Option<NetworkId>,
}

impl Inspect {
    pub(super) fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let options = Options {
            at: self.at.unwrap_or_else(now),
            network: self.network(context)?,
            logs: read(&self.log, bounds::LOG)?,
            witnesses: read(&self.witness, bounds::WITNESS_FILE)?,
        };
        let files = read(&self.files, LARGEST)?;
        let looked = inspect::look(&files, &options).map_err(no_help)?;
        context.out.answer(&looked)?;
        Ok(match looked.answer {
            Answer::Holds => ExitCode::SUCCESS,
            Answer::Broken => ExitCode::FAILURE,
            Answer::Unknown => ExitCode::from(2),
        })
    }

    /// What is known of the network: its id, and the rest if the data folder has joined it.
    fn network(&self, context: &Context) -> Result<Option<Network>, Problem> {
        let joined = Joined::read(&context.data)?.map(|joined| Network::from(&joined.parameters));
        Ok(match (&self.network, joined) {
            (Some(id), Some(joined)) if joined.id == *id => Some(joined),
            (Some(id), _) => Some(Network { id: id.clone(), difficulty: None }),
            (None, joined) => joined,
        })
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_seconds(since.as_secs())
}

fn read(sources: &[Source], bound: usize) -> Result<Vec<File>, Problem> {
    let read = |source: &Source| Ok(File { name: source.to_string(), bytes: source.read(bound)? });
    sources.iter().map(read).collect()
}

fn no_help(error: LookError) -> Problem {
    let name = match &error {
        LookError::Log { name, .. } | LookError::Witnesses { name, .. } => name.clone(),
    };
    Problem::new(Kind::Invalid, "what was given to help does not hold")
        .because(error)
        .hint(format!("`countersign inspect {name}` says more about it"))
}

impl Text for Looked {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        self.objects.iter().try_for_each(|object| write!(to, "{object}"))
    }
}

/// A log is the largest of all; in hexadecimal nothing that is signed is larger.
const LARGEST: usize = bounds::LOG;

#[cfg(test)]
mod tests {
    use super::super::{Cli, Command, Context};
    use clap::Parser as _;
    use countersign_protocol::did::log::draft::{Keys, Place, Signing, create};
    use countersign_protocol::key::SecretKey;
    use countersign_protocol::time::Timestamp;
    use std::path::Path;

    fn log() -> Vec<u8> {
        let [key, next, recovery] = [1, 2, 3].map(|seed| SecretKey::from_seed([seed; 32]));
        let signing = Signing { key: &key, next: &next.public(), recovery: &recovery.public() };
        let begun = Timestamp::from_seconds(1_700_000_000);
        create(Place::Home, &Keys::default(), None, signing, begun).unwrap().history.to_log()
    }

    /// Gives the exit status as a number, or the problem in words.
    fn inspect(folder: &Path, arguments: &[&str]) -> Result<String, String> {
        let data = folder.join("data");
        let first = ["countersign", "--json", "--data", data.to_str().unwrap(), "inspect"];
        let line = first.iter().chain(arguments);
        let cli = Cli::try_parse_from(line).map_err(|error| error.to_string())?;
        let Command::Inspect(command) = cli.command else { return Err("another".to_owned()) };
        let out = crate::Output::new(true);
        let context = Context::new(cli.shared, out).map_err(|problem| problem.to_string())?;
        let code = command.run(&context).map_err(|problem| problem.to_string())?;
        Ok(format!("{code:?}").chars().filter(char::is_ascii_digit).collect())
    }

    #[test]
    fn the_exit_status_says_whether_a_file_holds() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let changed = String::from_utf8(log()).unwrap().replace("2023-11-14", "2023-11-15");
        std::fs::write(path("did.jsonl"), log()).unwrap();
        std::fs::write(path("changed.jsonl"), changed).unwrap();
        std::fs::write(path("nothing"), "nothing").unwrap();
        let inspect = |arguments: &[&str]| inspect(folder.path(), arguments);
        let (good, bad, nothing) = (path("did.jsonl"), path("changed.jsonl"), path("nothing"));
        for (code, arguments) in [
            ("0", &[good.as_str()][..]),
            ("1", &[&bad]),
            ("1", &[&good, &bad, &nothing]),
            ("2", &[&nothing]),
            ("2", &[&nothing, &good]),
            ("1", &[&good, "--at", "2023-01-01T00:00:00Z"]),
            ("0", &[&good, "--log", &good, "--network", "main"]),
        ] {
            let found = inspect(arguments).unwrap();
            assert!(found.ends_with(code), "{arguments:?}: {found}");
        }
    }

    #[test]
    fn a_bad_argument_is_said_to_be_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        std::fs::write(path("did.jsonl"), log()).unwrap();
        std::fs::write(path("nothing"), "nothing").unwrap();
        let (good, nothing) = (path("did.jsonl"), path("nothing"));
        for (arguments, said) in [
            (&[][..], "<FILE>"),
            (&[path("gone").as_str()], "cannot be read"),
            (&[&good, "--at", "yesterday"], "is not a time such as"),
            (&[&good, "--network", "Main Net"], "a network's id is"),
            (&[&good, "--log", &nothing], "what was given to help does not hold"),
            (&[&good, "--witness", &nothing], "is no witness file"),
        ] {
            let refused = inspect(folder.path(), arguments).unwrap_err();
            assert!(refused.contains(said), "{arguments:?}: {refused}");
        }
    }
}
