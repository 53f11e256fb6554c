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
